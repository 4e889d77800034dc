"""Pairs of consecutive frames -> N(mu, Sigma) of the camera's motion, by maximum likelihood (paper 3.5).

The motion between two frames is a homography in normalised coordinates (transform.homography), so that clips of any
resolution are one sample. People fill the frame in action video: corners are spread over a grid, or the actor would be
fitted and not the camera.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np

from omnisource.config import MotionConfig
from omnisource.errors import DataError
from omnisource.transform import homography as hm
from omnisource.transform.views import short_side_size

GRID = (10, 8)
"""Columns and rows of cells that corners are spread over (facts: performance 3)."""
CORNERS_PER_CELL = 4
"""Strongest corners kept in each cell (facts: performance 3)."""
CORNER_QUALITY = 1e-5
"""Least corner response, as a share of the frame's strongest; low, so that dull backgrounds have corners too."""
LEAST_CONTRAST = 1e-6
"""Least corner response at all: below it there is only noise (cv2.cornerMinEigenVal, block of 3)."""
LEAST_CORNERS = 16
"""Pairs with fewer corners that can be followed are dropped; a homography needs 4."""
ROUND_TRIP_PX = 0.3
"""Corners that do not come back to their place within this are not followed."""
INLIER_PX = 1.0
"""Distance within which a corner agrees with a homography; at 0.7 real clips lose half as many pairs again."""
TRACKING = {
    "winSize": (13, 13),
    "maxLevel": 4,
    "criteria": (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 0.01),
}
"""Lucas-Kanade: window, pyramid levels, and when a corner stands still."""


class DegeneratePair(ValueError):
    """Two frames say nothing of the camera. `reason`: few_corners, few_inliers, too_far or not_a_view."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, kw_only=True, slots=True)
class CameraMotion:
    """The distribution of one step of the camera, as parameters of normalised homographies."""

    mean: np.ndarray
    """(8,) float64 mu."""
    covariance: np.ndarray
    """(8, 8) float64 Sigma; singular where the camera never moved in some way."""
    num_pairs: int
    """Pairs of frames it was fitted on."""
    num_dropped: dict[str, int]
    """Pairs that were left out, by reason."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Motions:
    """The motion of all target clips, and of single classes (Table 8: agno, spec)."""

    agnostic: CameraMotion
    """Fitted on the pairs of every class."""
    by_class: dict[int, CameraMotion] = field(default_factory=dict)
    """Fitted per class index; classes with too few pairs are missing."""

    def of(self, class_index: int) -> CameraMotion:
        """The motion of a class; that of all classes where it had too few pairs."""
        return self.by_class.get(class_index, self.agnostic)


def fit(parameters: np.ndarray, num_dropped: Mapping[str, int] | None = None) -> CameraMotion:
    """Maximum likelihood Gaussian of (N, 8) parameters: their mean, and their covariance with 1/N.

    Raises DataError if there are none.
    """
    dropped = dict(num_dropped or {})
    if len(parameters) == 0:
        counts = ", ".join(f"{reason} {count}" for reason, count in sorted(dropped.items())) or "no pair was looked at"
        raise DataError(
            f"no camera motion can be fitted, no pair of frames was usable ({counts}); "
            "lower motion.min_inlier_share, or set train.inflation.mode to replicate"
        )
    mean = parameters.mean(axis=0)
    centred = parameters - mean
    covariance = centred.T @ centred / len(parameters)
    return CameraMotion(mean=mean, covariance=covariance, num_pairs=len(parameters), num_dropped=dropped)


def sample(motion: CameraMotion, num_steps: int, rng: np.random.Generator) -> np.ndarray:
    """(num_steps, 8) independent draws from N(mu, Sigma); a singular Sigma is drawn from within its range."""
    return rng.multivariate_normal(motion.mean, motion.covariance, size=num_steps, check_valid="ignore", method="eigh")


def estimate_pair(frame_a: np.ndarray, frame_b: np.ndarray, config: MotionConfig) -> np.ndarray:
    """(3, 3) normalised homography that the camera applied to frame_a to get frame_b, its last entry 1.

    Frames (H, W, 3) uint8 RGB of one size; they are matched at `config.short_side_px`. Raises DegeneratePair.
    """
    height, width = frame_a.shape[:2]
    small_w, small_h = short_side_size(width, height, config.short_side_px)
    grey_a, grey_b = (_grey(frame, small_w, small_h) for frame in (frame_a, frame_b))
    points_a, points_b = _follow(grey_a, _expose_like(grey_b, grey_a), _corners(grey_a))
    if len(points_a) < LEAST_CORNERS:
        raise DegeneratePair("few_corners")
    fitted, inliers = cv2.findHomography(points_a, points_b, cv2.RANSAC, INLIER_PX, maxIters=2000, confidence=0.999)
    if fitted is None or inliers.mean() < config.min_inlier_share:
        raise DegeneratePair("few_inliers")
    shrink = hm.resize(width, height, small_w, small_h)
    normalised = hm.normalise(hm.compose(shrink, fitted, np.linalg.inv(shrink)), width, height)
    check_view(normalised, width, height, config.max_corner_shift)
    return normalised / normalised[2, 2]


def to_arrays(motion: CameraMotion) -> dict[str, np.ndarray]:
    """The arrays that np.savez stores; no pickle is needed to read them."""
    return {
        "mean": motion.mean,
        "covariance": motion.covariance,
        "num_pairs": np.array(motion.num_pairs),
        "dropped_reasons": np.array(list(motion.num_dropped), dtype=np.str_),
        "dropped_counts": np.array(list(motion.num_dropped.values()), dtype=np.int64),
    }


def from_arrays(arrays: Mapping[str, np.ndarray]) -> CameraMotion:
    """Inverse of `to_arrays`."""
    reasons, counts = arrays["dropped_reasons"].tolist(), arrays["dropped_counts"].tolist()
    return CameraMotion(
        mean=arrays["mean"],
        covariance=arrays["covariance"],
        num_pairs=int(arrays["num_pairs"]),
        num_dropped=dict(zip(reasons, counts)),
    )


def frame_corners(width: int, height: int) -> np.ndarray:
    """(4, 2) normalised coordinates of the outermost pixels of a picture."""
    x, y = (width - 1) / min(width, height), (height - 1) / min(width, height)
    return np.array([[-x, -y], [x, -y], [x, y], [-x, y]])


def check_view(normalised: np.ndarray, width: int, height: int, max_corner_shift: float) -> None:
    """Raise DegeneratePair for a homography that no camera makes between two frames."""
    if normalised[2, 2] == 0:
        raise DegeneratePair("not_a_view")
    upright = normalised / normalised[2, 2]
    corners = frame_corners(width, height)
    moved, depths = hm.transform_points(upright, corners)
    if np.linalg.det(upright) <= 0 or np.any(depths <= 0):
        raise DegeneratePair("not_a_view")
    # A short side is two normalised units.
    if np.linalg.norm(moved - corners, axis=1).max() > 2 * max_corner_shift:
        raise DegeneratePair("too_far")


def _grey(frame: np.ndarray, width: int, height: int) -> np.ndarray:
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    if grey.shape == (height, width):
        return grey
    shrinking = height < len(grey)
    return cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR)


def _expose_like(grey: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Scale the brightness to the reference's: Lucas-Kanade takes a change of light for motion."""
    coarse, coarse_reference = (
        cv2.resize(picture, (32, 24), interpolation=cv2.INTER_AREA).astype(np.float32) + 1
        for picture in (grey, reference)
    )
    return cv2.convertScaleAbs(grey, alpha=float(np.median(coarse_reference / coarse)))


def _corners(grey: np.ndarray) -> np.ndarray:
    """(N, 2) float32 positions of the strongest local corners in each cell of the grid."""
    response = cv2.cornerMinEigenVal(grey, 3)
    least = max(CORNER_QUALITY * float(response.max()), LEAST_CONTRAST)
    peaks = (response >= cv2.dilate(response, np.ones((5, 5), np.uint8))) & (response > least)
    y, x = np.nonzero(peaks)
    height, width = grey.shape
    columns, rows = GRID
    cells = (y * rows // height) * columns + x * columns // width
    order = np.lexsort((-response[y, x], cells))  # by cell, strongest first
    cells = cells[order]
    rank = np.arange(len(cells)) - np.searchsorted(cells, cells)  # place within its cell
    chosen = order[rank < CORNERS_PER_CELL]
    return np.stack([x[chosen], y[chosen]], axis=1).astype(np.float32)


def _follow(grey_a: np.ndarray, grey_b: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Corners of a that are found in b and lead back to their place: two (M, 2) float32 arrays."""
    if len(points) == 0:
        return points, points
    there, found, _ = cv2.calcOpticalFlowPyrLK(grey_a, grey_b, points, None, **TRACKING)
    back, returned, _ = cv2.calcOpticalFlowPyrLK(grey_b, grey_a, there, None, **TRACKING)
    good = (found[:, 0] & returned[:, 0]).astype(bool) & (np.linalg.norm(back - points, axis=1) < ROUND_TRIP_PX)
    return points[good], there[good]
