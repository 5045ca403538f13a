"""What becomes of each column: a trait with its options, or left out with the reason."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from memory_import.spec.inference.choice import Choice
from memory_import.spec.inference.evidence import Evidence
from memory_import.spec.inference.headers import find_concept, words_of
from memory_import.spec.inference.moments import Moments, choose_format, read_moments, settle_order
from memory_import.spec.inference.naming import name_traits
from memory_import.spec.inference.vocabulary import LEFT_OUT, OPT_OUTS, SWITCHES, TRAITS, Concept
from memory_import.transforms.emails import normalise_emails
from memory_import.transforms.phones import normalise_phones
from memory_import.transforms.values.answers import NO, YES
from memory_import.transforms.values.numerals import FALSE, TRUE

_ASKED = 2_000  # different texts of a column that the libraries are asked about
_WORTH_REPAIR = 0.2  # the share of numbers that a restored plus makes valid
_TIMES = (Concept.BIRTHDAY, Concept.CREATED, Concept.MODIFIED, Concept.OCCURRED)
_LISTS = (Concept.TAGS, Concept.INTERESTS)
_FIGURES_ARE_TEXT = frozenset(
    [
        "id",
        "ids",
        "no",
        "number",
        "code",
        "zip",
        "postal",
        "postcode",
        "plz",
        "nr",
        "nummer",
        "numero",
        "account",
        "phone",
        "version",
        "key",
        "ref",
        "reference",
    ]
)


def choose(columns: Sequence[Evidence], regions: pl.Series, *, months_first: bool) -> list[Choice]:
    """A choice for every column, in order. `regions`: ISO-2 by row, for phone numbers in national form."""
    moments = {one.header: found for one in columns if (found := _moments_of(one)) is not None}
    order = settle_order(moments.values(), months_first=months_first)
    concepts = _concepts(columns)
    chosen = []
    for one in columns:
        concept, _ = concepts[one.header]
        chosen.append(_choose_one(one, concept, moments.get(one.header), regions, order=order))
    is_whole = {header: whole for header, (_, whole) in concepts.items()}
    return name_traits(_settle_names(chosen, is_whole), is_whole)


def _concepts(columns: Sequence[Evidence]) -> dict[str, tuple[Concept | None, bool]]:
    """What each header names; where a label stands beside a value and is always the same, it is the
    header."""
    found = {}
    labels = {
        words_of(one.header)[:-1]: one for one in columns if find_concept(one.header)[0] is Concept.LABEL
    }
    for one in columns:
        concept, is_whole = find_concept(one.header)
        label = labels.get(words_of(one.header)[:-1])
        if concept is None and label is not None and len(label.distinct) == 1:
            concept, is_whole = find_concept(label.distinct[0])
        if concept is None and one.is_unique and _names_a_person(one.header) and not one.is_free_text:
            concept = Concept.CUSTOMER_ID
        found[one.header] = (concept, is_whole)
    if all(concept is not Concept.CUSTOMER_ID for concept, _ in found.values()):
        ids = [one for one in columns if found[one.header][0] is Concept.OTHER_ID and one.is_unique]
        found |= {one.header: (Concept.CUSTOMER_ID, False) for one in ids[:1] if one.fill == 1}
    return found


def _names_a_person(header: str) -> bool:
    people = {
        "contact",
        "customer",
        "client",
        "lead",
        "person",
        "user",
        "member",
        "subscriber",
        "kunde",
        "kontakt",
        "cliente",
        "contatto",
        "contacto",
        "contato",
        "klant",
        "abonne",
        "mitglied",
    }
    return bool(words_of(header)) and set(words_of(header)) <= people


def _moments_of(one: Evidence) -> Moments | None:
    if one.filled.is_empty() or _is_figure_of_an_id(one):
        return None
    return read_moments(one.distinct.head(_ASKED), 0.5 if find_concept(one.header)[0] in _TIMES else 0.9)


def _is_figure_of_an_id(one: Evidence) -> bool:
    return one.share(r"[0-9]+") >= 0.9


def _choose_one(  # noqa: PLR0911 - one return per kind of column
    one: Evidence, concept: Concept | None, moments: Moments | None, regions: pl.Series, *, order: str
) -> Choice:
    if one.filled.is_empty() and concept in {Concept.EMAIL, Concept.PHONE}:
        return Choice(
            one, concept, *TRAITS[concept], {"type": "email" if concept is Concept.EMAIL else "phone"}
        )
    if one.filled.is_empty():
        return Choice(one, concept, reason="empty in every row that was looked at")
    if concept in LEFT_OUT:
        return Choice(one, concept, reason=LEFT_OUT[concept], moments=moments)
    if concept is Concept.DELETED:
        return Choice(one, concept, reason="decides which rows are imported (`where`)")
    contact = _as_contact(one, concept, regions)
    if contact is not None:
        return contact
    if concept in {Concept.EMAIL, Concept.PHONE}:
        concept = None  # the header only speaks of one
    if one.is_constant and concept not in TRAITS:
        return Choice(one, concept, reason="the same in every row")
    if moments is not None and concept not in {Concept.CUSTOMER_ID, Concept.POSTAL_CODE}:
        return _as_moment(one, concept, moments, order)
    switch = _as_switch(one, concept)
    if switch is not None:
        return switch
    if concept is Concept.OWNER and one.bracketed_address:
        return Choice(one, concept, *TRAITS[concept], {"pattern": r"\(([^()\s]+@[^()\s]+)\)"})
    if one.is_free_text and concept is None:
        return Choice(one, concept, reason=LEFT_OUT[Concept.NOTE])
    return _as_value(one, concept)


def _as_contact(one: Evidence, concept: Concept | None, regions: pl.Series) -> Choice | None:
    """A phone or an email, by its header and by what the libraries say of its cells; else None."""
    if concept in {Concept.OWNER, Concept.CUSTOMER_ID, Concept.OTHER_ID}:
        return None
    has_emails = one.share(r".*@[^@\s]+\.[^@\s]+.*") >= 0.8
    if concept is not Concept.EMAIL and has_emails and one.is_of_few:
        return None  # addresses of those who serve the customers
    if has_emails or (concept is Concept.EMAIL and one.holds_emails):
        return _as_email(one)
    has_phones = concept is None and one.share(r"'?\+[0-9][0-9 ().\-/]{6,}[0-9]") >= 0.8
    if has_phones or (concept is Concept.PHONE and one.holds_phones):
        return _as_phone(one, regions)
    return None


def _as_email(one: Evidence) -> Choice:
    separator = one.separator(is_list=False) or _between(one, "@")
    share = _valid_share(normalise_emails(_parts(one.distinct.head(_ASKED), separator))["email"])
    options = {"type": "email", "case": "lower"} | ({"separator": separator} if separator else {})
    return Choice(
        one, Concept.EMAIL, *TRAITS[Concept.EMAIL], options, doubts=_doubt(share, "email addresses")
    )


def _as_phone(one: Evidence, regions: pl.Series) -> Choice:
    separator = one.separator(is_list=False)
    rows = pl.DataFrame({"cell": one.cells, "region": regions}).drop_nulls("cell").head(_ASKED)
    if separator:
        rows = rows.with_columns(pl.col("cell").str.split(separator)).explode("cell", empty_as_null=False)
    cells, countries = rows["cell"].str.strip_chars(" '"), rows["region"]
    share = _valid_share(normalise_phones(cells, countries)["e164"])
    repaired = _valid_share(normalise_phones(cells, countries, repair=True)["e164"])
    options: dict[str, Any] = {"type": "phone"} | ({"separator": separator} if separator else {})
    if repaired >= share + _WORTH_REPAIR:
        options["repair"], share = True, repaired
    return Choice(one, Concept.PHONE, *TRAITS[Concept.PHONE], options, doubts=_doubt(share, "phone numbers"))


def _between(one: Evidence, sign: str) -> str | None:
    """A comma or a slash between parts that all hold `sign`."""
    for separator in (",", "/"):
        holding = one.filled.filter(one.filled.str.count_matches(sign, literal=True) > 1)
        parts = holding.str.split(separator).explode(empty_as_null=False)
        if not holding.is_empty() and parts.str.contains(sign, literal=True).all():
            return separator
    return None


def _parts(cells: pl.Series, separator: str | None) -> pl.Series:
    return (
        cells
        if separator is None
        else cells.str.split(separator).explode(empty_as_null=False).str.strip_chars()
    )


def _valid_share(values: pl.Series) -> float:
    return 1 - values.null_count() / len(values) if len(values) else 0.0


def _doubt(share: float, what: str) -> tuple[str, ...]:
    return () if share >= 0.9 else (f"{share:.0%} of them are valid {what}",)


def _as_moment(one: Evidence, concept: Concept | None, moments: Moments, order: str) -> Choice:
    form = choose_format(moments, order, is_typed=one.is_typed)
    group, trait = TRAITS.get(concept, ("Crm", None)) if concept else ("Crm", None)
    options: dict[str, Any] = {"type": "datetime" if moments.has_time else "date"}
    if form is not None and form != "%Y-%m-%d":
        options["format"] = form
    doubts = ("day and month could be the other way round",) if moments.is_ambiguous else ()
    if moments.has_time and not moments.has_zone:
        options["timezone"] = "UTC"
    if "timezone" in options and not {"utc", "gmt"} & set(words_of(one.header)):
        doubts = (*doubts, "which time zone does the system export?")
    return Choice(one, concept, group, trait or "", options, doubts=doubts, moments=moments)


def _as_switch(one: Evidence, concept: Concept | None) -> Choice | None:
    """Yes or no, in words that are known or in two that deny each other; else None."""
    group, trait = TRAITS.get(concept, ("Crm", "")) if concept else ("Crm", "")
    if one.is_switch and (concept in SWITCHES or not one.share("[01]") or len(one.words) == 2):
        return Choice(one, concept, group, trait, {"type": "boolean"} | _own_words(one))
    if one.opposites is not None:
        denied, allowed = one.opposites
        yes, no = (denied, allowed) if concept in OPT_OUTS else (allowed, denied)
        return Choice(one, concept, group, trait, {"type": "boolean", "true": [yes], "false": [no]})
    return None


def _own_words(one: Evidence) -> dict[str, list[str]]:
    """The words for yes and no that have to be told, as they stand in the cells."""
    told = [text for text in one.distinct if text.lower() not in {*TRUE, *FALSE}]
    words = {"true": YES, "false": NO}
    found = {key: [text for text in told if text.lower() in known] for key, known in words.items()}
    return {key: texts for key, texts in found.items() if texts}


def _as_value(one: Evidence, concept: Concept | None) -> Choice:
    group, trait = TRAITS.get(concept, ("Crm", "")) if concept else ("Crm", "")
    if concept is Concept.FULL_NAME:
        return Choice(one, concept, "Contact", "name")
    separator = one.separator(is_list=concept in _LISTS)
    if concept in _LISTS or (concept is None and separator):
        options: dict[str, Any] = {"type": "array"} | ({"separator": separator} if separator else {})
        if one.share('".*"') >= 0.9:
            options["strip"] = '"'
        return Choice(one, concept, group, trait, options)
    is_text = concept is not None or bool(set(words_of(one.header)) & _FIGURES_ARE_TEXT) or one.keeps_zeros
    if not is_text and (marks := one.number_marks) is not None:
        return Choice(one, concept, group, trait, _number_options(one, marks))
    options = {"strip": "'"} if one.has_apostrophes else {}
    return Choice(one, concept, group, trait, options)


def _number_options(one: Evidence, marks: tuple[str, str]) -> dict[str, Any]:
    decimal, thousands = marks
    is_whole = not decimal and one.share(r"[+-]?[0-9]{1,9}") == 1.0
    options: dict[str, Any] = {"type": "integer" if is_whole else "number"}
    if decimal == ",":
        options["decimal"] = ","
    if thousands:
        options["thousands"] = thousands
    return options


def _settle_names(choices: Sequence[Choice], is_whole: Mapping[str, bool]) -> list[Choice]:
    """One source of first and last names: their own columns, or else one column of full names."""
    found = {choice.concept for choice in choices if choice.trait}
    if {Concept.FIRST_NAME, Concept.LAST_NAME} <= found:
        return [_left_out(c, "the first and the last name have columns of their own") for c in choices]
    if Concept.FIRST_NAME in found and Concept.FULL_NAME not in found:
        choices = [_as_full_name(choice) for choice in choices]
    full = [choice for choice in choices if choice.concept is Concept.FULL_NAME and choice.trait]
    best = max(full, key=lambda c: (is_whole[c.column], c.evidence.fill), default=None)
    return [c if c is best else _left_out(c, "the name stands in another column") for c in choices]


def _left_out(choice: Choice, reason: str) -> Choice:
    is_name = choice.concept is Concept.FULL_NAME and choice.trait
    return Choice(choice.evidence, choice.concept, reason=reason) if is_name else choice


def _as_full_name(choice: Choice) -> Choice:
    """A column such as "Nome" that holds first and last names; any other as it is."""
    is_full = choice.concept is Concept.FIRST_NAME and choice.evidence.share(r"\S+(?: \S+)+") >= 0.8
    return Choice(choice.evidence, Concept.FULL_NAME, "Contact", "name") if is_full else choice
