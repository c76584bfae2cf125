"""The map: near vectors get near places, clusters are found and named, and removed documents are left out."""

import numpy as np
import pytest

from rag_app.library.map import MOST_CLUSTERS, cluster, name_clusters, project
from tests.rag_app.library.made_up import DIMENSION, around


@pytest.mark.parametrize("middles", [2, 7])
def test_clusters_that_lie_apart_are_found_as_they_are(middles: int) -> None:
    vectors, labels = around(middles, 20)
    found, _ = cluster(vectors)
    assert len(set(zip(labels, found.tolist(), strict=True))) == len(set(found.tolist())) == middles


def test_where_nothing_lies_apart_the_number_follows_the_size_and_has_a_bound() -> None:
    noise = np.random.default_rng(0).standard_normal((400, DIMENSION)).astype(np.float32)
    counts = np.bincount(cluster(noise)[0])
    assert len(counts) == MOST_CLUSTERS
    assert counts.tolist() == sorted(counts.tolist(), reverse=True)
    assert len(np.bincount(cluster(noise[:32])[0])) == 4  # the root of half of 32


@pytest.mark.parametrize("number", [1, 2, 5, 12])
def test_any_few_vectors_and_equal_ones_have_places_and_clusters(number: int) -> None:
    generator = np.random.default_rng(0)
    different = generator.standard_normal((number, DIMENSION)).astype(np.float32)
    for vectors in (different, np.ones_like(different), np.zeros_like(different)):
        places = project(vectors)(vectors)
        assert places.shape == (number, 2)
        assert np.isfinite(places).all()
        assert len(cluster(vectors)[0]) == number


def test_near_vectors_get_near_places_also_those_that_are_no_landmarks() -> None:
    vectors, labels = around(4, 50)
    places, whose = project(vectors, most_landmarks=100)(vectors), np.array(labels)
    middles = np.stack([np.median(places[whose == label], axis=0) for label in range(4)])
    nearest = np.linalg.norm(places[:, np.newaxis] - middles, axis=2).argmin(axis=1)
    assert (nearest == whose).mean() > 0.99
    assert (nearest[100:] == whose[100:]).mean() > 0.99


def test_clusters_are_named_by_the_words_that_tell_them_apart() -> None:
    about_bees = [
        "The queen bee lays eggs in the honey comb.",
        "Honey is what the queen bee eats.",
        "A queen bee flies.",
    ]
    about_tides = [
        "The tide follows the moon.",
        "High tide is twice a day and the moon pulls it.",
        "Tides and the moon.",
    ]
    bees, tides = name_clusters([about_bees * 2, about_tides * 2], "en")
    assert {"queen bee", "honey"} <= set(bees)
    assert {"tide", "moon"} <= set(tides)
    assert not {"the", "and", "twice"} & {*bees[:2], *tides[:2]}


def test_names_leave_out_the_stop_words_of_other_languages_and_read_unspaced_ones() -> None:
    german = ["Die Bienen sind in dem Stock und der Honig ist bei den Bienen."]
    chinese = ["蜜蜂蜜蜂蜜蜂"]
    assert set(name_clusters([german], "de")[0]) == {"bienen", "stock", "honig"}
    assert name_clusters([chinese], "other")[0]
    assert name_clusters([["1969 42"], []], "en") == [(), ()]
