"""`detectron2:CONFIG`: pictures turned into vectors by a detector, and into the boxes of the objects on them.

A model of Detectron2 with a box head (Faster or Mask R-CNN over a feature pyramid), by a name of its model zoo, such as
`COCO-Detection/faster_rcnn_R_50_FPN_1x.yaml`, or a configuration file that names its weights. It knows no words: what
it embeds is found by `rag similar`. Which objects are sure enough is the configuration's `SCORE_THRESH_TEST`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from langchain_core.embeddings import Embeddings

from vectorstore.embeddings.model import Box, EmbeddingModel, LoadOptions, ModelName, first_line
from vectorstore.embeddings.providers.hugging_face import describe_folder
from vectorstore.embeddings.providers.langchain import count_in_bytes
from vectorstore.errors import ProviderError, RagError
from vectorstore.pictures import Pixels, read_pixels

# Of a picture: those of the highest scores, none smaller than so many pixels.
MOST_OBJECTS, LEAST_SIDE = 20, 32
WINDOW = 512
HINT = "name a model of Detectron2's zoo, or a configuration file: detectron2:PATH.yaml"


def load(name: ModelName, options: LoadOptions) -> EmbeddingModel:  # noqa: ARG001 (as every provider's)
    regions = load_regions(name.model)
    return EmbeddingModel(
        name.setting,
        regions,
        WINDOW,
        count_in_bytes,
        revision=describe_folder(str(Path(name.model).parent)) if Path(name.model).is_file() else "",
        embed_pictures=regions.embed_pictures,
        find_objects=regions.find_objects,
    )


def load_regions(config: str) -> "RegionEmbeddings":
    try:
        return RegionEmbeddings(config)
    except RagError:
        raise
    except Exception as error:  # yacs, iopath and torch each raise their own
        raise ProviderError(f"{config} could not be loaded: {first_line(error)}", HINT) from error


class RegionEmbeddings(Embeddings):
    """Unit vectors: what the box head makes of the features within a box, of the whole picture where none is given."""

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
            raise ProviderError(f"{config} has no box head over its features", HINT)
        if settings.MODEL.WEIGHTS:
            DetectionCheckpointer(self._model).load(settings.MODEL.WEIGHTS)
        shortest = settings.INPUT.MIN_SIZE_TEST
        self._resize = transforms.ResizeShortestEdge([shortest, shortest], settings.INPUT.MAX_SIZE_TEST)
        self._is_red_first = settings.INPUT.FORMAT == "RGB"

    def embed_pictures(self, pictures: Sequence[bytes]) -> list[list[float]]:
        return [self.embed_regions(read_pixels(data))[0] for data in pictures]

    def embed_regions(self, pixels: Pixels, boxes: Sequence[Box] = ()) -> list[list[float]]:
        """A vector a box, in order; of the whole picture where there is none."""
        height, width = pixels.shape[:2]
        with self._torch.inference_mode():
            images, features, scale = self._look(pixels)
            wanted = self._torch.tensor(list(boxes) or [(0, 0, width, height)], dtype=self._torch.float32)
            inside = [self._boxes(wanted.to(images.tensor.device) * scale)]
            heads = self._model.roi_heads
            pooled = heads.box_pooler([features[name] for name in heads.box_in_features], inside)
            vectors = heads.box_head(pooled).flatten(start_dim=1)
            found: list[list[float]] = self._torch.nn.functional.normalize(vectors, dim=1).cpu().tolist()
        return found

    def find_objects(self, picture: bytes) -> list[Box]:
        """Boxes of the objects on a picture, the surest first."""
        pixels = read_pixels(picture)
        with self._torch.inference_mode():
            images, features, scale = self._look(pixels)
            proposals, _ = self._model.proposal_generator(images, features, None)
            (found,), _ = self._model.roi_heads(images, features, proposals, None)
        order = found.scores.argsort(descending=True)
        rows = (found.pred_boxes.tensor[order] / scale).cpu().tolist()
        boxes = [within(row, pixels) for row in rows]
        return [box for box in boxes if min(box[2] - box[0], box[3] - box[1]) >= LEAST_SIDE][:MOST_OBJECTS]

    def _look(self, pixels: Pixels) -> tuple[Any, Any, float]:
        """The picture as the model sees it, its feature maps, and how much larger than in `pixels` it is."""
        shown = pixels[..., ::-1] if self._is_red_first else pixels
        resized = self._resize.get_transform(shown).apply_image(shown)
        image = self._torch.as_tensor(resized.astype("float32").transpose(2, 0, 1).copy())
        images = self._model.preprocess_image([{"image": image}])
        return images, self._model.backbone(images.tensor), resized.shape[0] / pixels.shape[0]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        raise ProviderError("a detector knows no words", "find pictures like one: rag similar SOURCE")

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


def within(row: Sequence[float], pixels: Pixels) -> Box:
    height, width = pixels.shape[:2]
    left, top, right, bottom = (round(number) for number in row)
    return max(left, 0), max(top, 0), min(right, width), min(bottom, height)
