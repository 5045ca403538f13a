"""Reports as no run has written them: any number of anything, under hostile names."""

import os
import re
from random import Random
from typing import Any

from memory_import.ledger.report.outcomes import Outcome

SEEDS = range(int(os.environ.get("REPORTS", "100")))  # see `make soak`
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "a|b|c",
    "`code` and ``more``",
    "\x1b[31mred\x1b[0m",
    "line\nbreak\r\nand\ttab",
    "\u202egnp.exe",
    "{{ 7 * 7 }} {% raw %}",
    "]]> --> </style> </svg>",
    "[link](javascript:alert(1))",
    "# heading",
    "\x00nul",
    "\x9b2J\x85",
    "\u2067mirrored\u2069 \u200fright\u061c",
    "a\u2028b\u2029c\ufeff",
    "no UTF-8: \udcff",
    "</script><svg onload=alert(1)>",
    "&lt;b&gt; &#60;i&#62; &copy;",
    "<!-- --> <![CDATA[",
    "\\| \\` \\[",
    "1. one\n- two\n> three",
    "~~~ ``` ---",
    "https://example.com www.example.com <https://example.com>",
    "😀" * 40,
    "x" * 500,
)

ACTS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
"""What a terminal or a browser acts on, and what hides, reorders or breaks a text."""


def make_random_report(random: Random) -> dict[str, Any]:
    """A whole report, of a run or of a plan."""
    is_plan = random.random() < 0.3
    loads = random.sample(["profiles", "observations", "summaries"], random.randint(0, 3))
    exit_code = random.choice([0, 1, 2, 3, 4, 5, 6, 70, 130, 143])
    report: dict[str, Any] = {
        "run_id": "20261121T090000000Z-1a2b",
        "spec": f"/data/{_name(random)}",
        "name": random.choice([None, _name(random)]),
        "status": "planned" if is_plan else random.choice(["finished", "pending", "stopped", "failed"]),
        "exit_code": exit_code,
        "started_at": "2026-11-21T09:00:00Z",
        "finished_at": random.choice([None, "2026-11-21T09:00:05Z"]),
        "target": {
            "api_url": "https://memory.twilio.com",
            "store_id": _name(random),
            "emulator": random.random() < 0.5,
        },
        "loads": {name: _load(random, name) for name in loads},
        "requests": _requests(random),
        "billing": {
            "profile_operations": random.randrange(10**6),
            "lookups": random.randrange(9),
            "recalls": 0,
        },
        "timing": {_name(random): random.random() * 10 ** random.randint(-3, 6) for _ in range(5)},
        "progress": _progress(random),
        "problems": [_name(random) for _ in range(random.randint(0, 3))],
        "spec_lines": [_name(random) for _ in range(random.choice([0, 0, 9]))],
        "option": random.choice([None, "--max-dropped"]),
        "resume_command": random.choice([None, "memory-import resume 20261121T090000000Z-1a2b"]),
    }
    return {**report, "plan": _plan(random)} if is_plan else report


def _name(random: Random) -> str:
    hostile = random.choice(HOSTILE)
    return random.choice([hostile, f"{hostile}{random.randint(0, 10**6)}", f"plain{random.randint(0, 99)}"])


def _count(random: Random) -> int:
    return int(10 ** (random.random() * 8)) if random.random() < 0.7 else 0


def _codes(random: Random, most: int) -> dict[str, int]:
    ours = ["no_identifier", "phone_too_short", "dropped_date_invalid", "520010", "http_400", "999999"]
    codes = {code: _count(random) for code in random.sample(ours, random.randint(0, len(ours)))}
    return codes | {_name(random): _count(random) + 1 for _ in range(random.randint(0, most))}


def _places(random: Random, codes: dict[str, int]) -> dict[str, list[list[Any]]]:
    return {
        code: [[f"/data/{_name(random)}", random.randint(1, 10**7)] for _ in range(random.randint(0, 3))]
        for code in codes
    }


def _load(random: Random, name: str) -> dict[str, Any]:
    outcomes = {outcome.value: _count(random) for outcome in Outcome}
    traits = {f"Group.{_name(random)}": _fates(random) for _ in range(random.choice([0, 3, 30, 300]))}
    reasons = _codes(random, 100)
    load: dict[str, Any] = {
        "files": [
            {
                "name": _name(random),
                "rows": _count(random),
                "bytes": _count(random),
                "missing_columns": [_name(random) for _ in range(random.choice([0, 0, 3]))],
            }
            for _ in range(random.choice([0, 1, 100]))
        ],
        "files_not_read": [
            {"name": _name(random), "reason": _name(random)} for _ in range(random.choice([0, 1, 100]))
        ],
        "rows": {"read": sum(outcomes.values()), **outcomes},
        "traits": traits,
        "dropped_rows": {path: _places(random, fates["dropped"]) for path, fates in traits.items()},
        "sent": _count(random),
        "batches": {"total": _count(random), "completed": _count(random), "split": _count(random)},
        "reject_reasons": reasons,
        "rejected_rows": _places(random, reasons),
        "changes": _codes(random, 50),
        "remarks": [_name(random) for _ in range(random.randint(0, 3))],
    }
    if name == "profiles":
        keys = ("total", "new", "changed", "unchanged", "gone", "largest", "conflicts", "shared_values")
        load["persons"] = {key: _count(random) for key in keys}
        load["shared_identifiers"] = [
            {"id_type": "phone", "value": "+12125551212", "rows": _count(random), "people": _count(random)}
        ]
    if random.random() < 0.5:
        load["verification"] = _verification(random)
    return load


_COUNTED = ("landed", "unchanged", "planned", "read", "followed", "wrong", "unchanged_not_as_sent")


def _verification(random: Random) -> dict[str, Any]:
    verdicts = ("equal", "missing", "different", "merged", "changed_since")
    return {
        **{key: _count(random) for key in (*verdicts, *_COUNTED)},
        "sample": random.choice(["all", 1_000]),
        "not_as_sent": {verdict: _count(random) for verdict in ("missing", "different", "merged")},
        "rate": _rate(random),
        "unchanged_rate": _rate(random),
        "differences": {f"Group.{_name(random)}": _count(random) for _ in range(random.choice([0, 3, 40]))},
        "billing": {"lookups": _count(random), "profiles_read": _count(random)},
    }


def _rate(random: Random) -> dict[str, Any]:
    return {"drawn": _count(random), "wrong": _count(random), "low": 0.0, "high": random.random()}


def _fates(random: Random) -> dict[str, Any]:
    return {
        **{fate: _count(random) for fate in ("read", "blank", "filled", "sent", "superseded", "not_sent")},
        "changed": _codes(random, 2),
        "dropped": _codes(random, 2),
        "others": {"sent": _count(random), "dropped": _codes(random, 1)},
    }


def _requests(random: Random) -> dict[str, Any]:
    by_status = {
        status: _count(random) for status in random.sample(["200", "202", "429", "503", "no_answer"], 3)
    }
    return {"total": sum(by_status.values()), "retries": _count(random), "by_status": by_status}


def _progress(random: Random) -> list[dict[str, Any]]:
    points: list[dict[str, Any]] = []
    seconds, rows = 0.0, 0
    for _ in range(random.choice([0, 1, 2, 60])):
        seconds += random.random() * 100
        rows += _count(random)
        points.append(
            {
                "seconds": round(seconds, 3),
                "rows": rows,
                "rows_per_second": random.choice([0.0, round(random.random() * 10**6, 1)]),
                "requests": _count(random),
                "in_flight": _count(random),
                "throttled": _count(random),
                "waited_seconds": random.choice([0.0, round(random.random() * 100, 3)]),
            }
        )
    return points


def _plan(random: Random) -> dict[str, Any]:
    return {
        "store": {"asked": random.random() < 0.5, "lacks": [_name(random) for _ in range(2)]},
        "forecast": {
            "requests": {"least": 1, "most": _count(random) + 1},
            "bytes": _count(random),
            "profile_operations": _count(random),
            "created": {"least": 0, "most": _count(random)},
            "lookups": {"least": 0, "most": _count(random)},
            "seconds": random.choice([None, random.random() * 10**5]),
        },
        "memories": {
            "observations": {
                "people": _count(random),
                "not_looked_up": {"identifiers": _count(random), "rows": _count(random)},
                "requests": {"least": 0, "most": _count(random)},
            }
        },
        "examples": {f"Group.{_name(random)}": random.choice([_name(random), "<b>", 7, ["a|b"]])},
        "persons": [
            {
                "file": f"/data/{_name(random)}",
                "row": random.randint(1, 10**6),
                "rows": random.randint(1, 9),
                "is_known": random.random() < 0.5,
                "codes": {f"Group.{_name(random)}": _name(random)},
                "traits": {f"Group.{_name(random)}": random.choice([_name(random), 7, True, ["a", "<b>"]])},
            }
            for _ in range(random.randint(0, 5))
        ],
    }
