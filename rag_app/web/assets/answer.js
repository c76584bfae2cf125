export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const { opened, ...content } = data;
  const drawn = JSON.stringify(content);
  if (root.drawn !== drawn) {
    // Drawn only when it has changed, so that a click elsewhere takes no focus away.
    root.drawn = drawn;
    root.replaceChildren(...answer(content, (kind, number) => setTriggerValue("open", { kind, number })));
  }
  for (const opener of root.querySelectorAll("[data-opens]")) {
    opener.setAttribute("aria-pressed", String(opener.dataset.opens === opened));
  }
}

function answer(content, open) {
  const { message, hint, searchedFor, refusal, sentences = [], cardsTitle, cards } = content;
  const { answeredBy, seconds, howToChange } = content;
  const parts = [];
  if (searchedFor) parts.push(element("p", { class: "searched", dir: "auto" }, searchedFor));
  if (message) {
    parts.push(note("failure", message, hint));
  } else if (refusal) {
    parts.push(note("refusal", refusal));
  } else {
    parts.push(element("div", { class: "text", dir: "auto" }, ...sentences.flatMap((one) => sentence(one, open))));
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
  return parts;
}

function note(kind, message, hint) {
  const children = [element("p", { dir: "auto" }, message)];
  if (hint) children.push(element("p", { class: "hint", dir: "auto" }, hint));
  return element("div", { class: `note ${kind}`, role: kind === "failure" ? "alert" : "note" }, ...children);
}

function sentence({ words, after, supported, markers }, open) {
  const parts = [element("span", supported ? {} : { class: "unsupported" }, words)];
  if (!supported) parts.push(element("span", { class: "unseen" }, " (unsupported)"));
  for (const number of markers) {
    // A joiner before each, so that no marker stands alone at the beginning of a line.
    const attributes = { class: "marker", "aria-label": `Source ${number}`, "data-opens": `citation-${number}` };
    parts.push("\u2060", button(attributes, () => open("citation", number), String(number)));
  }
  return [...parts, after];
}

function card({ id, kind, number, place, quote }, open) {
  return button({ class: "card", "data-opens": id }, () => open(kind, number),
    element("span", { class: `number ${kind}`, "aria-hidden": "true" }, String(number)),
    element("span", { class: "place", dir: "auto" }, place),
    element("span", { class: "quote", dir: "auto" }, quote));
}
