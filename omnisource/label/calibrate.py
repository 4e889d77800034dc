"""Judgements of a few segments -> precision and recall of every threshold, with a band (paper 3.4; design 8).

P(relevant | probability q) = sigmoid(a + b logit(q)): logistic, never falling in q. The posterior of (a, b) is computed
on a grid, so a handful of judgements gives a wide band and no estimate runs away when all of them say the same. The
band holds the middle BAND of the posterior. Where nobody has judged, the prior speaks: the teacher is about right and
rather too sure (a = 0, b = 0.6), give or take much. A class borrows from all others: their posterior, blurred by
CLASS_SPREAD in a, is its prior.

Letters: N judgements, G grid points, D draws, B edges of the thresholds (confidence_cube).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from omnisource.label.confidence_cube import NUM_EDGES, STEPS
from omnisource.shares import Z_90, wilson

BAND = 0.9
"""Share of the posterior that the band holds, and of Wilson's intervals."""
CLASS_SPREAD = 1.0
"""How far classes differ from each other, in logits; ours: a class may be right in 50 % where another is in 73 %."""
_INTERCEPTS = np.linspace(-8, 8, 129)
_SLOPES = np.linspace(0, 3, 31)
_PRIOR_INTERCEPT, _PRIOR_SLOPE = (0.0, 2.0), (0.6, 1.0)
"""Mean and standard deviation; on the demo world the band then holds the truth in 88 to 100 of 100 draws."""
_NUM_DRAWS = 400
_RANKS = (round(_NUM_DRAWS * (1 - BAND) / 2), _NUM_DRAWS // 2, _NUM_DRAWS - 1 - round(_NUM_DRAWS * (1 - BAND) / 2))
"""Of sorted draws: the lower end of the band, its middle, its upper end."""
_CLIP = 0.0005  # a probability of 1 has no logit; half a step of the thresholds


@dataclass(frozen=True, kw_only=True, slots=True)
class Relevance:
    """What is believed of (a, b)."""

    weights: np.ndarray
    """(129, 31) posterior over intercepts x slopes; sums to 1."""
    num_judged: int
    """Judgements of this class, or of all."""
    num_borrowed: int = 0
    """Judgements of other classes that its prior comes from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """A quantity at each of the B thresholds."""

    middle: np.ndarray
    """(B,) posterior median."""
    low: np.ndarray
    """(B,) lower end of the band."""
    high: np.ndarray
    """(B,) upper end of the band."""

    def at(self, edge: int) -> tuple[float, float, float]:
        """(middle, low, high) at an edge."""
        return float(self.middle[edge]), float(self.low[edge]), float(self.high[edge])


@dataclass(frozen=True, kw_only=True, slots=True)
class Audit:
    """What a threshold is worth, at each of the B edges."""

    precision: Estimate
    """Share of what is kept that is relevant; nan where nothing is kept."""
    recall: Estimate
    """Share of what is relevant that is kept; nan where nothing is there."""
    lost: Estimate
    """Relevant segments below the threshold."""
    relevance: Estimate
    """P(relevant) of a segment whose probability lies on the edge."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedRange:
    """Judgements whose probabilities lie near each other, with Wilson's interval of their relevant share."""

    probability: float
    """Their mean."""
    num_judged: int
    """How many."""
    num_relevant: int
    """Of these, relevant."""
    low: float
    """Lower end of the interval (BAND)."""
    high: float
    """Upper end."""

    @property
    def share(self) -> float:
        """Relevant share."""
        return self.num_relevant / self.num_judged


def fit(probabilities: Sequence[float], relevant: Sequence[bool]) -> Relevance:
    """The posterior of N judgements, whatever their classes."""
    weights = _normalised(_log_prior() + _log_likelihood(probabilities, relevant))
    return Relevance(weights=weights, num_judged=len(relevant))


def fit_class(
    classes: Sequence[int], probabilities: Sequence[float], relevant: Sequence[bool], class_index: int
) -> Relevance:
    """The posterior of one class: its own judgements on top of what the others say, blurred by CLASS_SPREAD.

    The others are taken as if they were one class, which makes their word a little too sure; the blur covers it.
    """
    mine = np.asarray(classes, int) == class_index
    probs, said = np.asarray(probabilities, float), np.asarray(relevant, bool)
    of_others, of_mine = _log_likelihood(probs[~mine], said[~mine]), _log_likelihood(probs[mine], said[mine])
    num_mine = int(mine.sum())
    return Relevance(weights=_of_class(of_others, of_mine), num_judged=num_mine, num_borrowed=len(mine) - num_mine)


def audit(relevance: Relevance, per_bin: np.ndarray, rng: np.random.Generator) -> Audit:
    """What every threshold is worth for segments of which `per_bin` (B,) says how many have which probability."""
    probs = _drawn(relevance.weights, rng)  # (D, B)
    expected = probs * per_bin
    good = np.cumsum(expected[:, ::-1], axis=1)[:, ::-1]  # (D, B) relevant at or above each edge
    kept = np.cumsum(per_bin[::-1])[::-1]
    total = good[:, :1]
    nan = np.nan
    return Audit(
        precision=_estimate(np.divide(good, kept, out=np.full_like(good, nan), where=kept > 0)),
        recall=_estimate(np.divide(good, total, out=np.full_like(good, nan), where=total > 0)),
        lost=_estimate(total - good),
        relevance=_estimate(probs),
    )


def threshold_for(audited: Audit, wanted: float, *, cautious: bool) -> float | None:
    """The least threshold whose precision is at least `wanted`; None where none is known to reach it.

    `cautious`: the lower end of the band must reach it, not only its middle.
    """
    precision = audited.precision.low if cautious else audited.precision.middle
    reached = np.flatnonzero(precision >= wanted)  # nan compares false
    return float(reached[0] / STEPS) if len(reached) else None


def class_thresholds(
    classes: Sequence[int],
    probabilities: Sequence[float],
    relevant: Sequence[bool],
    per_bin: np.ndarray,
    wanted: float,
    *,
    cautious: bool,
) -> dict[int, float]:
    """`threshold_for` of every class of `per_bin` (K, B) at once; classes that do not reach it are left out.

    What is computed of a class without judgements of its own holds for all of them.
    """
    judged, probs, said = np.asarray(classes, int), np.asarray(probabilities, float), np.asarray(relevant, bool)
    of_all = _log_likelihood(probs, said)
    nothing = _drawn(_of_class(of_all, np.zeros_like(of_all)), np.random.default_rng(0))
    found = {}
    for index in np.flatnonzero(per_bin.sum(axis=1)):
        mine = judged == index
        drawn = nothing
        if mine.any():
            of_mine = _log_likelihood(probs[mine], said[mine])
            drawn = _drawn(_of_class(of_all - of_mine, of_mine), np.random.default_rng(0))
        edge = _first_edge(drawn, per_bin[index], wanted, _RANKS[0 if cautious else 1])
        if edge is not None:
            found[int(index)] = edge / STEPS
    return found


def judged_ranges(
    probabilities: Sequence[float], relevant: Sequence[bool], *, num_ranges: int = 6
) -> list[JudgedRange]:
    """The judgements in up to `num_ranges` ranges of probability with about equally many in each."""
    order = np.argsort(np.asarray(probabilities, float), kind="stable")
    ranges = []
    for part in np.array_split(order, min(num_ranges, max(1, len(order) // 4))):
        if len(part):
            num_relevant = int(np.asarray(relevant, bool)[part].sum())
            low, high = wilson(num_relevant, len(part), z=Z_90)
            mean = float(np.asarray(probabilities, float)[part].mean())
            ranges.append(
                JudgedRange(probability=mean, num_judged=len(part), num_relevant=num_relevant, low=low, high=high)
            )
    return ranges


def _log_prior() -> np.ndarray:
    (mean, spread), (mean_slope, spread_slope) = _PRIOR_INTERCEPT, _PRIOR_SLOPE
    intercepts = -0.5 * ((_INTERCEPTS[:, None] - mean) / spread) ** 2
    return intercepts - 0.5 * ((_SLOPES[None] - mean_slope) / spread_slope) ** 2


def _log_likelihood(probabilities: Sequence[float], relevant: Sequence[bool]) -> np.ndarray:
    """(129, 31) of judgements at every point of the grid."""
    edges, kinds = _binned(probabilities, relevant)
    total = np.zeros((len(_INTERCEPTS), len(_SLOPES)))
    for logit, (num_yes, num_no) in zip(_logits(edges / STEPS), kinds):
        scores = _INTERCEPTS[:, None] + _SLOPES[None] * logit
        of_no = np.maximum(scores, 0) + np.log1p(np.exp(-np.abs(scores)))  # -log(1 - P); -log P is this minus scores
        total += num_yes * scores - (num_yes + num_no) * of_no
    return total


def _of_class(of_others: np.ndarray, of_mine: np.ndarray) -> np.ndarray:
    """The posterior of a class from the log likelihoods of all others and its own."""
    distances = _INTERCEPTS[:, None] - _INTERCEPTS[None]
    blur = np.exp(-0.5 * (distances / CLASS_SPREAD) ** 2)
    borrowed = (blur / blur.sum(axis=0)) @ _normalised(_log_prior() + of_others)
    return _normalised(np.log(np.maximum(borrowed, 1e-300)) + of_mine)


def _normalised(log_weights: np.ndarray) -> np.ndarray:
    weights = np.exp(log_weights - log_weights.max())
    return weights / weights.sum()


def _drawn(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(D, B) P(relevant) in the middle of each bin, for draws of (a, b)."""
    draws = rng.choice(weights.size, size=_NUM_DRAWS, p=weights.ravel())
    rows, columns = np.unravel_index(draws, weights.shape)
    logits = _logits((np.arange(NUM_EDGES) + 0.5) / STEPS)
    scores = _INTERCEPTS[rows][:, None] + _SLOPES[columns][:, None] * logits
    return 1 / (1 + np.exp(-np.clip(scores, -50, 50)))


def _first_edge(drawn: np.ndarray, per_bin: np.ndarray, wanted: float, rank: int) -> int | None:
    """The least edge at which precision reaches `wanted`, by bisection: precision never falls with the edge."""
    good = np.cumsum((drawn * per_bin)[:, ::-1], axis=1)[:, ::-1]
    kept = np.cumsum(per_bin[::-1])[::-1]
    low, high = 0, int(np.flatnonzero(kept)[-1])
    if np.partition(good[:, high] / kept[high], rank)[rank] < wanted:
        return None
    while low < high:
        middle = (low + high) // 2
        if np.partition(good[:, middle] / kept[middle], rank)[rank] >= wanted:
            high = middle
        else:
            low = middle + 1
    return low


def _binned(probabilities: Sequence[float], relevant: Sequence[bool]) -> tuple[np.ndarray, np.ndarray]:
    """Edges that hold judgements, and (edges, 2) how many were relevant and not."""
    edges = np.rint(np.asarray(probabilities, float) * STEPS).astype(int)
    found, where = np.unique(edges, return_inverse=True)
    kinds = np.zeros((len(found), 2))
    np.add.at(kinds, (where, 1 - np.asarray(relevant, int)), 1)
    return found, kinds


def _logits(probabilities: np.ndarray) -> np.ndarray:
    clipped = np.clip(probabilities, _CLIP, 1 - _CLIP)
    return np.log(clipped) - np.log1p(-clipped)


def _estimate(draws: np.ndarray) -> Estimate:
    """(D, B) draws -> their middle and band; an edge is nan in all draws or in none."""
    low, middle, high = np.full((3, draws.shape[1]), np.nan)
    known = ~np.isnan(draws[0])
    low[known], middle[known], high[known] = np.sort(draws[:, known], axis=0)[list(_RANKS)]
    return Estimate(middle=middle, low=low, high=high)
