// The map and, beside it, its clusters and their passages as buttons: whoever sees no map reads the same.
const ALL = "all", ANSWER = "answer", LISTED = 20;

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const { opened, drawn, ...content } = data;
  if (root.drawn !== drawn) {
    // Drawn only when it has changed: twenty thousand points take a while, and a click elsewhere takes no focus away.
    root.drawn = drawn;
    root.chosen = content.lit.length ? root.chosen ?? ALL : ALL;
    if (root.chosen !== ANSWER && !content.clusters[root.chosen]) root.chosen = ALL;
    show(root, content);
  }
  root.open = (id) => setTriggerValue("open", id);
  root.mark(opened);
}

function show(root, content) {
  const side = element("div", { class: "side" });
  const plot = plotOf(content, (id) => root.open(id));
  const choose = (which) => {
    root.chosen = root.chosen === which ? ALL : which;
    list();
    plot.choose(root.chosen);
  };
  const passages = element("div", { class: "passages" });
  const clusters = clusterList(content, choose);
  const list = () => {
    for (const one of clusters.querySelectorAll("button")) one.setAttribute("aria-pressed", String(one.dataset.which === String(root.chosen)));
    passages.replaceChildren(...passageList(content, root.chosen, (id) => root.open(id), () => root.mark(root.opened)));
    root.mark(root.opened);
  };
  root.mark = (opened) => {
    root.opened = opened;
    for (const one of passages.querySelectorAll("[data-id]")) one.setAttribute("aria-pressed", String(one.dataset.id === opened));
    plot.open(opened);
  };
  side.append(clusters, passages);
  root.plot?.end();
  root.plot = plot;
  root.replaceChildren(element("div", { class: "layout" }, plot.box, side));
  list();
  plot.begin(root.chosen, [...clusters.querySelectorAll("[data-hue]")]);
}

function clusterList({ clusters, lit, ids }, choose) {
  const entry = (which, name, count, swatch) => element("li", {},
    button({ class: "cluster", "data-which": which, "aria-pressed": "false" }, () => choose(which),
      swatch, element("span", { class: "name", dir: "auto" }, name), element("span", { class: "count" }, count.toLocaleString("en"))));
  const list = element("ul", { class: "clusters", "aria-label": "Clusters" });
  if (lit.length) list.append(entry(ANSWER, "Last answer", lit.length, swatchOf("lit")));
  list.append(entry(ALL, "All passages", ids.length, swatchOf("none")),
    ...clusters.map(({ name, members }, i) => entry(i, name, members.length, swatchOf(`hue-${i % HUES}${i < HUES ? "" : " square"}`, i))));
  return list;
}

function swatchOf(kind, number) {
  return element("span", { class: `swatch ${kind}`, "aria-hidden": "true", ...(number === undefined ? {} : { "data-hue": number }) });
}

function passageList(content, chosen, open, more) {
  const { lit, clusters, question } = content;
  if (chosen === ALL && !lit.length) return [element("p", { class: "help" }, "Choose a cluster to read its passages, or a point of the map.")];
  const isAnswer = chosen === ALL || chosen === ANSWER;
  const entries = isAnswer ? lit : clusters[chosen].members.map((i) => pointAt(content, i));
  const list = element("ol", { "aria-label": isAnswer ? "Passages of the last answer" : "Passages of the cluster" });
  const grow = () => {
    const from = list.childElementCount;
    list.append(...entries.slice(from, from + LISTED).map((one) => element("li", {}, passage(one, open, isAnswer))));
    rest.hidden = list.childElementCount >= entries.length;
    if (from) { list.children[from].querySelector("button").focus(); more(); }
  };
  const rest = button({ class: "more" }, grow, "Show more");
  grow();
  return [element("h3", { dir: "auto" }, isAnswer ? `Found for: ${question}` : "The most typical first"), list, rest];
}

function passage({ id, place, text }, open, isAnswer) {
  return button({ class: `passage${isAnswer ? " lit" : ""}`, "data-id": id, "aria-pressed": "false" }, () => open(id),
    element("span", { class: "place", dir: "auto" }, place), element("span", { class: "text", dir: "auto" }, text));
}

function pointAt({ ids, titles, title, pages, texts }, i) {
  return { id: ids[i], place: titles[title[i]] + (pages[i] ? `, page ${pages[i]}` : ""), text: texts[i] };
}
