// Rows of a name and its value; of a setting also what it is and where its value comes from.
export default function ({ data, parentElement }) {
  const list = element("dl", {});
  list.append(...data.rows.map(row));
  parentElement.querySelector(".root").replaceChildren(list);
}

function row({ name, value, origin, description }) {
  if (!origin) return element("div", { class: "row fact" }, element("dt", {}, name), element("dd", { dir: "auto" }, value));
  return element("div", { class: "row" },
    element("dt", {}, element("span", { class: "variable" }, name), element("span", { class: "description" }, description)),
    element("dd", {}, element("span", { dir: "auto" }, value), element("span", { class: `origin ${origin.replace(" ", "-")}` }, origin)));
}
