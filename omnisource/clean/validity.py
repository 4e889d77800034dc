"""Web items -> which of them can be used, by decoding each once (paper 3.3: remove invalid or corrupted data).

Headers lie, so decoded frames decide. Every item gives one row; the unusable ones are dropped with their reason too.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from omnisource.clean.decoder_pool import DecoderPool, Limits
from omnisource.config import ValidityConfig
from omnisource.errors import ItemError
from omnisource.media import count_decodable_frames, decodable_share, probe_video, read_image, silence_decoders
from omnisource.report import Report
from omnisource.types import Format, WebItem

FULL_DECODE_S = 30.0
"""Of longer videos only keyframes, and the frames behind the last one, are decoded."""
MIN_DECODABLE_SHARE = 0.9
"""A video that lost more of its frames than this leaves would fail at every other sample."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Validity:
    """What decoding an item has shown; the size and length are None where nothing could be decoded."""

    key: bytes
    """The item's key."""
    ok: bool
    """Whether the item can be used."""
    reason: str | None
    """Why not; None if ok."""
    width: int | None
    """Pixels as displayed."""
    height: int | None
    """Pixels as displayed."""
    num_frames: int | None
    """Frames that decode; of a long video, frames that it holds. 1 for a picture."""
    fps: float | None
    """Frames a second; None for a picture."""
    duration_s: float | None
    """Length; 0 for a picture."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """Size and length of an item that a decoder could read."""

    width: int
    """Pixels as displayed."""
    height: int
    """Pixels as displayed."""
    num_frames: int
    """Frames that decode."""
    fps: float | None
    """Frames a second; None for a picture."""
    duration_s: float
    """Length; 0 for a picture."""


Decode = Callable[[WebItem, ValidityConfig], Measurement]


def measure(item: WebItem, config: ValidityConfig) -> Measurement:
    """Decode one item. Raises ItemError with media's reasons; runs in a worker process."""
    if item.format is Format.IMAGE:
        frame = read_image(item.path, max_megapixels=config.max_megapixels)
        return Measurement(width=frame.shape[1], height=frame.shape[0], num_frames=1, fps=None, duration_s=0.0)
    info = probe_video(item.path)
    megapixels = info.width * info.height / 1e6
    if megapixels > config.max_megapixels:
        detail = f"{item.path} has {megapixels:.0f} megapixels a frame; validity.max_megapixels allows more"
        raise ItemError("bomb", detail)
    num_frames = info.num_frames
    if info.duration_s > FULL_DECODE_S:
        share = decodable_share(item.path)
    else:
        num_frames = count_decodable_frames(item.path)
        share = num_frames / info.num_frames
    if share < MIN_DECODABLE_SHARE:
        raise ItemError("truncated", f"{item.path}: {share:.0%} of its {info.num_frames} frames decode")
    return Measurement(
        width=info.width, height=info.height, num_frames=num_frames, fps=info.fps, duration_s=num_frames / info.fps
    )


def check_items(
    items: Iterable[WebItem], config: ValidityConfig, report: Report, *, decode: Decode = measure
) -> Iterator[Validity]:
    """One row per item, in order, lazily. `decode` runs in `config.workers` processes.

    Unusable items are also given to `report.drop`. Reasons are media's and: too_small, extreme_aspect, too_few_frames,
    timeout, decoder_crashed, out_of_memory.
    """
    limits = Limits(timeout_s=config.timeout_s, memory_mib=config.memory_mib)
    pool = DecoderPool(partial(_decode_item, decode=decode, config=config), limits, config.workers)
    with pool, contextlib.closing(pool.each(items)) as outcomes:
        for done, (item, outcome) in enumerate(outcomes, start=1):
            report.progress(done, None, report.stage)
            error = outcome if isinstance(outcome, ItemError) else find_fault(outcome, config)
            if error is None:
                report.num_done += 1
            else:
                report.drop(item.path, item.key, error)
            yield _row(item, None if isinstance(outcome, ItemError) else outcome, error)


def find_fault(measurement: Measurement, config: ValidityConfig) -> ItemError | None:
    """Which of the settings the measurement breaks, if any."""
    short, long = sorted((measurement.width, measurement.height))
    size = f"{measurement.width}x{measurement.height} pixels"
    if short < config.min_side_px:
        return ItemError("too_small", f"{size}; min_side_px is {config.min_side_px}")
    if long > config.max_aspect * short:
        return ItemError("extreme_aspect", f"{size}; max_aspect is {config.max_aspect:g}")
    if measurement.fps is not None and measurement.num_frames < config.min_frames:
        return ItemError("too_few_frames", f"{measurement.num_frames} frames; min_frames is {config.min_frames}")
    return None


def _decode_item(item: WebItem, decode: Decode, config: ValidityConfig) -> Measurement:
    silence_decoders()
    return decode(item, config)


def _row(item: WebItem, measurement: Measurement | None, error: ItemError | None) -> Validity:
    return Validity(
        key=item.key,
        ok=error is None,
        reason=error.reason if error else None,
        width=measurement.width if measurement else None,
        height=measurement.height if measurement else None,
        num_frames=measurement.num_frames if measurement else None,
        fps=measurement.fps if measurement else None,
        duration_s=measurement.duration_s if measurement else None,
    )
