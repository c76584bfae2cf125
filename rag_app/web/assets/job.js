export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const drawn = JSON.stringify(data);
  if (root.drawn === drawn) return;
  root.drawn = drawn;
  root.replaceChildren(job(data));
}

function job({ heading, hint, isFailure, detail, share, rows = [], more }) {
  const parts = [element("p", { class: "heading", dir: "auto", role: isFailure ? "alert" : "status" }, heading)];
  if (share !== undefined) parts.push(bar(share));
  if (detail) parts.push(element("p", { class: "detail", dir: "auto" }, detail));
  if (hint) parts.push(element("p", { class: "hint", dir: "auto" }, hint));
  if (rows.length) parts.push(element("ul", { "aria-label": "Documents being added" }, ...rows.map(file)));
  if (more) parts.push(element("p", { class: "detail" }, more));
  return element("section", { class: isFailure ? "failure" : "" }, ...parts);
}

function bar(share) {
  const percent = Math.round(100 * share);
  const filled = element("div", { class: "filled" });
  filled.style.width = `${percent}%`;
  return element("div", {
    class: "bar", role: "progressbar", "aria-label": "Adding documents",
    "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": String(percent),
  }, filled);
}

function file({ name, source, state, words, reason }) {
  return element("li", { class: state },
    element("span", { class: "name", dir: "auto", title: source }, name),
    element("span", { class: "words" }, words),
    reason ? element("span", { class: "reason", dir: "auto" }, reason) : null);
}
