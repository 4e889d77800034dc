"""The histogram of similarities."""

import numpy as np
import pytest

from omnisource.figures.duplicates import similarity_alt, similarity_figure

EDGES = np.array([0.7, 0.8, 0.9, 1.0])
COUNTS, DUPLICATES, NOT = np.array([100, 10, 1]), np.array([0, 2, 1]), np.array([0, 3, 0])


def test_similarity_figure__bars_and_thresholds():
    figure = similarity_figure(EDGES, COUNTS, DUPLICATES, NOT, threshold=0.85, measured=0.8)
    assert [bar.name for bar in figure.data] == ["all pairs", "duplicates", "not duplicates"]
    assert list(figure.data[0].y) == [100, 10, 1]
    assert list(figure.data[0].x) == pytest.approx([0.75, 0.85, 0.95])
    assert [line.x0 for line in figure.layout.shapes] == [0.8, 0.85]
    assert [note.text for note in figure.layout.annotations] == ["crops of one frame 0.800", "threshold 0.850"]
    assert (figure.layout.yaxis.type, figure.layout.yaxis.title.text) == ("log", "pairs (log scale)")


def test_similarity_figure__names_stand_where_there_is_room():
    figure = similarity_figure(EDGES, COUNTS, DUPLICATES, NOT, threshold=0.72, measured=None)
    assert [note.xanchor for note in figure.layout.annotations] == ["left"]


def test_similarity_alt():
    text = similarity_alt(COUNTS, DUPLICATES, NOT, 0.85)
    assert "111 pairs with 3 verdicts duplicate, 3 verdicts not a duplicate, and the threshold at 0.850" in text
