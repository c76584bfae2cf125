function actions({ copied, again, canRate, rated }, send) {
  const rate = (good) => send("rate", rated?.good === good ? { good: null, note: "" } : { good, note: rated?.note ?? "" });
  const thumb = (good, name, icon) => action(name, icon, () => rate(good), { "aria-pressed": String(rated?.good === good) });
  return element("div", { class: "actions", role: "group", "aria-label": "This answer" },
    copyAction(copied),
    canRate ? thumb(true, "Good answer", "thumb_up") : null,
    canRate ? thumb(false, "Bad answer", "thumb_down") : null,
    again ? action("Try again", "refresh", () => send("again", true)) : null,
    canRate && rated ? noteForm(rated, (note) => send("rate", { good: rated.good, note })) : null);
}

function action(name, icon, onClick, attributes = {}) {
  return button({ class: "action", "aria-label": name, title: name, ...attributes }, onClick,
    element("span", { class: "icon", "aria-hidden": "true" }, icon));
}

function copyAction(text) {
  const made = action("Copy", "content_copy", async () => {
    const icon = made.firstElementChild;
    icon.textContent = (await copy(text)) ? "check" : "error";
    made.title = icon.textContent === "check" ? "Copied" : "Could not be copied";
    setTimeout(() => { icon.textContent = "content_copy"; made.title = "Copy"; }, 2000);
  });
  return made;
}

// A page that is not served from this machine or over https has no clipboard; a selected text can be copied all the same.
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
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
}

function noteForm({ good, note }, save) {
  const input = element("input", { type: "text", maxlength: "1000", "aria-label": "Note on this answer",
    placeholder: good ? "What is good about it?" : "What is wrong with it?" });
  input.value = note;
  const done = button({}, () => {}, note ? "Saved" : "Save note");
  done.type = "submit";
  done.disabled = true;
  input.addEventListener("input", () => {
    done.disabled = input.value.trim() === note;
    done.textContent = "Save note";
  });
  const keep = () => {
    if (done.disabled) return;
    done.disabled = true;
    save(input.value.trim());
  };
  const form = element("form", { class: "opinion" }, input, done);
  form.addEventListener("submit", (event) => { event.preventDefault(); keep(); });
  input.addEventListener("change", keep); // left without a click on the button, it is kept all the same
  return form;
}
