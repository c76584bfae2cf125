// A page of the library's documents as a table: Streamlit has no rows with buttons that a screen reader finds as rows.
const COLUMNS = ["Type", "Size", "Chunks", "Added", "State"];
const ACTIONS = [["view", "View", "visibility"], ["again", "Ingest again:", "refresh"], ["delete", "Delete", "delete"]];

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const drawn = JSON.stringify(data);
  if (root.drawn === drawn) return;
  const closed = root.opened && !data.opened ? `view ${root.opened}` : null; // back to where it was opened from
  const held = closed ?? root.getRootNode().activeElement?.dataset.held;
  Object.assign(root, { drawn, opened: data.opened });
  const heads = [["Name", "title"], ...COLUMNS.map((name) => [name, name.toLowerCase()]), ["Actions", "actions"]];
  root.replaceChildren(element("table", { "aria-label": "Documents" },
    element("thead", {}, element("tr", {}, ...heads.map(([name, kind]) => element("th", { scope: "col", class: kind }, name)))),
    element("tbody", {}, ...data.rows.map((one) => row(one, data.opened, (what) => setTriggerValue("act", { what, source: one.source }))))));
  if (held) [...root.querySelectorAll("[data-held]")].find((one) => one.dataset.held === held)?.focus({ preventScroll: true });
}

function row({ source, name, title, file, cells, facts, reason, isStored }, opened, act) {
  const actions = ACTIONS.filter(([what]) => what !== "view" || isStored).map(([what, label, icon]) =>
    button({ class: "action", "aria-label": `${label} ${name}`, title: `${label} ${name}`, "data-held": `${what} ${source}` },
      () => act(what), element("span", { class: "icon", "aria-hidden": "true" }, icon)));
  return element("tr", source === opened ? { "aria-current": "true" } : {},
    element("th", { scope: "row" },
      element("span", { class: "name", dir: "auto" }, title),
      element("span", { class: "file", dir: "auto", title: source }, file),
      element("span", { class: "facts" }, facts),
      reason ? element("span", { class: "reason", dir: "auto" }, reason) : null),
    ...cells.map((cell, at) => element("td", { class: COLUMNS[at].toLowerCase() }, cell)),
    element("td", { class: "actions" }, ...actions));
}
