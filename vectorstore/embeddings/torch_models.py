"""Where torch runs a model and in which numbers, and what tells the vectors of one kind of numbers from another's."""

from typing import Any

from vectorstore.embeddings.model import TorchOptions
from vectorstore.errors import SettingsError


def runs_as_converted(options: TorchOptions) -> bool:
    """Whether a model may run on OpenVINO: it does so on the processor alone, and stands in for float32."""
    return options.device in (None, "cpu") and options.dtype in ("auto", "float32")


def choose_device(wanted: str | None) -> str:
    """The device that was named, or that torch prefers. Raises SettingsError for one that is not there."""
    import torch  # seconds

    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted is None:
        preferred = torch.accelerator.current_accelerator(check_available=True)
        return preferred.type if preferred else "cpu"
    if not there[wanted]:
        found = " and ".join(name for name, is_there in there.items() if is_there)
        raise SettingsError(
            f"RAG_DEVICE={wanted} is not there: torch finds {found} on this machine",
            "set RAG_DEVICE=cpu, or leave it unset for what torch prefers",
        )
    return wanted


def tell_apart(revision: str, dtype: Any) -> str:
    """The revision of a model whose numbers are `dtype`: its vectors are near those of float32, and not the same."""
    name = str(dtype).removeprefix("torch.")
    return revision if name == "float32" else f"{revision} {name}"
