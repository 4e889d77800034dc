"""Times every pair above a threshold of web x labelled frames against the bare tiled product of the same run (3.3).

    env -u OPENBLAS_CORETYPE python benchmarks/similarity.py [--web 8000] [--target 4000] [--dims 2048] [--rounds 3]

The whole task of the paper's size is --web 100000 --target 20000 --rounds 1. The ways take turns; the medians of their
times are compared. Targets: fp32 at most 1.15 x the bare product, bf16 faster where the processor has it, both with all
the planted pairs and the same decisions, and memory within the vectors + 64 MB (+ torch, where bf16 is used). A pinned
OPENBLAS_CORETYPE can halve NumPy: leave it unset.
"""

import argparse
import importlib
import os
import resource
import statistics
import time
from collections.abc import Callable

import numpy as np

from omnisource.clean.similarity import TILE_COLUMNS, TILE_ROWS, pairs_above

THRESHOLD = 0.8
NEAR_MISSES = 0.79


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--web", type=int, default=8000, help="web frames")
    parser.add_argument("--target", type=int, default=4000, help="labelled frames")
    parser.add_argument("--dims", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=3, help="times each way runs")
    parser.add_argument("--only", choices=("fp32", "bf16"), help="one way, so that its memory can be told")
    arguments = parser.parse_args()
    if "OPENBLAS_CORETYPE" in os.environ:
        print(f"OPENBLAS_CORETYPE is {os.environ['OPENBLAS_CORETYPE']}: NumPy may be slower than on other machines")
    rng = np.random.default_rng(0)
    target = directions(arguments.target, arguments.dims, rng)
    web = directions(arguments.web, arguments.dims, rng)
    planted = plant(web, target, rng)
    if arguments.only != "fp32":
        importlib.import_module("torch")  # some hundred MB of its own, whatever is compared
    data_mb, before_mb = (web.nbytes + target.nbytes) / 1e6, peak_mb()
    ways: dict[str, Callable[[], np.ndarray]] = {"bare product": lambda: bare_product(web, target)}
    for precision in ("fp32", "bf16"):
        if arguments.only in (None, precision):
            ways[precision] = lambda precision=precision: found(web, target, precision)
    seconds, answers = timed(ways, arguments.rounds)
    bare_s = seconds["bare product"]
    print(f"{arguments.web} x {arguments.target} x {arguments.dims}: bare product {bare_s:.2f} s")
    for name, answer in list(answers.items())[1:]:
        missed = len(np.setdiff1d(planted, answer))
        print(f"{name}: {seconds[name] / bare_s:.2f} x, {len(answer)} pairs, {missed} of {len(planted)} planted missed")
    if arguments.only is None:
        print(f"decisions that differ between fp32 and bf16: {len(np.setxor1d(answers['fp32'], answers['bf16']))}")
    print(f"vectors {data_mb:.0f} MB, peak before {before_mb:.0f} MB, peak after {peak_mb():.0f} MB")


def directions(num_rows: int, dims: int, rng: np.random.Generator) -> np.ndarray:
    """(num_rows, dims) float32 of unit length, made block by block."""
    vectors = np.empty((num_rows, dims), dtype=np.float32)
    for block in np.array_split(vectors, max(1, num_rows // 1000)):
        block[:] = rng.standard_normal(block.shape, dtype=np.float32)
        block /= np.linalg.norm(block, axis=1, keepdims=True)
    return vectors


def plant(web: np.ndarray, target: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Make some web rows nearly those of target rows: half just above the threshold, half just below it.

    Returns web row * M + target row of those above.
    """
    num_planted = min(len(web), len(target)) // 20
    rows = rng.choice(len(web), num_planted, replace=False)
    columns = rng.choice(len(target), num_planted, replace=False)
    alike = np.where(np.arange(num_planted) % 2 == 0, THRESHOLD + 0.001, NEAR_MISSES + 0.009).astype(np.float32)
    for row, column, cosine in zip(rows, columns, alike):
        clip = target[column]
        other = web[row] - (web[row] @ clip) * clip
        web[row] = cosine * clip + np.sqrt(1 - cosine**2) * other / np.linalg.norm(other)
    return np.sort((rows * len(target) + columns)[::2])


def bare_product(web: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The same tiles, and nothing done with them."""
    buffer = np.empty((TILE_ROWS, TILE_COLUMNS), dtype=np.float32)
    for first in range(0, len(web), TILE_ROWS):
        rows = web[first : first + TILE_ROWS]
        for begin in range(0, len(target), TILE_COLUMNS):
            columns = target[begin : begin + TILE_COLUMNS]
            flat = buffer.reshape(-1)[: len(rows) * len(columns)]
            np.matmul(rows, columns.T, out=flat.reshape(len(rows), len(columns)))
    return np.empty(0, dtype=np.int64)


def found(web: np.ndarray, target: np.ndarray, precision: str) -> np.ndarray:
    """Web row * M + target row of every pair above the threshold, sorted."""
    pairs = pairs_above(web, target, THRESHOLD, precision)
    numbers = [part.rows * len(target) + part.columns for part in pairs]
    return np.sort(np.concatenate(numbers)) if numbers else np.empty(0, dtype=np.int64)


def timed(ways: dict[str, Callable[[], np.ndarray]], rounds: int) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """Median wall seconds of each way and its answer; they take turns, after a short one that is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    answers: dict[str, np.ndarray] = {}
    warm_up = directions(TILE_ROWS, 64, np.random.default_rng(1))
    for name in ways:
        if name != "bare product":
            found(warm_up, warm_up, name)
    for _ in range(rounds):
        for name, way in ways.items():
            start_s = time.perf_counter()
            answers[name] = way()
            seconds[name].append(time.perf_counter() - start_s)
    return {name: statistics.median(values) for name, values in seconds.items()}, answers


def peak_mb() -> float:
    """Largest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


if __name__ == "__main__":
    main()
