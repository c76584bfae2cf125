export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  if (sources.conversation && sources.conversation !== data.conversation) showSource(null);
  sources.conversation = data.conversation;
  if (!data.shown && sources.opened?.unit) showSource(null); // a document that has left the collection
  const { request, cards, unit, by = null, version } = data.shown ?? {};
  if (request && !sources.requests.has(request)) {
    // What the web app itself opens, once for each request.
    sources.requests.add(request);
    showSource({ answer: by, cards, unit, version, index: 0, opener: focused() });
  } else if (sources.opened?.unit && sources.opened.version !== version) {
    // A new version of the document that is open.
    const index = Math.min(sources.opened.index, cards.length - 1);
    showSource({ ...sources.opened, cards, version, index, isMoved: true });
  }
  const isNew = listenWhileShown(root, [[sources.events, "shown", () => show(root)], [document, "keydown", onKey]]);
  if (isNew) show(root); // what was open when the page was left, or was opened before this could hear of it
}

function focused() {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active;
}

// First what is known of it; then what it is by now, where that differs.
async function show(root) {
  const { opened } = sources;
  root.getRootNode().host.dataset.source = opened ? "open" : "closed";
  if (!opened) return root.replaceChildren();
  const { source: name } = opened.cards[opened.index];
  const known = sources.fetched.get(name)?.value;
  draw(root, opened, known ?? { isWaiting: true });
  if (!opened.isMoved) showPanel(root.firstElementChild);
  const now = await fetchSource(name, { again: Boolean(known) }).catch((error) => ({ warning: failure(error) }));
  if (sources.opened === opened && JSON.stringify(now) !== JSON.stringify(known)) draw(root, opened, now);
}

function failure(error) {
  // The message of a failed fetch says nothing to a reader.
  return error instanceof TypeError ? "The web app has lost its server: start it again with rag chat." : error.message;
}

function showPanel(region) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  region.focus({ preventScroll: true });
  region.scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
}

function move(by) {
  const { opened } = sources;
  if (opened.cards[opened.index + by]) showSource({ ...opened, index: opened.index + by, isMoved: true });
}

function close() {
  sources.closed = sources.opened;
  showSource(null);
  sources.closed.opener.focus();
  sources.closed = null;
}

// Fields are typed in; menus, dialogs, tabs and sliders have arrows and an Escape of their own.
const OWN_KEYS = "input, textarea, select, [contenteditable='true'], [role=dialog], [role=menu], [role=listbox], [role=tablist], [role=slider], [role=radiogroup]";

function onKey(event) {
  const [target] = event.composedPath();
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || target.closest?.(OWN_KEYS)) return;
  const actions = { "/": () => document.querySelector("[data-testid=stChatInputTextArea]")?.focus() };
  if (sources.opened) Object.assign(actions, { ArrowLeft: () => move(-1), ArrowRight: () => move(1), Escape: close });
  if (!Object.hasOwn(actions, event.key)) return;
  event.preventDefault();
  actions[event.key]();
}

function draw(root, opened, source) {
  const focusedName = root.getRootNode().activeElement?.dataset.name;
  const redraw = (asText) => {
    root.asText = asText;
    draw(root, opened, source);
  };
  const { name, shown } = { name: opened.cards[opened.index].source, shown: panel(opened, source) };
  shown.querySelector(".body").replaceWith(...body(name, source, root.asText, redraw));
  root.replaceChildren(shown);
  if (focusedName) root.querySelector(`[data-name="${focusedName}"]`)?.focus({ preventScroll: true });
  scrollToQuote(shown, source.picture?.top);
}

function panel({ cards, index, unit }, { title, path, page = null, headings = [], warning, why, original }) {
  const where = [...(page === null ? [] : [`Page ${page}`]), ...headings.filter((one) => one !== title)].join("  ›  ");
  return element("section", { role: "region", "aria-label": "Source", tabindex: "-1", "data-name": "source" },
    element("header", {}, element("h2", { dir: "auto" }, title ?? cards[index].place), steps(cards, index, unit),
      button({ class: "icon", "aria-label": "Close", title: "Close (Esc)", "data-name": "close" }, close, "×")),
    where ? element("p", { class: "where", dir: "auto" }, where) : null,
    warning ? element("p", { class: "warning", role: "note" }, warning) : null,
    element("div", { class: "body" }),
    why ? reasons(why) : null,
    element("footer", {}, originalOf(cards[index].source, original), element("p", { class: "path" }, path ?? "")));
}

// From one source of an answer to the next, or through the pages of a document, where the number can be typed too.
function steps(cards, index, unit) {
  if (cards.length < 2) return null;
  const step = (word, by, sign, key) => {
    const label = `${word} ${unit ?? "source"}`;
    return button({ class: "icon", "aria-label": label, title: `${label} (${key})`, "data-name": label,
      "aria-disabled": String(!cards[index + by]) }, () => move(by), sign);
  };
  const of = `of ${cards.length}`;
  const number = unit && element("input", { type: "number", min: "1", max: String(cards.length), required: "", value: String(index + 1),
    "aria-label": `${unit[0].toUpperCase()}${unit.slice(1)} (${of})`, "data-name": "number" });
  if (number) number.onchange = () => number.reportValidity() && move(number.valueAsNumber - 1 - index);
  return element("nav", { "aria-label": unit ? "Pages" : "Sources of this answer" }, step("Previous", -1, "‹", "left arrow"),
    number ?? null, element("span", { class: "count", role: "status" }, number ? of : `${index + 1} ${of}`),
    step("Next", 1, "›", "right arrow"));
}

function reasons(why) {
  const rows = why.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]);
  return element("details", {}, element("summary", { "data-name": "why" }, "Why this was found"), element("dl", {}, ...rows));
}

function originalOf(name, { address, download, note } = {}) {
  const link = address
    ? element("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, "Open the page")
    : download && element("a", { href: `/sources/${name}/original`, download: "" }, "Download original");
  return link || note ? element("p", { class: "original" }, link || "", note ? ` ${note}` : "") : null;
}

// Picture or text of the page, and what shows the other.
function body(name, source, asText, redraw) {
  if (source.isWaiting) return [element("div", { class: "page", "aria-busy": "true" }, "Opening …")];
  if (source.quote === undefined) return [];
  const link = (label, onClick) => button({ class: "more", "data-name": label }, onClick, label);
  const views = (...links) => element("div", { class: "views" }, ...links);
  if (source.picture && !asText) {
    return [pagePicture(name, source, () => redraw(true)), views(link("Show the text", () => redraw(true)))];
  }
  const text = pageText(source);
  const whole = link(`Show the whole ${source.page === null ? "document" : "page"}`, async () => {
    const all = await (await fetch(`/sources/${name}/whole`)).json();
    const region = text.parentElement;
    text.replaceWith(pageText(all));
    whole.replaceWith(less);
    less.focus({ preventScroll: true });
    scrollToQuote(region);
  });
  const less = link("Show less", () => redraw(asText));
  return [text, views(source.hasMore ? whole : null, source.picture ? link("Show the page", () => redraw(false)) : null)];
}

function pagePicture(name, { title, page, quote, picture }, showText) {
  const url = pictureUrl(name, picture);
  const box = element("div", { class: "page picture", tabindex: "0" });
  const put = (image) => {
    image.alt = `Page ${page} of ${title}${quote && `, quoted words boxed: ${quote}`}`;
    box.replaceChildren(image);
    scrollTo(box, image.height * picture.top);
  };
  if (sources.pictures.has(url)) put(sources.pictures.get(url));
  else loadPicture(url).then(put, showText);
  return box;
}

// Rows of a table and fenced code keep their lines, and headings are bold, unless the quote begins or ends within them:
// it has one mark, whole.
const ROWS = /(?:^[ \t]*\|.*(?:\n|$)){2,}|^```[^\n]*\n[\s\S]*?^```[^\n]*(?:\n|$)|(?:^.*\t.*(?:\n|$)){2,}/gm;
const ROWS_OR_HEADING = new RegExp(`${ROWS.source}|^#{1,6} .*(?:\\n|$)`, "gm");

function pageText({ before = "", quote, after = "", isCode, isMarkdown }) {
  const text = before + quote + after;
  const [from, to] = [before.length, before.length + quote.length];
  const box = element("div", { class: isCode ? "page code" : "page", tabindex: "0" });
  const marked = (start, end) => !quote || from < start || from >= end ? [text.slice(start, end)]
    : [text.slice(start, from), element("mark", {}, quote), text.slice(to, end)];
  let done = 0;
  for (const { index, 0: rows } of isCode ? [] : text.matchAll(isMarkdown ? ROWS_OR_HEADING : ROWS)) {
    const end = index + rows.length;
    if ((from < index && to > index) || (from < end && to > end)) continue;
    box.append(...marked(done, index), element("div", { class: rows[0] === "#" ? "heading" : "code" }, ...marked(index, end)));
    done = end;
  }
  box.append(...marked(done, text.length));
  return box;
}

function scrollToQuote(region, top) {
  const box = region.querySelector(".page");
  const [image, mark] = [box?.querySelector("img"), box?.querySelector("mark")];
  if (image) scrollTo(box, image.height * top);
  if (mark) scrollTo(box, mark.getBoundingClientRect().top - box.getBoundingClientRect().top + box.scrollTop);
}

function scrollTo(box, height) {
  box.scrollTop = height - box.clientHeight / 4;
}
