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
  showQuote(root.firstElementChild, data.top);
  if (root.count !== data.count) showPanel(root.firstElementChild);
  root.count = data.count;
}

function source(data, change) {
  const { title, path, page, headings = [], scores, warning, picture } = data;
  const where = [...(page === null ? [] : [`Page ${page}`]), ...headings].join("  ›  ");
  const region = element("section", { role: "region", "aria-label": "Source", tabindex: "-1" },
    element("header", {}, element("h2", { dir: "auto" }, title),
      button({ class: "close", "aria-label": "Close", title: "Close" }, () => change("close"), "×")),
    where ? element("p", { class: "where", dir: "auto" }, where) : null,
    warning ? element("p", { class: "warning", role: "note" }, warning) : null,
    picture ? pagePicture(data) : pageText(data),
    views(data, change),
    element("footer", {}, scores ? element("p", {}, scores) : null, element("p", { class: "path" }, path)));
  region.addEventListener("keydown", (event) => { if (event.key === "Escape") change("close"); });
  return region;
}

function pageText({ before = "", quote, after = "" }) {
  return element("div", { class: "page", tabindex: "0", dir: "auto" }, before, element("mark", {}, quote), after);
}

function pagePicture({ title, page, quote, picture }) {
  const alt = `Page ${page} of ${title}, quoted words boxed: ${quote}`;
  return element("div", { class: "page picture", tabindex: "0" }, element("img", { src: picture, alt }));
}

function views({ page, picture, hasPicture, hasMore, whole }, change) {
  const show = (view, label) => button({ class: "more" }, () => change(view), label);
  const all = `Show the whole ${page === null ? "document" : "page"}`;
  if (picture) return element("div", { class: "views" }, show("context", "Show the text"));
  return element("div", { class: "views" },
    hasMore || whole ? show(whole ? "context" : "whole", whole ? "Show less" : all) : null,
    hasPicture ? show("picture", "Show the page") : null);
}

function showQuote(region, top) {
  const text = region.querySelector(".page");
  const image = text.querySelector("img");
  if (image) return image.decode().then(() => { text.scrollTop = image.height * top - text.clientHeight / 4; });
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
