const RIGHT_TO_LEFT = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufeff]/;

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const { progress, ...content } = data;
  if (progress) {
    if (root.key && sources.opened?.answer === root.key) showSource(null); // of the outcome that is gone
    return drawProgress(root, progress, () => setTriggerValue("stop", true));
  }
  const drawn = JSON.stringify(content);
  if (root.drawn !== drawn) {
    // Drawn only when it has changed, so that a click elsewhere takes no focus away.
    const name = root.getRootNode().activeElement?.getAttribute("aria-label");
    root.drawn = drawn;
    root.progress = null;
    root.replaceChildren(...answer(content, (id, opener) => open(data, id, opener), setTriggerValue));
    if (name) root.querySelector(`[aria-label="${CSS.escape(name)}"]`)?.focus({ preventScroll: true });
    if (data.latest) fetchAhead(data.cards.map((card) => card.source));
  }
  root.key = data.key;
  press(root);
  return whileMounted(root, () => listenTo(sources.events, "shown", () => press(root)));
}

function open({ key, cards }, id, opener) {
  showSource({ answer: key, cards, index: cards.findIndex((card) => card.id === id), opener });
}

function press(root) {
  const { opened, closed } = sources;
  const shown = opened?.answer === root.key ? opened.cards[opened.index].id : null;
  for (const opener of root.querySelectorAll("[data-opens]")) {
    opener.setAttribute("aria-pressed", String(opener.dataset.opens === shown));
  }
  // Drawn anew since, the answer has another button where the source was opened.
  if (!opened && closed?.answer === root.key && !closed.opener.isConnected) {
    root.querySelector(`[data-opens="${closed.opener.dataset.opens}"]`)?.focus();
  }
}

function answer(content, open, send) {
  const { message, hint, searchedFor, refusal, sentences = [], cardsTitle, cards } = content;
  const { answeredBy, quoted, seconds, howToChange } = content;
  const places = new Map(cards.map(({ number, place }) => [number, place]));
  const parts = [];
  if (searchedFor) parts.push(element("p", { class: "searched", dir: "auto" }, searchedFor));
  if (message) {
    parts.push(note("failure", message, hint));
  } else if (refusal) {
    parts.push(note("refusal", refusal));
  } else {
    const text = sentences.flatMap((one) => sentence(one, places, open));
    parts.push(element("div", { class: quoted ? "text quoted" : "text", dir: "auto" }, ...text));
  }
  if (sentences.some((one) => !one.supported)) {
    parts.push(element("p", { class: "legend" }, element("span", { class: "unsupported" }, "Dotted"),
      ": no words of the documents were found that say so."));
  }
  if (cards.length) {
    if (cardsTitle) parts.push(element("h3", {}, cardsTitle));
    const list = element("ol", { class: "cards", "aria-label": cardsTitle ?? "Citations" });
    list.append(...cards.map((one) => element("li", {}, card(one, open))));
    parts.push(list);
  }
  if (answeredBy) {
    parts.push(element("p", { class: "answered" }, element("span", { class: "by" }, answeredBy),
      element("span", { class: "seconds" }, seconds), howToChange ? element("span", {}, howToChange) : null));
  }
  if (content.actions) parts.push(actions(content.actions, send));
  return [...parts, tell(content.told)];
}

function note(kind, message, hint) {
  const children = [element("p", { dir: "auto" }, message)];
  if (hint) children.push(element("p", { class: "hint", dir: "auto" }, hint));
  return element("div", { class: `note ${kind}`, role: kind === "failure" ? "alert" : "note" }, ...children);
}

function sentence({ words, after, supported, markers }, places, open) {
  // The last word is kept together with its markers, so that none stands alone at the beginning of a line; a sentence
  // that is written from right to left is not parted.
  const whole = !markers.length || RIGHT_TO_LEFT.test(words);
  const cut = words.length - (whole ? 0 : words.match(/\S{0,30}$/)[0].length);
  const said = (text) => element("span", supported ? {} : { class: "unsupported" }, text);
  const end = element("span", { class: "end" }, said(words.slice(cut)));
  for (const number of markers) {
    const names = { "aria-label": `Source ${number}`, title: places.get(number) ?? "" };
    const id = `citation-${number}`;
    end.append(button({ class: "marker", "data-opens": id, ...names }, (event) => open(id, event.currentTarget), String(number)));
  }
  return [said(words.slice(0, cut)), end, supported ? "" : element("span", { class: "unseen" }, " (unsupported)"), after];
}

function card({ id, kind, number, place, quote }, open) {
  return button({ class: "card", "data-opens": id }, (event) => open(id, event.currentTarget),
    element("span", { class: `number ${kind}`, "aria-hidden": "true" }, String(number)),
    element("span", { class: "place", dir: "auto" }, place),
    element("span", { class: "quote", dir: "auto" }, quote));
}
