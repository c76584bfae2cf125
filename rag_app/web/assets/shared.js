// Every word of a document or a model becomes text of an element: nothing in it is ever read as HTML.
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

function button(attributes, onClick, ...children) {
  const made = element("button", { type: "button", ...attributes }, ...children);
  made.onclick = onClick;
  return made;
}

// A button with a sign of the icon font alone, and its name.
function action(name, icon, onClick, attributes = {}) {
  return button({ class: "action", "aria-label": name, title: name, ...attributes }, onClick,
    element("span", { class: "icon", "aria-hidden": "true" }, icon));
}

// The open source and all sources fetched so far: one state for the page, though each component is a module of its own.
const sources = (window.ragAppSources ??= { events: new EventTarget(), fetched: new Map(), pictures: new Map(), requests: new Set(), opened: null });
const MAX_PICTURES = 24;

// `opened`: { answer, cards, index, opener }, an answer's key, its cards and which of them is shown; null closes.
function showSource(opened) {
  sources.opened = opened;
  sources.events.dispatchEvent(new Event("shown"));
}

// As it was when first fetched, or as it is now; the promise also has its `value` once it is there.
function fetchSource(name, { again = false } = {}) {
  const before = sources.fetched.get(name);
  if (before && !again) return before;
  const asked = fetch(`/sources/${name}`).then(async (response) => {
    if (!response.ok) throw new Error(await response.text());
    return (asked.value = await response.json());
  });
  if (before) asked.then(() => sources.fetched.set(name, asked), () => {});
  else sources.fetched.set(name, asked);
  asked.catch(() => sources.fetched.get(name) === asked && sources.fetched.delete(name));
  return asked;
}

function pictureUrl(name, { version }) {
  return `/sources/${name}/picture?${version}`;
}

// One after the other, while nobody waits, so that a click finds them here.
async function prefetch(names) {
  for (const name of names) {
    try {
      const { picture } = await fetchSource(name);
      if (picture) await loadPicture(pictureUrl(name, picture));
    } catch {
      return; // the click will say why
    }
  }
}

// Kept decoded: a picture is painted in the frame in which it is shown.
async function loadPicture(url) {
  const { pictures } = sources;
  if (pictures.has(url)) return pictures.get(url);
  const image = new Image();
  image.src = url;
  await image.decode();
  pictures.set(url, image);
  if (pictures.size > MAX_PICTURES) pictures.delete(pictures.keys().next().value);
  return image;
}

// Once for each root, until it has left the page. Streamlit also calls a component's clean-up when it only redraws it.
function listenWhileShown(root, listeners) {
  if (root.isListening) return false;
  root.isListening = true;
  for (const [target, type, listener] of listeners) {
    target.addEventListener(type, function listen(event) {
      if (root.isConnected) return listener(event);
      target.removeEventListener(type, listen);
      root.isListening = false;
    });
  }
  return true;
}
