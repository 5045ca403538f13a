"""A few persons of a plan as they would be sent, their values masked unless somebody asks for them."""

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import polars as pl

from memory_import.columns import CODE_PREFIX, FILE, IS_FINAL, PAYLOAD, POS, REPRESENTATIVE, ROW
from memory_import.ledger.staging.staged import Staging
from memory_import.loads import PROFILES
from memory_import.run.context import RunContext
from memory_import.run.loads.stored_values import read_values
from memory_import.spec.plans import profile_plan
from memory_import.transforms.payloads import write_payloads
from memory_import.transforms.plan import ProfilePlan

_SHOWN = 5
_OF_A_KIND = 2
_LETTER, _CAPITAL, _DIGIT = re.compile(r"[^\W\d_A-Z]"), re.compile(r"[A-Z]"), re.compile(r"\d")


def pick_persons(run: RunContext, *, show_values: bool) -> list[dict[str, Any]]:
    """At most five, chosen to show changes: `{file, row, rows, is_known, traits: {Group.trait: value}, codes:
    {Group.trait: code}}`.

    First those of several rows, then known ones that change, then those of whom a value was changed or left
    out, then others; two of a kind. `rows` is how many rows the person has, `codes` are of the row that
    stands for it.
    """
    spec = run.spec.profiles
    if spec is None or run.ledger.load(run.run_id, PROFILES) is None:
        return []
    return _Picking(run.staging(PROFILES), profile_plan(spec, identifiers=())).pick(show_values=show_values)


def mask(value: Any) -> Any:
    """The form of a value without the value: letters are x or X, digits are 9; all else stands as it is."""
    match value:
        case bool() | None:
            return None if value is None else "true or false"
        case int() | float():
            return _DIGIT.sub("9", str(value))
        case list():
            return [mask(item) for item in value]
        case _:
            return _DIGIT.sub("9", _CAPITAL.sub("X", _LETTER.sub("x", str(value))))


def pick_examples(run: RunContext, *, show_values: bool) -> dict[str, Any]:
    """A value of each trait that would be sent, of the first row that has one; by its path."""
    spec = run.spec.profiles
    if spec is None or run.ledger.load(run.run_id, PROFILES) is None:
        return {}
    plan, staging = profile_plan(spec, identifiers=()), run.staging(PROFILES)
    found: dict[str, Any] = {}
    for part in staging.parts:
        sent = staging.entries(part)[POS] - staging.positions[part].start
        values = read_values(staging, plan, part)[sent]
        for trait in plan.traits:
            at = values[trait.value_column].is_not_null().arg_max()
            if trait.path not in found and at is not None and values[trait.value_column][at] is not None:
                payload = json.loads(write_payloads(values[at : at + 1], plan)[0])
                value = payload["traits"][trait.group][trait.name]
                found[trait.path] = value if show_values else mask(value)
        if len(found) == len(plan.traits):
            break
    return found


class _Picking:
    """The choice of persons of one load."""

    def __init__(self, staging: Staging, plan: ProfilePlan) -> None:
        self._staging = staging
        self._plan = plan

    def pick(self, *, show_values: bool) -> list[dict[str, Any]]:
        kinds = (self._several(), self._known(), self._judged(is_kept=True), self._judged(is_kept=False))
        picked: dict[int, None] = {}
        for kind in kinds:
            picked |= dict.fromkeys(islice((pos for pos in kind if pos not in picked), _OF_A_KIND))
        for positions in (self._all_merged(), self._singles()):
            free = (pos for pos in positions if pos not in picked)
            picked |= dict.fromkeys(islice(free, max(0, _SHOWN - len(picked))))
        return [self._describe(pos, show_values=show_values) for pos in list(picked)[:_SHOWN]]

    def _finals(self) -> Iterator[pl.DataFrame]:
        """`_pos`, `_payload` of the groups of which something is sent."""
        for part in self._staging.merged_parts:
            yield self._staging.entries(part, PAYLOAD).filter(IS_FINAL).select(POS, PAYLOAD)

    def _all_merged(self) -> Iterator[int]:
        for finals in self._finals():
            yield from finals[POS]

    def _several(self) -> Iterator[int]:
        """Those of several rows, `_pos` of the row that stands for each."""
        members = self._staging.members
        several = members.filter(pl.col(POS) != pl.col(REPRESENTATIVE))[REPRESENTATIVE].implode()
        for finals in self._finals():
            yield from finals.filter(pl.col(POS).is_in(several))[POS]

    def _known(self) -> Iterator[int]:
        for part in self._staging.person_parts:
            yield from self._staging.read(part, POS, "person").drop_nulls("person")[POS]

    def _singles(self) -> Iterator[int]:
        for part in self._staging.parts:
            yield from self._staging.entries(part)[POS]

    def _judged(self, *, is_kept: bool) -> Iterator[int]:
        """Rows that are sent, of which a value was changed (`is_kept`) or left out."""
        for part in self._staging.parts:
            codes = [name for name in self._staging.columns(part) if name.startswith(CODE_PREFIX)]
            coded = [trait for trait in self._plan.traits if trait.code_column in codes]
            if not coded:
                continue
            values = read_values(self._staging, self._plan, part)
            rows = values.hstack(self._staging.read(part, *(trait.code_column for trait in coded)))
            is_judged = pl.any_horizontal(
                pl.col(trait.code_column).is_not_null()
                & (pl.col(trait.value_column).is_not_null() == is_kept)
                for trait in coded
            )
            start = self._staging.positions[part].start
            judged = rows.select(is_judged.arg_true()).to_series().cast(pl.Int64) + start
            sent = self._staging.entries(part)[POS]
            yield from judged.filter(judged.is_in(sent.implode()))

    def _describe(self, pos: int, *, show_values: bool) -> dict[str, Any]:
        staging = self._staging
        part = next(part for part, inside in staging.positions.items() if pos in inside)
        at = pos - staging.positions[part].start
        file, row = staging.read(part, FILE, ROW).row(at)
        written = staging.columns(part)
        coded = [trait for trait in self._plan.traits if trait.code_column in written]
        codes = staging.read(part, POS, *(trait.code_column for trait in coded)).row(at)[1:]
        traits = {
            f"{group}.{name}": value if show_values else mask(value)
            for group, traits in json.loads(self._payload(part, pos, at))["traits"].items()
            for name, value in traits.items()
        }
        return {
            "file": file,
            "row": row,
            "rows": max(1, staging.members.filter(pl.col(REPRESENTATIVE) == pos).height),
            "is_known": any(known == pos for known in self._known()),
            "traits": traits,
            "codes": {trait.path: code for trait, code in zip(coded, codes, strict=True) if code},
        }

    def _payload(self, part: str, pos: int, at: int) -> str:
        for finals in self._finals():
            found = finals.filter(pl.col(POS) == pos)
            if not found.is_empty():
                return str(found[PAYLOAD][0])
        return str(write_payloads(read_values(self._staging, self._plan, part)[at : at + 1], self._plan)[0])
