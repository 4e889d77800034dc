"""What a sample in FiftyOne says now, beside what was pushed -> what a person wants (design: People's decisions).

Decisions are tags and a label there. A tag `keep`, `drop`, `relevant` or `irrelevant` is a verdict, and so is
`duplicate` or `not_duplicate` on a pair, or on an item; another class in the field `label` is a relabelling. Other tags
are a person's own. What was pushed is kept beside them, so that an edit is a difference, and a removed tag the undoing
of a verdict.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from omnisource.errors import ItemError
from omnisource.reviews import Review, Subject, Verdict

USE = (Verdict.KEEP, Verdict.DROP)
RELEVANCE = (Verdict.RELEVANT, Verdict.IRRELEVANT)
PAIR = (Verdict.DUPLICATE, Verdict.NOT_DUPLICATE)
WORDS = tuple(str(verdict) for verdict in (*USE, *RELEVANCE, *PAIR))
"""Tags that are verdicts."""
QUESTIONS = ("use", "relevance", "pair")
"""What can be decided about one subject: the fields of `Said`."""
NOTHING = ""
"""Nobody has decided."""
_RELABEL = f"{Verdict.RELABEL}:"


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What is decided about one subject, question by question; the empty text where nobody has."""

    use: str = NOTHING
    """keep, drop, or relabel:CLASS."""
    relevance: str = NOTHING
    """relevant or irrelevant to the class that is tested."""
    pair: str = NOTHING
    """duplicate or not_duplicate; on an item it speaks of all its pairs."""

    @property
    def tags(self) -> list[str]:
        """As FiftyOne shows it."""
        return [word for word in (self.use, self.relevance, self.pair) if word in WORDS]

    @property
    def relabelled(self) -> str | None:
        """The class that a person gave; None where nobody did."""
        return self.use.removeprefix(_RELABEL) if self.use.startswith(_RELABEL) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What a sample, or a label of it, shows now."""

    tags: tuple[str, ...]
    """All its tags."""
    label: str | None
    """Its class; None where it has none, or a person took it away."""
    base: str | None
    """The class that it would show if nobody had decided."""


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


def edit_of(subject: Subject, shown: Shown, pushed: Said, tested: str | None) -> Edit | None:
    """What was edited of an item, a segment or a pair; None where nothing was.

    Tags that mean nothing there are a person's own: a segment is no duplicate, and a pair is nothing else.
    """
    meant = PAIR if subject.target_path else (*USE, *RELEVANCE, *(PAIR if subject.start_s is None else ()))
    tags = tuple(tag for tag in shown.tags if tag in meant)
    try:
        wish = wanted(replace(shown, tags=tags), pushed)
    except ItemError as error:
        return Edit(subject=subject, pushed=pushed, wanted=None, tested=tested, detail=error.detail)
    return None if wish == pushed else Edit(subject=subject, pushed=pushed, wanted=wish, tested=tested)


def wanted(shown: Shown, pushed: Said) -> Said:
    """What a person wants by what is shown now; equal to `pushed` where nothing was edited.

    Raises ItemError("unclear_edit") where two opposite verdicts were added.
    """
    use = _tagged(shown, USE, pushed.use)
    label = shown.label or shown.base
    if label != (pushed.relabelled or shown.base):
        if use == Verdict.DROP and pushed.use != Verdict.DROP:
            raise ItemError("unclear_edit", f"dropped and given the class {label!r}; take one of them back")
        use = relabelled(label) if label != shown.base else (use if use != pushed.use else NOTHING)
    elif pushed.relabelled is not None and use != Verdict.DROP:
        use = pushed.use  # a class that a person gave is kept already
    return Said(use=use, relevance=_tagged(shown, RELEVANCE, pushed.relevance), pair=_tagged(shown, PAIR, pushed.pair))


def in_force(reviews: Iterable[Review], names: tuple[str, ...], tested: str | None) -> Said:
    """What the decisions in force about one subject say; `tested`: the class whose relevance is meant."""
    use, relevance, pair = NOTHING, NOTHING, NOTHING
    for review in reviews:
        if review.verdict is Verdict.RELABEL:
            use = relabelled(names[review.class_index])
        elif review.verdict in USE:
            use = str(review.verdict)
        elif review.verdict in PAIR:
            pair = str(review.verdict)
        elif review.class_index is None or names[review.class_index] == tested:
            relevance = str(review.verdict)
    return Said(use=use, relevance=relevance, pair=pair)


def review_of(question: str, reviews: Iterable[Review], names: tuple[str, ...], tested: str | None) -> Review | None:
    """The decision in force about one question of `Said`; None where there is none."""
    mine = [one for one in reviews if getattr(in_force([one], names, tested), question) != NOTHING]
    return mine[-1] if mine else None


def relabelled(name: str) -> str:
    """How `Said.use` says that an item is of another class."""
    return f"{_RELABEL}{name}"


def shown_tags(tags: Iterable[str], said: Said) -> list[str]:
    """A person's own tags, and those of what is decided."""
    return [tag for tag in tags if tag not in WORDS] + said.tags


def _tagged(shown: Shown, verdicts: tuple[Verdict, ...], before: str) -> str:
    """What the tags say of one question: a new tag, else the one that was there, else nothing."""
    present = [str(verdict) for verdict in verdicts if verdict in shown.tags]
    new = [word for word in present if word != before]
    if len(new) > 1:
        raise ItemError("unclear_edit", f"tagged {' and '.join(new)} at once; take one of them back")
    if new:
        return new[0]
    return before if before in present else NOTHING
