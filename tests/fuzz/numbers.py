"""Phone numbers as people, exchanges and spreadsheets write them, right and wrong, for every region."""

from collections.abc import Callable, Iterator
from random import Random

import phonenumbers
from phonenumbers import PhoneMetadata

from tests.fuzz.patterns import sample_pattern

# fmt: off
_KINDS = [
    "general_desc", "premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan",
    "voicemail", "fixed_line", "mobile", "mobile",
]
_SEPARATORS = [" ", "-", ".", "/", "(", ")", ") ", "\u00a0", "–", " - ", "["] * 4 + ["~", "*", "\u200b", "−"]
_BEFORE = [
    "", "", "", " ", "'", "Tel: ", "tel:", "(", "phone ", "M.", "c/o ", "#", "\t", " '", "№ ", "é ", "\u00a0",
]
_AFTER = [
    "", "", "", " ", ".", " (work)", ",", "\n", " -", "'", " x", ")", "#", "_", "é", "/", " / x", ".0", ";",
]
_EXTENSIONS = [
    " x{}", "x{}", " ext. {}", " ext{}", ";ext={}", "#{}", " Extn: {}", ", {}", ",,{}", " int {}", "/x{}",
    " EXTENSION {}", "-{}#", " доб {}", " anexo {}", "~{}", ";{}", " x {} x9", " ext.:{}", ";isub={}",
]
_NOISE = "0123456789+ -.()/x#*,;'e\u0661\uff11²ABCabc\u00a0\n_"
_DAMAGED = [
    "{}E+11", "4.4{}E+10", "{}.0", "4,4E+1", "{}e11", "'{}.5E+11", "n/a", "-", "#N/A", "", "  ", "+", "00",
]
_RARE = [
    "+00{}", "+{};phone-context=+44", "{};phone-context=example.com", "++{}", "+ {}", "0{}+",
    "0" * 260 + "{}",
]
# fmt: on

Write = Callable[[PhoneMetadata, str, Random], str]


def generate_numbers(count: int, seed: int, region: str | None = None) -> Iterator[tuple[str, str | None]]:
    """`count` pairs of number and region, of one region or of all; the same seed gives the same pairs."""
    random = Random(seed)
    plans = [plan for plan in _read_plans() if region in (None, plan.id)]
    for _ in range(count):
        plan = random.choice(plans)
        write = random.choice(_WRITINGS if random.random() < 0.92 else _RARE_WRITINGS)
        yield _dress(write(plan, _draw_national(plan, random), random), random), _draw_region(plan, random)


def _read_plans() -> list[PhoneMetadata]:
    regions = [PhoneMetadata.metadata_for_region(region) for region in sorted(phonenumbers.SUPPORTED_REGIONS)]
    codes = sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS)
    return regions + [PhoneMetadata.metadata_for_nongeo_region(code) for code in codes]


def _draw_region(plan: PhoneMetadata, random: Random) -> str | None:
    others: list[str | None] = [None, "ZZ", "us", "", *sorted(phonenumbers.SUPPORTED_REGIONS)]
    return plan.id if random.random() < 0.85 else random.choice(others)


def _draw_national(plan: PhoneMetadata, random: Random) -> str:
    """A national number: of some type, with a digit changed, lost or added, or of a local or any length."""
    description = getattr(plan, random.choice(_KINDS)) or plan.general_desc
    digits = sample_pattern(
        description.national_number_pattern or plan.general_desc.national_number_pattern, random
    )
    chance = random.random()
    if chance < 0.75:
        return digits
    place, digit = random.randrange(len(digits)), random.choice("0123456789")
    if chance < 0.93:
        return digits[:place] + random.choice([digit, "", digit * 2]) + digits[place + 1 :]
    if chance > 0.99:
        return "0" * len(digits)
    lengths = (
        *plan.general_desc.possible_length,
        *plan.general_desc.possible_length_local_only,
        *range(1, 20),
    )
    return "".join(random.choices("0123456789", k=random.choice(lengths)))


def _write_e164(plan: PhoneMetadata, national: str, random: Random) -> str:
    return f"+{plan.country_code}{national}"


def _write_plus(plan: PhoneMetadata, national: str, random: Random) -> str:
    trunk = random.choice(["", "", "", "(0)", _draw_prefix(plan, random)])
    return _space(f"+{plan.country_code} {trunk}{national}", random)


def _write_bare_code(plan: PhoneMetadata, national: str, random: Random) -> str:
    return _space(f"{plan.country_code}{random.choice(['', _draw_prefix(plan, random)])}{national}", random)


def _write_dialled(plan: PhoneMetadata, national: str, random: Random) -> str:
    prefix = sample_pattern(plan.international_prefix or "00", random)
    code = random.choice([plan.country_code, plan.country_code, random.choice([1, 44, 49, 7, 999, 0])])
    return _space(f"{prefix}{code}{national}", random)


def _write_national(plan: PhoneMetadata, national: str, random: Random) -> str:
    return _space(_draw_prefix(plan, random) + national, random)


def _write_plain(plan: PhoneMetadata, national: str, random: Random) -> str:
    return _space(national, random)


def _write_local_rewrite(plan: PhoneMetadata, national: str, random: Random) -> str:
    """What the prefix pattern matches, and part of a number: the ground of the rules that rewrite."""
    return _draw_prefix(plan, random) + national[random.randrange(len(national) + 1) :]


def _write_vanity(plan: PhoneMetadata, national: str, random: Random) -> str:
    place = random.randrange(len(national))
    return national[:place] + "".join(random.choices("ABCDXYZabc", k=4)) + national[place + 4 :]


def _write_damage(plan: PhoneMetadata, national: str, random: Random) -> str:
    return random.choice(_DAMAGED).format(national)


def _write_rare(plan: PhoneMetadata, national: str, random: Random) -> str:
    return random.choice(_RARE).format(random.choice([national, f"{plan.country_code}{national}"]))


_WRITINGS: list[Write] = [
    *[_write_e164, _write_plus, _write_plus, _write_bare_code, _write_dialled, _write_dialled],
    *[_write_national, _write_national, _write_national, _write_plain, _write_plain, _write_plain],
    _write_local_rewrite,
]
_RARE_WRITINGS: list[Write] = [_write_vanity, _write_damage, _write_rare]


def _draw_prefix(plan: PhoneMetadata, random: Random) -> str:
    """Mostly the plain national prefix; now and then whatever the plan would take for one."""
    pattern = plan.national_prefix_for_parsing
    if pattern and random.random() < 0.3:
        return sample_pattern(pattern, random)
    return plan.national_prefix or random.choice(["", "", "0"])


def _space(number: str, random: Random) -> str:
    """Separators at up to four places; half of the numbers stay bare."""
    for _ in range(random.choice([0, 0, 0, 1, 2, 4])):
        place = random.randrange(len(number) + 1)
        number = number[:place] + random.choice(_SEPARATORS) + number[place:]
    return number


def _dress(number: str, random: Random) -> str:
    """Now and then: an extension, something before or after, characters lost, changed or added."""
    if random.random() < 0.1:
        number += random.choice(_EXTENSIONS).format(random.randrange(10 ** random.randint(1, 11)))
    if random.random() < 0.2:
        number = random.choice(_BEFORE) + number + random.choice(_AFTER)
    if random.random() < 0.1:
        for _ in range(random.randint(1, 3)):
            place = random.randrange(len(number) + 1)
            number = (
                number[:place]
                + random.choice(["", random.choice(_NOISE)])
                + number[place + random.randrange(2) :]
            )
    return number
