"""Random texts that a regular expression matches, for the constructs of numbering plans."""

import re
from functools import cache
from random import Random
from typing import Any


def sample_pattern(pattern: str, random: Random) -> str:
    """A text that `pattern` matches from its beginning to its end; repetitions without end stop at three."""
    return "".join(_sample(item, random) for item in _parse(pattern))


@cache
def _parse(pattern: str) -> Any:
    return re._parser.parse(pattern)  # type: ignore[attr-defined]  # Python's own reading of the pattern


def _sample(item: Any, random: Random) -> str:
    kind, argument = str(item[0]), item[1]
    if kind == "LITERAL":
        return chr(argument)
    if kind == "IN":
        return _sample_class(random.choice(argument), random)
    if kind == "BRANCH":
        return "".join(_sample(part, random) for part in random.choice(argument[1]))
    if kind == "SUBPATTERN":
        return "".join(_sample(part, random) for part in argument[3])
    if kind == "MAX_REPEAT":
        fewest, most, body = argument
        times = random.randint(fewest, min(int(most), fewest + 3))
        return "".join(_sample(part, random) for _ in range(times) for part in body)
    return ""  # an anchor


def _sample_class(item: Any, random: Random) -> str:
    kind, argument = str(item[0]), item[1]
    if kind == "LITERAL":
        return chr(argument)
    if kind == "RANGE":
        return chr(random.randint(*argument))
    return random.choice("0123456789")
