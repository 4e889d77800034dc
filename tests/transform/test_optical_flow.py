"""Flow of known motion, how it is kept, and what networks see of it."""

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from omnisource.transform import optical_flow


def _texture(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """(H, W, 3) uint8 blobs a few pixels wide, which can be followed."""
    smooth = cv2.GaussianBlur(rng.random((height, width)), (0, 0), 2.5)
    gray = cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
    return np.repeat(gray[..., None], 3, axis=2)


def _shifted(texture: np.ndarray, steps: list[tuple[float, float]], size_px: int) -> np.ndarray:
    """(T, size, size, 3): the middle of the texture, its content moved by the steps one after the other."""
    x = y = -(texture.shape[0] - size_px) / 2
    frames = []
    for dx, dy in [(0.0, 0.0), *steps]:
        x, y = x + dx, y + dy
        frames.append(cv2.warpAffine(texture, np.array([[1, 0, x], [0, 1, y]]), (size_px, size_px)))
    return np.stack(frames)


@pytest.mark.parametrize("step", [(3.0, 0.0), (0.0, -2.0), (1.5, 2.25), (-6.0, 4.0)])
def test_estimate_dis__finds_a_known_translation(rng, step):
    frames = _shifted(_texture(rng, 160, 160), [step, step], 96)
    flow = optical_flow.estimate_dis(frames)
    assert flow.shape == (2, 96, 96, 2) and flow.dtype == np.float32
    inside = flow[:, 16:-16, 16:-16]  # at the edges content comes in that no earlier frame shows
    assert np.abs(inside - step).mean() < 0.1
    assert np.abs(inside - step).max() < 0.3


def test_estimate_dis__does_not_depend_on_the_number_of_threads(rng):
    frames = _shifted(_texture(rng, 160, 160), [(3.0, 1.0)], 96)
    before, found = cv2.getNumThreads(), []
    for num_threads in (1, 4):
        cv2.setNumThreads(num_threads)
        found.append(optical_flow.estimate_dis(frames))
        assert cv2.getNumThreads() == num_threads  # left as it was
    cv2.setNumThreads(before)
    assert np.array_equal(*found)


class Recorder(nn.Module):
    """In the place of RAFT's network: a flow that is the position in the batch and the mean of the first frame."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.shapes: list[tuple[int, ...]] = []

    def forward(self, before: torch.Tensor, after: torch.Tensor) -> list[torch.Tensor]:
        self.shapes.append(tuple(before.shape))
        coarse = torch.full_like(before[:, :2], 99)
        change = (after - before).mean(dim=1, keepdim=True) * 127.5
        return [coarse, torch.cat([change, before[:, :1]], dim=1)]  # the last one is the finest


def test_estimate_raft__pads_to_what_raft_takes_and_cuts_the_padding_off():
    greys = np.array([0, 10, 30, 60, 100, 150], np.uint8)
    frames = np.broadcast_to(greys[:, None, None, None], (6, 50, 131, 3)).copy()
    network = Recorder()
    flow = optical_flow.estimate_raft(frames, network)
    assert network.shapes == [(4, 3, 128, 136), (1, 3, 128, 136)]  # at least 128, multiples of 8
    assert flow.shape == (5, 50, 131, 2) and flow.dtype == np.float32
    np.testing.assert_allclose(flow[:, 0, 0, 0], [10, 20, 30, 40, 50], atol=1e-4)
    np.testing.assert_allclose(flow[:, -1, -1, 1], greys[:-1] / 127.5 - 1, atol=1e-6)  # seen in -1..1


@pytest.mark.parametrize(
    ("flow_px", "level"),
    [
        (-20.0, 0),
        (20.0, 255),
        (-33.0, 0),  # clipped
        (1e6, 255),
        (0.0, 128),  # 127.5, halves to the even
        (0.1, 128),  # 128.1
        (-0.1, 127),  # 126.9
        (10.0, 191),  # 191.25
    ],
)
def test_quantise__by_hand(flow_px, level):
    assert optical_flow.quantise(np.array([flow_px], np.float32), 20).tolist() == [level]


@pytest.mark.parametrize(("bound_px", "level", "flow_px"), [(20, 0, -20), (20, 255, 20), (20, 51, -12), (5, 204, 3)])
def test_dequantise__by_hand(bound_px, level, flow_px):
    assert optical_flow.dequantise(np.array([level], np.uint8), bound_px)[0] == pytest.approx(flow_px, abs=1e-5)


def test_quantise__costs_half_a_level(rng):
    flow = rng.uniform(-20, 20, (1000,)).astype(np.float32)
    back = optical_flow.dequantise(optical_flow.quantise(flow, 20), 20)
    assert np.abs(back - flow).max() <= 20 / 255 + 1e-5  # a level is 40 / 255 px


def _pictures(flow: np.ndarray) -> np.ndarray:
    """Flow (N, H, W, 2) as a decoder gives it back: (N, H, 2W, 3)."""
    grays = np.stack([optical_flow.to_picture(one) for one in flow])
    return np.repeat(grays[..., None], 3, axis=-1)


def test_to_picture__has_x_on_the_left():
    levels = np.zeros((4, 6, 2), np.uint8)
    levels[..., 0], levels[..., 1] = 10, 20
    picture = optical_flow.to_picture(levels)
    assert picture.shape == (4, 12)
    assert (picture[:, :6] == 10).all() and (picture[:, 6:] == 20).all()


def test_from_pictures__takes_back_what_to_picture_made(rng):
    flow = rng.integers(0, 256, (3, 8, 10, 2), dtype=np.uint8)
    assert np.array_equal(optical_flow.from_pictures(_pictures(flow), 8, stacked=1), flow)


def test_from_pictures__stacks_as_tsn_does(rng):
    flow = rng.integers(0, 256, (10, 4, 4, 2), dtype=np.uint8)
    stacks = optical_flow.from_pictures(_pictures(flow), 4, stacked=5)
    assert stacks.shape == (2, 4, 4, 10)
    for snippet in range(2):
        for number in range(5):  # x1, y1, x2, y2, ...
            assert np.array_equal(stacks[snippet, ..., 2 * number], flow[5 * snippet + number, ..., 0])
            assert np.array_equal(stacks[snippet, ..., 2 * number + 1], flow[5 * snippet + number, ..., 1])


@pytest.mark.parametrize("short_side_px", [16, 64])
def test_from_pictures__resizes_x_and_y_apart_and_keeps_the_vectors(short_side_px):
    flow = np.zeros((1, 32, 48, 2), np.uint8)
    flow[..., 0], flow[..., 1] = 10, 250
    resized = optical_flow.from_pictures(_pictures(flow), short_side_px, stacked=1)
    assert resized.shape == (1, short_side_px, short_side_px * 3 // 2, 2)
    assert (resized[..., 0] == 10).all() and (resized[..., 1] == 250).all()  # no seam, no rescaling


@pytest.mark.parametrize(("channels", "flow"), [(3, False), (2, True), (10, True)])
def test_is_flow__by_the_channels(channels, flow):
    assert optical_flow.is_flow(np.zeros((1, 2, 2, channels))) == flow


def test_turn_x__turns_every_x_and_no_y():
    frames = np.array([[0, 0, 255, 255, 100, 100]], np.uint8)
    assert optical_flow.turn_x(frames).tolist() == [[255, 0, 0, 255, 155, 100]]
    assert frames.tolist() == [[0, 0, 255, 255, 100, 100]]


def test_turn_x__of_no_motion_is_no_motion():
    still = optical_flow.quantise(np.zeros(1, np.float32), 20)
    assert abs(int(optical_flow.turn_x(still[None, None])[0, 0, 0]) - int(still[0])) == 1  # 127 and 128 straddle it
