"""Who is one person among the rows of a partition, and what of their values is not theirs to send."""

from dataclasses import dataclass, replace

import polars as pl

from memory_import.columns import CODE, ID_TYPE, POS, VALUE
from memory_import.run.loads.known_persons.contested import find_weak, list_claims
from memory_import.run.loads.known_persons.people import CLAIMANT, KnownPeople
from memory_import.run.loads.known_persons.staged import join_names
from memory_import.run.loads.person_rules import PersonRules
from memory_import.transforms.codes import Reason
from memory_import.transforms.identity.blocked import is_blocked
from memory_import.transforms.identity.claims import code_claims, find_undisputed
from memory_import.transforms.identity.continuing import continue_known, find_possible
from memory_import.transforms.identity.names import read_names
from memory_import.transforms.identity.persons import find_persons
from memory_import.transforms.plan import ProfilePlan


@dataclass(frozen=True)
class FoundAmongRows:
    """`persons`: `_pos`, `person` of the rows that claim anything. `left_out`: `_pos`, `trait`, `id_type`,
    `value`, `code`. `values` as in `Persons`. `continued`: `claimant`, `person` of the known people that have
    rows. `claims`: CLAIMS_SCHEMA. `possible`: `claimant` of those of whom nobody can say that they are
    gone."""

    persons: pl.DataFrame
    left_out: pl.DataFrame
    values: pl.DataFrame
    continued: pl.DataFrame
    claims: pl.DataFrame
    possible: pl.Series


def find_among_rows(
    rows: pl.DataFrame, claimed: pl.DataFrame, plan: ProfilePlan, rules: PersonRules, known: KnownPeople
) -> FoundAmongRows:
    """Find the persons among rows (`_pos`, the values, `_may_be_blocked`); `claimed`: `_pos`, `trait`,
    `id_type`, `value` of all their identifiers.

    Most rows that share a value are of one spelling of a name: the names of these are not read.
    """
    doubtful = rows.filter("_may_be_blocked")[POS]
    is_out = _find_blocked(claimed.filter(pl.col(POS).is_in(doubtful.implode())), plan, rules)
    claims = claimed if is_out.is_empty() else claimed.join(is_out, on=[POS, ID_TYPE, VALUE], how="anti")
    of_rows = claims.select(pl.col(POS).alias(CLAIMANT), ID_TYPE, VALUE)
    everyone = pl.concat([of_rows, known.claims])
    coded = code_claims(everyone)
    texts = rows.select(POS, join_names(plan))
    undisputed = find_undisputed(coded, texts.rename({POS: CLAIMANT}))
    coded = coded.without(undisputed[CLAIMANT])
    everyone = everyone.filter(~pl.col(CLAIMANT).is_in(undisputed[CLAIMANT].implode()))
    others = rows.filter(pl.col(POS).is_in(everyone[CLAIMANT].implode()))
    cells = [others[plan.trait(path).value_column] for path in plan.names]
    names = read_names(others[POS], cells, known.hash_words) + known.names
    policy = replace(rules.policy, past=known.past[CLAIMANT])
    found = find_persons(coded, names, policy)
    if len(weak := find_weak(known.past, found)):
        everyone = everyone.filter(~pl.col(CLAIMANT).is_in(weak.implode()))
        coded = code_claims(everyone)
        found = find_persons(coded, names, policy)
    named = list_claims(coded, everyone, names, found, known.past, texts, policy.max_people)
    own = known.rows.drop_nulls("person")[CLAIMANT]
    found = continue_known(found, everyone, names, known.same, is_renaming=rules.is_renaming)
    possible = find_possible(found, everyone, names, own)
    persons = pl.concat([undisputed, found.persons]).rename({CLAIMANT: POS}).filter(pl.col(POS) >= 0)
    alone = is_out.select(POS).unique().join(persons, on=POS, how="anti")
    blocked = is_out.with_columns(pl.lit(Reason.IDENTIFIER_BLOCKED.value).alias(CODE))
    return FoundAmongRows(
        persons=pl.concat([persons, alone.with_columns(person=POS)]),
        left_out=pl.concat([_list_lost(claims, found.left_out), blocked]),
        values=found.values,
        continued=found.persons.filter(pl.col(CLAIMANT) < 0, pl.col("person") >= 0),
        claims=named,
        possible=possible,
    )


def _find_blocked(claimed: pl.DataFrame, plan: ProfilePlan, rules: PersonRules) -> pl.DataFrame:
    """Those of the claims whose value identifies nobody."""
    of_types = {identifier.id_type: identifier for identifier in plan.identifiers}
    blocked = [
        claimed.filter(pl.col(ID_TYPE) == id_type).filter(is_blocked(one, pl.col(VALUE), rules.block))
        for id_type, one in of_types.items()
    ]
    return pl.concat([claimed.clear(), *blocked])


def _list_lost(claims: pl.DataFrame, left_out: pl.DataFrame) -> pl.DataFrame:
    """`_pos`, `trait`, `id_type`, `value`, `code` of the claims that are left out (`claimant`, `id_type`,
    `value`, `code`): rows are joined, and their texts compared."""
    lost = left_out.rename({CLAIMANT: POS})
    alike = claims.filter(pl.col(VALUE).is_in(lost[VALUE].unique().implode()))
    beside = alike.join(lost, on=POS, suffix="_lost")
    is_lost = (pl.col(ID_TYPE) == pl.col(f"{ID_TYPE}_lost")) & (pl.col(VALUE) == pl.col(f"{VALUE}_lost"))
    return beside.filter(is_lost).select(*claims.columns, CODE)


def find_suppressed(
    claimed: pl.DataFrame, found: FoundAmongRows, rules: PersonRules, known: KnownPeople
) -> pl.Series:
    """`_pos` of the rows of people who state a suppressed value, or are known to hold one."""
    if rules.suppressed.is_empty():
        return found.persons[POS].clear()
    stating = claimed.join(rules.suppressed, on=[ID_TYPE, VALUE], how="semi").select(POS)
    holding = known.claims.join(rules.suppressed, on=[ID_TYPE, VALUE], how="semi")
    suppressed = pl.concat(
        [
            found.persons.join(stating, on=POS, how="semi")["person"],
            found.continued.join(holding, on=CLAIMANT, how="semi")["person"],
        ]
    )
    return found.persons.filter(pl.col("person").is_in(suppressed.implode()))[POS]
