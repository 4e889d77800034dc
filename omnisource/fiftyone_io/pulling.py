"""Edits in FiftyOne -> decisions in reviews.sqlite: only what changed, nothing twice, no quiet overruling (design 8).

An edit is what a sample shows beside what was pushed. Where somebody decided otherwise in OmniSource since the push,
nothing is recorded unless one side is preferred: that is a conflict, and it is told. A verdict that was taken away in
FiftyOne is undone, so that the decision before it is in force again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from omnisource.browsing import applied_recipes
from omnisource.catalog import Catalog
from omnisource.errors import UnknownClassError, WorkspaceError
from omnisource.fiftyone_io.datasets import IMAGES, PAIRS, VIDEOS, find_datasets
from omnisource.fiftyone_io.edits import NOTHING, QUESTIONS, Edit, Said, in_force, review_of
from omnisource.fiftyone_io.known_items import KnownItems
from omnisource.fiftyone_io.pairs import pair_edits, pair_rows, settle_pairs
from omnisource.fiftyone_io.ready import APP_URL, FOLDER, pushed_before
from omnisource.fiftyone_io.sample_edits import item_edits, segment_edits
from omnisource.fiftyone_io.sample_updates import CHUNK, SampleUpdates
from omnisource.report import Report
from omnisource.reviews import Review, Reviews, Subject, Verdict
from omnisource.tables import sole_writer
from omnisource.types import Taxonomy
from omnisource.workspace import Workspace

MADE_IN = "fiftyone"
Preferred = Literal["fiftyone", "omnisource"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Conflict:
    """An edit beside a decision that somebody made in OmniSource since the push."""

    subject: Subject
    """What both are about."""
    in_fiftyone: str
    """What FiftyOne says; "nothing" where the verdict was taken away."""
    in_omnisource: str
    """What is in force; "nothing" where it was undone."""
    author: str | None
    """Who decided that; None where it was undone."""
    made_at: str | None
    """When, UTC."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pulled:
    """What a pull did."""

    decided: tuple[int, ...]
    """Decisions that were recorded, by id."""
    undone: tuple[int, ...]
    """Undoings that were recorded, by id."""
    known: int
    """Edits that OmniSource knew already."""
    conflicts: tuple[Conflict, ...]
    """Edits that were not recorded, because somebody decided otherwise since the push."""
    unclear: tuple[str, ...]
    """Edits that say two things at once, or name an unknown class."""


def pull(
    workspace: Workspace,
    *,
    author: str | None = None,
    prefer: Preferred | None = None,
    progress: bool | None = None,
) -> Pulled:
    """Record what was edited in FiftyOne since the last push or pull, then show there what is in force.

    `prefer` settles conflicts: "fiftyone" records its edits, "omnisource" shows its decisions there. Raises
    WorkspaceError where nothing was pushed.
    """
    found = find_datasets(workspace)
    if not found:
        raise WorkspaceError(f"nothing of {workspace.root} is in FiftyOne yet; `omnisource fiftyone push`")
    pulling = _Pulling(workspace, author, prefer)
    with sole_writer(workspace.root / FOLDER, what="the FiftyOne datasets"):
        for kind in (IMAGES, VIDEOS):
            if kind in found:
                pulling.take(item_edits(found[kind]))
                pulling.take(segment_edits(found[kind]))
        _settle(workspace, pulling.settled(), progress)
        if PAIRS in found:
            looked_at = [edit for edit in pair_edits(pair_rows(found[PAIRS])) if pulling.take([edit])]
            settle_pairs(found[PAIRS], looked_at, pulling.about)
    return pulling.told()


class _Pulling:
    """Compares edits with what is in force, and records them."""

    def __init__(self, workspace: Workspace, author: str | None, prefer: Preferred | None) -> None:
        self._decided: list[int] = []
        self._undone: list[int] = []
        self._known = 0
        self._conflicts: list[Conflict] = []
        self._unclear: list[str] = []
        self._taken: dict[bytes, list[Edit]] = {}
        self._unsettled: set[bytes] = set()
        self._reviews = Reviews(workspace.reviews_path)
        self._taxonomy, self._author, self._prefer = workspace.taxonomy(), author, prefer

    def about(self, subject: Subject) -> list[Review]:
        """The decisions in force about exactly this."""
        return [review for review in self._reviews.about([subject.key]) if review.subject == subject]

    def told(self) -> Pulled:
        """What was done so far."""
        return Pulled(
            decided=tuple(self._decided),
            undone=tuple(self._undone),
            known=self._known,
            conflicts=tuple(self._conflicts),
            unclear=tuple(self._unclear),
        )

    def settled(self) -> dict[bytes, list[Edit]]:
        """The edits of each item of which none is left to be decided by a person."""
        return {key: edits for key, edits in self._taken.items() if key not in self._unsettled}

    def take(self, edits: Iterable[Edit]) -> bool:
        """Record some edits, question by question; whether nothing of them is left to be decided by a person."""
        outcomes = []
        for edit in edits:
            outcomes.append(self._take(edit))
            self._taken.setdefault(edit.subject.key, []).append(edit)
            if not outcomes[-1]:
                self._unsettled.add(edit.subject.key)
        return all(outcomes)

    def _take(self, edit: Edit) -> bool:
        if edit.wanted is None:
            self._unclear.append(f"{_named(edit.subject)}: {edit.detail}")
            return False
        reviews = self.about(edit.subject)
        now = in_force(reviews, self._taxonomy.names, edit.tested)
        return all([self._question(question, edit, now, reviews) for question in QUESTIONS])

    def _question(self, question: str, edit: Edit, now: Said, reviews: list[Review]) -> bool:
        """Whether FiftyOne may show what is in force about one question, now that its edit was looked at."""
        wish, pushed, current = (getattr(said, question) for said in (edit.wanted, edit.pushed, now))
        if wish == pushed:
            return True
        if wish == current:
            self._known += 1
            return True
        made = review_of(question, reviews, self._taxonomy.names, edit.tested)
        if current != pushed and self._prefer != "fiftyone":
            if self._prefer == "omnisource":
                return True
            self._conflicts.append(_conflict(edit.subject, wish, current, made))
            return False
        try:
            self._record(edit, wish, made)
        except UnknownClassError as error:
            self._unclear.append(f"{_named(edit.subject)}: {error}")
            return False
        return True

    def _record(self, edit: Edit, wish: str, made: Review | None) -> None:
        if wish == NOTHING:
            if made is not None:
                self._undone.append(self._reviews.undo(made.id, made_in=MADE_IN, author=self._author))
            return
        verdict, class_index = _verdict(wish, edit.tested, self._taxonomy)
        made_id = self._reviews.decide(
            edit.subject, verdict, class_index=class_index, made_in=MADE_IN, author=self._author
        )
        self._decided.append(made_id)


def _settle(workspace: Workspace, looked_at: Mapping[bytes, Sequence[Edit]], progress: bool | None) -> None:
    """Show in FiftyOne what is in force about some items, now that their edits were looked at."""
    if not looked_at:
        return
    before, catalog = pushed_before(workspace), Catalog(workspace)
    recipe = before.recipe if before and before.recipe in applied_recipes(workspace) else None
    with Report("fiftyone pull", progress=progress) as report:
        url = before.app_url if before else APP_URL
        updates = SampleUpdates(workspace, KnownItems(catalog, recipe), report, app_url=url)
        keys = list(looked_at)
        for first in range(0, len(keys), CHUNK):
            updates.push(keys[first : first + CHUNK], adds=False, looked_at=looked_at)


def _verdict(wish: str, tested: str | None, taxonomy: Taxonomy) -> tuple[Verdict, int | None]:
    """Raises UnknownClassError for a class that a person typed wrong."""
    relabelled = Said(use=wish).relabelled
    if relabelled is not None:
        return Verdict.RELABEL, taxonomy.index(relabelled)
    verdict = Verdict(wish)
    speaks_of_class = verdict in (Verdict.RELEVANT, Verdict.IRRELEVANT) and tested is not None
    return verdict, taxonomy.index(tested) if speaks_of_class else None


def _conflict(subject: Subject, wish: str, current: str, made: Review | None) -> Conflict:
    return Conflict(
        subject=subject,
        in_fiftyone=wish or "nothing",
        in_omnisource=current or "nothing",
        author=made.author if made else None,
        made_at=made.made_at if made else None,
    )


def _named(subject: Subject) -> str:
    """For a person."""
    segment = "" if subject.start_s is None else f" from {subject.start_s:g} to {subject.end_s:g} s"
    pair = "" if subject.target_path is None else f" beside {subject.target_path}"
    return f"{subject.key.hex()}{segment}{pair}"
