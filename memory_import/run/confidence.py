"""How large a sample has to be, and what it says about all of it."""

import math
from collections.abc import Callable

from memory_import.errors import UsageProblem

CONFIDENCE = 0.95
_RATE = 0.01
USUAL_SAMPLE = math.ceil(math.log(1 - CONFIDENCE) / math.log(1 - _RATE))
"""So many rows, none of which is wrong, mean that less than 1 % of all are, with 95 % confidence: 299."""
_ALL = "all"


def parse_sample(text: str | None) -> int | None:
    """`all` is None; a number of rows; None is `USUAL_SAMPLE`. `UsageProblem` for anything else."""
    if text is None:
        return USUAL_SAMPLE
    if text.strip().lower() == _ALL:
        return None
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count < 1:
        raise UsageProblem(f"The sample is {text!r}; expected a number of rows, such as 300, or `all`.")
    return count


def bounds(wrong: int, read: int) -> tuple[float, float]:
    """The rates of wrong rows between which that of all rows is, with 95 % confidence (Clopper-Pearson).

    Where none or all are wrong the interval is one-sided. Of nothing read nothing is known: 0 to 1.
    """
    if read == 0:
        return 0.0, 1.0
    tail = (1 - CONFIDENCE) / (1 if wrong in {0, read} else 2)
    low = 0.0 if wrong == 0 else _solve(lambda rate: 1 - _at_most(wrong - 1, read, rate) < tail)
    high = 1.0 if wrong == read else _solve(lambda rate: _at_most(wrong, read, rate) > tail)
    return low, high


def _solve(is_below: Callable[[float], bool]) -> float:
    """The rate up to which a test holds."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if is_below(middle) else (low, middle)
    return low


def _at_most(wrong: int, read: int, rate: float) -> float:
    """The chance that at most so many of those read are wrong, where so many of all are."""
    if rate in {0.0, 1.0}:
        return float(rate == 0.0 or wrong >= read)
    logs = (
        math.lgamma(read + 1)
        - math.lgamma(count + 1)
        - math.lgamma(read - count + 1)
        + count * math.log(rate)
        + (read - count) * math.log1p(-rate)
        for count in range(wrong + 1)
    )
    return math.fsum(math.exp(log) for log in logs)
