"""Verdicts so far -> how many suspects are real duplicates, and when reviewing may stop (paper 3.3: fewer than 10 %).

Pairs are counted in bands of similarity, most alike first, so that looking at the most alike pairs first does not tilt
the estimate: what was seen in a band speaks for that band. A band that nobody has looked into borrows the share of the
nearest one above it, or of the nearest below where there is none above, since less alike pairs are not more often
copies; its interval is open on the side that this cannot bound.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from omnisource.shares import wilson

FOUND_ENOUGH = 0.95
"""Share of the real duplicates that has to be found before reviewing may stop."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Band:
    """Pairs within a range of similarity, and what was said of them."""

    low: float
    """Least similarity."""
    high: float
    """Similarity up to which, exclusive; 1 is inclusive."""
    num_pairs: int
    """All of them."""
    duplicates: int
    """Said to be duplicates."""
    not_duplicates: int
    """Said to be none."""
    settled: int
    """Not judged, but their web item is out already as a duplicate of another clip."""
    seen: int
    """Of those judged, how many were judged by looking at suspects one by one."""
    seen_duplicates: int
    """Of these, duplicates."""

    @property
    def judged(self) -> int:
        """Pairs with a verdict."""
        return self.duplicates + self.not_duplicates

    @property
    def open(self) -> int:
        """Pairs that wait for one."""
        return self.num_pairs - self.judged - self.settled

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the share of real duplicates, from the pairs that were looked at."""
        return wilson(self.seen_duplicates, self.seen)


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """What is to be expected of suspects, from those that were looked at; intervals hold 95 %."""

    judged: int
    """Suspects with a verdict."""
    open: int
    """Suspects that wait for one."""
    found: int
    """Real duplicates among the judged."""
    seen: int
    """Judged by looking at suspects one by one: what the estimate is made from."""
    unseen: int
    """Open suspects in bands that nobody has looked into: what is expected of them is borrowed."""
    left: float
    """Real duplicates expected among the open."""
    left_low: float
    """Lower end."""
    left_high: float
    """Upper end."""

    @property
    def share(self) -> float:
        """Real duplicates among the suspects, found and expected."""
        return self._share(self.left)

    @property
    def share_low(self) -> float:
        """Lower end."""
        return self._share(self.left_low)

    @property
    def share_high(self) -> float:
        """Upper end."""
        return self._share(self.left_high)

    @property
    def found_at_least(self) -> float:
        """Share of the real duplicates that was found, if as many are left as the upper end says; 1 where none are."""
        return self.found / (self.found + self.left_high) if self.left_high >= 0.5 else 1.0

    def _share(self, left: float) -> float:
        return (self.found + left) / (self.judged + self.open) if self.judged + self.open else 0.0


def estimate(bands: Sequence[Band]) -> Estimate | None:
    """What is left to be found in these bands, most alike first; None where nobody has looked at any of their pairs.

    The intervals of the bands are joined like independent errors (MOVER), those that stand on the same band by sums.
    """
    if not any(band.seen for band in bands):
        return None
    left = 0.0
    lower, upper = [0.0] * len(bands), [0.0] * len(bands)
    for i, band in enumerate(bands):
        lender = _lender(bands, i)
        share = bands[lender].seen_duplicates / bands[lender].seen
        low, high = bands[lender].interval
        low, high = (0.0 if lender < i else low), (1.0 if lender > i else high)
        left += band.open * share
        lower[lender] += band.open * (share - low)
        upper[lender] += band.open * (high - share)
    num_open = sum(band.open for band in bands)
    return Estimate(
        judged=sum(band.judged for band in bands),
        open=num_open,
        found=sum(band.duplicates for band in bands),
        seen=sum(band.seen for band in bands),
        unseen=sum(band.open for band in bands if not band.seen),
        left=left,
        left_low=max(0.0, left - math.hypot(*lower)),
        left_high=min(float(num_open), left + math.hypot(*upper)),
    )


def _lender(bands: Sequence[Band], i: int) -> int:
    """The band whose share speaks for band i: itself, else the nearest above that was looked into, else below."""
    above = [j for j in range(i, -1, -1) if bands[j].seen]
    below = [j for j in range(i, len(bands)) if bands[j].seen]
    return (above or below)[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class Advice:
    """Whether to go on reviewing, for a person."""

    may_stop: bool
    """Whether the rule is met."""
    text: str
    """Why, in plain words."""


def advise(expected: Estimate | None, bands: Sequence[Band]) -> Advice:
    """The rule: stop once 95 of 100 real duplicates are found, even if as many are left as the upper end says.

    `bands` are those of the suspects that `expected` speaks of.
    """
    if not any(band.num_pairs for band in bands):
        text = "There is no suspect: no web item is as like a labelled clip as the threshold asks for."
        return Advice(may_stop=True, text=text)
    num_open = sum(band.open for band in bands)
    if num_open == 0:
        return Advice(may_stop=True, text="Every suspect has been judged.")
    if expected is None:
        return Advice(
            may_stop=False,
            text="Nobody has judged a suspect by looking at it yet; about twenty verdicts give a first estimate.",
        )
    left = f"{_number(expected.left)} ({_number(expected.left_low)} to {_number(expected.left_high)})"
    expectation = f"{left} real duplicates are expected among the {num_open:,} suspects that nobody has judged"
    if expected.found_at_least >= FOUND_ENOUGH:
        return Advice(may_stop=True, text=f"You may stop: {expectation}, so at least 95 of 100 real ones are found.")
    found = math.floor(100 * expected.found_at_least)
    text = (
        f"Go on: {expectation}. Stop once at least 95 of 100 real ones are found even if the upper end is true; "
        f"so far that would be {found} of 100."
    )
    if expected.unseen > num_open / 2:
        text += f" {expected.unseen:,} of them lie where nobody has looked yet: judge some in random order."
    return Advice(may_stop=False, text=text)


def _number(expected: float) -> str:
    return f"{expected:.1f}" if 0 < expected < 10 else f"{expected:,.0f}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Lean:
    """Where among the suspects the judged ones lie."""

    place: float
    """Mean place of those looked at: 0 the most alike, 1 the least, about 0.5 for a random sample."""
    seen: int
    """How many were looked at."""

    @property
    def is_biased(self) -> bool:
        """Whether chance alone would hardly place them so (three standard errors of a uniform sample)."""
        return self.seen >= 3 and abs(self.place - 0.5) * math.sqrt(12 * self.seen) > 3

    @property
    def text(self) -> str:
        """For a person; empty where the sample is as good as random."""
        if not self.is_biased:
            return ""
        side, error = ("more", "too high") if self.place < 0.5 else ("less", "too low")
        return (
            f"The judged pairs are {side} alike than suspects at large, so their plain share of duplicates would be "
            f"{error}. The estimate therefore goes band by band; judge some in random order for bands without verdicts."
        )
