"""Suspected pairs and people's verdicts -> what to look at next, and what was said so far (paper 3.3).

A verdict about the item alone speaks for all its pairs. Once a pair is a duplicate its item is out of the auxiliary
set, so its other pairs are settled and nobody is asked about them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from omnisource.catalog import Catalog
from omnisource.clean.pair_clusters import Clusters
from omnisource.clean.pair_estimate import Band, Lean
from omnisource.clean.pair_filters import Order, PairFilter, State, conditions
from omnisource.clean.pair_index import BAND, BIN, PairIndex
from omnisource.reviews import Review, Subject, Verdict
from omnisource.types import Format

CLUSTERED_AT_MOST = 100_000
"""Suspects that are looked through for clusters: the most alike."""
BY_EYE = ("app", "fiftyone", "notebook", "contact sheet")
"""Where people look at suspects; verdicts made elsewhere are known, but no sample to estimate from."""

_SAID = "(SELECT pair, state, by_eye FROM judged)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """One suspected pair, at the times where it is most alike."""

    number: int
    """Its place in the index."""
    key: bytes
    """The web item."""
    path: str | None
    """Where it lies; None for an item that no table holds."""
    source: str | None
    """Its web resource."""
    format: Format
    """Picture, clip or long video."""
    class_index: int | None
    """Class of its query."""
    time_s: float
    """When it is most alike."""
    target_path: str
    """The labelled clip."""
    target_format: Format
    """Picture or clip."""
    target_class: int | None
    """Its class."""
    target_split: str | None
    """Where it belongs: train, val."""
    target_time_s: float
    """When it is most alike."""
    similarity: float
    """How alike."""
    state: State
    """What was said of it."""

    @property
    def subject(self) -> Subject:
        """What a verdict is about."""
        return Subject(key=self.key, target_path=self.target_path)


class SuspectedPairs:
    """The pairs of a workspace with the verdicts in force; cheap to make, so make it anew after a verdict."""

    def __init__(self, catalog: Catalog, index: PairIndex, reviews: Iterable[Review]) -> None:
        self._catalog, self._index = catalog, index
        self._judged = self._judge(reviews)

    def next(self, wanted: PairFilter, order: Order, *, threshold: float, limit: int) -> list[Pair]:
        """The first pairs in an order; `threshold` is where Order.THRESHOLD begins."""
        by = {
            Order.SIMILAR: "pair",
            Order.THRESHOLD: "abs(similarity - $threshold), pair",
            Order.RANDOM: "hash(pair), pair",
        }[order]
        where, parameters = conditions(wanted)
        chosen = (
            f"SELECT pair, coalesce(state, 'open') AS state FROM {self._index.sql} LEFT JOIN {_SAID} USING (pair)"
            f" WHERE {where} ORDER BY {by} LIMIT {int(limit)}"
        )
        used = {"threshold": threshold} if order is Order.THRESHOLD else {}
        found = self._ask(chosen, parameters | used)
        numbers = found["pair"].to_pylist()
        rows = {row["pair"]: row for row in self._rows(numbers)}
        return [_pair(rows[number], state) for number, state in zip(numbers, found["state"].to_pylist())]

    def count(self, wanted: PairFilter) -> int:
        """How many pairs pass a filter."""
        where, parameters = conditions(wanted)
        sql = f"SELECT count(*) AS n FROM {self._index.sql} LEFT JOIN {_SAID} USING (pair) WHERE {where}"
        return int(self._ask(sql, parameters)["n"][0].as_py())

    def bands(self, threshold: float) -> tuple[list[Band], list[Band]]:
        """(suspects, pairs below the threshold) in bands of similarity, most alike first."""
        sums = {name: f"count(*) FILTER (state = '{name}') AS {name}s" for name in ("duplicate", "not_duplicate")}
        found = self._ask(
            f"SELECT similarity >= $threshold AS suspect, floor(similarity / {BAND} + 1e-4)::INTEGER AS band,"
            f" count(*) AS num_pairs, {sums['duplicate']}, {sums['not_duplicate']},"
            " count(*) FILTER (state = 'settled') AS settled, count(*) FILTER (by_eye) AS seen,"
            " count(*) FILTER (by_eye AND state = 'duplicate') AS seen_duplicates"
            f" FROM (SELECT pair, similarity FROM {self._index.sql}) LEFT JOIN {_SAID} USING (pair)"
            " GROUP BY ALL ORDER BY suspect DESC, band DESC",
            {"threshold": threshold},
        ).to_pylist()
        suspects, below = [], []
        top = round(1 / BAND) - 1
        for row in found:
            is_suspect, band = row.pop("suspect"), row.pop("band")
            low, high = round(min(band, top) * BAND, 6), round((min(band, top) + 1) * BAND, 6)
            low, high = (max(low, threshold), high) if is_suspect else (low, min(high, threshold))
            (suspects if is_suspect else below).append(Band(low=low, high=high, **row))
        return _merged(suspects), _merged(below)

    def lean(self, threshold: float, num_suspects: int) -> Lean:
        """Where among the suspects those lie that were looked at; a pair's number is its place."""
        judged = self._judged
        seen = judged["pair"].to_numpy()[judged["by_eye"].to_numpy() & (judged["similarity"].to_numpy() >= threshold)]
        place = float(np.mean((seen + 0.5) / num_suspects)) if len(seen) else 0.5
        return Lean(place=place, seen=len(seen))

    def verdict_counts(self, state: State) -> np.ndarray:
        """(bins of the index,) int: pairs with this verdict per bin of similarity."""
        judged = self._judged
        of_state = np.asarray([one == state for one in judged["state"].to_pylist()], dtype=bool)
        bins = np.floor(judged["similarity"].to_numpy()[of_state] / BIN + 1e-4).astype(int) - self._index.first_bin
        num_bins = len(self._index.counts)
        return np.bincount(np.clip(bins, 0, num_bins - 1), minlength=num_bins)

    def clusters(self, threshold: float) -> Clusters:
        """The most alike suspects, but for those judged no duplicates, by what they share."""
        rows = self._ask(
            "SELECT pair, item, clip, similarity, state IS NULL AS is_open"
            f" FROM (SELECT pair, item, clip, similarity FROM {self._index.sql}"
            f" WHERE similarity >= $threshold AND pair < {CLUSTERED_AT_MOST}) LEFT JOIN {_SAID} USING (pair)"
            " WHERE coalesce(state, 'open') <> 'not_duplicate' ORDER BY pair",
            {"threshold": threshold},
        )
        return Clusters(**{name: rows[name].to_numpy() for name in rows.column_names})

    def pairs(self, numbers: Sequence[int]) -> list[Pair]:
        """Pairs by number, in order of similarity."""
        states = dict(zip(self._judged["pair"].to_pylist(), self._judged["state"].to_pylist()))
        return [_pair(row, states.get(row["pair"], State.OPEN)) for row in self._rows(numbers)]

    def subjects(self, numbers: Sequence[int]) -> list[Subject]:
        """What verdicts about these pairs are about."""
        return [Subject(key=bytes(row["key"]), target_path=row["target_path"]) for row in self._rows(numbers)]

    def _rows(self, numbers: Sequence[int]) -> list[dict[str, object]]:
        """Whole rows by number, in order of similarity; DuckDB reads only the groups of rows that hold them."""
        if not len(numbers):
            return []
        listed = ", ".join(str(int(number)) for number in numbers)
        return self._catalog.table(
            f"SELECT * FROM {self._index.sql} WHERE pair IN ({listed}) ORDER BY pair"
        ).to_pylist()

    def _ask(self, sql: str, parameters: dict[str, object]) -> pa.Table:
        return self._catalog.rows(sql, parameters, tables={"judged": self._judged}).read_all()

    def _judge(self, reviews: Iterable[Review]) -> pa.Table:
        """Columns pair, similarity, state, by_eye: one row for each pair that is not open."""
        said = [r for r in reviews if r.verdict in (Verdict.DUPLICATE, Verdict.NOT_DUPLICATE)]
        columns = {
            "key": pa.array([r.subject.key for r in said], pa.binary()),
            "target_path": pa.array([r.subject.target_path for r in said], pa.string()),
            "verdict": pa.array([str(r.verdict) for r in said], pa.string()),
            "by_eye": pa.array([r.made_in in BY_EYE for r in said], pa.bool_()),
        }
        sql = f"""
            WITH numbered AS (
                SELECT hash(key) AS item, hash(target_path) AS clip, target_path IS NULL AS is_whole, verdict, by_eye
                FROM said
            ), own AS (SELECT * FROM numbered WHERE NOT is_whole),
            whole AS (SELECT * FROM numbered WHERE is_whole),
            gone AS (SELECT DISTINCT item FROM numbered WHERE verdict = 'duplicate')
            SELECT p.pair, p.similarity, coalesce(own.verdict, whole.verdict, 'settled') AS state,
                coalesce(own.by_eye, false) AS by_eye
            FROM (SELECT pair, item, clip, similarity FROM {self._index.sql}) p
            LEFT JOIN own ON own.item = p.item AND own.clip = p.clip
            LEFT JOIN whole ON whole.item = p.item
            LEFT JOIN gone ON gone.item = p.item
            WHERE own.item IS NOT NULL OR whole.item IS NOT NULL OR gone.item IS NOT NULL
        """
        return self._catalog.rows(sql, tables={"said": pa.table(columns)}).read_all()


def _merged(bands: list[Band]) -> list[Band]:
    """Similarities of 1 and above belong to the band below 1."""
    if len(bands) < 2 or bands[0].low != bands[1].low:
        return bands
    first, second, *rest = bands
    counted = {
        name: getattr(first, name) + getattr(second, name)
        for name in ("num_pairs", "duplicates", "not_duplicates", "settled", "seen", "seen_duplicates")
    }
    return [Band(low=second.low, high=second.high, **counted), *rest]


def _pair(row: dict[str, object], state: str) -> Pair:
    return Pair(
        number=row["pair"],
        key=bytes(row["key"]),
        path=row["path"],
        source=row["source"],
        format=Format(row["format"] or Format.IMAGE),
        class_index=row["class_index"],
        time_s=row["time_s"],
        target_path=row["target_path"],
        target_format=Format(row["target_format"] or Format.TRIMMED),
        target_class=row["target_class"],
        target_split=row["target_split"],
        target_time_s=row["target_time_s"],
        similarity=row["similarity"],
        state=State(state),
    )
