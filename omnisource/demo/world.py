"""Seed -> a folder with a small target dataset, noisy web data of every format, and the truth (paper 3.3, 4.1, 4.2).

Layout: target/{train,val}/CLASS/*.mp4; web/image/CLASS/[TAG/]*.{jpg,png,webp}; web/{clip,video}/CLASS/*.mp4;
truth.json; world.json, which is written last, so that a half-built world is known as such.
"""

import functools
import json
import logging
import multiprocessing
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from omnisource.demo.make import make_piece
from omnisource.demo.plan import Piece, WorldSize, plan_world, truth_of
from omnisource.demo.truth import write_truth
from omnisource.errors import DataError

logger = logging.getLogger(__name__)

VERSION = 1
"""Raised when the drawings change, so that worlds of an older version are built anew."""
USUAL_SIZE = WorldSize()
BUILDING = "world.building"
STAMP = "world.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """A built demo world."""

    root: Path
    """The folder that holds everything."""
    size: WorldSize
    """How much there is of everything."""
    seed: int
    """What it was drawn from."""

    @property
    def target(self) -> Path:
        """Labelled clips: train/CLASS and val/CLASS."""
        return self.root / "target"

    @property
    def images(self) -> Path:
        """Web images, by the class that they were found for."""
        return self.root / "web" / "image"

    @property
    def clips(self) -> Path:
        """Web clips, trimmed to something."""
        return self.root / "web" / "clip"

    @property
    def videos(self) -> Path:
        """Long web videos."""
        return self.root / "web" / "video"

    @property
    def truth(self) -> Path:
        """truth.json."""
        return self.root / "truth.json"


def build_world(root: Path, *, seed: int = 0, size: WorldSize = USUAL_SIZE, workers: int | None = None) -> World:
    """Draw the world of this seed and size below `root`; a finished one is kept.

    A half-built or differently made world is built anew; a folder that holds anything else is refused (DataError).
    `workers` is the number of processes, all cores if None; the files do not depend on it.
    """
    world = World(root=root, size=size, seed=seed)
    settings = {"version": VERSION, "seed": seed, **asdict(size)}
    stamp = root / STAMP
    if stamp.exists() and json.loads(stamp.read_text()) == settings:
        logger.info("demo world in %s is there already", root)
        return world
    _clear(root)
    root.mkdir(parents=True, exist_ok=True)
    (root / BUILDING).touch()
    pieces = plan_world(seed, size)
    _make_all(pieces, world, workers or os.cpu_count() or 1)
    write_truth(truth_of(pieces), world.truth)
    (root / BUILDING).write_text(json.dumps(settings, indent=1))
    (root / BUILDING).rename(stamp)
    logger.info("demo world in %s: %d files", root, len(pieces))
    return world


def _clear(root: Path) -> None:
    """Remove an older or half-built world, and nothing that is not one."""
    if not root.exists() or not any(root.iterdir()):
        return
    if not (root / STAMP).exists() and not (root / BUILDING).exists():
        raise DataError(f"{root} holds something that is not a demo world; choose an empty folder")
    for folder in ("target", "web"):
        shutil.rmtree(root / folder, ignore_errors=True)
    for name in (STAMP, "truth.json"):
        (root / name).unlink(missing_ok=True)


def _make_all(pieces: list[Piece], world: World, workers: int) -> None:
    make = functools.partial(make_piece, root=world.root, seed=world.seed, size=world.size)
    for folder in sorted({(world.root / piece.path).parent for piece in pieces}):
        folder.mkdir(parents=True, exist_ok=True)
    if workers == 1:
        for piece in pieces:
            make(piece)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for _ in pool.imap_unordered(make, pieces, chunksize=8):
            pass
