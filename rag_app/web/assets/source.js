export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const drawn = JSON.stringify(data);
  if (root.drawn === drawn) return;
  root.drawn = drawn;
  if (root.count !== data.count) root.openedFrom = focused();
  const change = (what) => {
    if (what === "close") root.openedFrom?.focus({ preventScroll: true });
    setTriggerValue("change", what);
  };
  root.replaceChildren(source(data, change));
  showQuote(root.firstElementChild);
  if (root.count !== data.count) showPanel(root.firstElementChild);
  root.count = data.count;
}

function source(data, change) {
  const { title, path, page, headings = [], scores, warning, before = "", quote, after = "", hasMore, whole } = data;
  const where = [...(page === null ? [] : [`Page ${page}`]), ...headings].join("  ›  ");
  const text = element("div", { class: "page", tabindex: "0", dir: "auto" },
    before, element("mark", {}, quote), after);
  const region = element("section", { role: "region", "aria-label": "Source", tabindex: "-1" },
    element("header", {}, element("h2", { dir: "auto" }, title),
      button({ class: "close", "aria-label": "Close", title: "Close" }, () => change("close"), "×")),
    where ? element("p", { class: "where", dir: "auto" }, where) : null,
    warning ? element("p", { class: "warning", role: "note" }, warning) : null,
    text,
    hasMore || whole ? moreButton(page, whole, change) : null,
    element("footer", {}, scores ? element("p", {}, scores) : null, element("p", { class: "path" }, path)));
  region.addEventListener("keydown", (event) => { if (event.key === "Escape") change("close"); });
  return region;
}

function moreButton(page, whole, change) {
  const all = `Show the whole ${page === null ? "document" : "page"}`;
  return button({ class: "more" }, () => change(whole ? "context" : "whole"), whole ? "Show less" : all);
}

function showQuote(region) {
  const text = region.querySelector(".page");
  const offset = region.querySelector("mark").getBoundingClientRect().top - text.getBoundingClientRect().top;
  text.scrollTop = offset - text.clientHeight / 4;
}

function showPanel(region) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  region.focus({ preventScroll: true });
  region.scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
}

function focused() {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active;
}
