"""How many rejected rows a run puts up with."""

import pytest

from memory_import.errors import ExitCode, UsageProblem
from memory_import.run.budget import ErrorBudget, parse_budget


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        pytest.param(None, ErrorBudget(), id="none"),
        pytest.param("0", ErrorBudget(rows=0), id="no row"),
        pytest.param("50", ErrorBudget(rows=50), id="rows"),
        pytest.param(" 50 ", ErrorBudget(rows=50), id="spaces around it"),
        pytest.param("2.5%", ErrorBudget(percent=2.5), id="a share"),
        pytest.param("0%", ErrorBudget(percent=0), id="no share"),
        pytest.param("100 %", ErrorBudget(percent=100), id="everything"),
    ],
)
def test_a_budget_is_a_number_of_rows_or_a_share(text: str | None, budget: ErrorBudget) -> None:
    assert parse_budget(text) == budget


@pytest.mark.parametrize("text", ["", "%", "-1", "2.5", "101%", "-1%", "nan%", "inf%", "many", "1e3"])
def test_anything_else_is_an_error_that_says_what_was_expected(text: str) -> None:
    with pytest.raises(
        UsageProblem, match="expected a number of rows such as 50, or a share such as 2%"
    ) as error:
        parse_budget(text)
    assert repr(text) in str(error.value)
    assert error.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize(
    ("budget", "rejected", "read", "is_allowed"),
    [
        pytest.param(ErrorBudget(), 10, 10, True, id="without a budget all may be rejected"),
        pytest.param(ErrorBudget(rows=2), 2, 10, True, id="as many as the budget"),
        pytest.param(ErrorBudget(rows=2), 3, 10, False, id="one more than the budget"),
        pytest.param(ErrorBudget(rows=0), 0, 0, True, id="an empty input"),
        pytest.param(ErrorBudget(percent=20), 2, 10, True, id="exactly the share"),
        pytest.param(ErrorBudget(percent=20), 3, 10, False, id="more than the share"),
        pytest.param(ErrorBudget(percent=0), 0, 0, True, id="no share of nothing"),
        pytest.param(ErrorBudget(percent=0), 1, 1_000_000, False, id="one in a million is more than none"),
    ],
)
def test_a_budget_is_kept_up_to_its_very_number(
    budget: ErrorBudget, rejected: int, read: int, is_allowed: bool
) -> None:
    assert budget.allows(rejected, read) is is_allowed
