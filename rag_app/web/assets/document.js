export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const drawn = JSON.stringify(data);
  if (root.drawn === drawn) return;
  root.drawn = drawn;
  const held = root.getRootNode().activeElement?.dataset?.held;
  const isNew = root.count !== data.count;
  root.count = data.count;
  root.replaceChildren(view(data, (what) => setTriggerValue("change", what)));
  if (isNew) showPanel(root.firstElementChild);
  else (root.querySelector(`[data-held="${held}"]:enabled`) ?? root.querySelector(".page")).focus({ preventScroll: true });
}

function view(data, change) {
  const { title, path, note, picture, hasPicture } = data;
  const region = element("section", { role: "region", "aria-label": "Document", tabindex: "-1" },
    element("header", {}, element("h2", { dir: "auto" }, title),
      button({ class: "close", "aria-label": "Close", title: "Close" }, () => change("close"), "×")),
    note ? element("p", { class: "warning", role: "note" }, note) : null,
    pager(data, change),
    picture ? pagePicture(data) : pageText(data),
    picture || hasPicture ? element("div", { class: "views" }, button({ class: "more", "data-held": "view" },
      () => change({ view: picture ? "text" : "picture" }), picture ? "Show the text" : "Show the page")) : null,
    element("footer", {}, element("p", { class: "path" }, path)));
  region.addEventListener("keydown", (event) => { if (event.key === "Escape") change("close"); });
  return region;
}

function pager({ position, of, unit, number }, change) {
  if (of < 2 && unit === "Part") return null;
  const turn = (label, to) => button(
    { class: "step", "aria-label": `${label} ${unit.toLowerCase()}`, "data-held": label, ...(to < 1 || to > of ? { disabled: "" } : {}) },
    () => change({ position: to }), label);
  const go = element("input", { type: "number", min: "1", max: String(of), value: String(position), "aria-label": `Go to ${unit.toLowerCase()}`, "data-held": "go" });
  go.addEventListener("change", () => { if (go.value) change({ position: Math.min(Math.max(Math.round(Number(go.value)), 1), of) }); });
  const named = number === position ? "" : ` (page ${number} of the file)`; // pages without text are left out
  return element("nav", { class: "pager", "aria-label": `${unit}s` }, turn("Previous", position - 1),
    element("span", { class: "at" }, `${unit} `, go, ` of ${of}${named}`), turn("Next", position + 1));
}

function pageText({ blocks, unit, number }) {
  return element("div", { class: "page", tabindex: "0", role: "group", "aria-label": `${unit} ${number}` },
    ...blocks.map(({ kind, level, text }) => level
      ? element("h3", { class: `level-${Math.min(level, 3)}`, dir: "auto" }, text)
      : element("div", { class: kind, dir: "auto" }, text)));
}

function pagePicture({ title, number, picture }) {
  return element("div", { class: "page picture", tabindex: "0" }, element("img", { src: picture, alt: `Page ${number} of ${title}` }));
}

function showPanel(region) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  region.focus({ preventScroll: true });
  region.scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
}
