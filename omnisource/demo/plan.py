"""Seed and size -> the list of files that make up the demo world, each with its own seed and its truth.

Planning is cheap and happens at once, so that files can be drawn in any order by any process.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from omnisource.demo.pictures import STYLE_SHARES, STYLES
from omnisource.demo.scene import ACTS, MOTIONS, TOYS, Act
from omnisource.demo.truth import Span, TrueItem, Truth

Kind = Literal["clip", "other_clip", "picture", "other_picture", "video", "clip_copy", "picture_copy", "broken"]
IMAGE_ENDINGS = ("jpg", "jpg", "jpg", "jpg", "jpg", "jpg", "webp", "png")
BREAKAGES = ("empty.jpg", "page.jpg", "cut.jpg", "icon.png", "page.mp4", "cut.mp4")
"""Ways to be broken; the first happens once, since all empty files are the same item."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WorldSize:
    """How much there is of everything."""

    train_clips: int = 15
    """Labelled clips per class."""
    val_clips: int = 25
    """Validation clips per class."""
    images: int = 100
    """Web images per class."""
    fewest_clips: int = 4
    """Web clips of the rarest class; the others rise to `most_clips` geometrically."""
    most_clips: int = 60
    """Web clips of the most frequent class."""
    videos: int = 3
    """Long videos per class."""
    empty_videos: int = 6
    """Long videos, over all classes, that never show the class they were found by."""
    copies: int = 10
    """Near-duplicates of validation clips in the web clips, and as many in the web images."""
    broken: int = 14
    """Files that cannot be used."""
    width: int = 128
    """Pixels of a clip's frame."""
    height: int = 96
    """Pixels of a clip's frame."""
    fps: float = 12
    """Of clips."""
    clip_s: float = 2.5
    """Length of a clip."""
    video_fps: float = 8
    """Of long videos."""
    video_s: float = 36
    """Mean length of a long video; single ones are a quarter shorter or longer."""
    noise: float = 0.5
    """Mean share of the web images and clips that do not show their query's class; from half to 1.5 times that."""
    action: float = 0.2
    """Share of a long video that shows its class."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """One file to make; world seed and path seed everything random in it."""

    path: str
    """Relative to the world's root, with forward slashes."""
    kind: Kind
    """Which drawing makes it."""
    act: Act | None = None
    """What it shows; None: no toy in action."""
    style: str = "film"
    """For pictures, one of STYLES; for broken files, one of BREAKAGES."""
    original: str | None = None
    """Path of the validation clip that it copies."""
    segments: tuple[Span, ...] = ()
    """Where a long video shows its act."""
    duration_s: float = 0.0
    """Of a long video."""


def plan_world(seed: int, size: WorldSize) -> list[Piece]:
    """Every file of the world, in a fixed order."""
    rng = np.random.default_rng([seed, 0])
    target = list(_target_clips(size))
    web = [*_images(size, rng), *_clips(size, rng), *_videos(size, rng)]
    copies = list(_copies([piece for piece in target if piece.path.startswith("target/val")], size, rng))
    return [*target, *web, *copies, *_broken(size, rng)]


def truth_of(pieces: Iterable[Piece]) -> Truth:
    """The truth about the web files among `pieces`."""
    return Truth(items={piece.path: _true_item(piece) for piece in pieces if piece.path.startswith("web/")})


def rng_of(seed: int, path: str) -> np.random.Generator:
    """The generator that draws the file at `path`."""
    return np.random.default_rng([seed, zlib.crc32(path.encode())])


def _true_item(piece: Piece) -> TrueItem:
    return TrueItem(
        query=piece.path.split("/")[2],
        class_name=piece.act.class_name if piece.act else None,
        style="broken" if piece.kind == "broken" else piece.style,
        broken=piece.kind == "broken",
        segments=piece.segments,
        copy_of=piece.original,
    )


def _target_clips(size: WorldSize) -> Iterator[Piece]:
    for split, num_clips in (("train", size.train_clips), ("val", size.val_clips)):
        for act in ACTS:
            for i in range(num_clips):
                yield Piece(path=f"target/{split}/{act.class_name}/{i:03d}.mp4", kind="clip", act=act)


def _images(size: WorldSize, rng: np.random.Generator) -> Iterator[Piece]:
    for act, share in zip(ACTS, _noise_shares(size.noise, rng)):
        for i, shown in enumerate(_results(act, size.images, share, rng)):
            tag = ("", f"{act.toy}{act.motion}/", f"{act.motion}/")[int(rng.integers(3))]
            path = f"web/image/{act.class_name}/{tag}{i:04d}.{rng.choice(IMAGE_ENDINGS)}"
            if shown is None:
                yield Piece(path=path, kind="other_picture", style="irrelevant")
            else:
                style = str(rng.choice(STYLES, p=STYLE_SHARES))
                yield Piece(path=path, kind="picture", act=shown, style=style)


def _clips(size: WorldSize, rng: np.random.Generator) -> Iterator[Piece]:
    amounts = np.geomspace(size.fewest_clips, size.most_clips, len(ACTS)).round().astype(int)
    for act, amount, share in zip(ACTS, rng.permutation(amounts), _noise_shares(size.noise, rng)):
        for i, shown in enumerate(_results(act, int(amount), share, rng)):
            path = f"web/clip/{act.class_name}/{i:04d}.mp4"
            yield Piece(path=path, kind="other_clip" if shown is None else "clip", act=shown)


def _videos(size: WorldSize, rng: np.random.Generator) -> Iterator[Piece]:
    wanted = [(act, True) for act in ACTS for _ in range(size.videos)]
    wanted += [(ACTS[int(rng.integers(len(ACTS)))], False) for _ in range(size.empty_videos)]
    for i, (act, shown) in enumerate(wanted):
        duration_s = float(round(size.video_s * rng.uniform(0.75, 1.25)))
        path = f"web/video/{act.class_name}/{i:04d}.mp4"
        if shown:
            segments = _action_spans(duration_s, size.action, rng)
            yield Piece(path=path, kind="video", act=act, segments=segments, duration_s=duration_s)
        else:
            yield Piece(path=path, kind="video", duration_s=duration_s)


def _copies(val: Sequence[Piece], size: WorldSize, rng: np.random.Generator) -> Iterator[Piece]:
    """Validation clips and their frames that someone uploaded again."""
    for i in range(2 * size.copies):
        piece = val[int(rng.integers(len(val)))]
        assert piece.act is not None
        folder, kind, ending = (("clip", "clip_copy", "mp4"), ("image", "picture_copy", "jpg"))[i % 2]
        path = f"web/{folder}/{piece.act.class_name}/re{i:03d}.{ending}"
        yield Piece(path=path, kind=kind, act=piece.act, original=piece.path)


def _broken(size: WorldSize, rng: np.random.Generator) -> Iterator[Piece]:
    for i in range(size.broken):
        style = BREAKAGES[0] if i == 0 else BREAKAGES[1 + i % (len(BREAKAGES) - 1)]
        folder = "clip" if style.endswith("mp4") else "image"
        label = ACTS[int(rng.integers(len(ACTS)))].class_name
        yield Piece(path=f"web/{folder}/{label}/x{i:03d}.{style.split('.')[1]}", kind="broken", style=style)


def _noise_shares(mean: float, rng: np.random.Generator) -> np.ndarray:
    """(K,) share of wrong results of each query: some queries work well, some hardly; their mean is `mean`."""
    return rng.permutation(np.linspace(0.5, 1.5, len(ACTS))) * mean


def _results(act: Act, amount: int, noise: float, rng: np.random.Generator) -> list[Act | None]:
    """What the results of the query for `act` show: the act, another one, or nothing of the kind (None).

    Like a word with two meanings, each query has one other act that it mostly errs to.
    """
    num_wrong = round(amount * noise)
    num_other = round(0.6 * num_wrong)
    toy = TOYS[(TOYS.index(act.toy) + 1) % len(TOYS)]
    motion = MOTIONS[(MOTIONS.index(act.motion) + 1) % len(MOTIONS)]
    usual = Act(motion=motion, toy=toy)
    others = [other for other in ACTS if other != act]
    wrong = [usual if rng.uniform() < 0.8 else others[int(rng.integers(len(others)))] for _ in range(num_other)]
    results: list[Act | None] = [act] * (amount - num_wrong) + wrong + [None] * (num_wrong - num_other)
    return [results[i] for i in rng.permutation(amount)]


def _action_spans(duration_s: float, share: float, rng: np.random.Generator) -> tuple[Span, ...]:
    """One or two spans of whole seconds, apart from each other, that fill `share` of the video."""
    action_s = max(2, round(duration_s * share))
    if action_s < 6 or rng.uniform() < 0.5:
        start_s = int(rng.integers(1, duration_s - action_s))
        return ((float(start_s), float(start_s + action_s)),)
    half = duration_s / 2
    lengths = (action_s // 2, action_s - action_s // 2)
    starts = (int(rng.integers(1, half - lengths[0])), int(half + rng.integers(1, half - lengths[1])))
    return tuple((float(start), float(start + length)) for start, length in zip(starts, lengths))
