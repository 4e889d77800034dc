"""Whitening: the covariance of what it was fitted on is the identity; few frames and dead features do no harm."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from omnisource.clean.whitening import fit, load
from omnisource.errors import DataError


def skewed(num_frames: int, num_features: int, *, rank: int | None = None) -> np.ndarray:
    """Correlated features whose widths fall from 1 to a hundredth."""
    rng = np.random.default_rng(0)
    rank = rank or num_features
    widths = np.geomspace(1, 1e-2, rank)
    turned = np.linalg.qr(rng.standard_normal((num_features, num_features)))[0][:rank]
    return ((rng.standard_normal((num_frames, rank)) * widths) @ turned + 5).astype(np.float32)


def in_blocks(features: np.ndarray, size: int = 100) -> Callable[[], Iterator[np.ndarray]]:
    return lambda: (features[first : first + size] for first in range(0, len(features), size))


@pytest.mark.parametrize(
    ("num_frames", "num_features", "dims", "expected"),
    [
        (600, 32, 256, 32),  # all of them
        (600, 64, 16, 16),  # the widest
        (20, 64, 256, 19),  # fewer frames than features: one dimension less than frames
    ],
)
def test_fit__the_covariance_is_the_identity(num_frames: int, num_features: int, dims: int, expected: int):
    features = skewed(num_frames, num_features)
    white = fit(in_blocks(features), dims=dims)
    whitened = white.whiten(features).astype(np.float64)
    assert (white.dims, white.num_frames) == (expected, num_frames)
    assert np.abs(whitened.mean(axis=0)).max() < 1e-3
    assert np.abs(np.cov(whitened.T) - np.eye(expected)).max() < 1e-3


def test_fit__features_that_never_differ_are_left_out():
    features = skewed(300, 24, rank=5)
    white = fit(in_blocks(features), dims=256)
    assert white.dims == 5
    assert np.isfinite(white.directions(features)).all()


def test_fit__keeps_the_widest_directions():
    # two features, of deviation 4 and 1: one dimension must be the first feature over 4
    rng = np.random.default_rng(0)
    features = (rng.standard_normal((5000, 2)) * (4, 1)).astype(np.float32)
    white = fit(in_blocks(features), dims=1)
    assert np.abs(white.projection[:, 0]) == pytest.approx([0.25, 0], abs=0.01)


def test_fit__a_ridge_damps_narrow_directions():
    # variances 9 and 1, mean 5; a ridge of 0.2 adds 1: variances become 9 / 10 and 1 / 2
    features = np.array([[3, 1], [3, -1], [-3, 1], [-3, -1]], dtype=np.float32) * np.sqrt(3 / 4, dtype=np.float32)
    white = fit(in_blocks(features), dims=2, ridge=0.2)
    assert np.var(white.whiten(features), axis=0, ddof=1) == pytest.approx([0.9, 0.5], abs=1e-4)


def test_directions__have_length_one_and_the_mean_has_none():
    features = skewed(200, 8)
    white = fit(in_blocks(features), dims=8)
    assert np.linalg.norm(white.directions(features), axis=1) == pytest.approx(np.ones(200), abs=1e-5)
    assert white.directions(white.mean[None]).tolist() == [[0.0] * 8]


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (np.ones((1, 4)), "needs two labelled frames or more, but there are 1; add labelled clips"),
        (np.ones((9, 4)), "all labelled frames look the same to the network"),
    ],
)
def test_fit__says_what_it_lacks(features: np.ndarray, message: str):
    with pytest.raises(DataError, match=message):
        fit(in_blocks(features.astype(np.float32)), dims=4)


def test_load__reads_what_was_saved(tmp_path: Path):
    mean, projection = np.array([1.0, 2.0], np.float32), np.array([[0.5], [0.25]], np.float32)
    np.savez(tmp_path / "w.npz", mean=mean, projection=projection, num=np.array(7))
    loaded = load(tmp_path / "w.npz")
    assert (loaded.num_frames, loaded.dims) == (7, 1)
    assert loaded.whiten(np.array([[3.0, 6.0]])).tolist() == [[2.0]]  # 2 * 0.5 + 4 * 0.25
