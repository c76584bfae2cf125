// The points on a canvas: drawn, moved, pointed at.
const HUES = 6, REACH = 12, MOST_ZOOM = 60, STEP = 1.5;

function plotOf(content, open) {
  const { xs, ys, clusters, lit } = content;
  const labels = labelsOf(clusters, xs.length), middles = clusters.map(({ members }) => [middle(xs, members), middle(ys, members)]);
  const canvas = element("canvas", { role: "img", "aria-label": `Map of ${xs.length} passages in ${clusters.length} clusters, which are listed beside it` });
  const tip = element("div", { class: "tip", role: "presentation", hidden: "" });
  const box = element("div", { class: "plot" }, canvas, tip);
  const pen = canvas.getContext("2d");
  const view = { x: 0.5, y: 0.5, zoom: 1 };
  const labelled = ownWords(clusters);
  let chosen = "all", opened = null, hues = [], hovered = null, asked = 0;

  // Points are numbers from 0 to 1 in both directions; the picture keeps its proportions.
  const side = () => Math.max(Math.min(canvas.clientWidth, canvas.clientHeight) - 48, 1) * view.zoom;
  const toX = (x) => (x - view.x) * side() * stretch() + canvas.clientWidth / 2;
  const toY = (y) => (y - view.y) * side() + canvas.clientHeight / 2;
  const stretch = () => Math.max(1, Math.min((canvas.clientWidth - 48) / Math.max(canvas.clientHeight - 48, 1), 1.7));
  const isShown = (i) => chosen === "all" || labels[i] === chosen;
  const refresh = () => { asked ||= requestAnimationFrame(() => { asked = 0; draw(); }); };

  function draw() {
    const ratio = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    if (!width) return;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const style = getComputedStyle(canvas), picture = pen.createImageData(canvas.width, canvas.height);
    clusters.forEach((_, number) => dots(number, chosen === "all" || chosen === number, radiusOf(xs.length, view.zoom), ratio, picture));
    pen.putImageData(picture, 0, 0);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (chosen === "all" || chosen === "answer") lit.forEach(({ x, y }) => disc(x, y, 6.5, style.getPropertyValue("--marker"), style.color));
    for (const one of [opened, hovered]) if (one) disc(one.x, one.y, 9, null, style.color);
    names(style);
  }

  // Stamped pixel by pixel, the more opaque one wins: twenty thousand arcs or images take a canvas twenty times as long.
  function dots(number, shown, radius, ratio, picture) {
    const { width, height } = picture, pixels = new Uint32Array(picture.data.buffer);
    const stamp = stampOf(getComputedStyle(hues[number]).backgroundColor, radius * ratio, number >= HUES, shown ? 0.85 : 0.1);
    const size = Math.sqrt(stamp.length), half = size / 2;
    const scaleX = side() * stretch() * ratio, scaleY = side() * ratio;
    const left = width / 2 - view.x * scaleX - half, top = height / 2 - view.y * scaleY - half;
    for (const i of clusters[number].members) {
      const x = Math.round(xs[i] * scaleX + left), y = Math.round(ys[i] * scaleY + top);
      if (x < 0 || y < 0 || x + size > width || y + size > height) continue;
      for (let at = 0, row = y * width + x; at < stamp.length; row += width) {
        for (let column = 0; column < size; column++, at++) if (stamp[at] >>> 24 > pixels[row + column] >>> 24) pixels[row + column] = stamp[at];
      }
    }
  }

  function disc(x, y, radius, fill, edge) {
    pen.beginPath();
    pen.arc(toX(x), toY(y), radius, 0, 2 * Math.PI);
    if (fill) { pen.fillStyle = fill; pen.fill(); }
    pen.lineWidth = 1.5;
    pen.strokeStyle = edge;
    pen.stroke();
  }

  // Colour alone tells no cluster: each has a word of its own on the map, the largest first, none over another.
  function names(style) {
    const taken = [];
    pen.font = `600 12px ${style.fontFamily}`;
    pen.textAlign = "center";
    pen.lineJoin = "round";
    labelled.forEach((text, number) => {
      if (chosen !== "all" && chosen !== number) return;
      const half = pen.measureText(text).width / 2 + 4;
      const x = Math.min(Math.max(toX(middles[number][0]), half), canvas.clientWidth - half), y = toY(middles[number][1]);
      if (y < 0 || y > canvas.clientHeight || taken.some((one) => Math.abs(one.x - x) < one.half + half && Math.abs(one.y - y) < 16)) return;
      taken.push({ x, y, half });
      pen.lineWidth = 4;
      pen.strokeStyle = style.getPropertyValue("--behind");
      pen.strokeText(text, x, y);
      pen.fillStyle = style.color;
      pen.fillText(text, x, y);
    });
  }

  function nearest(x, y) {
    let found = null, least = REACH ** 2;
    const scaleX = side() * stretch(), scaleY = side(), left = toX(0) - x, top = toY(0) - y;
    for (let i = 0; i < xs.length; i++) {
      const far = (xs[i] * scaleX + left) ** 2 + (ys[i] * scaleY + top) ** 2;
      if (far <= least && isShown(i)) { least = far; found = i; }
    }
    if (chosen === "all" || chosen === "answer") lit.forEach((one) => {
      const far = (toX(one.x) - x) ** 2 + (toY(one.y) - y) ** 2;
      if (far <= least) { least = far; found = one; }
    });
    return typeof found === "number" ? { ...pointAt(content, found), x: xs[found], y: ys[found] } : found;
  }

  function point(event) {
    hovered = nearest(event.offsetX, event.offsetY);
    canvas.style.cursor = hovered ? "pointer" : "grab";
    tip.hidden = !hovered;
    if (hovered) {
      tip.replaceChildren(element("strong", { dir: "auto" }, hovered.place), element("span", { dir: "auto" }, hovered.text));
      const left = Math.min(Math.max(event.offsetX - tip.offsetWidth / 2, 4), canvas.clientWidth - tip.offsetWidth - 4);
      const under = event.offsetY + 18, over = event.offsetY - tip.offsetHeight - 18;
      tip.style.translate = `${left}px ${over < 4 ? under : over}px`;
    }
    refresh();
  }

  function zoom(by, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
    const left = (x - canvas.clientWidth / 2) / (side() * stretch()), top = (y - canvas.clientHeight / 2) / side();
    const before = view.zoom;
    view.zoom = Math.min(Math.max(view.zoom * by, 1), MOST_ZOOM);
    view.x += left * (1 - before / view.zoom);
    view.y += top * (1 - before / view.zoom);
    if (view.zoom === 1) whole();
    refresh();
  }

  function whole() {
    Object.assign(view, { x: 0.5, y: 0.5, zoom: 1 });
    refresh();
  }

  const tool = (label, sign, act) => button({ "aria-label": label, title: label }, act, sign);
  box.append(element("div", { class: "tools", role: "group", "aria-label": "Zoom" },
    tool("Zoom in", "+", () => zoom(STEP)), tool("Zoom out", "−", () => zoom(1 / STEP)), tool("Whole map", "⤢", whole)));
  movable(canvas, {
    point,
    leave: () => { hovered = null; tip.hidden = true; refresh(); },
    move: (x, y) => { view.x -= x / (side() * stretch()); view.y -= y / side(); tip.hidden = true; refresh(); },
    zoom,
    click: (event) => { const found = nearest(event.offsetX, event.offsetY); if (found) open(found.id); },
  });
  const watch = new ResizeObserver(refresh), dark = matchMedia("(prefers-color-scheme: dark)");
  const at = new Map(content.ids.map((id, i) => [id, i]));
  return {
    box,
    begin: (which, swatches) => { hues = swatches; chosen = which; watch.observe(canvas); dark.addEventListener("change", refresh); },
    end: () => { watch.disconnect(); dark.removeEventListener("change", refresh); },
    choose: (which) => { chosen = which; refresh(); },
    open: (id) => {
      const i = at.get(id);
      opened = lit.find((one) => one.id === id) ?? (i === undefined ? null : { x: xs[i], y: ys[i] });
      if (hues.length) refresh();
    },
  };
}

// A press that does not move is a click.
function movable(canvas, { point, leave, move, zoom, click }) {
  let last = null, moved = 0;
  canvas.addEventListener("pointerdown", (event) => { last = event; moved = 0; canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return point(event);
    moved += Math.abs(event.clientX - last.clientX) + Math.abs(event.clientY - last.clientY);
    if (moved > 4) move(event.clientX - last.clientX, event.clientY - last.clientY);
    last = event;
  });
  canvas.addEventListener("pointerup", (event) => { if (last && moved <= 4) click(event); last = null; });
  canvas.addEventListener("pointercancel", () => { last = null; });
  canvas.addEventListener("pointerleave", leave);
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 400), event.offsetX, event.offsetY);
  }, { passive: false });
}

function labelsOf(clusters, count) {
  const labels = new Uint8Array(count);
  clusters.forEach(({ members }, number) => { for (const i of members) labels[i] = number; });
  return labels;
}

// The first word of each name that no larger cluster has taken.
function ownWords(clusters) {
  const taken = new Set();
  return clusters.map(({ name }) => {
    const words = name.split(", "), own = words.find((word) => !taken.has(word)) ?? words[0];
    taken.add(own);
    return own;
  });
}

function middle(values, members) {
  const sorted = members.map((i) => values[i]).sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

function stampOf(colour, radius, isSquare, opacity) {
  const stamp = document.createElement("canvas"), middle = Math.ceil(radius + 1);
  stamp.width = stamp.height = 2 * middle;
  const pen = stamp.getContext("2d", { willReadFrequently: true });
  pen.globalAlpha = opacity;
  pen.fillStyle = colour;
  if (isSquare) pen.rect(middle - radius, middle - radius, 2 * radius, 2 * radius);
  else pen.arc(middle, middle, radius, 0, 2 * Math.PI);
  pen.fill();
  return new Uint32Array(pen.getImageData(0, 0, 2 * middle, 2 * middle).data.buffer);
}

function radiusOf(count, zoom) {
  return Math.min(Math.max(60 / Math.sqrt(count + 100), 1.4), 4.5) * Math.min(zoom ** 0.4, 3);
}
