"""`clip:MODEL`: pictures and questions turned into vectors of one space by a model of the CLIP kind.

CLIP, SigLIP and their like as transformers opens them, by a name of the hub or a folder; a folder of
sentence-transformers that holds one will do. `clip:MODEL+detectron2:CONFIG` embeds the objects on each picture, too,
as that detector finds them.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import PIL.Image
from langchain_core.embeddings import Embeddings

from vectorstore.embeddings.model import Box, EmbeddingModel, LoadOptions, ModelName, TorchOptions, first_line
from vectorstore.embeddings.providers.hugging_face import choose_device, count_by, describe_folder, tell_apart
from vectorstore.embeddings.registry import BY_PREFIX, fetch_folder
from vectorstore.errors import MissingPackageError, ProviderError, RagError

WITH_OBJECTS = "+detectron2:"
Item = TypeVar("Item")
HINT = "name a CLIP or SigLIP model of the hub, or a folder that holds one: clip:PATH"


def load(name: ModelName, options: LoadOptions) -> EmbeddingModel:
    if name.dimensions:
        raise ProviderError(f"{name.model} has one number of dimensions", f"clip:{name.model}, without the @")
    model, _, detector = name.model.partition(WITH_OBJECTS)
    try:
        folder = fetch_folder(model)
        embeddings = ClipEmbeddings(folder, options.torch)
    except RagError:
        raise
    except Exception as error:  # the hub, torch and transformers each raise their own
        raise ProviderError(f"{name.model} could not be loaded: {first_line(error)}", HINT) from error
    tokenizer = embeddings.tokenizer
    return EmbeddingModel(
        name.setting,
        embeddings,
        embeddings.window - tokenizer.num_special_tokens_to_add(),
        count_by(tokenizer),
        revision=tell_apart(describe_folder(str(folder)), embeddings.dtype),
        embed_pictures=embeddings.embed_pictures,
        find_objects=load_finder(detector) if detector else None,
    )


def load_finder(config: str) -> Callable[[bytes], list[Box]]:
    provider = BY_PREFIX["detectron2"]
    if provider.missing:
        raise MissingPackageError(f"{config} needs the package {provider.missing[0]}", provider.remedy)
    from vectorstore.embeddings.providers.regions import load_regions

    return load_regions(config).find_objects


class ClipEmbeddings(Embeddings):
    """Unit vectors. What the texts and pictures go through first is what the model's own files say."""

    def __init__(self, folder: Path, options: TorchOptions) -> None:
        import torch
        from transformers import AutoImageProcessor, AutoModel, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call] # it draws into a pipe too
        self._torch = torch
        self._device, self._batch = choose_device(options.device), options.batch
        model = AutoModel.from_pretrained(folder, dtype=options.dtype, local_files_only=True)
        if not (hasattr(model, "get_image_features") and hasattr(model, "get_text_features")):
            raise ProviderError(f"{folder} holds no model of pictures and texts", HINT)
        self._model = model.eval().to(self._device)
        self.dtype = model.dtype
        # By Pillow: the other way needs torchvision.
        processor: Any = AutoImageProcessor
        self._processor = processor.from_pretrained(folder, backend="pil", local_files_only=True)
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self.window = int(model.config.get_text_config().max_position_embeddings)
        # SigLIP has learnt from texts filled up to one length and no others, and masks nothing.
        self._is_filled = "siglip" in model.config.model_type

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [vector for batch in batches(texts, self._batch) for vector in self._embed_texts(batch)]

    def embed_query(self, text: str) -> list[float]:
        return self._embed_texts([text])[0]

    def embed_pictures(self, pictures: Sequence[bytes]) -> list[list[float]]:
        return [vector for batch in batches(pictures, self._batch) for vector in self._embed_pictures(batch)]

    def _embed_texts(self, texts: Sequence[str]) -> list[list[float]]:
        filled = "max_length" if self._is_filled else True
        inputs = self.tokenizer(
            list(texts), padding=filled, truncation=True, max_length=self.window, return_tensors="pt"
        ).to(self._device)
        if self._is_filled:
            inputs.pop("attention_mask", None)
        with self._torch.inference_mode():
            return self._unit(self._model.get_text_features(**inputs))

    def _embed_pictures(self, pictures: Sequence[bytes]) -> list[list[float]]:
        opened = [PIL.Image.open(io.BytesIO(data)).convert("RGB") for data in pictures]
        inputs = self._processor(images=opened, return_tensors="pt").to(self._device, self.dtype)
        with self._torch.inference_mode():
            return self._unit(self._model.get_image_features(**inputs))

    def _unit(self, features: Any) -> list[list[float]]:
        vectors = getattr(features, "pooler_output", features)
        found: list[list[float]] = self._torch.nn.functional.normalize(vectors.float(), dim=-1).cpu().tolist()
        return found


def batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
