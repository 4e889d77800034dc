"""Figures of the report as inline SVG: they need no script, follow the page's colours and print well."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from omnisource.palette import DROPPED, KEPT, TARGET

WIDTH = 720
_ROW = 24
_LEFT, _RIGHT = 210, 90
"""Room for the names, and for the numbers."""
_NAME_LETTERS = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class SvgInterval:
    """One row of a figure of intervals."""

    name: str
    """Of the run."""
    value: float
    """What was measured, in points."""
    low: float
    """Lower end of its interval."""
    high: float
    """Upper end of it."""


def change_bars(changes: Sequence[tuple[str, float]], *, alt: str, unit: str) -> str:
    """One bar per (name, change) to the left or right of 0; green where above 0."""
    if not changes:
        return ""
    reach = max(abs(change) for _, change in changes) or 1.0
    body = []
    for row, (name, change) in enumerate(changes):
        zero, tip = _x(0, reach), _x(change, reach)
        body.append(_name(row, name))
        body.append(
            f'<rect x="{min(zero, tip):.1f}" y="{row * _ROW + 5}" width="{abs(tip - zero):.1f}" height="14"'
            f' fill="{KEPT if change > 0 else DROPPED}"/>'
        )
        body.append(_number(row, f"{change:+.1f}"))
    return _svg(len(changes), [*_axis(len(changes), reach, unit), *body], alt)


def interval_rows(rows: Sequence[SvgInterval], *, alt: str, unit: str) -> str:
    """One point with its interval per run, around a line at 0."""
    if not rows:
        return ""
    reach = max(max(abs(one.low), abs(one.high)) for one in rows) or 1.0
    body = []
    for row, one in enumerate(rows):
        colour = KEPT if one.low > 0 else DROPPED if one.high < 0 else TARGET
        middle = row * _ROW + 12
        body.append(_name(row, one.name))
        body.append(
            f'<line x1="{_x(one.low, reach):.1f}" x2="{_x(one.high, reach):.1f}" y1="{middle}" y2="{middle}"'
            f' stroke="{colour}" stroke-width="3"/>'
            f'<circle cx="{_x(one.value, reach):.1f}" cy="{middle}" r="5.5" fill="{colour}"/>'
        )
        body.append(_number(row, f"{one.value:+.1f}"))
    return _svg(len(rows), [*_axis(len(rows), reach, unit), *body], alt)


def _svg(num_rows: int, body: Sequence[str], alt: str) -> str:
    height = num_rows * _ROW + 40
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" width="100%" style="max-width:{WIDTH}px" role="img"'
        f' aria-label="{escape(alt, quote=True)}" font-size="13" fill="currentColor">{"".join(body)}</svg>'
    )


def _axis(num_rows: int, reach: float, unit: str) -> list[str]:
    bottom = num_rows * _ROW
    ticks = [
        f'<text x="{_x(value, reach):.1f}" y="{bottom + 16}" text-anchor="middle" opacity="0.7">{value:+.3g}</text>'
        for value in (-reach, reach)
    ]
    zero = _x(0, reach)
    line = f'<line x1="{zero}" x2="{zero}" y1="0" y2="{bottom}" stroke="currentColor" stroke-opacity="0.4"/>'
    label = f'<text x="{zero}" y="{bottom + 33}" text-anchor="middle" opacity="0.7">{escape(unit)}</text>'
    return [line, *ticks, label]


def _x(value: float, reach: float) -> float:
    inner = WIDTH - _LEFT - _RIGHT
    return _LEFT + inner * (value / reach + 1) / 2


def _name(row: int, name: str) -> str:
    short = name if len(name) <= _NAME_LETTERS else name[: _NAME_LETTERS - 1] + "…"
    return f'<text x="{_LEFT - 10}" y="{row * _ROW + 16}" text-anchor="end">{escape(short)}</text>'


def _number(row: int, text: str) -> str:
    return f'<text x="{WIDTH - 8}" y="{row * _ROW + 16}" text-anchor="end">{text}</text>'
