const RIGHT_TO_LEFT = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufeff]/;

// Only the states that occur are explained under an answer.
const LEGEND = {
  similar: ["Dashed", ": only similar words of the documents were found. "],
  contradicted: ["Wavy", ": the documents say otherwise. "],
  "not proved": ["Dotted", ": no words of the documents were found that say so. "],
};

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  if (data.progress) {
    if (root.key && sources.opened?.answer === root.key) showSource(null); // of the outcome that is gone
    return drawProgress(root, data.progress, () => setTriggerValue("stop", true));
  }
  const drawn = JSON.stringify(data);
  if (root.drawn !== drawn) {
    // Drawn only when it has changed, so that a click elsewhere takes no focus away.
    const name = root.getRootNode().activeElement?.getAttribute("aria-label");
    Object.assign(root, { drawn, key: data.key, progress: null });
    root.replaceChildren(...answer(data, setTriggerValue));
    if (name) root.querySelector(`[aria-label="${CSS.escape(name)}"]`)?.focus({ preventScroll: true });
    if (data.latest) prefetch(data.cards.map((card) => card.source));
  }
  markOpened(root);
  listenWhileShown(root, [[sources.events, "shown", () => markOpened(root)]]);
}

function markOpened(root) {
  const { opened, closed } = sources;
  const shown = opened?.answer === root.key ? opened?.cards[opened.index].id : null;
  for (const opener of root.querySelectorAll("[data-opens]")) {
    opener.setAttribute("aria-pressed", String(opener.dataset.opens === shown));
  }
  // If the answer was redrawn meanwhile, another button is where the source was opened.
  if (!opened && closed?.answer === root.key && !closed.opener.isConnected) {
    root.querySelector(`[data-opens="${closed.opener.dataset.opens}"]`)?.focus();
  }
}

// The same elements for as long as an answer is in progress: a live region that is made again would announce nothing.
function drawProgress(root, { stage, text }, stop) {
  if (!root.progress) {
    root.drawn = null;
    root.progress = [
      element("div", { class: "text", dir: "auto" }),
      element("p", { class: "stage", role: "status", dir: "auto" }),
    ];
    root.replaceChildren(root.progress[0], element("div", { class: "progress" },
      element("span", { class: "dot", "aria-hidden": "true" }), root.progress[1], button({ class: "stop" }, stop, "Stop")));
  }
  root.progress[0].hidden = !text;
  [text, stage].forEach((words, place) => setText(root.progress[place], words));
}

// A live region announces only what changes in it.
function setText(shown, text) {
  if (shown.textContent !== text) shown.textContent = text;
}

function answer(data, send) {
  const { key, message, hint, canRetry, searchedFor, refusal, sentences = [], cardsTitle, cards, announcement } = data;
  const { answeredBy, quoted, seconds, howToChange } = data;
  const open = (id) => (event) =>
    showSource({ answer: key, cards, index: cards.findIndex((card) => card.id === id), opener: event.currentTarget });
  const text = sentences.flatMap((one) => sentence(one, cards, open));
  const legend = Object.entries(LEGEND).filter(([state]) => sentences.some((one) => one.remark && one.state === state));
  const status = element("p", { class: "unseen", role: "status" });
  setTimeout(() => setText(status, announcement ?? ""), 100);
  return [
    searchedFor && element("p", { class: "searched", dir: "auto" }, searchedFor),
    message || refusal ? note(message ?? refusal, hint, message ? "alert" : "note")
      : element("div", { class: quoted ? "text quoted" : "text", dir: "auto" }, ...text),
    legend.length && element("p", { class: "legend" },
      ...legend.flatMap(([state, [look, meaning]]) => [element("span", { "data-state": state }, look), meaning])),
    cardsTitle && cards.length && element("h3", {}, cardsTitle),
    cards.length && element("ol", { class: "cards", "aria-label": cardsTitle ?? "Citations" },
      ...cards.map((one) => element("li", {}, card(one, open)))),
    canRetry && element("div", {}, button({ class: "stop" }, () => send("again", true), "Try again")),
    answeredBy && element("p", { class: "answered" }, element("span", { class: "by" }, answeredBy),
      element("span", {}, seconds), howToChange ? element("span", {}, howToChange) : null),
    data.actions && actions(data.actions, send),
    status,
  ].filter(Boolean);
}

function note(message, hint, role) {
  return element("div", { class: `note ${role}`, role }, element("p", { dir: "auto" }, message),
    hint ? element("p", { class: "hint", dir: "auto" }, hint) : null);
}

function sentence({ words, after, state, remark, markers }, cards, open) {
  // The last word is kept together with its markers, so that none is alone at the beginning of a line; a sentence that
  // is written from right to left is not parted.
  const whole = !markers.length || RIGHT_TO_LEFT.test(words);
  const cut = words.length - (whole ? 0 : words.match(/\S{0,30}$/)[0].length);
  const part = (text) => element("span", remark ? { "data-state": state } : {}, text);
  const marks = markers.map((number) => {
    const id = `citation-${number}`;
    const title = cards.find((card) => card.id === id)?.place ?? "";
    return button({ class: "marker", "data-opens": id, "aria-label": `Source ${number}`, title }, open(id), String(number));
  });
  const end = element("span", { class: "end" }, part(words.slice(cut)), ...marks);
  return [part(words.slice(0, cut)), end, remark ? element("span", { class: "unseen" }, remark) : "", after];
}

function card({ id, kind, number, place, quote }, open) {
  return button({ class: "card", "data-opens": id }, open(id),
    element("span", { class: `number ${kind}`, "aria-hidden": "true" }, String(number)),
    element("span", { class: "place", dir: "auto" }, place), element("span", { class: "quote", dir: "auto" }, quote));
}

function actions({ copied, again, canRate, rated }, send) {
  const rate = (good) => send("rate", rated?.good === good ? { good: null, note: "" } : { good, note: rated?.note ?? "" });
  const thumb = (good, name, icon) => action(name, icon, () => rate(good), { "aria-pressed": String(rated?.good === good) });
  return element("div", { class: "actions", role: "group", "aria-label": "This answer" },
    action("Copy", "content_copy", (event) => copy(copied, event.currentTarget)),
    canRate ? thumb(true, "Good answer", "thumb_up") : null,
    canRate ? thumb(false, "Bad answer", "thumb_down") : null,
    again ? action("Try again", "refresh", () => send("again", true)) : null,
    canRate && rated ? noteForm(rated, (note) => send("rate", { ...rated, note })) : null);
}

async function copy(text, pressed) {
  const done = await navigator.clipboard?.writeText(text).then(() => true, () => false) || copySelected(text);
  const show = (icon, title) => Object.assign(pressed, { title }).firstElementChild.replaceChildren(icon);
  show(done ? "check" : "error", done ? "Copied" : "Could not be copied");
  setTimeout(() => show("content_copy", "Copy"), 2000);
}

// A page that is served neither from this machine nor over https has no clipboard, but a selected text can be copied.
function copySelected(text) {
  const area = element("textarea", { style: "position: fixed; opacity: 0" });
  const before = document.activeElement;
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  before?.focus();
  return done;
}

// Saved by Enter, by its button, or when it is left.
function noteForm({ good, note }, save) {
  const input = element("input", { maxlength: "1000", value: note, "aria-label": "Note on this answer",
    placeholder: good ? "What is good about it?" : "What is wrong with it?" });
  const done = element("button", { disabled: "" }, note ? "Saved" : "Save note");
  const form = element("form", { class: "opinion" }, input, done);
  input.oninput = () => {
    done.disabled = input.value.trim() === note;
    done.textContent = "Save note";
  };
  input.onchange = form.onsubmit = (event) => {
    event.preventDefault();
    if (!done.disabled) save(input.value.trim());
    done.disabled = true;
  };
  return form;
}
