"""One colour per source, everywhere: in the app, in figures, in FiftyOne."""

from collections.abc import Iterable

TARGET = "#748094"
"""The labelled clips; at least 4:1 on white and on the dark theme."""
SOURCES = ("#2f7fd0", "#e07b1a", "#2a9d6f", "#b4489b", "#8a6d3b", "#5a4fcf", "#c9433f", "#3aa6b9")
"""In the order in which a study names its sources; distinct for colour-blind readers in the first four."""
KEPT, DROPPED, DOUBTFUL = "#2a9d6f", "#c9433f", "#e0a11a"
"""What a decision left, what it took away, what lies near the line."""


def colours(sources: Iterable[str]) -> dict[str, str]:
    """Colour of each source, and of "target"."""
    return {"target": TARGET} | {name: SOURCES[i % len(SOURCES)] for i, name in enumerate(sources)}
