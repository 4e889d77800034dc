"""Latencies beside the targets that the app promises; for app.py."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

ROUNDS = 5
INTERACTION_S, THRESHOLD_S, PAINT_S = 0.3, 1.0, 2.0
"""The targets: an interaction that needs no model, a moved threshold, the first paint on a warm machine."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Latency:
    """How long something took."""

    what: str
    """For a person."""
    seconds: float
    """Median."""
    target_s: float | None
    """At most so long; None for what is done once."""


def timed(
    what: str, work: Callable[[], object], target_s: float | None = None, *, once: bool = False, rounds: int = ROUNDS
) -> Latency:
    """The median over the rounds, after one that warms up; of `once` the only call."""
    seconds = []
    for _ in range(1 if once else rounds + 1):
        started_s = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started_s)
    return Latency(what=what, seconds=statistics.median(seconds if once else seconds[1:]), target_s=target_s)


def show(one: Latency) -> None:
    """Print a row of the table."""
    target = "once" if one.target_s is None else f"{one.target_s:.1f}"
    met = "" if one.target_s is None else "yes" if one.seconds <= one.target_s else "NO"
    print(f"| {one.what:58} | {one.seconds:8.4f} | {target:>6} | {met:3} |", flush=True)
