"""A spec file is read once, and everything that is wrong with it is said at once."""

import tracemalloc
from pathlib import Path

import polars as pl
import pytest

from memory_import.errors import ExitCode, UsageProblem
from memory_import.sources.opened import Sources
from memory_import.spec.file import load_spec
from memory_import.spec.model import Spec
from tests.support.workplace import write_customers

HEAD = "version: 1\nprofiles:\n"
SOURCE = "  source: customers.csv\n"
TRAITS = "  traits: {Contact: {phone: {column: Phone, type: phone}}}\n"
NOTES = (
    "version: 1\nobservations:\n  source: customers.csv\n  content: Name\n  occurred_at: Since\n"
    "  observation_source: crm\n"
)
NOTHING_TO_IMPORT = "there is nothing to import; expected profiles, observations or summaries."


def load(folder: Path, text: str, *, is_emulator: bool = True, **variables: str) -> Spec:
    """Load a spec with this text, beside `customers.csv`."""
    write_customers(folder)
    (folder / "spec.yaml").write_text(text)
    sources = Sources(folder / "copies")
    return load_spec(folder / "spec.yaml", variables, is_emulator=is_emulator, sources=sources)


def problems_of(folder: Path, text: str, **variables: str) -> tuple[str, ...]:
    with pytest.raises(UsageProblem) as error:
        load(folder, text, is_emulator=True, **variables)
    assert error.value.exit_code is ExitCode.USAGE
    assert all(problem.startswith("spec.yaml") for problem in error.value.problems)
    return tuple(problem.removeprefix("spec.yaml: ") for problem in error.value.problems)


def test_a_good_spec_is_returned(tmp_path: Path) -> None:
    spec = load(tmp_path, HEAD + SOURCE + TRAITS)
    assert spec.profiles.traits["Contact"]["phone"].columns == ("Phone",)


MANY_MISTAKES = """
version: 1
stor: mem_store_x
profiles:
  source: {path: customers.csv, delimeter: ","}
  region: {column: Contry, default: Atlantis}
  traits:
    Con tact:
      first: {column: Name}
    Contact:
      First Name: Name
      phone: {colum: Phone, type: phone}
      email: {column: Emial, type: email}
      born: {column: Since, type: dat}
      since: {column: Since, type: date, format: "%Q"}
      at: {column: Since, type: datetime, timezone: Europe/Berlim}
      tags: {column: Name, separator: ";"}
      note: {column: Nmae, on_invalid: ignore}
      fax: {column: Phone, repair: true}
observations:
  source: customers.csv
  profile: {phone: Phome}
  content: Name
  occurred_at: {column: Sinc}
  observation_source: crm
  over_limit: none
"""
FOUND = """
unknown key stor; did you mean 'store'?
unknown key profiles.source.delimeter; did you mean 'delimiter'?
unknown key profiles.traits.Contact.phone.colum; did you mean 'column'?
profiles.traits.Contact.phone.column is missing.
profiles.traits.Contact.born.type is 'dat'; did you mean 'date'?
profiles.traits.Contact.note.on_invalid is 'ignore'; expected 'drop' or 'reject'.
observations.over_limit is 'none'; expected 'keep_newest' or 'keep_oldest'.
profiles.traits.Con tact: the group name 'Con tact' may hold only letters
profiles.traits.Contact.First Name: the trait name 'First Name' must be lowerCamelCase
profiles.traits.Contact.since: the format '%Q' does not describe a date
profiles.traits.Contact.at: 'Europe/Berlim' is not a time zone
profiles.traits.Contact.tags.separator is for type array or phone or email, not for string.
profiles.traits.Contact.fax.repair is for type phone, not for string.
profiles.region.default is 'Atlantis'; expected a country's name or ISO code, such as US.
profiles.traits.Contact.email: customers.csv has no column 'Emial'; did you mean 'Email'?
profiles.traits.Contact.note: customers.csv has no column 'Nmae'; did you mean 'Name'?
profiles.region.column: customers.csv has no column 'Contry'; expected one of: Name, Phone, Email, Since.
observations.profile.phone: customers.csv has no column 'Phome'; did you mean 'Phone'?
observations.occurred_at: customers.csv has no column 'Sinc'; did you mean 'Since'?
"""


def test_all_mistakes_are_named_at_once_each_with_the_nearest_right_choice(tmp_path: Path) -> None:
    problems = [problem.replace(f"{tmp_path}/", "") for problem in problems_of(tmp_path, MANY_MISTAKES)]
    for problem, expected in zip(problems, FOUND.strip().splitlines(), strict=True):
        assert problem.startswith(expected)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("type: boolean, true: [On, X], false: [x]", "true and false both have 'x'; expected a text in one"),
        ('type: number, thousands: "5"', "thousands is '5'; expected a sign that is no part of a number."),
        ('type: integer, thousands: "-"', "thousands is '-'; expected a sign that is no part of a number."),
        ('type: number, decimal: ",", thousands: ","', "decimal and thousands are both ','; expected two"),
    ],
)
def test_options_that_contradict_each_other_or_the_digits_are_refused(
    tmp_path: Path, options: str, problem: str
) -> None:
    text = HEAD + SOURCE + f"  traits: {{Contact: {{it: {{column: Name, {options}}}}}}}\n"
    (found,) = problems_of(tmp_path, text)
    assert found.startswith(f"profiles.traits.Contact.it: {problem}")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("version: 2\nprofiles:\n" + SOURCE + TRAITS, "version is 2; expected 1.", id="version"),
        pytest.param("profiles:\n" + SOURCE + TRAITS, "version is missing.", id="no version"),
        pytest.param("version: 1\n", NOTHING_TO_IMPORT, id="no profiles"),
        pytest.param("version: 1\nprofiles:\n", NOTHING_TO_IMPORT, id="empty profiles"),
        pytest.param(HEAD + SOURCE, "profiles.traits is missing.", id="no traits"),
        pytest.param(
            HEAD + SOURCE + "  traits: {}\n",
            "profiles.traits is empty; expected at least one entry.",
            id="empty traits",
        ),
        pytest.param(
            HEAD + "  source: 5\n" + TRAITS,
            "profiles.source is 5; expected a path or a mapping.",
            id="source",
        ),
        pytest.param(
            HEAD + SOURCE + "  region: US\n" + TRAITS,
            "profiles.region is 'US'; expected a mapping with any of: column, default.",
            id="region",
        ),
        pytest.param(
            HEAD + "  source: ''\n" + TRAITS, "profiles.source.path is ''; expected a text.", id="empty path"
        ),
        pytest.param(
            HEAD + "  source: {path: customers.csv, delimiter: ';;'}\n" + TRAITS,
            "profiles.source.delimiter is ';;'; expected one character.",
            id="delimiter",
        ),
        pytest.param(
            HEAD + "  source: {path: customers.csv, encoding: utf-9}\n" + TRAITS,
            "profiles.source: found the encoding 'utf-9', expected one that Python knows, such as "
            "utf-8, utf-16, windows-1252, mac-roman or shift_jis; "
            "correct the source's encoding or convert the file",
            id="encoding",
        ),
        pytest.param(
            HEAD + SOURCE + TRAITS + "  identifiers: [Contact.phon]\n",
            "profiles.identifiers: Contact.phon is not among the traits; did you mean 'Contact.phone'?",
            id="identifier",
        ),
        pytest.param(
            HEAD + SOURCE + TRAITS + "  identifiers: []\n",
            "profiles.identifiers is empty; expected at least one entry.",
            id="no identifier",
        ),
        pytest.param(
            HEAD + SOURCE + "  traits: {Contact: {phone: 5, email: Email}}\n  identifiers: [Contact.phone]\n",
            "profiles.traits.Contact.phone is 5; expected a column or a mapping.",
            id="an identifier that is wrong in itself",
        ),
        pytest.param(
            HEAD + "  source: {path: customers.csv, null_values: [null]}\n" + TRAITS,
            "profiles.source.null_values.0 is empty; expected a text.",
            id="null without quotes",
        ),
        pytest.param(
            HEAD + SOURCE + "  traits: {Contact: {phone: [Phone]}}\n",
            "profiles.traits.Contact.phone is a list; expected a column or a mapping.",
            id="trait is a list",
        ),
        pytest.param(
            HEAD + SOURCE + "  traits: {Contact: {phone: }}\n",
            "profiles.traits.Contact.phone is empty; expected a column or a mapping.",
            id="trait is empty",
        ),
        pytest.param(
            HEAD + SOURCE + "  traits: {Contact: {phone: {column: 5}}}\n",
            "profiles.traits.Contact.phone.column is 5; expected a column or a list of columns.",
            id="column is a number",
        ),
        pytest.param(
            HEAD + SOURCE + "  traits: {Contact: {phone: {column: []}}}\n",
            "profiles.traits.Contact.phone.column is empty; expected at least one entry.",
            id="no column",
        ),
        pytest.param(
            HEAD + SOURCE + "  traits: {Contact: {str: 2024-01-31}}\n",
            "profiles.traits.Contact.str is 2024-01-31; expected a column or a mapping.",
            id="a date, under the name of a type",
        ),
        pytest.param(
            HEAD + SOURCE + "  traits: {Contact: {phone: {column: Phone, type: phone, repair: yes}}}\n",
            "profiles.traits.Contact.phone.repair is 'yes'; expected true or false.",
            id="a repair that is neither true nor false",
        ),
        pytest.param(
            HEAD + SOURCE + "  traits: {Contact: {phone: {column: Phone, type: phone, repare: true}}}\n",
            "unknown key profiles.traits.Contact.phone.repare; did you mean 'repair'?",
            id="a key that is nearly one",
        ),
        pytest.param(
            NOTES + "  profile: {phone: 5}\n",
            "observations.profile.phone is 5; expected a column or a mapping.",
            id="a column of an identifier",
        ),
        pytest.param(
            NOTES + "  profile: {phone: {column: Phone, repare: true}}\n",
            "unknown key observations.profile.phone.repare; did you mean 'repair'?",
            id="a key of an identifier that is nearly one",
        ),
        pytest.param(
            NOTES + "  profile: {email: {column: Email, repair: true}}\n",
            "observations.profile.email.repair is for phone, not for email.",
            id="a repair of an email",
        ),
        pytest.param(
            NOTES + "  profile: {id: {column: Name, repair: true}}\n",
            "observations.profile.id.repair is for phone, not for id.",
            id="a repair of an id",
        ),
        pytest.param(
            NOTES.replace("  content: Name\n", "") + "  profile: {phone: Phone}\n",
            "observations.content is missing.",
            id="the only load without its content",
        ),
        pytest.param(
            HEAD + SOURCE + "  traits: {2024: {a: Name}}\n",
            "profiles.traits.2024 is no name; put it in quotes if it is meant to be one.",
            id="a number as a name",
        ),
        pytest.param(
            HEAD + SOURCE + TRAITS + "  sync: {gone: delete}\n",
            "profiles.sync.gone: delete goes by what is known under the spec's name, and there is none; "
            "expected a name, such as name: crm-customers.",
            id="people to delete without a name of the spec",
        ),
    ],
)
def test_one_mistake_makes_one_sentence(tmp_path: Path, text: str, problem: str) -> None:
    assert problems_of(tmp_path, text) == (problem,)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("a: [1\nb: 2\n", "at line 2, column 2: expected ',' or ']', but got ':'.", id="syntax"),
        pytest.param(
            "version: 1\nstore: a\nstore: b\n",
            "at line 3, column 1: the key 'store' stands twice.",
            id="twice",
        ),
        pytest.param(
            "version: 1\n? [a]\n: 1\n", "at line 2, column 3: a key must be a plain text.", id="a list as key"
        ),
        pytest.param("a: !!python/name:os.system\n", "at line 1, column 4: could not determine", id="a tag"),
        pytest.param("a: *b\n", "at line 1, column 4: found undefined alias 'b'.", id="an alias"),
    ],
)
def test_broken_yaml_is_named_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    (found,) = problems_of(tmp_path, text)
    assert found.startswith("spec.yaml is not valid YAML " + problem)


@pytest.mark.parametrize("text", ["", "- 1\n", "just words\n"])
def test_a_file_without_a_mapping_is_told_how_a_spec_begins(tmp_path: Path, text: str) -> None:
    assert problems_of(tmp_path, text) == ("spec.yaml holds no mapping; a spec begins with `version: 1`.",)


def test_more_traits_than_a_group_of_the_store_can_have_are_refused(tmp_path: Path) -> None:
    traits = ", ".join(f"trait{number}: Name" for number in range(96))
    (problem,) = problems_of(tmp_path, HEAD + SOURCE + f"  traits: {{Contact: {{{traits}}}}}\n")
    assert problem == "profiles.traits: the group 'Contact' has 96 traits; the API accepts 95."


def test_an_alias_inside_of_what_it_stands_for_is_refused(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, "version: 1\nprofiles: &all\n  traits: *all\n")
    assert problem == "spec.yaml holds an alias (*name) inside of what it stands for: write it out."


def bomb(levels: int) -> str:
    """A few hundred bytes that stand for ten to the power of `levels` values."""
    rows = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(["version: 1", "a0: &a0 [" + ", ".join("x" * 10) + "]", *rows])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(
            bomb(9),
            "spec.yaml has aliases (*name) that stand for more than 100,000 values: write them out.",
            id="aliases of aliases",
        ),
        pytest.param(
            "a: " + "[" * 600, "spec.yaml is nested more deeply than any spec has to be.", id="brackets"
        ),
    ],
)
def test_a_small_text_that_would_unfold_without_limit_is_refused_cheaply(
    tmp_path: Path, text: str, problem: str
) -> None:
    tracemalloc.start()
    assert problems_of(tmp_path, text) == (problem,)
    assert tracemalloc.get_traced_memory()[1] < 100_000_000
    tracemalloc.stop()


def test_aliases_that_stand_for_little_are_written_out(tmp_path: Path) -> None:
    text = HEAD + SOURCE + "  traits:\n    Contact: &c {phone: {column: Phone, type: phone}}\n    Other: *c\n"
    traits = load(tmp_path, text).profiles.traits
    assert traits["Other"] == traits["Contact"]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match=r"There is no spec file .*nowhere\.yaml"):
        load_spec(tmp_path / "nowhere.yaml", {}, is_emulator=True, sources=None)


def test_data_that_is_given_as_a_spec_is_not_read_through(tmp_path: Path) -> None:
    data = tmp_path / "customers.csv"
    data.write_text("Phone\n" + "+12025550101\n" * 400_000)
    with pytest.raises(UsageProblem, match=r"larger than any spec .*`memory-import init customers\.csv`"):
        load_spec(data, {}, is_emulator=True, sources=None)


def test_a_folder_is_not_a_spec(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="is a folder; name the spec file in it"):
        load_spec(tmp_path, {}, is_emulator=True, sources=None)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"caf\xe9: 1\n", "cannot be read as UTF-8 text", id="another encoding"),
        pytest.param(b"\x00\x01\x02", "is not a YAML text file", id="binary"),
    ],
)
def test_a_file_that_is_no_text_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "spec.yaml").write_bytes(content)
    with pytest.raises(UsageProblem, match=words):
        load_spec(tmp_path / "spec.yaml", {}, is_emulator=True, sources=None)


@pytest.mark.parametrize("code", ["NO", "no", "No", "ON", "yes", "off", "y"])
def test_yaml_words_for_true_and_false_are_texts(tmp_path: Path, code: str) -> None:
    spec = load(tmp_path, HEAD + f"  source: {{path: customers.csv, null_values: [{code}]}}\n" + TRAITS)
    assert spec.profiles.source.null_values == (code,)


def test_norway_is_a_country(tmp_path: Path) -> None:
    assert (
        load(tmp_path, HEAD + SOURCE + "  region: {default: NO}\n" + TRAITS).profiles.region.default == "NO"
    )


def test_names_of_the_environment_are_filled_in(tmp_path: Path) -> None:
    text = "version: 1\nstore: ${STORE}\nprofiles:\n  source: ${FOLDER}/${FILE}.csv\n" + TRAITS
    spec = load(
        tmp_path, text, is_emulator=False, STORE="mem_store_1", FOLDER=str(tmp_path), FILE="customers"
    )
    assert (spec.store, spec.profiles.source.path) == ("mem_store_1", f"{tmp_path}/customers.csv")


def test_names_that_are_not_set_are_all_named(tmp_path: Path) -> None:
    text = (
        HEAD
        + "  source: {path: customers.csv, encoding: '${ENCODING}'}\n  region: {default: '${REGION}'}\n"
        + TRAITS
    )
    found = problems_of(tmp_path, text)
    assert found[:2] == (
        "${ENCODING} is not set in the environment: set it, or write the value.",
        "${REGION} is not set in the environment: set it, or write the value.",
    )


def test_the_emulator_has_a_store_of_its_own(tmp_path: Path) -> None:
    text = "version: 1\nstore: ${MEMORY_STORE_ID}\nprofiles:\n" + SOURCE + TRAITS
    assert load(tmp_path, text).store is None


@pytest.mark.parametrize("name", ["TWILIO_AUTH_TOKEN", "MY_PASSWORD", "TWILIO_API_SECRET", "api_key"])
def test_the_name_of_a_secret_is_refused_and_its_value_not_shown(tmp_path: Path, name: str) -> None:
    text = HEAD + SOURCE + f"  region: {{default: '${{{name}}}'}}\n" + TRAITS
    found = problems_of(tmp_path, text, **{name: "the-hidden"})
    assert found[0] == f"${{{name}}} is a secret; the spec has no use for it: take it out."
    assert "the-hidden" not in "\n".join(found)


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param("SK0123456789abcdef0123456789abcdef", id="an API key"),
        pytest.param("the-token-of-the-account", id="the value of a secret of the environment"),
    ],
)
@pytest.mark.parametrize(
    "place", ["  # {}", "  {}: 1", "  region: {{default: {}}}", "  region: [{}", "  x: *{}"]
)
def test_a_secret_is_refused_wherever_it_stands_and_not_repeated(
    tmp_path: Path, secret: str, place: str
) -> None:
    text = HEAD + SOURCE + TRAITS + place.format(secret) + "\n"
    with pytest.raises(UsageProblem) as error:
        load(tmp_path, text, TWILIO_AUTH_TOKEN="the-token-of-the-account")
    assert error.value.problems == (
        "The spec holds a secret; secrets belong into the environment: take it out.",
    )


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        pytest.param("absent.csv", None, "found nothing to read, expected at least one file", id="no file"),
        pytest.param("empty.csv", b"", "found an empty file, expected a header line", id="empty file"),
        pytest.param(
            "book.csv", b"PK\x03\x04" + b"\x00" * 50, "a ZIP archive that breaks off", id="half an archive"
        ),
    ],
)
def test_a_source_that_cannot_be_read_is_one_line(
    tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    (found,) = problems_of(tmp_path, HEAD + f"  source: {name}\n" + TRAITS)
    assert found.startswith("profiles.source: ")
    assert words in found
    assert "\n" not in found


def test_a_column_must_be_in_every_file_of_the_source(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("Name,Telephone\nAda,1\n")
    assert problems_of(tmp_path, HEAD + "  source: '*.csv'\n" + TRAITS) == (
        "profiles.traits.Contact.phone: other.csv has no column 'Phone'; did you mean 'Telephone'?",
    )


def test_what_is_wrong_with_many_files_is_said_once(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"other-{number:02}.csv").write_text("Name,Telephone\nAda,1\n")
    assert problems_of(tmp_path, HEAD + "  source: 'other-*.csv'\n" + TRAITS) == (
        "profiles.traits.Contact.phone: other-00.csv (and 29 other files) has no column 'Phone'; "
        "did you mean 'Telephone'?",
    )


@pytest.mark.parametrize("header", ["Ada,ada@example.com", "Ada,+1 202-555-0101", "Ada,(202) 555.0101"])
def test_a_file_without_a_header_is_told_so_and_no_customer_shown(tmp_path: Path, header: str) -> None:
    (tmp_path / "bare.csv").write_text(f"{header}\nBram,1\n")
    (found,) = problems_of(tmp_path, HEAD + "  source: bare.csv\n" + TRAITS)
    assert found.endswith("; its first line looks like data: put a line with the column names before it.")
    assert not any(value in found for value in header.split(","))


def test_a_column_that_finds_a_profile_must_be_in_the_file_in_its_long_form_too(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("Telephone,Name,Since\n")
    text = (
        NOTES.replace("customers.csv", "'notes*.csv'") + "  profile: {phone: {column: Phone, repair: true}}\n"
    )
    assert problems_of(tmp_path, text) == (
        f"observations.profile.phone: {tmp_path}/notes.csv has no column 'Phone'; did you mean 'Telephone'?",
    )


@pytest.mark.parametrize(
    "name",
    [
        *("_file", "_row", "_pos", "_payload", "_bytes", "_latest", "_pieces", "_copies", "_row_hash"),
        *("_row_codes", "_known_person", "_stated", "_sent_as", "_partition", "_error_code", "_round"),
        *(
            "_value.Contact.phone",
            "_code.Contact.phone",
            "_place.Contact.phone",
            "_identifier.phone",
            "_hash.email.2",
        ),
    ],
)
def test_columns_with_names_of_ours_are_refused_before_they_collide(tmp_path: Path, name: str) -> None:
    (tmp_path / "own.csv").write_text(f"Phone,{name}\n1,2\n")
    assert problems_of(tmp_path, HEAD + "  source: own.csv\n" + TRAITS.replace("Phone", name)) == (
        f"profiles.traits.Contact.phone: the column {name!r} has a name of ours; "
        "rename it to begin without '_'.",
    )


def test_a_resume_may_do_without_the_source(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(HEAD + "  source: gone.csv\n" + TRAITS)
    spec = load_spec(tmp_path / "spec.yaml", {}, is_emulator=True, sources=None)
    assert spec.profiles.source.path == "gone.csv"


@pytest.mark.parametrize(
    ("meant", "found", "shown"),
    [
        pytest.param("Größe", "Gro\u0308ße", "'Gro\\u0308\\xdfe'", id="composed otherwise"),
        pytest.param("Phone", "Рhone", "'\\u0420hone'", id="a letter of another alphabet"),
        pytest.param("Phone", "Phone1", "'Phone1'", id="another name"),
        pytest.param("Größe", "Grösse", "'Grösse'", id="another spelling"),
    ],
)
def test_a_column_that_prints_alike_is_shown_so_that_it_can_be_told_apart(
    tmp_path: Path, meant: str, found: str, shown: str
) -> None:
    (tmp_path / "x.csv").write_text(f"{found},Name\n1,2\n", encoding="utf-8")
    (problem,) = problems_of(tmp_path, HEAD + "  source: x.csv\n" + TRAITS.replace("Phone", meant))
    assert problem.endswith(f"did you mean {shown}?")


@pytest.mark.parametrize(
    ("header", "words"),
    [
        pytest.param("Phone,a,Phone", "has the column 'Phone' more than once, at 1 and 3", id="used"),
        pytest.param("Phone,a,a,", None, id="not used"),
    ],
)
def test_a_name_may_stand_twice_where_no_trait_uses_it(
    tmp_path: Path, header: str, words: str | None
) -> None:
    (tmp_path / "x.csv").write_text(f"{header}\n1,2,3\n")
    text = HEAD + "  source: x.csv\n" + TRAITS
    if words is None:
        load(tmp_path, text)
        return
    with pytest.raises(UsageProblem, match=words):
        load(tmp_path, text)


@pytest.mark.parametrize("used", [True, False], ids=["used", "not used"])
def test_a_parquet_column_without_a_text_refuses_only_a_spec_that_uses_it(tmp_path: Path, used: bool) -> None:
    pl.DataFrame({"Phone": ["1"], "Raw": [b"x"], "Nested": [{"a": 1}]}).write_parquet(tmp_path / "x.parquet")
    text = HEAD + "  source: x.parquet\n" + (TRAITS.replace("Phone", "Raw") if used else TRAITS)
    if used:
        with pytest.raises(UsageProblem, match=r"x\.parquet has 'Raw' as .*binary; expected"):
            load(tmp_path, text)
    else:
        load(tmp_path, text)


NAMED_TRAITS = (
    "  traits: {Contact: {phone: {column: Phone, type: phone}, vip: {column: Name, type: boolean}, "
    "id: Since}}\n"
)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("store: {}", "store.name is missing."),
        ("store: []", "store is empty; expected the id of a store, or a mapping with its name."),
        ("store: 5", "store is 5; expected the id of a store, or a mapping with its name."),
        ("store: {name: a b}", "store.name is 'a b'; expected letters, digits and hyphens."),
        ("store: {nam: ab, name: ab}", "unknown key store.nam; did you mean 'name'?"),
        ("setup: {identifier: {}}", "unknown key setup.identifier; did you mean 'identifiers'?"),
        (
            "setup: {identifiers: {user_id: Contact.ide}}",
            "setup.identifiers.user_id: Contact.ide is not among the traits; did you mean 'Contact.id'?",
        ),
        (
            "setup: {identifiers: {user_id: Contact.vip}}",
            "setup.identifiers.user_id: its trait is of type boolean, which cannot identify anybody.",
        ),
        (
            "setup: {identifiers: {email: Contact.id}}",
            "setup.identifiers.email: its trait is of type string; expected type: email.",
        ),
        (
            "setup: {identifiers: {user_id: Contact.id, crm: Contact.id}}",
            "setup.identifiers.crm: Contact.id is promoted to user_id already; "
            "a trait has one identifier type.",
        ),
        (
            "setup: {identifiers: {x: Contact.id}}",
            "setup.identifiers.x is no identifier type: those have 2 to 30 characters.",
        ),
        ("setup: {matching: [phone, email, phone]}", "setup.matching names phone twice."),
    ],
)
def test_what_a_spec_says_of_its_store_is_checked(tmp_path: Path, lines: str, problem: str) -> None:
    text = f"version: 1\n{lines}\nprofiles:\n{SOURCE}{NAMED_TRAITS}"
    with pytest.raises(UsageProblem) as raised:
        load(tmp_path, text, is_emulator=False)
    assert raised.value.problems == (f"spec.yaml: {problem}",)


def test_the_name_of_a_store_may_come_from_the_environment(tmp_path: Path) -> None:
    text = "version: 1\nstore: {name: 'client-${CLIENT}'}\nprofiles:\n" + SOURCE + TRAITS
    spec = load(tmp_path, text, is_emulator=False, CLIENT="acme")
    assert spec.named_store is not None
    assert (spec.store_id, spec.named_store.name) == (None, "client-acme")
    assert Spec.model_validate(spec.model_dump(mode="json")) == spec


@pytest.mark.parametrize("condition", ["[left]", "{not: [left]}", "{is: }", "{is: [a], not: [b]}"])
def test_a_condition_is_in_the_ledger_what_it_is_in_the_spec(tmp_path: Path, condition: str) -> None:
    text = "version: 1\nprofiles:\n" + SOURCE + TRAITS + f"  where: {{Since: {condition}}}\n"
    spec = load(tmp_path, text)
    assert Spec.model_validate(spec.model_dump(mode="json")) == spec
