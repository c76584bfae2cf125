export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const list = element("ul", { "aria-label": "Checks" });
  list.append(...data.checks.map(check));
  root.replaceChildren(list);
}

const WORDS = { ok: "OK", warning: "Warning", error: "Error" };

function check({ name, severity, message, remedy, command }) {
  return element("li", { class: severity },
    element("span", { class: "severity" }, WORDS[severity]),
    element("span", { class: "name" }, name),
    element("span", { class: "message", dir: "auto" }, message),
    remedy || command ? element("span", { class: "remedy" }, remedy || null, ...(command ? [element("code", {}, command), copier(command)] : [])) : null);
}

// A browser has a clipboard for pages of this machine and of https alone.
function copier(text) {
  if (!navigator.clipboard) return null;
  const made = button({ class: "copy", "aria-label": `Copy ${text}` }, async () => {
    await navigator.clipboard.writeText(text);
    made.textContent = "Copied";
  }, "Copy");
  return made;
}
