"""Exports of many countries become right by what the messages say to write into the spec alone."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from memory_import.errors import ExitCode, UsageProblem
from memory_import.run.lifecycle.result import RunResult
from memory_import.run.request import Action
from tests.support.workplace import Workplace, payloads_of, write_spec

ROWS = 12
_ENCODING = re.compile(r"set the source's encoding to (\S+)")
_LINE = re.compile(r"`([^`]+)` in ([\w.]+)")


@dataclass(frozen=True)
class Export:
    """A file as the programs of a country write it: its header, its rows by number, and what the first says.

    The columns are name, phone, date of birth, when it was entered, an amount, and a consent, in this order.
    """

    encoding: str
    delimiter: str
    header: str
    row: Callable[[int], str]
    first: dict[str, Any]


EXPORTS = {
    "France": Export(
        "windows-1252",
        ";",
        "Nom;Téléphone;Né le;Créé le;Chiffre d'affaires;Optin",
        lambda n: (
            f"DUPONT, Éloïse;01 42 68 53 {n:02};{n + 13}/12/{90 - n};{n + 13}/03/2024 08:{n:02};"
            f"1\u00a02{n:02},56 €;{'non' if n % 3 else 'oui'}"
        ),
        {
            "phone": "+33142685300",
            "born": "1990-12-13",
            "entered": "2024-03-13T08:00:00Z",
            "amount": 1200.56,
            "consent": True,
        },
    ),
    "Switzerland": Export(
        "utf-8",
        ";",
        "Name;Telefon;Geboren;Angelegt;Umsatz;Newsletter",
        lambda n: (
            f"Müller, Urs;044 668 18 {n:02};{n + 13}.3.1990;{n + 13}.03.2024 08:{n:02}:30;CHF 1'2{n:02}.50;"
            f"{'Nein' if n % 3 else 'Ja'}"
        ),
        {
            "phone": "+41446681800",
            "born": "1990-03-13",
            "entered": "2024-03-13T08:00:30Z",
            "amount": 1200.5,
            "consent": True,
        },
    ),
    "United States": Export(
        "utf-8",
        ",",
        "Name,Phone,DOB,Created,Amount,Consent",
        lambda n: (
            f'"Smith, Ann",(415) 555-26{n:02},{n % 12 + 1}/{n + 13}/1990,3/{n + 13}/2024 {n % 12 + 1}:05 PM,'
            f'"$1,2{n:02}.50",{"no" if n % 3 else "yes"}'
        ),
        {
            "phone": "+14155552600",
            "born": "1990-01-13",
            "entered": "2024-03-13T13:05:00Z",
            "amount": 1200.5,
            "consent": True,
        },
    ),
    "Japan": Export(
        "cp932",
        ",",
        "氏名,電話番号,生年月日,登録日,金額,同意",
        lambda n: (
            f"山田 花子,03-1234-56{n:02},1990年{n % 12 + 1}月{n + 13}日,2024/03/{n + 13} 08:{n:02},"
            f'"￥1,2{n:02}",'
            f"{'いいえ' if n % 3 else 'はい'}"
        ),
        {
            "phone": "+81312345600",
            "born": "1990-01-13",
            "entered": "2024-03-13T08:00:00Z",
            "amount": 1200,
            "consent": True,
        },
    ),
    "Brazil": Export(
        "utf-8-sig",
        ";",
        "Nome;Celular;Nascimento;Criado;Valor;Ativo",
        lambda n: (
            f"Silva, João;(11) 91234-56{n:02};{n + 13}/12/1990;{1_709_600_000_000 + n};R$ 1.2{n:02},56;"
            f"{'Não' if n % 3 else 'Sim'}"
        ),
        {
            "phone": "+5511912345600",
            "born": "1990-12-13",
            "entered": "2024-03-05T00:53:20Z",
            "amount": 1200.56,
            "consent": True,
        },
    ),
    "a spreadsheet in Spain": Export(
        "mac-roman",
        ";",
        "Nombre;Móvil;Nacido;Año;Importe;Sí",
        lambda n: (
            f"García, José;612 34 56 {n:02};{32_000 + n};{45_000 + n}.5;-1.2{n:02},56 €;"
            f"{'sí' if n % 3 else 'no'}"
        ),
        {
            "phone": "+34612345600",
            "born": "1987-08-11",
            "entered": "2023-03-15T12:00:00Z",
            "amount": -1200.56,
            "consent": False,
        },
    ),
}
TYPES = {"phone": "phone", "born": "date", "entered": "datetime", "amount": "number", "consent": "boolean"}


def write_export(folder: Path, export: Export) -> None:
    """The export, and a spec that says what its columns are and nothing of how they are written."""
    lines = [export.header, *map(export.row, range(ROWS))]
    (folder / "customers.csv").write_text("\r\n".join([*lines, ""]), encoding=export.encoding, newline="")
    columns = export.header.split(export.delimiter)[1:]
    traits = {
        name: {"column": column, "type": kind}
        for column, (name, kind) in zip(columns, TYPES.items(), strict=True)
    }
    write_spec(folder, source={"path": "customers.csv"}, region={}, traits={"Contact": traits})


def plan(workplace: Workplace) -> RunResult | str:
    """What a plan came to; what was said where none could begin."""
    try:
        return workplace.carry_out(workplace.request(action=Action.PLAN, emulator=True))
    except UsageProblem as problem:
        return str(problem)


def follow(workplace: Workplace, said: list[str]) -> None:
    """Write into the spec what the messages say to write; of several choices the first."""
    path = workplace.folder / "spec.yaml"
    spec = yaml.safe_load(path.read_text())
    for message in said:
        line, place = _LINE.findall(message)[0]
        part = spec
        for name in place.split("."):
            part = part[name]
        part.update(yaml.safe_load(f"{{{line}}}"))
    path.write_text(yaml.safe_dump(spec, sort_keys=False, allow_unicode=True))


@pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS)
def test_an_export_is_read_with_what_the_messages_say_to_write(workplace: Workplace, export: Export) -> None:
    write_export(workplace.folder, export)
    first = plan(workplace)
    if isinstance(first, str):
        [encoding] = _ENCODING.findall(first)
        follow(workplace, [f"`encoding: {encoding}` in profiles.source"])
        first = plan(workplace)
    assert not isinstance(first, str), first
    assert first.report["exit_code"] == ExitCode.BUDGET
    follow(workplace, first.report["spec_lines"])
    second = plan(workplace)
    assert not isinstance(second, str), second
    assert second.report["exit_code"] == ExitCode.DONE, second.report["problems"]
    dropped = {path: fates["dropped"] for path, fates in second.report["loads"]["profiles"]["traits"].items()}
    assert not any(dropped.values()), dropped
    payload = payloads_of(second)[0]
    assert payload is not None
    assert json.loads(payload)["traits"]["Contact"] == export.first
