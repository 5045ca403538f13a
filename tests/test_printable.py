"""Names from elsewhere do nothing to a terminal; counts and their nouns agree."""

import pytest

from memory_import.errors import UsageProblem
from memory_import.printable import counted, printable_line, printable_text


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        pytest.param("Søren's café 顧客.csv", "Søren's café 顧客.csv", id="letters of any script stay"),
        pytest.param("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m", id="colours"),
        pytest.param("\x1b]0;title\x07", r"\x1b]0;title\x07", id="the title of the window"),
        pytest.param("\x9b2J", r"\x9b2J", id="a C1 control"),
        pytest.param("a\rb\x08\x7f", r"a\rb\x08\x7f", id="overwriting"),
        pytest.param("evil\u202egpj.csv", r"evil\u202egpj.csv", id="direction of writing"),
        pytest.param("a\u2028b", r"a\u2028b", id="a line separator"),
        pytest.param("a\nb\tc", r"a\nb\tc", id="line end and tab"),
        pytest.param("a\udcffb", r"a\udcffb", id="a name that is no UTF-8"),
    ],
)
def test_what_a_terminal_would_act_on_is_escaped(text: str, printed: str) -> None:
    assert printable_line(text) == printed
    assert printable_line(printed) == printed


def test_line_ends_and_tabs_of_a_text_stay() -> None:
    assert printable_text("a\n\tb\x1b[0m\n") == "a\n\tb\\x1b[0m\n"


def test_a_problem_is_one_line_whatever_name_it_quotes() -> None:
    problem = UsageProblem(["There is no file a\x1b[2J\nb.csv.", "Second."])
    assert problem.problems == (r"There is no file a\x1b[2J\nb.csv.", "Second.")
    assert str(problem) == "There is no file a\\x1b[2J\\nb.csv.\nSecond."


@pytest.mark.parametrize(("count", "said"), [(0, "0 rows"), (1, "1 row"), (2_000, "2,000 rows")])
def test_a_count_and_its_noun_agree(count: int, said: str) -> None:
    assert counted(count, "row") == said
