"""Shares of a whole: how surely a few trials tell one, and how evenly many are spread."""

import math

import numpy as np

Z_95 = 1.959963984540054
"""Standard deviations between which 95 % of a normal distribution lie."""
Z_90 = 1.6448536269514722
"""And 90 % of it."""


def wilson(successes: int, trials: int, *, z: float = Z_95) -> tuple[float, float]:
    """Wilson's interval of a share; (0, 1) without trials."""
    if not trials:
        return 0.0, 1.0
    share, z2 = successes / trials, z * z
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = z / (1 + z2 / trials) * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials))
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == trials else centre + half
    return low, high


def evenness(per_class: np.ndarray) -> float:
    """How evenly (K,) numbers are spread over the classes: e to their entropy, over K; 1 is even, nan is nothing."""
    total = per_class.sum()
    if not total:
        return float("nan")
    shares = per_class[per_class > 0] / total
    return float(np.exp(-(shares * np.log(shares)).sum()) / len(per_class))
