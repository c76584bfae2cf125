// A page of the library's documents as a table: Streamlit has no rows with buttons that a screen reader finds as rows.
const COLUMNS = ["Type", "Size", "Chunks", "Added", "State"];
const ACTIONS = [["view", "View", "visibility"], ["again", "Ingest again:", "refresh"], ["delete", "Delete", "delete"]];

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const drawn = JSON.stringify(data);
  if (root.drawn === drawn) return;
  const held = root.getRootNode().activeElement?.dataset.held;
  root.drawn = drawn;
  const heads = [["Name", "title"], ...COLUMNS.map((name) => [name, name.toLowerCase()]), ["Actions", "actions"]];
  root.replaceChildren(element("table", { "aria-label": "Documents" },
    element("thead", {}, element("tr", {}, ...heads.map(([name, kind]) => element("th", { scope: "col", class: kind }, name)))),
    element("tbody", {}, ...data.rows.map((one) => row(one, (what) => setTriggerValue("act", { what, source: one.source }))))));
  if (held) [...root.querySelectorAll("[data-held]")].find((one) => one.dataset.held === held)?.focus({ preventScroll: true });
  markOpened(root);
  listenWhileShown(root, [[sources.events, "shown", () => markOpened(root)]]);
}

function markOpened(root) {
  const opened = sources.opened?.answer;
  for (const row of root.querySelectorAll("tbody tr")) row.ariaCurrent = row.dataset.document === opened ? "true" : null;
}

function row({ source, name, title, file, cells, reason, isStored }, act) {
  const [kind, size, chunks, added] = cells;
  const facts = [kind, size, chunks && `${chunks} chunks`, added].filter(Boolean).join(" · ");
  const actions = ACTIONS.filter(([what]) => what !== "view" || isStored).map(([what, label, icon]) =>
    action(`${label} ${name}`, icon, () => act(what), { "data-held": `${what} ${source}` }));
  return element("tr", { "data-document": source },
    element("th", { scope: "row" },
      element("span", { class: "name", dir: "auto" }, title),
      element("span", { class: "file", dir: "auto", title: source }, file),
      element("span", { class: "facts" }, facts),
      reason ? element("span", { class: "reason", dir: "auto" }, reason) : null),
    ...cells.map((cell, at) => element("td", { class: COLUMNS[at].toLowerCase() }, cell)),
    element("td", { class: "actions" }, ...actions));
}
