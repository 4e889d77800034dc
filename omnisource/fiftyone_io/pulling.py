"""Edits in FiftyOne -> decisions in reviews.sqlite: only what changed, nothing twice, no quiet overruling (design 8).

An edit is what a sample shows beside what was pushed. Where somebody decided otherwise in OmniSource since the push,
nothing is recorded unless one side is preferred: that is a conflict, and it is told. A verdict that was taken away in
FiftyOne is undone, so that the decision before it is in force again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import fiftyone as fo
from fiftyone import ViewField as F

from omnisource.browsing import applied_recipes
from omnisource.catalog import Catalog
from omnisource.errors import ItemError, UnknownClassError, WorkspaceError
from omnisource.fiftyone_io.datasets import IMAGES, PAIRS, VIDEOS, find_dataset
from omnisource.fiftyone_io.edits import NOTHING, WORDS, Said, Shown, in_force, review_of, wanted
from omnisource.fiftyone_io.known_items import KnownItems
from omnisource.fiftyone_io.pairs import pair_edits, settle_pair
from omnisource.fiftyone_io.ready import APP_URL, FOLDER, pushed_before
from omnisource.fiftyone_io.sample_updates import CHUNK, SampleUpdates
from omnisource.fiftyone_io.segment_edits import segment_edits
from omnisource.report import Report
from omnisource.reviews import Review, Reviews, Subject, Verdict
from omnisource.tables import sole_writer
from omnisource.types import Taxonomy
from omnisource.workspace import Workspace

MADE_IN = "fiftyone"
Preferred = Literal["fiftyone", "omnisource"]
_QUESTIONS = ("use", "relevance", "pair")


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """One subject that shows something else than was pushed."""

    subject: Subject
    """What it is about."""
    pushed: Said
    """What was pushed."""
    wanted: Said | None
    """What a person wants; None where that is unclear."""
    tested: str | None
    """The class whose relevance is meant."""
    detail: str = ""
    """Why it is unclear."""


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
    found = {kind: find_dataset(workspace, kind) for kind in (IMAGES, VIDEOS, PAIRS)}
    if all(one is None for one in found.values()):
        raise WorkspaceError(f"nothing of {workspace.root} is in FiftyOne yet; `omnisource fiftyone push`")
    pulling = _Pulling(workspace, author, prefer)
    with sole_writer(workspace.root / FOLDER, what="the FiftyOne datasets"):
        for kind in (IMAGES, VIDEOS):
            if found[kind] is not None:
                pulling.take(_item_edits(found[kind]))
        if found[VIDEOS] is not None:
            pulling.take(_segment_edits(found[VIDEOS]))
        _settle(workspace, pulling.settled_keys(), progress)
        if found[PAIRS] is not None:
            for edit in list(pair_edits(found[PAIRS])):
                subject = Subject(key=bytes.fromhex(edit.item_key), target_path=edit.target_path)
                told = {"subject": subject, "pushed": edit.pushed, "wanted": edit.wanted, "detail": edit.detail}
                if pulling.take([Edit(tested=None, **told)]):
                    settle_pair(found[PAIRS], edit.pair_key, pulling.about(subject))
    return pulling.told()


class _Pulling:
    """Compares edits with what is in force, and records them."""

    def __init__(self, workspace: Workspace, author: str | None, prefer: Preferred | None) -> None:
        self._decided: list[int] = []
        self._undone: list[int] = []
        self._known = 0
        self._conflicts: list[Conflict] = []
        self._unclear: list[str] = []
        self._settled: dict[bytes, bool] = {}  # by item: FiftyOne may show what is in force about all of it
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

    def settled_keys(self) -> list[bytes]:
        """Items all of whose edits were looked at, and none is left to be decided by a person."""
        return [key for key, is_settled in self._settled.items() if is_settled]

    def take(self, edits: Iterable[Edit]) -> bool:
        """Record some edits, question by question; whether nothing of them is left to be decided by a person."""
        outcomes = []
        for edit in edits:
            outcomes.append(self._take(edit))
            self._settled[edit.subject.key] = outcomes[-1] and self._settled.get(edit.subject.key, True)
        return all(outcomes)

    def _take(self, edit: Edit) -> bool:
        if edit.wanted is None:
            self._unclear.append(f"{_named(edit.subject)}: {edit.detail}")
            return False
        reviews = self.about(edit.subject)
        now = in_force(reviews, self._taxonomy.names, edit.tested)
        return all([self._question(question, edit, now, reviews) for question in _QUESTIONS])

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


def _item_edits(dataset: fo.Dataset) -> Iterator[Edit]:
    """Edited samples; only those that may be edited leave the database."""
    has_word = F("tags").intersection(list(WORDS)).length() > 0
    was_decided = (F("pushed.use") != "") | (F("pushed.relevance") != "")
    view = dataset.match(has_word | was_decided | (F("label.label") != F("pushed.base")))
    columns = ["item_key", "tags", "label.label", "pushed.base", "pushed.tested", "pushed.use", "pushed.relevance"]
    for key, tags, label, base, tested, use, relevance in zip(*view.values(columns)):
        subject, pushed = Subject(key=bytes.fromhex(key)), Said(use=use or NOTHING, relevance=relevance or NOTHING)
        try:
            wish = wanted(Shown(tags=tuple(tags), label=label, base=base), pushed)
        except ItemError as error:
            yield Edit(subject=subject, pushed=pushed, wanted=None, tested=tested, detail=error.detail)
            continue
        wish = Said(use=wish.use, relevance=wish.relevance)  # a pair's verdict has no meaning on an item
        if wish != pushed:
            yield Edit(subject=subject, pushed=pushed, wanted=wish, tested=tested)


def _segment_edits(dataset: fo.Dataset) -> Iterator[Edit]:
    for edit in segment_edits(dataset):
        subject = Subject(key=bytes.fromhex(edit.item_key), start_s=edit.start_s, end_s=edit.end_s)
        yield Edit(subject=subject, pushed=edit.pushed, wanted=edit.wanted, tested=edit.base, detail=edit.detail)


def _settle(workspace: Workspace, keys: list[bytes], progress: bool | None) -> None:
    """Show in FiftyOne what is in force about some items, now that their edits were looked at."""
    if not keys:
        return
    before, catalog = pushed_before(workspace), Catalog(workspace)
    recipe = before.recipe if before and before.recipe in applied_recipes(workspace) else None
    with Report("fiftyone pull", progress=progress) as report:
        url = before.app_url if before else APP_URL
        updates = SampleUpdates(workspace, KnownItems(catalog, recipe), report, app_url=url)
        for first in range(0, len(keys), CHUNK):
            updates.push(keys[first : first + CHUNK], adds=False, settles=True)


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
