"""WHO on the command line: a phone, an email, TYPE:VALUE or a profile id; and the profile behind it."""

import re
from dataclasses import dataclass

import polars as pl

from memory_import.destination.api.lookup import look_up
from memory_import.errors import ExitCode, ImportProblem, UsageProblem
from memory_import.run.show.reach import Reached
from memory_import.spec.model import Spec
from memory_import.transforms.countries.regions import find_region
from memory_import.transforms.emails import normalise_emails
from memory_import.transforms.phones import normalise_phones

_PROFILE_ID = re.compile(r"mem_profile_[0-7][0-9a-z]{25}")
_TYPED = re.compile(r"([A-Za-z][A-Za-z0-9_.-]{1,29}):(.+)", re.DOTALL)
_PHONE_TYPES = frozenset({"phone", "whatsapp", "whatsappid"})


@dataclass(frozen=True, slots=True)
class Identifier:
    """An identifier as the store has it: its type and its normalised value."""

    id_type: str
    value: str


class ProfileMissing(ImportProblem):
    """The store has no such profile, or more than one."""

    exit_code = ExitCode.REJECTS


def read_who(who: str, spec: Spec | None) -> Identifier | str:
    """The identifier, normalised as rows of the spec are, or the profile id that WHO is.

    Without a spec a phone must begin with `+`. `UsageProblem` says what else is wrong with it.
    """
    who = who.strip()
    if _PROFILE_ID.fullmatch(who):
        return who
    if typed := _TYPED.fullmatch(who):
        return _read_typed(typed[1], typed[2].strip(), spec)
    if "@" in who:
        return Identifier("email", _read_email(who))
    return Identifier("phone", _read_phone(who, spec))


def _read_typed(id_type: str, value: str, spec: Spec | None) -> Identifier:
    if id_type in _PHONE_TYPES:
        return Identifier(id_type, _read_phone(value, spec))
    if id_type == "email":
        return Identifier(id_type, _read_email(value))
    return Identifier(id_type, value)


def _read_email(text: str) -> str:
    email, code = normalise_emails(pl.Series([text])).select("email", "code").row(0)
    if email is None:
        raise UsageProblem(f"{text!r} is no email address ({code}).")
    return str(email).lower()  # as the service does


def _read_phone(text: str, spec: Spec | None) -> str:
    region = _find_region(spec)
    if not text.startswith("+") and region is None:
        raise UsageProblem(
            f"{text!r} is no phone with +, no email, no TYPE:VALUE and no profile id. "
            "A phone without + needs --spec or --run of a spec that states region.default."
        )
    phones = normalise_phones(pl.Series([text]), pl.Series([region], dtype=pl.String))
    e164, code = phones.select("e164", "code").row(0)
    if e164 is None:
        raise UsageProblem(f"{text!r} is no phone number ({code}).")
    return str(e164)


def _find_region(spec: Spec | None) -> str | None:
    """The region of phones without one: the first default that a load of the spec states."""
    if spec is None:
        return None
    loads = [load for load in (spec.profiles, *spec.memories.values()) if load is not None]
    defaults = (load.region.default for load in loads)
    return next((find_region(default) for default in defaults if default), None)


async def find_profile(reached: Reached, who: Identifier | str) -> str:
    """The id of the profile that WHO leads to; one lookup unless it is an id.

    `ProfileMissing` where there is none, or where there are several.
    """
    if isinstance(who, str):
        return who
    found = await look_up(reached.client, reached.target.store_id, who.id_type, who.value)
    if len(found) == 1:
        return found[0]
    if found:
        raise ProfileMissing(
            f"{len(found)} profiles have the {who.id_type} {who.value}: {', '.join(found)}. Name one of them."
        )
    raise ProfileMissing(f"The store has no profile with the {who.id_type} {who.value}.")
