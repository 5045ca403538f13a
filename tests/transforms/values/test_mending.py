"""Values that were refused name the option of the spec that would read them."""

import polars as pl
import pytest

from memory_import.transforms.plan import TextSteps, TraitPlan, TraitType
from memory_import.transforms.values.mending import Circumstances, find_mends, has_decimal_comma

CONVERSATION = "conv_conversation_0" + "a" * 25


def plan(kind: TraitType, **options) -> TraitPlan:
    return TraitPlan(group="Contact", name="trait", columns=("Column",), type=kind, **options)


def mends(texts, trait, **around) -> list[str]:
    others = pl.Series(around.pop("others", []), dtype=pl.String)
    found = find_mends(pl.Series(texts, dtype=pl.String), trait, Circumstances(others=others, **around))
    return [mend.describe("T", "L") for mend in found]


MENDS = {
    "a format": (TraitType.DATE, ["31.12.2024", "1.2.2024"], {}, ['`format: "%d.%m.%Y"` in T']),
    "two formats": (
        TraitType.DATE,
        ["01/02/2024"],
        {},
        ['`format: "%m/%d/%Y"` in T', '`format: "%d/%m/%Y"` in T'],
    ),
    "a format beside another": (
        TraitType.DATE,
        ["31.12.2024", "1.2.2024"],
        {"others": ["2024-12-31"]},
        ['`format: ["%Y-%m-%d", "%d.%m.%Y"]` in T'],
    ),
    "a format that reads the others, too": (
        TraitType.DATE,
        ["1.12.2024"],
        {"others": ["31.12.2024"]},
        ['`format: "%d.%m.%Y"` in T'],
    ),
    "times in America": (
        TraitType.DATETIME,
        ["Jan 13 2024 3:04PM"],
        {},
        ['`format: "%b %d %Y %I:%M %p", timezone: UTC` in T (or the zone they are local in)'],
    ),
    "a long list": (TraitType.ARRAY, [",".join("x" * 90) + "y" * 1_000], {}, ['`separator: ","` in T']),
    "a list that is too long": (TraitType.ARRAY, [",".join("x" * 2_000)], {}, []),
    "numbers of days": (TraitType.DATE, ["45000", "45001.5"], {}, ["`format: excel` in T"]),
    "a decimal comma": (TraitType.NUMBER, ["1.234,56 €", "12,5"], {}, ['`decimal: ","` in T']),
    "what MySQL writes": (
        TraitType.DATE,
        ["0000-00-00"] * 5,
        {},
        ['`null_values: ["", "0000-00-00"]` in L.source'],
    ),
    "words for nothing": (
        TraitType.NUMBER,
        ["k.A.", "k.A.", "entfällt", "k.A.", "entfällt", "entfällt"],
        {"others": ["12"]},
        ['`null_values: ["", "entfällt", "k.A."]` in L.source'],
    ),
    "words among words": (TraitType.NUMBER, ["Berlin"] * 5, {}, []),
    "a format beside words for nothing": (
        TraitType.DATE,
        ["k.A."] * 5 + ["31.12.2024"] * 5,
        {},
        ['`format: "%d.%m.%Y"` in T and `null_values: ["", "k.A."]` in L.source'],
    ),
    "dates with a time": (TraitType.DATE, ["31.12.2024 10:00"], {}, ['`format: "%d.%m.%Y %H:%M"` in T']),
    "months in letters": (TraitType.DATE, ["31 May 2024"], {}, ['`format: "%d %b %Y"` in T']),
    "times in GMT": (
        TraitType.DATETIME,
        ["Fri, 31 May 2024 23:15:00 GMT"],
        {},
        ['`format: "%a, %d %b %Y %H:%M:%S GMT", timezone: UTC` in T'],
    ),
    "times with the names of a zone": (
        TraitType.DATETIME,
        ["31.05.2024 23:15 CEST", "31.12.2024 23:15 CET"],
        {},
        [
            '`format: ["%d.%m.%Y %H:%M CEST", "%d.%m.%Y %H:%M CET"], timezone: Europe/Berlin` in T '
            "(if that is the zone of CEST and CET here)"
        ],
    ),
    "dates with the name of a zone": (
        TraitType.DATE,
        ["05/31/2024 11:15 PM EDT"],
        {},
        ['`format: "%m/%d/%Y %I:%M %p EDT"` in T'],
    ),
    "names of two zones": (TraitType.DATETIME, ["31.05.2024 23:15 CET", "31.05.2024 23:15 PST"], {}, []),
    "an x and a dash": (
        TraitType.BOOLEAN,
        ["x", "-"] * 3,
        {},
        ['`true: [x]` in T and `null_values: ["", "-"]` in L.source'],
    ),
    "marks": (
        TraitType.BOOLEAN,
        ["☑", "☐"],
        {"encoding": "utf-8"},
        ["`true: [☑], false: [☐]` in T"],
    ),
    "names": (TraitType.DATE, ["Ada", "Bram", "Cleo", "Dov", "Eva"], {}, []),
    "UTF-8 read as Windows": (
        TraitType.NUMBER,
        ["12.5 €".encode().decode("windows-1252")],
        {"encoding": "windows-1252"},
        ["`encoding: utf-8` in L.source"],
    ),
    "UTF-8 read as Windows, with a comma": (
        TraitType.NUMBER,
        ["1.234,50 €".encode().decode("windows-1252")],
        {"encoding": "windows-1252"},
        ['`decimal: ","` in T and `encoding: utf-8` in L.source'],
    ),
    "Windows read as DOS": (
        TraitType.PHONE,
        ["06\xa012\xa034\xa056\xa078".encode("windows-1252").decode("cp437")],
        {"encoding": "cp437", "region": "FR"},
        ["`encoding: windows-1252` in L.source"],
    ),
}


@pytest.mark.parametrize(("kind", "texts", "around", "lines"), MENDS.values(), ids=MENDS)
def test_refused_texts_name_what_would_read_them(kind, texts, around, lines):
    assert mends(texts, plan(kind), **around) == lines


def test_words_that_a_map_does_not_have_are_named():
    trait = plan(TraitType.STRING, steps=TextSteps(mapped={"silver": "2"}))
    assert mends(["gold", "bronze"], trait) == ["`map: {bronze: …, gold: …}` in T (or an `else`)"]


def test_ids_of_conversations_name_what_stands_between_them():
    trait = TraitPlan(group="", name="conversation_ids", columns=("Column",), type=TraitType.ARRAY)
    assert mends([f"{CONVERSATION},{CONVERSATION}"], trait) == ['`separator: ","` in T']
    assert mends(["CH0001,CH0002"], trait) == []


def test_only_what_no_point_can_read_shows_a_decimal_comma():
    texts = pl.Series(["1.234,56", "12,5", "1,234", "1,234,567", "x,y", "1.234"])
    shown = has_decimal_comma(texts, plan(TraitType.NUMBER))
    assert shown.to_list() == [True, True, False, False, False, False]


def test_content_that_is_too_long_can_be_split():
    trait = TraitPlan(group="", name="content", columns=("Column",))
    assert mends(["x" * 5_000], trait) == ["`too_long: split` in T"]
