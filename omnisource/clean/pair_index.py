"""Table of similarities -> suspected pairs, sorted, with all that a reviewer sees of them (paper 3.3).

A web item and a labelled clip are one pair, however many of their frames are alike; the pair stands where they are most
alike. The index is one Parquet file beside the table, made once per state of the table: a page then asks for its few
pairs without a join, and DuckDB skips the rows that a threshold rules out.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from filelock import FileLock

from omnisource.catalog import Catalog, source
from omnisource.errors import WorkspaceError
from omnisource.files import save_atomically
from omnisource.workspace import Workspace

BIN = 0.01
"""Width of a bin of similarities."""
BAND = 0.05
"""Width of a band: a few bins, of which people judge some pairs."""
_ROWS_PER_GROUP = 20_480


@dataclass(frozen=True, kw_only=True, slots=True)
class PairIndex:
    """The suspected pairs of a workspace, most alike first; row i of the file is pair i."""

    path: Path
    """The Parquet file."""
    num_pairs: int
    """Pairs of a web item and a labelled clip."""
    num_items: int
    """Web items among them."""
    floor: float
    """The least similarity that was measured, rounded down to a bin."""
    first_bin: int
    """Bin i of `counts` begins at (first_bin + i) * BIN."""
    counts: tuple[int, ...]
    """Pairs per bin of similarity, up to 1."""
    sources: tuple[str, ...]
    """Sources of the web items, most pairs first."""
    target_classes: tuple[int, ...]
    """Classes of the labelled clips, most pairs first."""

    @property
    def sql(self) -> str:
        """The pairs in a query: pair, item, clip (numbers), key, path, source, ... similarity."""
        return f"read_parquet({_quoted(self.path)})"

    @property
    def counts_array(self) -> np.ndarray:
        """(bins,) int: the counts."""
        return np.asarray(self.counts)

    @property
    def edges(self) -> np.ndarray:
        """(len(counts) + 1,) float64: where the bins begin, and where the last one ends."""
        return (self.first_bin + np.arange(len(self.counts) + 1)) * BIN

    @property
    def bands(self) -> list[tuple[float, float]]:
        """(low, high) of the bands that hold pairs, most alike first."""
        bins_each = round(BAND / BIN)
        numbers = {(self.first_bin + i) // bins_each for i, count in enumerate(self.counts) if count}
        return [(round(number * BAND, 6), round((number + 1) * BAND, 6)) for number in sorted(numbers, reverse=True)]


def crop_threshold(workspace: Workspace) -> float | None:
    """The similarity of crops of one frame, measured with the pairs; None where it was not (paper 3.3)."""
    path = workspace.table("similar").folder / "crop_threshold.json"
    return json.loads(path.read_text(encoding="utf-8"))["threshold"] if path.is_file() else None


def index_state(workspace: Workspace) -> str:
    """Changes whenever the index has to be made anew.

    With the parts of the tables, and with the release of DuckDB, whose hashes number items and clips. Items are only
    added, which changes no pair, or found anew, perhaps elsewhere: the first part of their table tells.
    """
    parts = [*workspace.table("similar").parts(), *workspace.table("target").parts()]
    parts += workspace.table("items").parts()[:1]
    seen = [duckdb.__version__, [(part.name, part.stat().st_size, part.stat().st_mtime_ns) for part in parts]]
    return hashlib.blake2b(json.dumps(seen).encode(), digest_size=8).hexdigest()


def index_pairs(workspace: Workspace) -> PairIndex | None:
    """The pairs of a workspace, sorted now if they were not; None where no similarity was measured.

    Sorting a million pairs takes seconds, once; what earlier states of the table left is removed. Raises WorkspaceError
    for tables that cannot be read.
    """
    try:
        if not workspace.table("similar").num_rows():
            return None
        return _describe(Catalog(workspace), _sorted(workspace))
    except (duckdb.Error, pa.ArrowInvalid) as error:
        raise WorkspaceError(
            f"the similarities of {workspace.root} cannot be read ({error}); remove the damaged part and measure again"
        ) from None


def _sorted(workspace: Workspace) -> Path:
    path = workspace.table("similar").folder / f"pairs-{index_state(workspace)}.parquet"
    if path.is_file():
        return path
    with FileLock(path.with_name("pairs.lock")):  # a page and a command may want it at once
        if not path.is_file():
            save_atomically(path, lambda partial: _write(Catalog(workspace), partial))
            for stale in path.parent.glob("pairs-*.parquet"):
                if stale != path:
                    stale.unlink(missing_ok=True)
    return path


def _write(catalog: Catalog, path: Path) -> None:
    similar, items, target = (source(catalog.workspace.table(name)) for name in ("similar", "items", "target"))
    best = "arg_max(struct_pack(time_s := time_s, target_time_s := target_time_s), similarity)"
    catalog.execute(f"""
        COPY (
            WITH pairs AS (
                SELECT key, target_path, max(similarity) AS similarity, {best} AS best
                FROM {similar} GROUP BY key, target_path
            ), seen AS (
                SELECT DISTINCT ON (key) key, path, source, format, class_index
                FROM {items} WHERE key IN (SELECT key FROM {similar})
            ), clips AS (
                SELECT DISTINCT ON (path) path, class_index, split, format FROM {target}
            ), sorted AS (
                SELECT p.*, i.path, i.source, i.format, i.class_index,
                    c.class_index AS target_class, c.split AS target_split, c.format AS target_format
                FROM pairs p LEFT JOIN seen i ON i.key = p.key LEFT JOIN clips c ON c.path = p.target_path
                ORDER BY p.similarity DESC, p.key, p.target_path
            )
            SELECT (row_number() OVER () - 1)::INTEGER AS pair, hash(key) AS item, hash(target_path) AS clip,
                similarity, best.time_s AS time_s, best.target_time_s AS target_time_s,
                * EXCLUDE (similarity, best)
            FROM sorted
        ) TO {_quoted(path)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROWS_PER_GROUP})
    """)


def _describe(catalog: Catalog, path: Path) -> PairIndex:
    index = f"read_parquet({_quoted(path)})"
    binned = catalog.kept(
        f"SELECT least(floor(similarity / {BIN} + 1e-4), {round(1 / BIN) - 1})::INTEGER AS bin, count(*) AS n"
        f" FROM {index} GROUP BY bin ORDER BY bin"
    )
    bins, numbers = binned["bin"].to_numpy(), binned["n"].to_numpy()
    counts = np.zeros(round(1 / BIN) - bins[0], dtype=int)
    counts[bins - bins[0]] = numbers
    sources, classes = (
        catalog.kept(
            f"SELECT {column} AS name FROM {index} WHERE name IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1"
        )
        for column in ("source", "target_class")
    )
    return PairIndex(
        path=path,
        num_pairs=int(numbers.sum()),
        num_items=catalog.kept(f"SELECT count(DISTINCT item) AS n FROM {index}")["n"][0].as_py(),
        floor=round(float(bins[0]) * BIN, 6),
        first_bin=int(bins[0]),
        counts=tuple(counts.tolist()),
        sources=tuple(sources["name"].to_pylist()),
        target_classes=tuple(classes["name"].to_pylist()),
    )


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
