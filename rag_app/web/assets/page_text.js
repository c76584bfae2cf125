// Rows of a table and fenced code keep their lines; the quote stands in one mark, whole.
const ROWS = /(?:^[ \t]*\|.*(?:\n|$)){2,}|^```[^\n]*\n[\s\S]*?^```[^\n]*(?:\n|$)|(?:^.*\t.*(?:\n|$)){2,}/gm;

function pageText({ before = "", quote, after = "", isCode }) {
  const text = before + quote + after;
  const [from, to] = [before.length, before.length + quote.length];
  const box = element("div", { class: isCode ? "page code" : "page", tabindex: "0" });
  let done = 0;
  for (const { index, 0: rows } of isCode ? [] : text.matchAll(ROWS)) {
    const end = index + rows.length;
    if ((from < index && to > index) || (from < end && to > end)) continue;
    box.append(...marked(text, { start: done, end: index, from, to }));
    box.append(element("div", { class: "code" }, ...marked(text, { start: index, end, from, to })));
    done = end;
  }
  box.append(...marked(text, { start: done, end: text.length, from, to }));
  return box;
}

function marked(text, { start, end, from, to }) {
  if (from < start || from >= end) return [text.slice(start, end)];
  return [text.slice(start, from), element("mark", {}, text.slice(from, to)), text.slice(to, end)];
}
