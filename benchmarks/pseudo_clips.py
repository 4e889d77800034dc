"""Times a pseudo clip by warp_cv2, a bare cv2.warpPerspective loop and warp_torch on the CPU, in one run (paper 3.5).

    python benchmarks/pseudo_clips.py [--rounds 30]

The three take turns; the medians of their CPU times are compared, so that a busy machine costs all of them alike.
Targets: warp_cv2 at most 1.15 x the loop, warp_torch at least 5 x it (which is why workers use OpenCV).
"""

import argparse
import statistics
import time
from collections.abc import Callable

import cv2
import numpy as np
import torch

from omnisource.transform.camera_motion import CameraMotion
from omnisource.transform.pseudo_clip import clip_homographies
from omnisource.transform.views import center_box, view_homography
from omnisource.transform.warp import warp_cv2, warp_torch

WIDTH, HEIGHT, CROP_PX = 340, 256, 224
STILL = np.array([1, 0, 0, 0, 1, 0, 0, 0.0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30, help="times each one runs")
    rounds = parser.parse_args().rounds
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    for num_frames in (8, 32):
        compare(num_frames, rounds)


def compare(num_frames: int, rounds: int) -> None:
    """Print the ratios of CPU time for clips of this length, and how well the executors agree."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    picture = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 3), None, 0, 255, cv2.NORM_MINMAX)
    motion = CameraMotion(mean=STILL, covariance=np.eye(8) * 0.004**2, num_pairs=1, num_dropped={})
    steps = clip_homographies(num_frames, WIDTH, HEIGHT, "perspective", 1, motion, 0, rng)
    matrices = view_homography(center_box(WIDTH, HEIGHT, CROP_PX), CROP_PX, mirrored=False) @ steps
    tensors = torch.from_numpy(picture)[None, None], torch.tensor([[HEIGHT, WIDTH]]), torch.from_numpy(matrices)[None]
    buffer = np.empty((num_frames, CROP_PX, CROP_PX, 3), np.uint8)

    def bare_loop() -> None:
        for matrix, frame in zip(matrices, buffer):
            cv2.warpPerspective(
                picture, matrix, (CROP_PX, CROP_PX), frame, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
            )

    seconds = interleaved_medians(
        {
            "bare cv2 loop": bare_loop,
            "warp_cv2": lambda: warp_cv2(picture[None], matrices, CROP_PX),
            "warp_torch": lambda: warp_torch(*tensors, CROP_PX),
        },
        rounds,
    )
    by_torch = warp_torch(*tensors, CROP_PX)[0].permute(1, 2, 3, 0).numpy()
    difference = np.abs(by_torch - warp_cv2(picture[None], matrices, CROP_PX)).mean()
    loop_s = seconds["bare cv2 loop"]
    ratios = ", ".join(f"{name} {value / loop_s:.2f} x" for name, value in seconds.items())
    print(f"{num_frames} frames: {ratios} ({1000 * loop_s:.2f} ms); mean difference {difference:.2f} grey levels")


def interleaved_medians(functions: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median CPU seconds of each function; they take turns, after one round that is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for i in range(rounds + 1):
        for name, function in functions.items():
            start = time.process_time()
            function()
            if i > 0:
                seconds[name].append(time.process_time() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


if __name__ == "__main__":
    main()
