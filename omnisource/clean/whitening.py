"""Features of labelled frames -> a linear map that makes them uncorrelated and equally wide, then unit (paper 3.3).

Letters: N frames, D features, d dimensions kept: the widest ones, and never more than the frames span.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from omnisource.errors import DataError

_LEAST_VARIANCE = 1e-6
"""As a share of the widest direction's: below it, float16 features are noise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Whitening:
    """A fitted map."""

    mean: np.ndarray
    """(D,) float32 mean of the labelled frames."""
    projection: np.ndarray
    """(D, d) float32."""
    num_frames: int
    """Frames that it was fitted on."""

    @property
    def dims(self) -> int:
        """d."""
        return self.projection.shape[1]

    def whiten(self, features: np.ndarray) -> np.ndarray:
        """Features (N, D) -> (N, d) float32, without the last step to unit length."""
        return (features.astype(np.float32) - self.mean) @ self.projection

    def directions(self, features: np.ndarray) -> np.ndarray:
        """Features (N, D) -> (N, d) float32 of unit length, whose products are cosine similarities."""
        whitened = self.whiten(features)
        return whitened / np.maximum(np.linalg.norm(whitened, axis=1, keepdims=True), 1e-12)


def load(path: Path) -> Whitening:
    """What was saved under `path` as arrays mean, projection and num."""
    with np.load(path, allow_pickle=False) as arrays:
        return Whitening(mean=arrays["mean"], projection=arrays["projection"], num_frames=int(arrays["num"]))


def fit(blocks: Callable[[], Iterable[np.ndarray]], *, dims: int, ridge: float = 0.0) -> Whitening:
    """Whitening from features (n, D) that `blocks` hands out twice, block by block.

    Without a `ridge` the covariance of the whitened frames is the identity; with one, each variance v becomes
    v / (v + ridge x mean variance). Raises DataError where fewer than two frames differ.
    """
    num_frames, total = 0, 0.0
    for block in blocks():
        num_frames += len(block)
        total = total + block.sum(axis=0, dtype=np.float64)
    if num_frames < 2:
        raise DataError(f"whitening needs two labelled frames or more, but there are {num_frames}; add labelled clips")
    mean = (total / num_frames).astype(np.float32)
    covariance = np.zeros((len(mean), len(mean)))
    for block in blocks():
        centred = block.astype(np.float32) - mean
        covariance += centred.T @ centred
    covariance /= num_frames - 1
    variances, directions = _widest(covariance, min(dims, num_frames - 1))
    if not len(variances):
        raise DataError("all labelled frames look the same to the network; choose other features")
    widths = np.sqrt(variances + ridge * variances.mean())
    return Whitening(mean=mean, projection=(directions / widths).astype(np.float32), num_frames=num_frames)


def _widest(covariance: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Variances (d,) and directions (D, d), widest first.

    float32 is fast for the large problem but off in the narrow directions, so what was chosen is solved once more in
    float64.
    """
    variances, vectors = np.linalg.eigh(covariance.astype(np.float32))  # ascending
    kept = variances > _LEAST_VARIANCE * variances[-1]
    chosen = np.linalg.qr(vectors[:, kept][:, ::-1][:, :most].astype(np.float64))[0]
    exact, turned = np.linalg.eigh(chosen.T @ covariance @ chosen)
    is_wide = exact > max(_LEAST_VARIANCE * exact[-1], 0.0) if len(exact) else exact > 0
    return exact[is_wide][::-1], (chosen @ turned)[:, is_wide][:, ::-1]
