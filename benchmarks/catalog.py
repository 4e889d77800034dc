"""Fill the scores table with millions of rows and time the catalog's questions.

    python benchmarks/catalog.py [--rows 15000000] [--folder FOLDER]

Peak memory is of the whole process. Ratios carry over to other machines, seconds do not.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

from omnisource import config
from omnisource.catalog import Catalog
from omnisource.config import Recipe
from omnisource.label.pseudo import Labelling
from omnisource.types import Format, Taxonomy
from omnisource.workspace import Workspace

NUM_CLASSES = 400
SOURCES = ("google_image", "instagram_image", "instagram_video")
ROWS_PER_PART = 1_000_000


def main() -> None:
    """Fill, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=15_000_000)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        workspace = Workspace.create((arguments.folder or Path(temporary)) / "work", config.Study())
        workspace.save_taxonomy(Taxonomy(names=tuple(f"class {i}" for i in range(NUM_CLASSES))))
        _timed("fill items, validity and scores", lambda: fill(workspace, arguments.rows))
        catalog = Catalog(workspace)
        teacher = dict.fromkeys(Format, "teacher")
        recipe = Recipe(teachers=teacher, confidence=0.8, confidence_by_class={"class 3": 0.5}, max_per_class=5000)
        labelling = Labelling(catalog, recipe, workspace.taxonomy(), [])
        _timed("funnel of a recipe", labelling.funnel)
        counts: list[int] = []
        _timed("examples of a recipe, every source", lambda: counts.extend(_count_examples(labelling)))
        _timed("pending items of a new stage", lambda: _count_pending(workspace, catalog))
        peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{arguments.rows} rows, {sum(counts)} examples, peak memory {peak_mib:.0f} MiB")


def fill(workspace: Workspace, num_rows: int) -> None:
    """Write rows like those of the stages, part by part."""
    tables = [workspace.table(name) for name in ("items", "validity", "scores/teacher")]
    rng = np.random.default_rng(0)
    for first in range(0, num_rows, ROWS_PER_PART):
        parts = _part(first, min(ROWS_PER_PART, num_rows - first), rng)
        for table, part in zip(tables, parts):
            with table.writer(rows_per_part=ROWS_PER_PART) as writer:
                writer.add(part)


def _part(first: int, num_rows: int, rng: np.random.Generator) -> list[pa.Table]:
    keys = pa.array([(first + i).to_bytes(16, "big") for i in range(num_rows)], pa.binary(16))
    query = rng.integers(0, NUM_CLASSES, num_rows).astype(np.int16)
    top = np.where(rng.random(num_rows) < 0.4, query, rng.integers(0, NUM_CLASSES, num_rows)).astype(np.int16)
    confidence = rng.beta(0.7, 0.9, num_rows).astype(np.float32)
    sources = pa.array(np.array(SOURCES)[rng.integers(0, len(SOURCES), num_rows)])
    formats = pa.array(np.full(num_rows, "image"))
    paths = pa.array([f"/web/{query[i]:03d}/{first + i:09d}.jpg" for i in range(num_rows)])
    nulls = pa.nulls
    items = {"key": keys, "path": paths, "source": sources, "format": formats, "class_index": query.astype(np.int32)}
    validity = {"key": keys, "ok": pa.array(rng.random(num_rows) < 0.97), "reason": nulls(num_rows, pa.string())}
    validity |= {name: nulls(num_rows, pa.int32()) for name in ("width", "height", "num_frames")}
    validity |= {name: nulls(num_rows, pa.float64()) for name in ("fps", "duration_s")}
    lists = pa.ListArray.from_arrays(np.arange(num_rows + 1, dtype=np.int32), pa.array(top))
    probs = pa.ListArray.from_arrays(np.arange(num_rows + 1, dtype=np.int32), pa.array(confidence))
    scores = {"key": keys, "start_s": np.zeros(num_rows), "end_s": np.zeros(num_rows)}
    scores |= {"top_classes": lists, "top_probs": probs, "query_prob": confidence * (top == query)}
    scores |= {"top_class": top, "confidence": confidence, "source": sources, "format": formats, "query_class": query}
    return [pa.table(items | {"url": nulls(num_rows, pa.string())}), pa.table(validity), pa.table(scores)]


def _count_examples(labelling: Labelling) -> list[int]:
    return [sum(batch.num_rows for batch in labelling.examples(source)) for source in SOURCES]


def _count_pending(workspace: Workspace, catalog: Catalog) -> int:
    done = workspace.table("scores/other")
    return sum(len(chunk) for chunk in catalog.pending(done, valid=True, formats=tuple(Format), chunk=10_000))


def _timed(name: str, work: Callable[[], object]) -> None:
    started_s = time.perf_counter()
    work()
    print(f"{time.perf_counter() - started_s:8.2f} s  {name}", flush=True)


if __name__ == "__main__":
    main()
