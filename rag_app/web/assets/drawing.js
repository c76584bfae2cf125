// Every word of a document or a model becomes text of an element: nothing in it is ever read as HTML.
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

function button(attributes, onClick, ...children) {
  const made = element("button", { type: "button", ...attributes }, ...children);
  made.onclick = onClick;
  return made;
}
