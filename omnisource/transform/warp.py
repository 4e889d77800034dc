"""Frames and homographies -> clips, each pixel sampled once: by OpenCV in workers, by torch on a device (paper 3.5).

Both executors interpolate bilinearly, take integer coordinates for pixel centres and, outside the picture, reflect at
its edge (cba|abc|cba: OpenCV's BORDER_REFLECT). They agree within one grey level where neighbouring pixels differ by
less than about 60, since OpenCV rounds source positions to 1/32 pixel. Reflecting at the edge and not at the centre of
the last pixel (BORDER_REFLECT_101) makes an enlargement equal cv2.resize on the outermost pixels too.
"""

from typing import TYPE_CHECKING

import cv2
import numpy as np

from omnisource.transform import homography as hm

if TYPE_CHECKING:
    import torch

_EXACT = 1e-9
"""Matrices this near to a whole-pixel crop or a plain resize are one."""
_LEAST_DEPTH = 1e-8
"""Points nearer to the horizon than this are moved here, so that their coordinates are finite."""


def warp_cv2(frames: np.ndarray, homographies: np.ndarray, size_px: int) -> np.ndarray:
    """Warp each frame, or the only one, by its matrix.

    frames (S, H, W, C) uint8 with S = T or S = 1; homographies (T, 3, 3), source to destination pixels.
    Returns (T, size_px, size_px, C) uint8. Whole-pixel crops are copied bit for bit, resizes of the whole picture go to
    cv2.resize, and so do both when mirrored.
    """
    clip = np.empty((len(homographies), size_px, size_px, frames.shape[-1]), dtype=np.uint8)
    for t, matrix in enumerate(homographies):
        frame = frames[t if len(frames) > 1 else 0]
        if not _warp_exactly(frame, matrix, clip[t]):
            cv2.warpPerspective(
                frame, matrix, (size_px, size_px), clip[t], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
            )
    return clip


def warp_torch(
    frames: "torch.Tensor", sizes: "torch.Tensor", homographies: "torch.Tensor", size_px: int
) -> "torch.Tensor":
    """Warp a padded batch in one grid_sample on the device of `frames`; reflects at each picture's true edge.

    frames (B, S, H, W, C) uint8 with S = T or S = 1, pictures in the upper left corner; sizes (B, 2) their true height
    and width; homographies (B, T, 3, 3), source to destination pixels. Returns (B, C, T, size_px, size_px) float32 in
    0..255, not rounded.
    """
    import torch  # here, since what warps by OpenCV must not wait for it
    from torch.nn.functional import grid_sample

    batch, num_sources, padded_h, padded_w, channels = frames.shape
    num_frames = homographies.shape[1]
    # Inverted in double where the matrices lie, then sampled in single: 1e-4 pixels at a width of 2000.
    inverse = torch.linalg.inv(homographies.double()).to(device=frames.device, dtype=torch.float32)
    x, y = _source_positions(inverse, size_px)  # each (B, T, size, size)
    true_h, true_w = sizes.to(device=frames.device, dtype=torch.float32).T.view(2, batch, 1, 1, 1)
    grid = torch.stack(
        [
            (_reflect(x, true_w) * 2 + 1) / padded_w - 1,  # grid_sample's own unit, align_corners=False
            (_reflect(y, true_h) * 2 + 1) / padded_h - 1,
        ],
        dim=-1,
    )
    # One picture: its T warps lie below each other in one tall grid, so that it is never copied.
    pictures = frames.flatten(0, 1).permute(0, 3, 1, 2).float()  # (B * S, C, H, W)
    grid = grid.view(batch * num_sources, -1, size_px, 2)
    sampled = grid_sample(pictures, grid, mode="bilinear", padding_mode="border", align_corners=False)
    if num_sources == 1:
        return sampled.view(batch, channels, num_frames, size_px, size_px)
    return sampled.view(batch, num_frames, channels, size_px, size_px).transpose(1, 2)


def _warp_exactly(frame: np.ndarray, matrix: np.ndarray, out: np.ndarray) -> bool:
    """Fill `out` (size, size, C) without interpolation error where the matrix allows it; False: it does not."""
    if matrix[2, 0] != 0 or matrix[2, 1] != 0 or matrix[0, 1] != 0 or matrix[1, 0] != 0:
        return False
    size_px, (height, width) = len(out), frame.shape[:2]
    mirrored = matrix[0, 0] < 0
    upright = hm.compose(matrix, hm.mirror(size_px)) if mirrored else matrix
    if np.abs(upright - hm.resize(width, height, size_px, size_px)).max() < _EXACT:
        picture = cv2.resize(frame, (size_px, size_px), interpolation=cv2.INTER_LINEAR)
    else:
        x, y = round(-upright[0, 2]), round(-upright[1, 2])
        inside = 0 <= x <= width - size_px and 0 <= y <= height - size_px
        if not inside or np.abs(upright - hm.crop(x, y)).max() >= _EXACT:
            return False
        picture = frame[y : y + size_px, x : x + size_px]
    out[:] = picture[:, ::-1] if mirrored else picture
    return True


def _source_positions(inverse: "torch.Tensor", size_px: int) -> "tuple[torch.Tensor, torch.Tensor]":
    """Source x and y, each (B, T, size, size), of every destination pixel under (B, T, 3, 3) inverse matrices."""
    import torch

    steps = torch.arange(size_px, device=inverse.device, dtype=inverse.dtype)
    row, column = steps[:, None], steps[None, :]
    entry = inverse[..., None, None]  # (B, T, 3, 3, 1, 1)
    x, y, depth = (entry[:, :, i, 0] * column + entry[:, :, i, 1] * row + entry[:, :, i, 2] for i in range(3))
    depth = torch.where(depth.abs() < _LEAST_DEPTH, torch.full_like(depth, _LEAST_DEPTH), depth)
    return x / depth, y / depth


def _reflect(position: "torch.Tensor", length: "torch.Tensor") -> "torch.Tensor":
    """Fold positions into [0, length - 1] by mirrors at -0.5 and length - 0.5."""
    import torch

    from_edge = torch.remainder(position + 0.5, 2 * length)
    from_edge = torch.minimum(from_edge, 2 * length - from_edge)
    return torch.minimum((from_edge - 0.5).clamp(min=0), length - 1)
