// Rows of a name and its value; of a setting also what it is and where its value comes from.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const list = element("dl", {});
  list.append(...data.rows.map(row));
  root.replaceChildren(list);
}

function row({ name, value, origin, description }) {
  const term = element("dt", {}, element("span", { class: origin ? "variable" : "fact" }, name),
    description ? element("span", { class: "description" }, description) : null);
  const said = element("dd", {}, element("span", { class: "value", dir: "auto" }, value),
    origin ? element("span", { class: `origin ${origin.replace(" ", "-")}` }, origin) : null);
  return element("div", { class: "row" }, term, said);
}
