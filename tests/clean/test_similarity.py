"""Pairs above a floor: exact, whatever finds them, over tiles that do not divide the numbers of rows."""

import numpy as np
import pytest
import torch

from omnisource.clean import similarity
from omnisource.clean.similarity import Choice, faster_precision, margin, pairs_above


@pytest.fixture
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(similarity, "TILE_ROWS", 7)
    monkeypatch.setattr(similarity, "TILE_COLUMNS", 11)
    monkeypatch.setattr(similarity, "SCAN_ROWS", 9)
    monkeypatch.setattr(similarity, "_CHECKED_ROWS", 2)


def directions(num_rows: int, dims: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((num_rows, dims)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def found(left: np.ndarray, right: np.ndarray, floor: float, precision: Choice) -> dict[tuple[int, int], float]:
    pairs: dict[tuple[int, int], float] = {}
    for part in pairs_above(left, right, floor, precision):
        for row, column, value in zip(part.rows.tolist(), part.columns.tolist(), part.similarity.tolist()):
            assert (row, column) not in pairs
            pairs[row, column] = value
    return pairs


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("precision", ["fp32", "bf16", "auto"])
@pytest.mark.parametrize("shape", [(40, 50), (7, 11), (1, 1), (6, 30), (23, 3)])
def test_pairs_above__all_and_only_those(precision: Choice, shape: tuple[int, int]):
    left, right = directions(shape[0], 6, 0), directions(shape[1], 6, 1)
    whole = left.astype(np.float64) @ right.T.astype(np.float64)
    assert np.abs(whole - 0.5).min() > 1e-5  # no pair so near the floor that rounding decides
    expected = {(row, column): whole[row, column] for row, column in np.argwhere(whole >= 0.5).tolist()}
    pairs = found(left, right, 0.5, precision)
    assert pairs.keys() == expected.keys()
    assert all(pairs[pair] == pytest.approx(value, abs=1e-6) for pair, value in expected.items())


def test_pairs_above__by_hand():
    left = np.array([[1, 0], [0, 1]], dtype=np.float32)
    right = np.array([[0.6, 0.8], [-1, 0], [0.8, 0.6]], dtype=np.float32)
    assert found(left, right, 0.8, "fp32") == {(0, 2): pytest.approx(0.8), (1, 0): pytest.approx(0.8)}


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_pairs_above__nothing_to_compare(precision: Choice):
    empty, some = np.empty((0, 4), np.float32), directions(3, 4, 0)
    assert found(empty, some, -1, precision) == found(some, empty, -1, precision) == {}


def test_pairs_above__reads_a_memory_map(tmp_path):
    left, right = directions(30, 8, 0), directions(20, 8, 1)
    np.save(tmp_path / "right.npy", right)
    mapped = np.load(tmp_path / "right.npy", mmap_mode="r")
    assert found(left, mapped, 0.4, "bf16").keys() == found(left, right, 0.4, "fp32").keys()


@pytest.mark.parametrize("dims", [16, 512])
def test_margin__a_product_of_bfloat16_is_never_further_off(dims: int):
    left, right = directions(300, dims, 0), directions(300, dims, 1)
    right[:150] = directions(150, dims, 2) * 0.1 + left[:150]  # near 1, where rounding is coarsest
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    rough = torch.from_numpy(left).bfloat16() @ torch.from_numpy(right).bfloat16().T
    error = np.abs(rough.float().numpy() - left.astype(np.float64) @ right.T)
    assert 1e-3 < error.max() < margin("bf16", dims)


def test_margin__of_bfloat16_by_hand():
    # u = 1/256: 2u + u^2 of the factors, u (1 + 2u) of the product, 4 * 1024 / 2^24 of the sums
    assert margin("bf16", 1024) == pytest.approx(3 / 256 + 3 / 65536 + 4096 / 2**24)


def test_faster_precision__too_little_to_tell():
    assert faster_precision(directions(5, 4, 0), directions(5, 4, 1), 0.5) == "fp32"


def test_faster_precision__is_one_of_the_two():
    left = directions(similarity.TILE_ROWS, 8, 0)
    assert faster_precision(left, np.concatenate([left, left]), 0.99) in ("fp32", "bf16")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_pairs_above__on_a_gpu_the_same_pairs():
    left, right = directions(3000, 64, 0), directions(5000, 64, 1)
    on_cpu, on_gpu = (found(left, right, 0.5, precision) for precision in ("fp32", "cuda"))
    assert on_cpu.keys() == on_gpu.keys()
