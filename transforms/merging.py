"""Payloads of one person made into one: of every trait the last value, as the text that it is.

The texts are cut at their keys and put together again; nothing is decoded. That is safe because a key with
its quotes and colon, `"phone":`, stands nowhere else: inside of a JSON text each quote has a backslash before
it.
"""

from collections.abc import Sequence

import polars as pl

from transforms.plan import ProfilePlan

_OPENING, _CLOSING = '{"traits":{', "}}"


def merge_payloads(payloads: pl.DataFrame, plan: ProfilePlan) -> pl.DataFrame:
    """`_survivor`, `_payload`: for each group the last value of every trait.

    `payloads` has `_survivor` and `_payload`, none null, made with the plan; the later rows come last.
    """
    members = split_payloads(payloads["_payload"], plan).with_columns(payloads["_survivor"])
    paths = [trait.path for trait in plan.traits]
    latest = members.group_by("_survivor").agg(pl.col(paths).drop_nulls().last())
    return latest.select("_survivor", _payload=_join_members(plan))


def split_payloads(payloads: pl.Series, plan: ProfilePlan) -> pl.DataFrame:
    """A column for each trait, by its path, of texts such as `"phone":"+14155550100"`; null where absent."""
    inside = payloads.cast(pl.Binary).bin.slice(len(_OPENING)).alias("")
    groups = _split(inside, list(plan.groups), opening="{", closing=len(_CLOSING))
    return pl.DataFrame(
        member.cast(pl.String).alias(f"{group}.{member.name}")
        for group, traits in plan.groups.items()
        for member in _split(groups[group], [trait.name for trait in traits], closing=len("}"))
    )


def _split(objects: pl.Series, names: Sequence[str], *, opening: str = "", closing: int) -> pl.DataFrame:
    """The members (Binary), each with its name, of JSON objects that have some of them in this order.

    Their values all begin with `opening`; `closing` is the number of bytes after the last one.
    """
    text, whole = pl.col(objects.name), objects.to_frame()
    starts = whole.select(
        text.cast(pl.String).str.find(f'"{name}":{opening}', literal=True).alias(name) for name in names
    )
    end = whole.select(text.bin.size() - closing).to_series()
    members = {}
    for name in reversed(names):
        start = starts[name]
        members[name] = whole.select(text.bin.slice(start, end - start)).to_series().alias(name)
        end = (start - 1).zip_with(start.is_not_null(), end)
    return pl.DataFrame(members)


def _join_members(plan: ProfilePlan) -> pl.Expr:
    groups = []
    for group, traits in plan.groups.items():
        members = pl.concat_str([trait.path for trait in traits], separator=",", ignore_nulls=True)
        groups.append(
            pl.when(members != "").then(pl.concat_str(pl.lit(f'"{group}":{{'), members, pl.lit("}")))
        )
    members = pl.concat_str(groups, separator=",", ignore_nulls=True)
    return pl.concat_str(pl.lit(_OPENING), members, pl.lit(_CLOSING))
