"""Class names -> what is searched for each: one query without expansion, and three or four tags (paper 3.3).

What is made here is a proposal: a person looks through it before it is used (pipeline/queries.py).
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from omnisource.collect.tags import make_tags

TextKind = Literal["query", "tag"]
TEXT_KINDS: tuple[TextKind, ...] = ("query", "tag")
"""`query` is for search engines, `tag` for sites that are searched by tag."""

BY_PERSON = "person"
"""The rule of a text that a person wrote."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """One text that is searched for one class."""

    class_index: int
    """Class that it stands for."""
    text_kind: TextKind
    """Query or tag."""
    text: str
    """What is searched."""
    rank: int
    """From 1, the best text of its class and kind first."""
    rule: str
    """How it was made, or "person"."""
    use: bool = True
    """Whether it is searched; False: it is only remembered."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Collision:
    """One text that stands for several classes."""

    text_kind: TextKind
    """Query or tag."""
    text: str
    """The text."""
    class_indices: tuple[int, ...]
    """The classes, in order."""


def propose(names: Sequence[str]) -> list[Query]:
    """Queries and tags of every class, in order; what also stands for another class is not to be used, unless it is
    that class's best text and no other's."""
    rows: list[Query] = []
    for class_index, name in enumerate(names):
        words, qualifier = split_name(name)
        query = Query(class_index=class_index, text_kind="query", text=search_text(name), rank=1, rule="class name")
        tags = [
            Query(class_index=class_index, text_kind="tag", text=tag.text, rank=rank, rule=tag.rule)
            for rank, tag in enumerate(make_tags(words, qualifier), start=1)
        ]
        rows += [query, *tags]
    return _without_collisions(rows)


def search_text(name: str) -> str:
    """The class name as one types it: underscores and joined capitals parted, brackets opened, nothing added."""
    words, qualifier = split_name(name)
    return " ".join([*words, *qualifier])


def split_name(name: str) -> tuple[list[str], list[str]]:
    """The words of a class name, and those in brackets: "shooting goal (soccer)" -> shooting, goal; soccer."""
    name = unicodedata.normalize("NFKC", name)
    inside = " ".join(re.findall(r"\(([^()]*)\)", name))
    outside = re.sub(r"\([^()]*\)", " ", name)
    words = _words(outside)
    return (words, _words(inside)) if words else (_words(inside) or [name.strip()], [])


def collisions(queries: Iterable[Query]) -> list[Collision]:
    """Texts that are used for more than one class, in order of kind and text; capitals make no difference."""
    classes: defaultdict[tuple[TextKind, str], set[int]] = defaultdict(set)
    for query in queries:
        if query.use:
            classes[query.text_kind, query.text.casefold()].add(query.class_index)
    return [
        Collision(text_kind=kind, text=text, class_indices=tuple(sorted(indices)))
        for (kind, text), indices in sorted(classes.items())
        if len(indices) > 1
    ]


def without_text(queries: Iterable[Query], num_classes: int, text_kind: TextKind) -> list[int]:
    """Classes for which no text of a kind is used."""
    used = {query.class_index for query in queries if query.use and query.text_kind == text_kind}
    return [index for index in range(num_classes) if index not in used]


def shared_texts(queries: Sequence[Query]) -> dict[tuple[TextKind, str], tuple[int, ...]]:
    """Classes by text, in small letters, where several have it, used or not: what is marked for a person."""
    found = collisions(replace(query, use=True) for query in queries)
    return {(one.text_kind, one.text): one.class_indices for one in found}


def _without_collisions(rows: Sequence[Query]) -> list[Query]:
    shared = shared_texts(rows)
    firsts: defaultdict[tuple[TextKind, str], list[int]] = defaultdict(list)
    for row in rows:
        if row.rank == 1:
            firsts[row.text_kind, row.text.casefold()].append(row.class_index)

    def is_used(row: Query) -> bool:
        text = (row.text_kind, row.text.casefold())
        return text not in shared or firsts[text] == [row.class_index]

    return [replace(row, use=is_used(row)) for row in rows]


def _words(text: str) -> list[str]:
    """Words of a name in snake, kebab or camel case, or as people write."""
    parts = re.findall(r"[^\W_]+(?:['\u2019][^\W_]+)*", text)
    return [word for part in parts for word in _camel(part)]


def _camel(word: str) -> list[str]:
    """ "ApplyEyeMakeup" -> apply, eye, makeup; a word without joined capitals stays as it is."""
    pieces = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", word).split()
    return [word] if len(pieces) == 1 else [piece if piece.isupper() else piece.lower() for piece in pieces]
