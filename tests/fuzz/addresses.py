"""Email addresses as people and programs write them, right and wrong."""

from collections.abc import Iterator
from random import Random

import email_validator
from email_validator import rfc_constants

# fmt: off
_NAMES = ["anna", "Max.Mustermann", "j.r.r", "info", "SALES", "o'brien", "x"]
_ATOMS = [
    "anna", "Max.Mustermann", "o'brien", "j+news", "x_y-z", "1", "é", "用户", "a" * 63, "A1",
    "!#$%&*/=?^`{|}~", "e\u0301", "\u212b", "a b", "", ".", '"a b"', "a..b",
    *rfc_constants.CASE_INSENSITIVE_MAILBOX_NAMES,
]
_LABELS = [
    "example", "mail", "x", "a-b", "A-B", "xn--bcher-kva", "bücher", "b" * 63, "c" * 64, "1", "1a", "ab--c",
    "-a", "a-", "", "straße", "ｅｘ",
    "пример", "אב", "xn--zz", "a_b", "XN--BCHER-KVA", "a" * 30, "co", "x--y",
]
_ENDINGS = [
    "com", "com", "com", "org", "de", "io", "COM", "Co.UK", "c1", "1", "xn--p1ai", "рф", "museum", "example",
    "TEST", "", "com.", "[127.0.0.1]", *email_validator.SPECIAL_USE_DOMAIN_NAMES,
]
_NOISE = "abzAZ019.-_@+ '\"<>()[],:;\\!#%\t\n\u00a0\u200bé＠。．ßıK\u0301\U0001f600"
_WRAPPINGS = [
    "{}", "{}", "{}", "{}", " {}", "{} ", "\t{}\n", "\u00a0{}", "<{}>", "Bob <{}>", "mailto:{}", '"{}"',
    "{};", "{}@example.com", "({})", "{}\u2003", "\x1c{}", "\u200b{}",
]
# fmt: on


def generate_addresses(count: int, seed: int) -> Iterator[str]:
    """`count` addresses, most of them close to a good one; the same seed gives the same addresses."""
    random = Random(seed)
    for _ in range(count):
        address = f"{_draw_local_part(random)}@{_draw_domain(random)}"
        address = random.choice(_WRAPPINGS).format(address) if random.random() < 0.15 else address
        yield _mutate(address, random) if random.random() < 0.3 else address


def _draw_local_part(random: Random) -> str:
    if random.random() < 0.7:
        return random.choice(_NAMES) + "".join(random.choices("abXYZ0189_-+", k=random.randint(0, 9)))
    return ".".join(random.choices(_ATOMS, k=random.choice([1, 1, 1, 2, 3])))


def _draw_domain(random: Random) -> str:
    if random.random() < 0.7:
        name = "".join(random.choices("abcdeXY0189", k=random.randint(1, 12)))
        return name + random.choice([".com", ".org", ".co.uk", ".Example.DE", "-x.io", ".x.y.z"])
    labels = random.choices(_LABELS, k=random.choice([0, 1, 1, 1, 2, 3, 9]))
    return ".".join([*labels, random.choice(_ENDINGS)])


def _mutate(address: str, random: Random) -> str:
    for _ in range(random.randint(1, 3)):
        place = random.randrange(len(address) + 1)
        address = (
            address[:place]
            + random.choice(["", random.choice(_NOISE)])
            + address[place + random.randrange(2) :]
        )
    return address
