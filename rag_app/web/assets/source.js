export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  if (sources.conversation && sources.conversation !== data.conversation) showSource(null);
  sources.conversation = data.conversation;
  openAsked(data.shown);
  return whileMounted(root, () => {
    const stops = [listenTo(sources.events, "shown", () => show(root)), listenTo(document, "keydown", onKey)];
    show(root); // what stood open when the page was left, or was clicked before this was there to hear of it
    return () => stops.forEach((stop) => stop());
  });
}

// What the page itself opens, once for each time that it was asked for.
function openAsked(shown) {
  if (!shown || sources.asked === shown.count) return;
  sources.asked = shown.count;
  showSource({ answer: null, cards: [shown.card], index: 0, opener: focused() });
}

function focused() {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active;
}

// At once what is known of it; then what it is by now, where that is something else.
async function show(root) {
  const { opened } = sources;
  root.getRootNode().host.dataset.source = opened ? "open" : "closed";
  if (!opened) return root.replaceChildren();
  const { source: name } = opened.cards[opened.index];
  const kept = sources.kept.get(name)?.value;
  draw(root, opened, kept ?? { waiting: true });
  if (!opened.moved) showPanel(root.firstElementChild);
  const now = await askForSource(name, { anew: Boolean(kept) }).catch((error) => ({ warning: failure(error) }));
  if (sources.opened === opened && JSON.stringify(now) !== JSON.stringify(kept)) draw(root, opened, now);
}

function failure(error) {
  // What fetch itself throws says nothing to a reader.
  return error instanceof TypeError ? "The page has lost its server: start it again with rag chat." : error.message;
}

function move(by) {
  const { opened } = sources;
  const index = opened.index + by;
  if (index >= 0 && index < opened.cards.length) showSource({ ...opened, index, moved: true });
}

function close() {
  const { opener } = sources.opened;
  sources.closed = sources.opened;
  showSource(null);
  sources.closed = null;
  opener.focus();
}

function onKey(event) {
  const [target] = event.composedPath();
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || takesKeys(target)) return;
  const actions = { "/": focusQuestion };
  if (sources.opened) Object.assign(actions, { ArrowLeft: () => move(-1), ArrowRight: () => move(1), Escape: close });
  if (!Object.hasOwn(actions, event.key)) return;
  event.preventDefault();
  actions[event.key]();
}

// Fields are typed in; menus, dialogs, tabs and sliders have arrows and an Escape of their own.
const OWN_KEYS = "input, textarea, select, [contenteditable='true'], [role=dialog], [role=menu], [role=listbox], [role=tablist], [role=slider], [role=radiogroup]";

function takesKeys(target) {
  return target instanceof Element && target.closest(OWN_KEYS) !== null;
}

function focusQuestion() {
  document.querySelector("[data-testid=stChatInputTextArea]")?.focus();
}

function draw(root, opened, source) {
  const had = root.getRootNode().activeElement?.dataset.name;
  const name = opened.cards[opened.index].source;
  const redraw = (view) => {
    root.asText = view.asText;
    draw(root, opened, source);
  };
  const region = panel(opened, source);
  region.querySelector(".body").replaceWith(...body(root, { name, source, redraw }));
  root.replaceChildren(region);
  if (had) root.querySelector(`[data-name="${had}"]`)?.focus({ preventScroll: true });
  scrollToQuote(region, source.picture?.top);
}

function panel({ cards, index }, { title, path, page = null, headings = [], warning, why, original }) {
  const where = [...(page === null ? [] : [`Page ${page}`]), ...headings.filter((one) => one !== title)].join("  ›  ");
  return element("section", { role: "region", "aria-label": "Source", tabindex: "-1", "data-name": "source" },
    element("header", {}, element("h2", { dir: "auto" }, title ?? cards[index].place), steps(cards, index),
      button({ class: "icon", "aria-label": "Close", title: "Close (Esc)", "data-name": "close" }, close, "×")),
    where ? element("p", { class: "where", dir: "auto" }, where) : null,
    warning ? element("p", { class: "warning", role: "note" }, warning) : null,
    element("div", { class: "body" }),
    why ? reasons(why) : null,
    element("footer", {}, originalOf(cards[index].source, original), element("p", { class: "path" }, path ?? "")));
}

function steps(cards, index) {
  if (cards.length < 2) return null;
  const step = (label, by, sign, key) => button(
    { class: "icon", "aria-label": label, title: `${label} (${key})`, "data-name": label, "aria-disabled": String(!cards[index + by]) },
    () => move(by), sign);
  return element("nav", { "aria-label": "Sources of this answer" }, step("Previous source", -1, "‹", "left arrow"),
    element("span", { class: "count", role: "status" }, `${index + 1} of ${cards.length}`),
    step("Next source", 1, "›", "right arrow"));
}

// Picture or text of the page, and what shows the other.
function body(root, { name, source, redraw }) {
  if (source.waiting) return [element("div", { class: "page", "aria-busy": "true" }, "Opening …")];
  if (source.quote === undefined) return [];
  const link = (label, onClick) => button({ class: "more", "data-name": label }, onClick, label);
  if (source.picture && !root.asText) {
    const asText = link("Show the text", () => redraw({ asText: true }));
    return [pagePicture(name, source, () => redraw({ asText: true })), element("div", { class: "views" }, asText)];
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
  const less = link("Show less", () => redraw({ asText: root.asText }));
  const picture = source.picture ? link("Show the page", () => redraw({ asText: false })) : null;
  return [text, element("div", { class: "views" }, source.hasMore ? whole : null, picture)];
}

function pagePicture(name, { title, page, quote, picture }, showText) {
  const url = pictureOf(name, { picture });
  const box = element("div", { class: "page picture", tabindex: "0" });
  const put = (image) => {
    image.alt = `Page ${page} of ${title}, quoted words boxed: ${quote}`;
    box.replaceChildren(image);
    scrollTo(box, image.height * picture.top);
  };
  const ready = pictures.get(url);
  if (ready) put(ready);
  else loadPicture(url).then(put, showText);
  return box;
}

function reasons(why) {
  const rows = why.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]);
  return element("details", {}, element("summary", { "data-name": "why" }, "Why this was found"), element("dl", {}, ...rows));
}

function originalOf(name, { address, download, note } = {}) {
  const link = address
    ? element("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, "Open the page")
    : download && element("a", { href: `/sources/${name}/original`, download: "" }, "Download original");
  return link || note ? element("p", { class: "original" }, link || null, note ? ` ${note}` : null) : null;
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

function showPanel(region) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  region.focus({ preventScroll: true });
  region.scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
}
