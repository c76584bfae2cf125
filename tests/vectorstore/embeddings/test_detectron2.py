"""`detectron2:CONFIG` on a detector with random weights, built from a configuration of Detectron2's own zoo."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("cv2", reason="pictures are read by OpenCV: pip install 'rag-app[pictures]'")
pytest.importorskip("detectron2", reason="Detectron2 is on no package registry: it is installed from its repository")

from tests.clip_model import picture
from vectorstore.embeddings import EmbeddingModel, embed_pictures, load_embedding_model
from vectorstore.embeddings.providers.pictures import LEAST_SIDE, DetectorEmbeddings
from vectorstore.errors import ProviderError
from vectorstore.pictures import read_pixels


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> EmbeddingModel:
    from detectron2 import model_zoo
    from detectron2.config import get_cfg

    settings = get_cfg()
    settings.merge_from_file(model_zoo.get_config_file("COCO-Detection/faster_rcnn_R_50_FPN_1x.yaml"))
    settings.MODEL.WEIGHTS = ""
    settings.MODEL.ROI_HEADS.SCORE_THRESH_TEST = 0.0  # random weights are sure of nothing
    settings.INPUT.MIN_SIZE_TEST, settings.INPUT.MAX_SIZE_TEST = 128, 256
    path = tmp_path_factory.mktemp("detectron2") / "random.yaml"
    path.write_text(settings.dump())
    loaded = load_embedding_model(f"detectron2:{path}", cache_dir=Path("cache"))
    assert isinstance(loaded.embeddings, DetectorEmbeddings)
    # Random offsets leave no box within its picture: with none the proposals themselves are the objects.
    predictor = loaded.embeddings._model.roi_heads.box_predictor
    for layer in (predictor.bbox_pred, predictor.cls_score):
        layer.weight.data.zero_()
        layer.bias.data.zero_()
    return loaded


def test_pictures_become_unit_vectors(model: EmbeddingModel) -> None:
    red, blue, again = np.array(embed_pictures(model, [picture("red"), picture("blue"), picture("red")]))
    assert red.shape == (1024,)
    assert np.allclose(np.linalg.norm([red, blue], axis=1), 1, atol=1e-4)
    assert np.allclose(red, again, atol=1e-5)
    assert not np.allclose(red, blue, atol=1e-5)


def test_objects_lie_within_their_picture_and_each_has_a_vector(model: EmbeddingModel) -> None:
    assert model.find_objects is not None
    data = picture("green", width=320)
    boxes = model.find_objects(data)
    assert boxes
    for left, top, right, bottom in boxes:
        assert 0 <= left < left + LEAST_SIDE <= right <= 320
        assert 0 <= top < top + LEAST_SIDE <= bottom <= 240
    assert isinstance(model.embeddings, DetectorEmbeddings)
    assert len(model.embeddings.embed_boxes(read_pixels(data), boxes)) == len(boxes)


def test_a_detector_knows_no_words(model: EmbeddingModel) -> None:
    with pytest.raises(ProviderError, match="knows no words") as raised:
        model.embeddings.embed_query("a red square")
    assert "rag similar" in raised.value.hint
