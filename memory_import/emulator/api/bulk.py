"""PUT Profiles/Bulk: up to 1,000 profiles in one asynchronous upsert.

The real service answers 202 for far more than it applies, and nothing public says which faults of a row it
refuses at once. Here every fault that can be seen at once refuses the whole request, unless the policy says
that bad rows are skipped (and told of in the event log only) or that they fail the operation, which then
changes nothing.
"""

from typing import cast

from memory_import.emulator.api.profiles import resolve, write_traits
from memory_import.emulator.engine import errors, limits
from memory_import.emulator.engine.account import COMPLETED, Account, Work
from memory_import.emulator.engine.checks import Json
from memory_import.emulator.engine.clock import write_moment
from memory_import.emulator.engine.errors import IDENTIFIERS_SKIPPED, TRAIT_UPSERT_FAILED, invalid
from memory_import.emulator.engine.identity import find_matches
from memory_import.emulator.engine.state import Ending, Identifiers, Profile, Store, Traits
from memory_import.emulator.engine.traits import RowProblem, all_promotions, find_problem, read_identifiers
from memory_import.emulator.http.calls import Call, Reply

_MESSAGE = "Profile batch accepted for processing."
_NO_IDENTIFIER = RowProblem(TRAIT_UPSERT_FAILED, "holds no usable trait that is promoted to an identifier")
_SHARED = RowProblem(
    TRAIT_UPSERT_FAILED, "shares an identifier value with an earlier profile of this request"
)


def put_bulk(call: Call) -> Reply:
    """Accept a batch: 202, or the one 400 that refuses all of it."""
    store = call.active_store()
    rows = _read_rows(call.json())
    payload = _prepare(store, rows, call)
    row_failures = call.plan.row_failures or call.policy.row_failures
    ending = _judge(cast(list[list[object]], payload["problems"]), row_failures)
    operation = call.account.operate(
        "bulk",
        store.id,
        payload,
        request_id=call.request_id,
        timing=call.plan.timing,
        ending=call.plan.ending or ending,
    )
    answer: Json = {"message": _MESSAGE}
    if (call.plan.bulk_answer or call.policy.bulk_answer) == "operation":
        answer["operationId"] = operation.id
        answer["createdAt"] = write_moment(operation.created_at)
        answer["statusUrl"] = call.operation_address(operation)
    return Reply(202, answer)


def _read_rows(body: object) -> list[object]:
    if not isinstance(body, dict) or body.keys() != {"profiles"}:
        raise invalid("body must be an object with the one field profiles.")
    rows = body["profiles"]
    if not isinstance(rows, list):
        raise invalid("body.profiles must be an array.")
    if not 1 <= len(rows) <= limits.MAX_PROFILES_PER_BULK:
        raise invalid(f"body.profiles must have 1 to 1000 items, not {len(rows)}.")
    for row, entry in enumerate(rows):
        if type(entry) is not dict or (entry and entry.keys() != {"traits"}):
            raise invalid(f"body.profiles[{row}] must be an object with the one field traits.")
    return [entry.get("traits") for entry in rows]


def _prepare(store: Store, rows: list[object], call: Call) -> Json:
    """What the applier needs: traits and identifiers of each row, null for bad ones, and their problems.

    Two rows with one identifier value are a problem of the later row unless they may race. A row that a
    fault skips is null, too.
    """
    may_share = call.policy.shared_identifiers == "race"
    groups, identity, promotions = store.trait_groups, store.identity, all_promotions(store.trait_groups)
    traits_by_row: list[object] = []
    identifiers_by_row: list[Identifiers | None] = []
    problems: list[tuple[int, int, str]] = []
    warnings: list[tuple[int, int]] = []
    seen: set[tuple[str, str]] = set()
    for row, traits in enumerate(rows):
        problem = find_problem(groups, traits, nulls=False)
        if problem is None:
            found, skipped = read_identifiers(cast(Traits, traits), promotions, identity)
            if not found:
                problem = _NO_IDENTIFIER
            elif not may_share and not seen.isdisjoint(found):
                problem = _SHARED
        if problem is not None:
            problems.append((row, problem.code, problem.message))
            traits_by_row.append(None)
            identifiers_by_row.append(None)
            continue
        seen.update(found)
        is_skipped = row in call.plan.skip_rows
        traits_by_row.append(None if is_skipped else traits)
        identifiers_by_row.append(None if is_skipped else found)
        if skipped:
            warnings.append((row, IDENTIFIERS_SKIPPED))
    return {
        "traits": traits_by_row,
        "identifiers": identifiers_by_row,
        "problems": problems,
        "warnings": warnings,
        "race": may_share,
    }


def _judge(problems: list[list[object]], row_failures: str) -> Ending:
    """How the operation ends; raises the 400 when bad rows refuse the request."""
    if not problems or row_failures == "skip":
        return COMPLETED
    row, code, message = problems[0]
    detail = f"body.profiles[{row}]: {message}. {len(problems)} profiles cannot be taken."
    if row_failures == "refuse":
        raise invalid(detail, cast(int, code))
    error = errors.problem(cast(int, code), "Bulk trait upsert failed", detail)
    return Ending("FAILED", error, is_applied=False)


def apply_bulk(account: Account, work: Work, at: float) -> Json:
    """Resolve and write row by row; the effects name each row's profile, null for those that were skipped.

    Rows that share an identifier are resolved against the state before the request, as though at the same
    moment: each may then make a profile of its own for the same person.
    """
    store = account.stores.get(work.store_id)
    if store is None:
        return {"skipped": "store is gone"}
    payload = work.payload
    identifiers_by_row = cast(list[Identifiers | None], payload["identifiers"])
    is_race = bool(payload["race"])
    early = [find_matches(store, found) if found else [] for found in identifiers_by_row] if is_race else None
    profile_ids: list[str | None] = []
    created = 0
    merged: list[list[str]] = []
    for row, traits in enumerate(cast(list[Traits | None], payload["traits"])):
        identifiers = identifiers_by_row[row]
        if traits is None or identifiers is None:
            profile_ids.append(None)
            continue
        matches = early[row] if early is not None else find_matches(store, identifiers)
        profile, others, is_new = resolve(account, store, identifiers, matches, at)
        write_traits(profile, traits, at)
        profile_ids.append(profile.id)
        created += is_new
        merged.extend(_pair(other, profile) for other in others)
    return {
        "profiles": profile_ids,
        "created": created,
        "merged": merged,
        "problems": payload["problems"],
        "warnings": payload["warnings"],
    }


def _pair(other: Profile, canonical: Profile) -> list[str]:
    return [other.id, canonical.id]
