"""Loads models of pictures: `clip:MODEL`, one space for pictures and questions, and detectors, `detectron2:CONFIG`.

CLIP, SigLIP and their like as sentence-transformers opens them, by a name of the hub or a folder.
`clip:MODEL+detectron2:CONFIG` also embeds the objects that the detector finds on each picture.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import PIL.Image

from vectorstore.embeddings.model import (
    BY_PREFIX,
    ArrayEmbeddings,
    Box,
    EmbeddingModel,
    LoadOptions,
    ModelName,
    Vectors,
    count_in_bytes,
)
from vectorstore.embeddings.providers.hugging_face import (
    describe_on_torch,
    encode_on_torch,
    fingerprint_folder,
    open_sentence_transformer,
)
from vectorstore.errors import ProviderError, translated_errors
from vectorstore.pictures import Pixels, read_pixels

CLIP_HINT = "name a CLIP or SigLIP model of the hub, or a folder that holds one: clip:PATH"
DETECTOR_HINT = "name a model of Detectron2's zoo, or a configuration file: detectron2:PATH.yaml"
# The most objects of a picture, those with the highest scores, and the fewest pixels of one.
MOST_OBJECTS, LEAST_SIDE = 20, 32
DETECTOR_WINDOW = 512


def load_clip(name: ModelName, options: LoadOptions) -> EmbeddingModel:
    name.refuse_dimensions()
    path, _, detector = name.model.partition("+detectron2:")
    with translated_errors(f"{name.model} could not be loaded", CLIP_HINT):
        opened = open_sentence_transformer(path, options.torch)
        if not {"text", "image"} <= set(opened.modalities):
            raise ProviderError(f"{path} is no model of pictures and texts", CLIP_HINT)
        if "siglip" in opened[0].config.model_type:  # trained on texts padded to one length and no others, and no mask
            opened[0].processing_kwargs = {"text": {"padding": "max_length"}}
            opened.tokenizer.model_input_names = ["input_ids"]
        model = describe_on_torch(name, opened, path, options.torch)
    return replace(
        model,
        embed_pictures=partial(embed_opened_pictures, partial(encode_on_torch, opened, options.torch.batch)),
        find_objects=open_detector(detector).find_objects if detector else None,
    )


def embed_opened_pictures(encode: Callable[[Sequence[Any]], Vectors], pictures: Sequence[bytes]) -> list[list[float]]:
    opened = [PIL.Image.open(io.BytesIO(data)).convert("RGB") for data in pictures]
    return encode(opened).tolist()  # type: ignore[no-any-return]


def load_detectron2(name: ModelName, options: LoadOptions) -> EmbeddingModel:  # noqa: ARG001 (as every provider's)
    detector, config = open_detector(name.model), Path(name.model)
    return EmbeddingModel(
        name.setting,
        detector,
        DETECTOR_WINDOW,
        count_in_bytes,
        revision=fingerprint_folder(config.parent) if config.is_file() else "",
        embed_pictures=detector.embed_pictures,
        find_objects=detector.find_objects,
    )


def open_detector(config: str) -> "DetectorEmbeddings":
    BY_PREFIX["detectron2"].require_packages(config)
    with translated_errors(f"{config} could not be loaded", DETECTOR_HINT):
        return DetectorEmbeddings(config)


class DetectorEmbeddings(ArrayEmbeddings):
    """Unit vectors of pictures and of boxes on them: the box head's output over the features within the box.

    A model of Detectron2 with a box head (Faster or Mask R-CNN over a feature pyramid), by a name of its model zoo,
    such as `COCO-Detection/faster_rcnn_R_50_FPN_1x.yaml`, or a configuration file that names its weights. It embeds no
    words: its pictures are found by `rag similar`. How sure an object has to be is its `SCORE_THRESH_TEST`.
    """

    def __init__(self, config: str) -> None:
        import torch
        from detectron2 import model_zoo
        from detectron2.checkpoint import DetectionCheckpointer
        from detectron2.config import get_cfg
        from detectron2.data import transforms
        from detectron2.modeling import build_model
        from detectron2.structures import Boxes

        self._torch, self._boxes = torch, Boxes
        settings = get_cfg()
        if Path(config).is_file():
            settings.merge_from_file(config)
        else:
            settings.merge_from_file(model_zoo.get_config_file(config))
            settings.MODEL.WEIGHTS = model_zoo.get_checkpoint_url(config)
        settings.MODEL.DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
        self._model = build_model(settings).eval()
        if not hasattr(getattr(self._model, "roi_heads", None), "box_pooler"):
            raise ProviderError(f"{config} has no box head over its features", DETECTOR_HINT)
        if settings.MODEL.WEIGHTS:
            DetectionCheckpointer(self._model).load(settings.MODEL.WEIGHTS)
        shortest = settings.INPUT.MIN_SIZE_TEST
        self._resize = transforms.ResizeShortestEdge([shortest, shortest], settings.INPUT.MAX_SIZE_TEST)
        self._is_red_first = settings.INPUT.FORMAT == "RGB"

    def embed_pictures(self, pictures: Sequence[bytes]) -> list[list[float]]:
        return [self.embed_boxes(read_pixels(data))[0] for data in pictures]

    def embed_boxes(self, pixels: Pixels, boxes: Sequence[Box] = ()) -> list[list[float]]:
        """A vector a box, in order; of the whole picture where no box is given."""
        height, width = pixels.shape[:2]
        with self._torch.inference_mode():
            images, features, scale = self._extract_features(pixels)
            wanted = self._torch.tensor(list(boxes) or [(0, 0, width, height)], dtype=self._torch.float32)
            inside = [self._boxes(wanted.to(images.tensor.device) * scale)]
            heads = self._model.roi_heads
            pooled = heads.box_pooler([features[name] for name in heads.box_in_features], inside)
            vectors = heads.box_head(pooled).flatten(start_dim=1)
            units: list[list[float]] = self._torch.nn.functional.normalize(vectors, dim=1).cpu().tolist()
        return units

    def find_objects(self, picture: bytes) -> list[Box]:
        """Boxes of the objects on a picture, the highest score first."""
        pixels = read_pixels(picture)
        height, width = pixels.shape[:2]
        with self._torch.inference_mode():
            images, features, scale = self._extract_features(pixels)
            proposals, _ = self._model.proposal_generator(images, features, None)
            (found,), _ = self._model.roi_heads(images, features, proposals, None)
        order = found.scores.argsort(descending=True)
        rows = (found.pred_boxes.tensor[order] / scale).round().int().cpu().tolist()
        boxes = [(max(row[0], 0), max(row[1], 0), min(row[2], width), min(row[3], height)) for row in rows]
        return [box for box in boxes if min(box[2] - box[0], box[3] - box[1]) >= LEAST_SIDE][:MOST_OBJECTS]

    def _extract_features(self, pixels: Pixels) -> tuple[Any, Any, float]:
        """The picture as the model sees it, its feature maps, and how much larger than in `pixels` it is."""
        ordered = pixels[..., ::-1] if self._is_red_first else pixels
        resized = self._resize.get_transform(ordered).apply_image(ordered)
        image = self._torch.as_tensor(resized.astype("float32").transpose(2, 0, 1).copy())
        images = self._model.preprocess_image([{"image": image}])
        return images, self._model.backbone(images.tensor), resized.shape[0] / pixels.shape[0]

    def embed_array(self, texts: Sequence[str]) -> Vectors:
        raise ProviderError("a detector knows no words", "find pictures like one: rag similar SOURCE")
