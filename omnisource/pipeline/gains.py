"""Two evaluated runs -> what changed, down to the clips: classes, confused pairs, flips (paper 5.2; appendix, Eq. 3).

Everything is counted over the clips that both runs predicted, so that numbers and clips agree; without torch.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from omnisource.evaluate import comparison, confusion
from omnisource.pipeline.evaluated import saved_answers
from omnisource.workspace import Workspace


class Kind(StrEnum):
    """How the answer about a clip changed."""

    GAINED = "gained"
    LOST = "lost"
    MOVED = "moved"


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassGain:
    """Accuracy of one class in both runs."""

    class_index: int
    """Which class."""
    num_examples: int
    """Clips of it."""
    before: float
    """Share that the baseline has right."""
    after: float
    """Share that the student has right."""

    @property
    def change(self) -> float:
        """Above 0 is better."""
        return self.after - self.before


@dataclass(frozen=True, kw_only=True, slots=True)
class PairGain:
    """How much two classes are confused in both runs."""

    a: int
    """Class index; the lower of the two."""
    b: int
    """Class index; the higher of the two."""
    before: float
    """Confusion score s_ab of the baseline."""
    after: float
    """Confusion score s_ab of the student."""

    @property
    def change(self) -> float:
        """Eq. 3; below 0 is better."""
        return self.after - self.before


@dataclass(frozen=True, kw_only=True, slots=True)
class PairCounts:
    """What one run made of the clips of two classes, as far as it took them for one of the two."""

    a_as_a: int
    """n_aa."""
    a_as_b: int
    """n_ab: clips of the first class that were taken for the second."""
    b_as_a: int
    """n_ba."""
    b_as_b: int
    """n_bb."""

    @property
    def score(self) -> float:
        """Confusion score s_ab; 0 where the run saw neither class."""
        seen = self.a_as_a + self.a_as_b + self.b_as_a + self.b_as_b
        return (self.a_as_b + self.b_as_a) / max(seen, 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class FlippedClip:
    """What two runs say of one clip; where they are asked for flips, they disagree."""

    example_index: int
    """Its place in the list of validation clips."""
    path: str
    """Its file."""
    class_index: int
    """What it is."""
    before: int
    """What the baseline takes it for."""
    after: int
    """What the student takes it for."""
    confidence_before: float
    """How sure the baseline is."""
    confidence_after: float
    """How sure the student is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """The clips that are looked at: all of them, those of a class, or what concerns a pair of classes."""

    a: int | None = None
    """Class index; None: all clips."""
    b: int | None = None
    """The other class of a pair; means nothing without the first."""


EVERYTHING = Scope()


class Gains:
    """What a student changed against its baseline."""

    def __init__(self, workspace: Workspace, baseline: str, student: str) -> None:
        """Read both runs; raises WorkspaceError before they were evaluated, DataError for runs on other clips."""
        self.baseline, self.student = baseline, student
        self._num_classes = len(workspace.taxonomy())
        self._of_baseline, self._of_student = (saved_answers(workspace, run) for run in (baseline, student))
        self._paired = comparison.pair_answers(self._of_baseline, self._of_student)
        self.overall = comparison.compare_answers(self._paired)
        self._matrices = [
            confusion.confusion_matrix(self._paired.class_indices, answers, self._num_classes)
            for answers in (self._paired.before, self._paired.after)
        ]

    def classes(self) -> list[ClassGain]:
        """Every class that has clips, most improved first."""
        num_examples = self._matrices[0].sum(axis=1)
        before, after = (np.diag(matrix) / np.maximum(num_examples, 1) for matrix in self._matrices)
        found = [
            ClassGain(
                class_index=index,
                num_examples=int(num_examples[index]),
                before=float(before[index]),
                after=float(after[index]),
            )
            for index in np.flatnonzero(num_examples).tolist()
        ]
        return sorted(found, key=lambda one: -one.change)

    def pairs(self, top: int) -> tuple[list[PairGain], list[PairGain]]:
        """At most `top` pairs that are told apart better, best first, and as many that are worse, worst first."""
        scores = [confusion.confusion_scores(matrix) for matrix in self._matrices]
        improved, worsened = (
            [
                PairGain(a=one.a, b=one.b, before=float(scores[0][one.a, one.b]), after=float(scores[1][one.a, one.b]))
                for one in pairs
            ]
            for pairs in confusion.changed_pairs(*self._matrices, top)
        )
        return improved, worsened

    def num_pairs(self) -> tuple[int, int]:
        """How many pairs are told apart better, and how many worse."""
        change = confusion.score_change(*self._matrices)
        return int((change < 0).sum()) // 2, int((change > 0).sum()) // 2  # symmetric

    def counts(self, a: int, b: int) -> tuple[PairCounts, PairCounts]:
        """What the baseline and the student made of two classes."""
        before, after = (
            PairCounts(
                a_as_a=int(matrix[a, a]),
                a_as_b=int(matrix[a, b]),
                b_as_a=int(matrix[b, a]),
                b_as_b=int(matrix[b, b]),
            )
            for matrix in self._matrices
        )
        return before, after

    def num_flips(self, scope: Scope = EVERYTHING) -> dict[Kind, int]:
        """Clips whose answer changed, by how."""
        return {kind: int(self._is_flip(kind, scope).sum()) for kind in Kind}

    def flips(self, kind: Kind, scope: Scope = EVERYTHING, *, offset: int = 0, limit: int) -> list[FlippedClip]:
        """Clips whose answer changed; those mistaken within the pair first, then those the student is surest of."""
        rows = np.flatnonzero(self._is_flip(kind, scope))
        confidence = self._of_student.confidence[self._paired.rows_of_student[rows]]
        others = (scope.a, scope.b) if scope.b is not None else ()
        mistaken = np.where(self._paired.is_gained, self._paired.before, self._paired.after)[rows]
        is_within = np.isin(mistaken, others)
        return [self._flip(row) for row in rows[np.lexsort((-confidence, ~is_within))][offset : offset + limit]]

    def clip(self, example_index: int) -> FlippedClip | None:
        """What both runs say of one clip, flipped or not; None for one that they did not both predict."""
        rows = np.flatnonzero(self._of_student.example_indices[self._paired.rows_of_student] == example_index)
        return self._flip(int(rows[0])) if len(rows) else None

    def _is_flip(self, kind: Kind, scope: Scope) -> np.ndarray:
        """(M,) bool. Of a pair: what changed one of its four counts."""
        paired = self._paired
        is_moved = (paired.before != paired.after) & ~paired.is_gained & ~paired.is_lost
        found = {Kind.GAINED: paired.is_gained, Kind.LOST: paired.is_lost, Kind.MOVED: is_moved}[kind]
        if scope.a is None:
            return found
        if scope.b is None:
            return found & (paired.class_indices == scope.a)
        pair = (scope.a, scope.b)
        is_counted = np.isin(paired.before, pair) | np.isin(paired.after, pair)
        return found & np.isin(paired.class_indices, pair) & is_counted

    def _flip(self, row: int) -> FlippedClip:
        of_baseline, of_student = self._paired.rows_of_baseline[row], self._paired.rows_of_student[row]
        return FlippedClip(
            example_index=int(self._of_student.example_indices[of_student]),
            path=self._of_student.paths[of_student],
            class_index=int(self._paired.class_indices[row]),
            before=int(self._paired.before[row]),
            after=int(self._paired.after[row]),
            confidence_before=float(self._of_baseline.confidence[of_baseline]),
            confidence_after=float(self._of_student.confidence[of_student]),
        )
