"""What every file of the demo world really shows, saved beside it, and how well a stage knew it (paper 3.3, 3.4, 5.2).

A grade compares what a stage said with the truth: precision is the share of what it said that is right, recall the
share of what is right that it said.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from omnisource.errors import DataError

Span = tuple[float, float]
"""Start and end in seconds, end exclusive."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrueItem:
    """The truth about one web file."""

    query: str
    """Class of the folder that it lies in."""
    class_name: str | None
    """Class that it shows; None where it shows none, or cannot be read."""
    style: str
    """How it looks: a style of picture, "film", or for files that are no media "broken"."""
    broken: bool = False
    """Whether no stage should use it."""
    segments: tuple[Span, ...] = ()
    """Where a long video shows its class."""
    copy_of: str | None = None
    """The validation clip that it was copied from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Truth:
    """The truth about every web file, by its path relative to the world's root, with forward slashes."""

    items: dict[str, TrueItem]
    """One entry per file."""

    def under(self, folder: str) -> "Truth":
        """Only the files below `folder`, such as "web/image"."""
        prefix = folder.rstrip("/") + "/"
        return Truth(items={path: item for path, item in self.items.items() if path.startswith(prefix)})


@dataclass(frozen=True, kw_only=True, slots=True)
class Grade:
    """How well a stage did; the amounts are files, or seconds for segments."""

    said: float
    """What the stage said."""
    real: float
    """What it should have said."""
    right: float
    """What it said and should have said."""

    @property
    def precision(self) -> float:
        """Share of what was said that is right; nan where nothing was said."""
        return self.right / self.said if self.said else float("nan")

    @property
    def recall(self) -> float:
        """Share of what should have been said that was; nan where there was nothing to say."""
        return self.right / self.real if self.real else float("nan")

    def __str__(self) -> str:
        return f"precision {self.precision:.3f}, recall {self.recall:.3f} ({self.right:g} of {self.said:g} said)"


def write_truth(truth: Truth, path: Path) -> None:
    """Write truth.json, whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps({name: asdict(item) for name, item in truth.items.items()}, indent=0))
    partial.replace(path)


def read_truth(path: Path) -> Truth:
    """Read truth.json; raises DataError where it is absent."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(
            f"{path} does not exist: only a generated demo world has a truth; build_world makes one"
        ) from None
    return Truth(items={name: _item(values) for name, values in stored.items()})


def grade_validity(truth: Truth, dropped: Collection[str]) -> Grade:
    """How well validity found the broken files; `dropped` are the paths that it refused."""
    return _grade(dropped, {path for path, item in truth.items.items() if item.broken}, truth)


def grade_duplicates(truth: Truth, suspected: Collection[str]) -> Grade:
    """How well similarity found the copies of validation clips; `suspected` are paths."""
    return _grade(suspected, {path for path, item in truth.items.items() if item.copy_of}, truth)


def grade_labels(truth: Truth, kept: Mapping[str, str]) -> Grade:
    """How right the kept examples are; `kept` maps a path to its pseudo-label.

    Right: the file shows that class and is no copy of a validation clip. Every such file counts for recall.
    """
    usable = {path: item for path, item in truth.items.items() if item.class_name is not None and not item.copy_of}
    said = [path for path in kept if path in truth.items]
    right = sum(path in usable and usable[path].class_name == kept[path] for path in said)
    return Grade(said=len(said), real=len(usable), right=right)


def grade_scores(truth: Truth, tops: Mapping[str, tuple[str, float]], confidences: Iterable[float]) -> list[Grade]:
    """The grade of keeping what passes each of some thresholds; `tops` maps a path to top class and probability."""
    return [
        grade_labels(truth, {path: name for path, (name, probability) in tops.items() if probability >= least})
        for least in confidences
    ]


def grade_query(truth: Truth) -> Grade:
    """How right the search queries alone are: every readable file is taken for its folder's class."""
    return grade_labels(truth, {path: item.query for path, item in truth.items.items() if not item.broken})


def grade_segments(truth: Truth, positives: Mapping[str, Iterable[Span]]) -> Grade:
    """How well positive spans cover the action in long videos, in seconds; spans of one file must not overlap."""
    said = real = right = 0.0
    for path, item in truth.items.items():
        spans = list(positives.get(path, ()))
        said += _length(spans)
        real += _length(item.segments)
        right += sum(_shared(span, action) for span in spans for action in item.segments)
    return Grade(said=said, real=real, right=right)


def _grade(said: Collection[str], real: set[str], truth: Truth) -> Grade:
    known = {path for path in said if path in truth.items}
    return Grade(said=len(known), real=len(real), right=len(known & real))


def _length(spans: Iterable[Span]) -> float:
    return sum(end - start for start, end in spans)


def _shared(first: Span, second: Span) -> float:
    return max(0.0, min(first[1], second[1]) - max(first[0], second[0]))


def _item(values: dict) -> TrueItem:
    segments = tuple((float(start), float(end)) for start, end in values["segments"])
    return TrueItem(**{**values, "segments": segments})
