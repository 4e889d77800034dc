"""Whitened frames -> the crop threshold, and the rows of the table `similar` (paper 3.3).

Letters: F frames, R crops of each, d dimensions.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from omnisource.clean.similarity import Pairs
from omnisource.errors import DataError

FLOOR_SHARE = 0.8
"""Pairs down to this share of the crop threshold are written down, so that the threshold can be moved."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CropThreshold:
    """How alike different crops of the same frame are: more alike frames are suspected duplicates."""

    threshold: float
    """Mean cosine similarity over the pairs of crops of all frames."""
    spread: float
    """Standard deviation of the frames' means."""
    low: float
    """The tenth of the frames with the least alike crops lies below it."""
    high: float
    """The tenth with the most alike crops lies above it."""
    num_frames: int
    """F."""
    num_crops: int
    """R, the whole frame among them."""


def crop_threshold(crops: np.ndarray) -> CropThreshold:
    """From whitened crops (F, R, d) of unit length; raises DataError where no frame was cropped."""
    num_frames, num_crops = crops.shape[:2]
    if not num_frames or num_crops < 2:
        raise DataError("no labelled frame could be cropped, so there is no crop threshold; check the labelled clips")
    # |u_1 + ... + u_R|^2 = R + 2 x (sum over pairs)
    sums = np.square(crops.astype(np.float64).sum(axis=1)).sum(axis=1)
    of_frames = (sums - num_crops) / (num_crops * (num_crops - 1))
    low, high = np.quantile(of_frames, (0.1, 0.9))
    return CropThreshold(
        threshold=float(of_frames.mean()),
        spread=float(of_frames.std()),
        low=float(low),
        high=float(high),
        num_frames=num_frames,
        num_crops=num_crops,
    )


def usual_floor(threshold: float) -> float:
    """The floor where a study sets none."""
    return threshold * FLOOR_SHARE if threshold > 0 else threshold


@dataclass(frozen=True, kw_only=True, slots=True)
class FrameNames:
    """What some frames are of, row by row."""

    owners: pa.Array
    """Keys of web items, or paths of labelled clips."""
    times_s: np.ndarray
    """(N,) float64."""


def similar_rows(pairs: Iterator[Pairs], web: FrameNames, target: FrameNames) -> Iterator[pa.Table]:
    """Rows of the table `similar`, tile by tile."""
    for found in pairs:
        yield pa.table(
            {
                "key": web.owners.take(pa.array(found.rows)),
                "time_s": web.times_s[found.rows],
                "target_path": target.owners.take(pa.array(found.columns)),
                "target_time_s": target.times_s[found.columns],
                "similarity": np.minimum(found.similarity, np.float32(1.0)),
            }
        )
