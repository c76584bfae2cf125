// The same elements for as long as an answer is in the making: a live region that was made anew would tell nothing.
function drawProgress(root, { stage, text }, stop) {
  if (!root.progress) {
    root.progress = {
      text: element("div", { class: "text", dir: "auto" }),
      stage: element("p", { class: "stage", role: "status", dir: "auto" }),
      stop: button({ class: "stop" }, () => stop(), "Stop"),
    };
    const row = element("div", { class: "progress" }, element("span", { class: "dot", "aria-hidden": "true" }),
      root.progress.stage, root.progress.stop);
    root.replaceChildren(root.progress.text, row);
    root.drawn = null;
  }
  root.progress.text.hidden = !text;
  setText(root.progress.text, text);
  setText(root.progress.stage, stage);
}

function setText(shown, text) {
  if (shown.textContent !== text) shown.textContent = text;
}

// A live region tells only what changes in it.
function tell(words) {
  const region = element("p", { class: "unseen", role: "status" });
  if (words) setTimeout(() => setText(region, words), 100);
  return region;
}
