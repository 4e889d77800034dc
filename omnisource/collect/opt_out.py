"""Headers of an answer -> whether its owner reserved it: X-Robots-Tag and tdm-reservation (paper 3.3).

X-Robots-Tag may speak to everybody ("noai, noindex") or to one program ("omnisource: noai"). noai and noimageai say
what they are for; noindex and noimageindex keep a file out of any collection. tdm-reservation: 1 is the W3C's protocol
for text and data mining.
"""

from collections.abc import Iterable, Sequence

REFUSALS = frozenset({"noai", "noimageai", "noindex", "noimageindex", "none"})
_WITH_VALUE = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})
"""Directives with a colon of their own, which names no program."""


def refusal(robots_tags: Sequence[str], tdm_reservations: Iterable[str], agent: str) -> str | None:
    """The words by which the owner refuses, None where nobody does.

    The values of all X-Robots-Tag and tdm-reservation lines; `agent`: our name, in small letters.
    """
    for value in robots_tags:
        for directive in _for_us(value, agent):
            if directive in REFUSALS:
                return f"X-Robots-Tag: {directive}"
    if any(value.strip() == "1" for value in tdm_reservations):
        return "tdm-reservation: 1"
    return None


def _for_us(value: str, agent: str) -> list[str]:
    """Directives of one line that are meant for us; a program's name holds for what follows it in the line."""
    meant, is_for_us = [], True
    for piece in value.lower().split(","):
        name, colon, directive = (part.strip() for part in piece.partition(":"))
        if colon and name not in _WITH_VALUE:
            is_for_us = name in (agent, "*")
            meant += [directive] if is_for_us else []
        elif is_for_us:
            meant.append(name)
    return meant
