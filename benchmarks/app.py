"""The latencies that the app promises, on generated tables of millions of rows, each beside its target.

    python -m benchmarks.app [--rows 1000000] [--pairs 1000000] [--folder FOLDER]

Medians of several calls after one that is not counted; what is done once, and only once, says so. The first paint is
that of a real browser (Debian's chromium through playwright) and is left out where there is none. Seconds carry over to
no other machine. The targets of interactions speak of a million items, those of thresholds of fifteen million scores.
"""

import argparse
import functools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.app_in_browser import painting
from benchmarks.catalog import NUM_CLASSES, fill
from benchmarks.latency import INTERACTION_S, THRESHOLD_S, Latency, show, timed
from omnisource import config
from omnisource.browsing import Browsing
from omnisource.catalog import Catalog
from omnisource.clean.pair_filters import Order as PairOrder
from omnisource.clean.pair_filters import PairFilter
from omnisource.clean.pair_index import index_pairs
from omnisource.clean.pairs import SuspectedPairs
from omnisource.filters import Filters, Order, Said, Sort, Stage
from omnisource.item_story import tell
from omnisource.label.confidence_cube import cube_of
from omnisource.label.line_samples import LineSamples, Selection
from omnisource.label.thresholds import bars, counts_of, tally
from omnisource.pipeline.outcomes import outcomes
from omnisource.pipeline.thresholding import ready
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.types import Format, Taxonomy
from omnisource.workspace import Workspace

PAGE = 60
NUM_CLIPS = 20_000
NUM_DECISIONS = 10_000


def main() -> None:
    """Fill, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where the tables are made, and found the next time")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        workspace = prepared((arguments.folder or Path(temporary)) / "work", arguments.rows, arguments.pairs)
        print(f"\n{arguments.rows:,} scored items, {arguments.pairs:,} similarities\n")
        print(f"| {'what':58} | {'seconds':>8} | {'target':>6} | met |")
        print(f"|{'-' * 60}|{'-' * 9}:|{'-' * 7}:|-----|")
        for group in (browsing, thresholds, duplicates, painting):
            for one in group(workspace):
                show(one)


def prepared(root: Path, num_rows: int, num_pairs: int) -> Workspace:
    """The workspace with its tables; those of the last time where they are there."""
    if (root / "study.yaml").is_file():
        return Workspace(root)
    teachers = {"teacher": config.TeacherConfig(networks=("tsn",))}
    workspace = Workspace.create(root, config.Study(teachers=teachers))
    workspace.save_taxonomy(Taxonomy(names=tuple(f"class {i}" for i in range(NUM_CLASSES))))
    fill(workspace, num_rows)
    fill_pairs(workspace, num_rows, num_pairs)
    rng = np.random.default_rng(0)
    decided = [Subject(key=key_of(int(n))) for n in rng.integers(0, num_rows, NUM_DECISIONS)]
    Reviews(workspace.reviews_path).decide_all(decided, Verdict.KEEP, made_in="demo")
    return workspace


def key_of(number: int) -> bytes:
    """The key of an item, as benchmarks/catalog.py writes it."""
    return number.to_bytes(16, "big")


def fill_pairs(workspace: Workspace, num_items: int, num_pairs: int) -> None:
    """Labelled clips, and web items that are alike to them: few very much, many a little."""
    rng = np.random.default_rng(1)
    clips = pa.array([f"/target/val/{i:05d}.mp4" for i in range(NUM_CLIPS)])
    target = {"path": clips, "split": pa.array(["val"] * NUM_CLIPS), "format": pa.array(["trimmed"] * NUM_CLIPS)}
    with workspace.table("target").writer(rows_per_part=NUM_CLIPS) as writer:
        columns = target | {"class_index": rng.integers(0, NUM_CLASSES, NUM_CLIPS).astype(np.int32)}
        writer.add(pa.table({name: columns[name] for name in ("path", "split", "class_index", "format")}))
    with workspace.table("similar").writer(rows_per_part=1_000_000) as writer:
        for first in range(0, num_pairs, 1_000_000):
            count = min(1_000_000, num_pairs - first)
            keys = pa.array([key_of(int(n)) for n in rng.integers(0, num_items, count)], pa.binary(16))
            alike = (0.6 + 0.4 * rng.beta(1, 6, count)).astype(np.float32)
            chosen = clips.take(pa.array(rng.integers(0, NUM_CLIPS, count)))
            times = {"time_s": np.zeros(count), "target_time_s": rng.uniform(0, 10, count)}
            rows = {"key": keys, "time_s": times["time_s"], "target_path": chosen}
            writer.add(pa.table(rows | {"target_time_s": times["target_time_s"], "similarity": alike}))


def browsing(workspace: Workspace) -> Iterator[Latency]:
    """What the wall and the story of an item ask."""
    asks = Browsing(Catalog(workspace))
    reviews = Reviews(workspace.reviews_path)
    yield timed("Browse: what there is to filter by", asks.choices)
    scored = Filters(stage=Stage.SCORED, teacher="teacher")
    sure = Filters(stage=Stage.SCORED, teacher="teacher", confidence=(0.8, 1.0), agrees=True)
    walls = {
        "all items, newest first": (Filters(), Order()),
        "scored, surest first": (scored, Order(sort=Sort.CONFIDENT)),
        "scored, one class": (Filters(stage=Stage.SCORED, teacher="teacher", top_class=7), Order(sort=Sort.CONFIDENT)),
        "confidence from 0.8, agreed": (sure, Order(sort=Sort.CONFIDENT)),
        "scored, least sure": (scored, Order(sort=Sort.UNSURE)),
        "at random": (scored, Order(sort=Sort.RANDOM, seed=3)),
        "decided by people": (Filters(said=Said.KEEP), Order()),
        "dropped": (Filters(stage=Stage.DROPPED), Order()),
    }
    for name, (filters, order) in walls.items():
        yield timed(f"Browse: count, {name}", functools.partial(asks.count, filters), INTERACTION_S)
        page = functools.partial(asks.page, filters, order, limit=PAGE)
        yield timed(f"Browse: page 1, {name}", functools.partial(page, offset=0), INTERACTION_S)
    deep = functools.partial(asks.page, scored, Order(sort=Sort.CONFIDENT), offset=100 * PAGE, limit=PAGE)
    yield timed("Browse: page 101, scored, surest first", deep, INTERACTION_S)
    items = asks.page(scored, Order(sort=Sort.CONFIDENT), offset=0, limit=PAGE)
    yield timed("Browse: decisions about a page", lambda: asks.decisions(items), INTERACTION_S)
    yield timed("Browse: has anything changed", lambda: asks.version(Filters()), INTERACTION_S)
    keys = [item.key for item in items if item.key]
    yield timed("Decisions about 60 items, of 10,000", lambda: reviews.about(keys), INTERACTION_S)
    about = Subject(key=keys[0])
    yield timed("A decision, until it is on the disk", lambda: decide_and_undo(reviews, about), INTERACTION_S)
    catalog = Catalog(workspace)
    story = tell(catalog, keys[0])
    yield timed("Story of an item", lambda: tell(catalog, keys[0]), INTERACTION_S)
    yield timed("Story: recipes and runs of an item", lambda: outcomes(workspace, story.item), INTERACTION_S)


def decide_and_undo(reviews: Reviews, subject: Subject) -> None:
    """One decision, taken back."""
    reviews.undo(reviews.decide(subject, Verdict.DROP, made_in="demo"), made_in="demo")


def thresholds(workspace: Workspace) -> Iterator[Latency]:
    """What the lines of a recipe ask."""
    catalog, taxonomy = Catalog(workspace), workspace.taxonomy()
    teachers = dict.fromkeys(Format, "teacher")
    recipe = ready(workspace, config.Recipe(teachers=teachers, confidence=0.5))
    table = workspace.table("scores/teacher")
    (table.folder / "confidence_cube.npz").unlink(missing_ok=True)
    yield timed("Thresholds: count all scores", lambda: cube_of(catalog, table, NUM_CLASSES), once=True)
    yield timed("Thresholds: take up the counts", lambda: cube_of(catalog, table, NUM_CLASSES), THRESHOLD_S)
    counts = counts_of(dict.fromkeys(Format, cube_of(catalog, table, NUM_CLASSES)), "teacher")
    shown = np.ones(counts.per_bin.shape[:2], bool)

    def move() -> None:
        bars(counts, tally(counts, recipe, taxonomy).lines, shown)

    yield timed("Thresholds: move the line, counts and histogram", move, THRESHOLD_S)
    own = recipe.model_copy(update={"confidence_by_class": {name: 0.3 for name in taxonomy.names}})
    yield timed("Thresholds: move it, 400 classes of their own", lambda: tally(counts, own, taxonomy), THRESHOLD_S)
    samples = LineSamples(catalog, recipe, taxonomy)
    everything, one_class = Selection(), Selection(class_index=7)
    near = functools.partial(samples.around, limit=12, below=0.01, above=0.01)
    yield timed("Thresholds: both sides of the line, all", lambda: near(everything), THRESHOLD_S)
    yield timed("Thresholds: both sides of the line, a class", lambda: near(one_class), THRESHOLD_S)
    yield timed("Thresholds: samples to judge", lambda: samples.drawn(everything, seed=1, share=0.02), THRESHOLD_S)


def duplicates(workspace: Workspace) -> Iterator[Latency]:
    """What the review of pairs asks."""
    for kept in workspace.table("similar").folder.glob("pairs-*.parquet"):
        kept.unlink()
    yield timed("Duplicates: sort the pairs", lambda: index_pairs(workspace), once=True)
    index = index_pairs(workspace)
    catalog, reviews = Catalog(workspace), Reviews(workspace.reviews_path).current()
    judged = functools.partial(SuspectedPairs, catalog, index, reviews)
    yield timed("Duplicates: take up the verdicts", judged, INTERACTION_S)
    pairs = judged()
    following = functools.partial(pairs.next, threshold=0.85, limit=24)
    yield timed("Duplicates: next pairs", lambda: following(PairFilter(low=0.85), PairOrder.SIMILAR), INTERACTION_S)
    yield timed(
        "Duplicates: next pairs of a class",
        lambda: following(PairFilter(low=0.85, target_class=7), PairOrder.SIMILAR),
        INTERACTION_S,
    )
    yield timed(
        "Duplicates: next pairs near the threshold", lambda: following(PairFilter(), PairOrder.THRESHOLD), INTERACTION_S
    )
    yield timed("Duplicates: move the threshold", lambda: pairs.bands(0.8), INTERACTION_S)
    yield timed("Duplicates: the largest clusters", lambda: pairs.clusters(0.85).largest(4), INTERACTION_S)


if __name__ == "__main__":
    main()
