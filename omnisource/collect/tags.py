"""Class name -> three or four tags for sites that are searched by tag: permuted and stemmed (paper 3.3).

A tag is one word: "beekeeping" gives beekeeping, beekeep, keepingbee and keepbee. The rule that made a tag stands
beside it with the words it was made of, for the person who looks through them before they are used.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from omnisource.collect.stems import base_form, is_verb, singular, split_compound, word_list

NUM_TAGS = 4
"""Of a class, at most (paper 3.3 expands each class into 3-4 tags)."""

_PARTICLES = frozenset(["away", "down", "off", "out", "over", "up", "ups"])
_TOO_SHORT = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Tag:
    """One word that a site is searched by."""

    text: str
    """Small letters and digits, without spaces."""
    rule: str
    """How it was made, and of which words, such as "word order: keeping bee"."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Phrase:
    """Words of a class name, parted by what they do."""

    words: tuple[str, ...]
    """All of them, in order."""
    verb: tuple[str, ...] = ()
    """What is done, with its particles ("blowing", "out"); none where no word is a verb."""
    object: tuple[str, ...] = ()
    """What it is done to or with."""
    verb_first: bool = True
    """Whether the verb stands before its object."""


def make_tags(words: Sequence[str], qualifier: Sequence[str] = ()) -> list[Tag]:
    """Tags of a name, the best first, no text twice, at most NUM_TAGS.

    `words` are the name's words, `qualifier` those that it has in brackets. Words joined; the verb's stem; verb and
    object in the other order; both. "throwing or catching ball" is taken as two names, of which each gives its own.
    """
    words, qualifier = ([plain for word in part if (plain := _plain(word))] for part in (words, qualifier))
    if not words:
        return []
    ways = [list(_tags_of(alternative)) for alternative in _alternatives(words)]
    in_turn = [way[rank] for rank in range(max(map(len, ways))) for way in ways if rank < len(way)]
    if qualifier and qualifier[0] != "not":
        told_apart = [*words, *(word for word in qualifier if word not in word_list("fillers"))]
        in_turn.insert(len(ways), _tag("with what stands in brackets", told_apart))
    best: dict[str, Tag] = {}
    for tag in in_turn:
        if len(tag.text) >= _TOO_SHORT or not best:
            best.setdefault(tag.text, tag)
    return list(best.values())[:NUM_TAGS]


def _tags_of(words: Sequence[str]) -> Iterator[Tag]:
    yield _tag("joined words", words)
    phrase = (
        _whole(words)
        if "and" in words
        else _phrase([word for word in words if word not in word_list("fillers")] or words)
    )
    stemmed = [_stemmed(word) for word in phrase.words]
    if tuple(stemmed) != phrase.words:
        yield _tag("stem", stemmed)
    if phrase.words != tuple(words):
        yield _tag("without small words", phrase.words)
    if phrase.object:
        yield _tag("word order", _turned(phrase))
        yield _tag("word order and stem", _turned(phrase, [_stemmed(word) for word in phrase.verb]))


def _turned(phrase: _Phrase, verb: Sequence[str] | None = None) -> list[str]:
    """Verb and object the other way round; an object that comes to stand first is one: card playing."""
    verb = phrase.verb if verb is None else verb
    if phrase.verb_first:
        return [*phrase.object[:-1], singular(phrase.object[-1]), *verb]
    return [*verb, *phrase.object]


def _phrase(words: Sequence[str]) -> _Phrase:
    """Find the verb: the first form in -ing that begins or ends the name, else a verb that begins it."""
    first, last = words[0], words[-1]
    if len(words) == 1:
        parts = split_compound(first)
        return _Phrase(words=(first,), verb=parts[1:], object=parts[:1], verb_first=False) if parts else _whole(words)
    num_verb = 1 + next((n for n, word in enumerate(words[1:]) if word not in _PARTICLES), len(words) - 1)
    is_command = is_verb(first) and num_verb == 1 and not is_verb(last) and base_form(last) is None
    if base_form(first) is not None or is_command:
        return _Phrase(words=tuple(words), verb=tuple(words[:num_verb]), object=tuple(words[num_verb:]))
    if base_form(last) is not None:
        return _Phrase(words=tuple(words), verb=(last,), object=tuple(words[:-1]), verb_first=False)
    return _whole(words)


def _whole(words: Sequence[str]) -> _Phrase:
    return _Phrase(words=tuple(words))


def _alternatives(words: Sequence[str]) -> list[list[str]]:
    """A name with "or" as the names it stands for: "throwing or catching ball" is throwing ball, and catching ball."""
    if "or" not in words[1:-1]:
        return [list(words)]
    place = list(words).index("or", 1)
    before, after = words[: place - 1], words[place + 2 :]
    return [[*before, words[place - 1], *after], [*before, words[place + 1], *after]]


def _stemmed(word: str) -> str:
    return base_form(word) or word


def _tag(rule: str, words: Sequence[str]) -> Tag:
    return Tag(text="".join(words), rule=f"{rule}: {' '.join(words)}")


def _plain(word: str) -> str:
    """Letters and digits of any script, in small letters."""
    return re.sub(r"[\W_]+", "", word.casefold())
