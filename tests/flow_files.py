"""Flow files whose frames tell their number, for tests of what reads them."""

from fractions import Fraction
from pathlib import Path

import numpy as np

from omnisource.transform.optical_flow import to_picture
from omnisource.video_streams import Times, write_gray

LEVELS_PER_FRAME = 4


def write_counting_flow(path: Path, num_frames: int, fps: int = 10, height: int = 32, width: int = 40) -> Path:
    """Frame i has x = 4 i and y = 255 - 4 i everywhere; at most 64 frames."""
    times = Times(pts=np.arange(num_frames), tick_s=Fraction(1, fps), fps=fps)
    with write_gray(path, times, (2 * width, height)) as write:
        for number in range(num_frames):
            level = LEVELS_PER_FRAME * number
            write(to_picture(np.full((height, width, 2), (level, 255 - level), np.uint8)))
    return path


def numbers_of(levels: np.ndarray) -> list[int]:
    """Frame numbers of x levels."""
    return np.round(np.asarray(levels) / LEVELS_PER_FRAME).astype(int).tolist()
