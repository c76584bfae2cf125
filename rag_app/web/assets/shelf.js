const PAGE_ROWS = 50;
const COLUMNS = [["title", "Name"], ["kind", "Type"], ["size", "Size"], ["chunks", "Chunks"], ["added", "Added"]];
const NUMBERS = ["size", "chunks", "added"]; // largest or newest first
const STATES = { ready: "Ready", missing: "Missing", failed: "Failed" };
const REASONS = { missing: "Gone from disk, and left out of answers." };
const FILES = {
  file: "The file on disk stays as it is.",
  copy: "Its uploaded copy is kept until it is removed for good.",
  page: "The page on the web stays as it is.",
};

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const drawn = JSON.stringify(data);
  if (root.drawn === drawn) return;
  root.drawn = drawn;
  if (root.shelf?.data?.collection !== data.collection) root.shelf = build(root, (act) => setTriggerValue("act", act));
  const closed = data.opened ? null : root.shelf.data?.opened;
  root.shelf.data = data;
  draw(root.shelf);
  // Back to where the document was opened from.
  if (closed) [...root.querySelectorAll("[data-held]")].find((one) => one.dataset.held === `view ${closed}`)?.focus();
}

// What stays while rows come and go, so that a word being typed is not lost.
function build(root, act) {
  const shelf = { root, act, words: "", sort: "title", down: false, page: 0 };
  const change = (changed) => { Object.assign(shelf, { page: 0, ...changed }); draw(shelf); };
  shelf.search = element("input", { type: "search", "aria-label": "Search documents", placeholder: "Search by name, folder or type" });
  shelf.search.addEventListener("input", () => change({ words: shelf.search.value }));
  shelf.order = element("select", { "aria-label": "Sort by" }, ...COLUMNS.map(([value, label]) => element("option", { value }, label)));
  shelf.order.addEventListener("change", () => change({ sort: shelf.order.value, down: NUMBERS.includes(shelf.order.value) }));
  shelf.count = element("p", { class: "count", role: "status" });
  shelf.heads = COLUMNS.map(([name, label]) => {
    const sort = () => change({ sort: name, down: shelf.sort === name ? !shelf.down : NUMBERS.includes(name) });
    return element("th", { scope: "col", class: name }, button({ class: "sort" }, sort, label));
  });
  shelf.body = element("tbody");
  shelf.tools = element("div", { class: "tools" }, shelf.search, shelf.order, shelf.count);
  shelf.table = element("table", { "aria-label": "Documents" }, element("thead", {}, element("tr", {}, ...shelf.heads,
    element("th", { scope: "col", class: "state" }, "State"),
    element("th", { scope: "col", class: "actions" }, element("span", { class: "unseen" }, "Actions")))), shelf.body);
  shelf.empty = element("div", { class: "empty" });
  shelf.pager = element("nav", { class: "pager", "aria-label": "Pages of the list" });
  shelf.bar = element("div", { class: "bar", role: "status" });
  shelf.turn = (page) => { change({ page }); shelf.root.scrollIntoView({ block: "start" }); };
  root.replaceChildren(shelf.tools, shelf.table, shelf.empty, shelf.pager, shelf.bar);
  return shelf;
}

function draw(shelf) {
  const { data, act } = shelf;
  const held = focusedIn(shelf.root)?.dataset.held;
  const found = sorted(matching(data.rows, shelf.words), shelf);
  shelf.page = Math.max(0, Math.min(shelf.page, Math.ceil(found.length / PAGE_ROWS) - 1));
  const shown = found.slice(shelf.page * PAGE_ROWS, (shelf.page + 1) * PAGE_ROWS);
  shelf.body.replaceChildren(...shown.map((one) => row(one, data.opened, act)));
  shelf.heads.forEach((head, at) => {
    const isSorted = COLUMNS[at][0] === shelf.sort;
    head.setAttribute("aria-sort", !isSorted ? "none" : shelf.down ? "descending" : "ascending");
  });
  shelf.order.value = shelf.sort;
  shelf.count.textContent = counted(found.length, data.rows.length);
  shelf.tools.hidden = !data.rows.length;
  shelf.table.hidden = !found.length;
  shelf.empty.replaceChildren(...(found.length ? [] : nothing(data.rows.length)));
  shelf.pager.replaceChildren(...pager(shelf, found.length));
  const removed = JSON.stringify(data.removed);
  if (shelf.removed !== removed) shelf.bar.replaceChildren(...bar(data.removed, act));
  shelf.removed = removed;
  if (held) keepFocus(shelf, held);
}

function matching(rows, words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (!wanted.length) return rows;
  return rows.filter((one) => {
    const text = `${one.title} ${one.source} ${one.kind ?? ""} ${one.state}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}

function sorted(rows, { sort, down }) {
  const compare = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" }).compare;
  const order = (one, other) => typeof (one[sort] ?? 0) === "number" && typeof (other[sort] ?? 0) === "number"
    ? (one[sort] ?? 0) - (other[sort] ?? 0)
    : compare(one[sort] ?? "", other[sort] ?? "");
  return [...rows].sort((one, other) => (down ? -1 : 1) * order(one, other) || compare(one.source, other.source));
}

function row(one, opened, act) {
  const { source, title, kind = "", chunks, state, reason = REASONS[one.state] } = one;
  const [folder, name] = parted(source);
  const facts = [kind, size(one.size), chunks === undefined ? "" : counting(chunks, "chunk"), day(one.added)];
  const open = state === "failed" && chunks === undefined ? null : () => act({ what: "view", source });
  const file = [name === title ? "" : name, folder].filter(Boolean).join(" · ");
  const cell = element("th", { scope: "row", class: "title" },
    element("span", { class: "name", dir: "auto" }, title),
    file ? element("span", { class: "file", dir: "auto", title: source }, file) : null,
    element("span", { class: "facts" }, ...facts.filter(Boolean).flatMap((fact, at) => [at ? " · " : "", element("span", {}, fact)])),
    reason ? element("span", { class: "reason", dir: "auto" }, reason) : null);
  if (open) cell.addEventListener("click", open);
  const does = (what, label, icon) => action(what, source, label, icon, () => act({ what, source }));
  return element("tr", { class: state, ...(source === opened ? { "aria-current": "true" } : {}) }, cell,
    element("td", { class: "kind" }, kind), element("td", { class: "size" }, size(one.size)),
    element("td", { class: "chunks" }, chunks?.toLocaleString("en") ?? ""), element("td", { class: "added" }, day(one.added)),
    element("td", { class: "state" }, element("span", {}, STATES[state] ?? state)),
    element("td", { class: "actions" }, open ? does("view", `View ${name}`, "visibility") : null,
      does("again", `Ingest again: ${name}`, "refresh"), does("delete", `Delete ${name}`, "delete")));
}

function action(what, source, label, icon, onClick) {
  return button({ class: "action", "aria-label": label, title: label, "data-held": `${what} ${source}` }, onClick,
    element("span", { class: "icon", "aria-hidden": "true" }, icon));
}

function bar(removed, act) {
  if (!removed) return [];
  const { name, more, file } = removed;
  const before = more ? ` ${more} more ${more === 1 ? "was" : "were"} removed before it.` : "";
  return [
    element("div", { class: "said" }, element("p", {}, element("bdi", { class: "gone" }, name), " was removed"),
      element("p", { class: "file" }, `It is left out of answers. ${FILES[file]}${before}`)),
    button({ class: "undo", "data-held": "undo" }, () => act({ what: "undo" }), "Undo"),
    button({ class: "forget", "data-held": "forget" }, () => act({ what: "forget" }), more ? "Remove all for good" : "Remove for good"),
  ];
}

function pager(shelf, found) {
  if (found <= PAGE_ROWS) return [];
  const { page, turn } = shelf;
  const last = Math.ceil(found / PAGE_ROWS) - 1;
  const step = (label, to, isEnd) => button({ class: "step", "data-held": label, ...(isEnd ? { disabled: "" } : {}) }, () => turn(to), label);
  const through = Math.min((page + 1) * PAGE_ROWS, found);
  return [step("Previous", page - 1, page === 0),
    element("span", {}, `${(page * PAGE_ROWS + 1).toLocaleString("en")}–${through.toLocaleString("en")} of ${found.toLocaleString("en")}`),
    step("Next", page + 1, page === last)];
}

function nothing(rows) {
  return rows
    ? [element("p", {}, "No document has all of these words"), element("p", { class: "file" }, "Names, folders, titles and types are searched.")]
    : [element("p", {}, "No documents yet"), element("p", { class: "file" }, "Add files, folders or web pages above: each is listed here, and answers quote it.")];
}

// A row that is gone takes the focus with it: what undoes that is next.
function keepFocus(shelf, held) {
  const buttons = [...shelf.root.querySelectorAll("[data-held]")];
  const next = buttons.find((one) => one.dataset.held === held && !one.disabled) ?? shelf.bar.querySelector(".undo") ?? shelf.search;
  next.focus({ preventScroll: true });
}

function focusedIn(root) {
  return root.getRootNode().activeElement;
}

function counted(found, of) {
  const documents = counting(of, "document");
  return found === of ? documents : `${found.toLocaleString("en")} of ${documents}`;
}

function counting(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

// Folder and name of a file; a web page is called by its whole address.
function parted(source) {
  const cut = source.includes("://") ? -1 : source.lastIndexOf("/");
  return [source.slice(0, Math.max(cut, 0)), source.slice(cut + 1)];
}

function size(bytes) {
  if (bytes === undefined) return "";
  const units = ["B", "kB", "MB", "GB"];
  const step = bytes < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(bytes) / 3));
  const number = bytes / 1000 ** step;
  return `${number < 10 && step ? number.toFixed(1) : Math.round(number)} ${units[step]}`;
}

function day(moment = "") {
  return moment.slice(0, 10);
}
