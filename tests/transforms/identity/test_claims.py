"""Claims get numbers in place of their values, and rows of one name that meet nobody else are one person."""

import polars as pl
import pytest

from memory_import.transforms.identity.claims import HashValues, code_claims, find_undisputed

CLAIMS = pl.DataFrame(
    [
        (0, "email", "a@example.com"),
        (0, "phone", "+12025550101"),
        (1, "email", "a@example.com"),
        (1, "chat", "+12025550101"),
        (2, "email", "b@example.com"),
        (2, "email", "b@example.com"),
        (3, "user_id", "b@example.com"),
    ],
    schema={"claimant": pl.Int64, "id_type": pl.String, "value": pl.String},
    orient="row",
)


def _collide_at_first(values: pl.Expr, seed: int) -> pl.Expr:
    """Hashes of which many are equal under the first two seeds."""
    return values.hash(seed) % (1, 2, 2**63)[seed]


def _differ(values: pl.Expr, seed: int) -> pl.Expr:
    return values.hash(seed)


@pytest.mark.parametrize("hash_values", [_differ, _collide_at_first])
def test_equal_values_of_one_type_have_one_number(hash_values: HashValues) -> None:
    coded = code_claims(CLAIMS, hash_values)
    assert coded.every.height == 6  # each claim once
    assert coded.every["place"].n_unique() == 5
    assert sorted(coded.several["claimant"]) == [0, 1]
    told = coded.several.join(coded.values, on="place").select("id_type", "value").unique()
    assert told.rows() == [("email", "a@example.com")]
    of_own = coded.every.filter(~pl.col("contact"))
    assert of_own["claimant"].to_list() == [3]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["Ann Lee", "ANN LEE"], {0: 1, 1: 1}),
        (["Ann Lee", "Lee, Ann"], {}),
        (["Ann Lee", "Bob Lee"], {}),
        (["Ann Lee", None], {}),
        (["Ann Lee", ""], {}),
        (["", ""], {}),
        (["Guest Customer", "guest customer"], {}),
        (["ʼ", "ʼ"], {}),
        (["李", "李"], {0: 1, 1: 1}),
    ],
)
def test_rows_of_one_spelling_that_meet_nobody_else_are_one_person(
    names: list[str | None], expected: dict[int, int]
) -> None:
    spelled = pl.DataFrame(
        {"claimant": [0, 1], "name": names}, schema={"claimant": pl.Int64, "name": pl.String}
    )
    found = find_undisputed(code_claims(CLAIMS.filter(pl.col("claimant") < 2)), spelled)
    assert dict(found.select("claimant", "person").iter_rows()) == expected


def test_whoever_meets_somebody_without_a_row_is_not_among_them() -> None:
    known = pl.DataFrame({"claimant": [-1], "id_type": ["email"], "value": ["a@example.com"]})
    spelled = pl.DataFrame({"claimant": [0, 1], "name": ["Ann Lee", "Ann Lee"]})
    assert find_undisputed(code_claims(pl.concat([CLAIMS, known])), spelled).is_empty()
