"""Frames -> optical flow -> the pictures it is kept in -> what a network sees (paper 5.2: two-stream, Tables 6, 16).

Letters: flow (N, H, W, 2) in pixels from one frame to the next, x then y. Kept as TSN keeps it: clipped to a bound and
mapped linearly to 0..255, so that 128 means no motion; x and y side by side in one gray picture (H, 2W).
"""

import typing
from collections.abc import Callable

import cv2
import numpy as np

from omnisource.image_reading import short_side_size

if typing.TYPE_CHECKING:
    from torch import nn

Estimate = Callable[[np.ndarray], np.ndarray]
"""Frames (T, H, W, 3) uint8 RGB -> flow (T - 1, H, W, 2) float32."""

_RAFT_MULTIPLE_PX = 8
_RAFT_LEAST_PX = 128
"""Its coarsest correlation has an eighth of an eighth of the pixels and needs two of them."""
_RAFT_PAIRS = 4
"""Pairs of frames in one pass: a larger batch only costs memory."""


def estimate_dis(frames: np.ndarray) -> np.ndarray:
    """Dense inverse search by OpenCV: (T, H, W, 3) uint8 -> (T - 1, H, W, 2) float32 pixels.

    In one thread: it searches in one stripe a thread, and what it finds depends on their number.
    """
    search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    grays = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]
    flow = np.empty((len(frames) - 1, *frames.shape[1:3], 2), dtype=np.float32)
    num_threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    for into, before, after in zip(flow, grays, grays[1:]):
        into[:] = search.calc(before, after, None)
    cv2.setNumThreads(num_threads)
    return flow


def estimate_raft(frames: np.ndarray, network: "nn.Module") -> np.ndarray:
    """torchvision's RAFT on its own device: (T, H, W, 3) uint8 -> (T - 1, H, W, 2) float32 pixels.

    Frames are padded by their last row and column to what RAFT can see: multiples of 8, at least 128.
    """
    import torch

    height, width = frames.shape[1:3]
    padding = (0, _raft_size(width) - width, 0, _raft_size(height) - height)
    device = next(network.parameters()).device
    pictures = torch.from_numpy(frames).permute(0, 3, 1, 2).to(device).float() / 127.5 - 1  # (T, 3, H, W) in -1..1
    pictures = torch.nn.functional.pad(pictures, padding, mode="replicate")
    parts = []
    with torch.inference_mode():
        for before, after in zip(pictures[:-1].split(_RAFT_PAIRS), pictures[1:].split(_RAFT_PAIRS)):
            finest = network(before, after)[-1]  # (N, 2, H, W)
            parts.append(finest[..., :height, :width].permute(0, 2, 3, 1).float().cpu().numpy())
    return np.concatenate(parts)


def quantise(flow: np.ndarray, bound_px: float) -> np.ndarray:
    """Pixels -> 0..255 uint8: -bound is 0, +bound 255, halves to the even: no motion (127.5) is 128."""
    return np.rint((np.clip(flow, -bound_px, bound_px) + bound_px) * (255 / (2 * bound_px))).astype(np.uint8)


def dequantise(levels: np.ndarray, bound_px: float) -> np.ndarray:
    """0..255 -> float32 pixels, within half a level (bound / 255) of what `quantise` was given."""
    return levels.astype(np.float32) * (2 * bound_px / 255) - bound_px


def to_picture(levels: np.ndarray) -> np.ndarray:
    """Flow of one frame (H, W, 2) -> gray picture (H, 2W): x on the left, y on the right."""
    return np.concatenate([levels[..., 0], levels[..., 1]], axis=1)


def from_pictures(pictures: np.ndarray, short_side_px: int, *, stacked: int) -> np.ndarray:
    """Decoded pictures (N * stacked, H, 2W, 3) uint8 -> flow (N, h, w, 2 * stacked) uint8 of that short side.

    `stacked` consecutive pictures become the channels x1, y1, x2, y2 and so on, as TSN's 2D network sees them. Vectors
    keep their length when the picture is resized, as TSN's do.
    """
    width = pictures.shape[2] // 2
    flow = np.stack([pictures[:, :, :width, 0], pictures[:, :, width:, 0]], axis=-1)  # (N * stacked, H, W, 2)
    flow = _resize(flow, short_side_size(width, flow.shape[1], short_side_px))
    apart = flow.reshape(-1, stacked, *flow.shape[1:])
    return np.ascontiguousarray(apart.transpose(0, 2, 3, 1, 4)).reshape(len(apart), *flow.shape[1:3], 2 * stacked)


def is_flow(frames: np.ndarray) -> bool:
    """Whether frames (..., C) are flow: pairs of channels, where pictures have three."""
    return frames.shape[-1] % 2 == 0


def turn_x(frames: np.ndarray) -> np.ndarray:
    """Flow (..., C) uint8 whose x points the other way, as in a mirror: x becomes 255 - x."""
    turned = frames.copy()
    turned[..., 0::2] = 255 - turned[..., 0::2]
    return turned


def _resize(flow: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if flow.shape[2:0:-1] == size:
        return flow
    shrinks = size[0] * size[1] < flow.shape[1] * flow.shape[2]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.stack([cv2.resize(frame, size, interpolation=how) for frame in flow])


def _raft_size(side_px: int) -> int:
    return max(_RAFT_LEAST_PX, -(-side_px // _RAFT_MULTIPLE_PX) * _RAFT_MULTIPLE_PX)
