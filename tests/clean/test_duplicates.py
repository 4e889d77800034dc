"""The crop threshold by hand, and rows of the table `similar`."""

import numpy as np
import pyarrow as pa
import pytest

from omnisource.clean.duplicates import FrameNames, crop_threshold, similar_rows, usual_floor
from omnisource.clean.similarity import Pairs
from omnisource.errors import DataError
from omnisource.schemas import SCHEMAS


def test_crop_threshold__is_the_mean_over_pairs_of_crops_of_the_same_frame():
    # frame 1: three crops at 0, 60 and 90 degrees: cosines 1/2, 0 and cos 30; frame 2: three equal ones: 1, 1, 1
    at = np.radians([0, 60, 90])
    turned = np.stack([np.cos(at), np.sin(at)], axis=1)
    crops = np.stack([turned, np.tile([1.0, 0.0], (3, 1))]).astype(np.float32)
    found = crop_threshold(crops)
    first = (0.5 + 0 + np.cos(np.radians(30))) / 3
    assert found.threshold == pytest.approx((first + 1) / 2, abs=1e-6)
    assert found.spread == pytest.approx((1 - first) / 2, abs=1e-6)
    assert (found.num_frames, found.num_crops) == (2, 3)
    assert found.low == pytest.approx(first + 0.1 * (1 - first), abs=1e-6)


def test_crop_threshold__without_crops():
    with pytest.raises(DataError, match="no labelled frame could be cropped, so there is no crop threshold"):
        crop_threshold(np.empty((0, 5, 8), np.float32))


@pytest.mark.parametrize(("threshold", "floor"), [(0.5, 0.4), (-0.1, -0.1)])
def test_usual_floor__is_four_fifths(threshold: float, floor: float):
    assert usual_floor(threshold) == pytest.approx(floor)


def test_similar_rows__names_both_sides():
    web = FrameNames(owners=pa.array([b"a" * 16, b"b" * 16], pa.binary(16)), times_s=np.array([0.0, 1.5]))
    target = FrameNames(owners=pa.array(["/x.mp4", "/y.mp4"]), times_s=np.array([0.5, 2.5]))
    pairs = Pairs(rows=np.array([1, 1]), columns=np.array([0, 1]), similarity=np.array([0.75, 1.0000001], np.float32))
    (rows,) = similar_rows(iter([pairs]), web, target)
    assert rows.cast(SCHEMAS["similar"]).to_pylist() == [
        {"key": b"b" * 16, "time_s": 1.5, "target_path": "/x.mp4", "target_time_s": 0.5, "similarity": 0.75},
        {"key": b"b" * 16, "time_s": 1.5, "target_path": "/y.mp4", "target_time_s": 2.5, "similarity": 1.0},
    ]
