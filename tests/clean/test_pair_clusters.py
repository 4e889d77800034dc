"""Clusters of pairs that share an item or a clip."""

import numpy as np
import pytest

from omnisource.clean.pair_clusters import Clusters, components


@pytest.mark.parametrize(
    ("items", "clips", "expected"),
    [
        ([], [], []),
        ([1, 2], [1, 2], [0, 1]),  # an item and a clip with the same number are not the same thing
        ([1, 1, 2], [7, 8, 9], [0, 0, 1]),  # one item, two clips
        ([1, 2, 3], [7, 7, 9], [0, 0, 1]),  # two items, one clip
        ([1, 1, 2, 2, 3], [7, 8, 8, 9, 9], [0, 0, 0, 0, 0]),  # a chain
        ([5, 4, 4, 1], [9, 9, 2, 3], [0, 0, 0, 1]),
    ],
)
def test_components__by_hand(items: list[int], clips: list[int], expected: list[int]):
    labels = components(np.array(items, dtype=np.uint64), np.array(clips, dtype=np.uint64)).tolist()
    first_seen = list(dict.fromkeys(labels))
    assert [first_seen.index(label) for label in labels] == expected


def test_components__a_long_chain_in_any_order(rng: np.random.Generator):
    links = rng.permutation(2000)
    labels = components((links + 1) // 2, links // 2)  # pair k joins item (k + 1) // 2 and clip k // 2
    assert len(np.unique(labels)) == 1


def clusters_of(num_open: int, num_judged: int = 0) -> Clusters:
    """One labelled clip beside many items, and a pair of its own."""
    total = num_open + num_judged
    return Clusters(
        pair=np.arange(total + 1),
        item=np.arange(total + 1).astype(np.uint64),
        clip=np.array([7] * total + [8], dtype=np.uint64),
        similarity=np.linspace(0.9, 0.8, total + 1),
        is_open=np.arange(total + 1) >= num_judged,
    )


def test_clusters__largest_have_two_open_pairs():
    (cluster,) = clusters_of(num_open=3, num_judged=2).largest(9)
    assert (cluster.pairs.tolist(), cluster.open_pairs.tolist()) == ([0, 1, 2, 3, 4], [2, 3, 4])
    assert (cluster.num_items, cluster.num_clips, cluster.highest) == (5, 1, 0.9)
    assert (cluster.text, cluster.obstacle) == ("3 open pairs: 5 web items, 1 labelled clip", "")


def test_clusters__of_a_pair():
    clusters = clusters_of(num_open=3)
    assert clusters.of(1).num_open == 3
    assert clusters.of(3).obstacle == "No other open suspect shares this item or this clip."
    assert clusters.of(99) is None


def test_clusters__too_large_ones_are_chains():
    assert "Its 501 open pairs hang together by chains" in clusters_of(num_open=501).of(0).obstacle


def test_clusters__of_nothing():
    none = np.zeros(0)
    empty = none.astype(np.uint64)
    clusters = Clusters(pair=none.astype(int), item=empty, clip=empty, similarity=none, is_open=none.astype(bool))
    assert clusters.largest(3) == []
