export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const { opened, ...content } = data;
  const drawn = JSON.stringify(content);
  if (root.drawn !== drawn) {
    root.drawn = drawn;
    root.replaceChildren(...lists(content, (id) => setTriggerValue("open", id)));
  }
  for (const one of root.querySelectorAll("[data-id]")) one.setAttribute("aria-pressed", String(one.dataset.id === opened));
}

function lists({ told, documents, pairs }, open) {
  const list = (label, entries) => entries.length
    ? [element("h2", {}, label), element("ol", { "aria-label": label }, ...entries.map((one) => element("li", { class: "pair" }, ...pair(one, open))))]
    : [];
  return [...told.map((line) => element("p", { class: "told" }, line)),
    ...list("Documents nearly the same", documents), ...list("Passages nearly the same", pairs)];
}

function pair({ alike, sides }, open) {
  return [element("p", { class: "alike" }, alike), element("div", { class: "sides" }, ...sides.map((one) => side(one, open)))];
}

function side({ id, place, text }, open) {
  return element("div", { class: "one" },
    id ? button({ class: "place", dir: "auto", "data-id": id, "aria-pressed": "false" }, () => open(id), place) : element("span", { class: "name", dir: "auto" }, place),
    element("div", { class: "words", dir: "auto", ...(id ? { tabindex: "0" } : {}) }, text));
}
