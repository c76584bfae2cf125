// What stands open, and every source that was asked for: one for the page, though each component is a module of its own.
const sources = (window.ragAppSources ??= { events: new EventTarget(), kept: new Map(), opened: null });

// `opened`: { answer, cards, index, opener }, an answer's key, its cards and which of them is shown; null closes.
function showSource(opened) {
  sources.opened = opened;
  sources.events.dispatchEvent(new Event("shown"));
}

// As it was when first asked for, or as it is now; the kept promise also has its `value` once it is there.
function askForSource(name, { anew = false } = {}) {
  const kept = sources.kept.get(name);
  if (kept && !anew) return kept;
  const asked = fetch(`/sources/${name}`).then(async (response) => {
    if (!response.ok) throw new Error(await response.text());
    return (asked.value = await response.json());
  });
  asked.catch(() => sources.kept.get(name) === asked && sources.kept.delete(name));
  if (!kept) sources.kept.set(name, asked);
  else asked.then(() => sources.kept.set(name, asked), () => {});
  return asked;
}

function pictureOf(name, { picture }) {
  return `/sources/${name}/picture?${picture.drawn}`;
}

// One after the other, while nobody waits: a click then finds them here.
async function fetchAhead(names) {
  for (const name of names) {
    try {
      const source = await askForSource(name);
      if (source.picture) await loadPicture(pictureOf(name, source));
    } catch {
      return; // the click will say why
    }
  }
}

const pictures = (window.ragAppPictures ??= new Map());
const MOST_PICTURES = 24;

// Kept decoded: a picture is painted in the frame in which it is shown.
async function loadPicture(url) {
  if (pictures.has(url)) return pictures.get(url);
  const image = new Image();
  image.src = url;
  await image.decode();
  pictures.set(url, image);
  if (pictures.size > MOST_PICTURES) pictures.delete(pictures.keys().next().value);
  return image;
}

// Streamlit may call a component's clean-up for a drawing that a newer one has replaced: that one goes on listening.
function whileMounted(root, listen) {
  root.stopListening ??= listen();
  const drawing = (root.drawing = {});
  return () => {
    if (root.drawing !== drawing) return;
    root.stopListening();
    root.stopListening = undefined;
  };
}

function listenTo(target, type, listener) {
  target.addEventListener(type, listener);
  return () => target.removeEventListener(type, listener);
}
