"""From a stranger's export to a store that is ready: the commands of the README, as they stand there."""

import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from twilio.rest import Client

from memory_import.emulator.server import Running, running
from tests.support.openapi import PATH as DOCUMENT
from tests.support.openapi import request_validator
from tests.support.processes import Finished, invoke
from tests.support.shared import ROOT

STORE = "mem_store_00000000000000000000000001"


def commands() -> list[str]:
    """The commands of the README's section about one's own data, without their comments."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("\n## Import your own data\n")[1]
    return [
        line.split("#")[0].strip()
        for line in re.findall(r"^    (memory-import .*)$", section.split("\n## ")[0], re.MULTILINE)
    ]


@dataclass(frozen=True)
class Terminal:
    """A folder with an export, and an account without any store."""

    folder: Path
    url: str

    def call(self, line: str) -> Finished:
        """Run a line of the README in this process; it stands there as a shell takes it."""
        program, *arguments = shlex.split(line)
        assert program == "memory-import"
        account = {
            "MEMORY_API_URL": self.url,
            "TWILIO_ACCOUNT_SID": "AC0",
            "TWILIO_API_KEY": "SK0",
            "TWILIO_API_SECRET": "secret",
        }
        return invoke(self.folder, arguments, account)


@pytest.fixture
def account() -> Iterator[Running]:
    validator = request_validator() if DOCUMENT.exists() else None
    options = {"delay_seconds": (0.0, 0.05), "operation_retry_after_seconds": 0, "validator": validator}
    with running(empty=True, **options) as server:  # type: ignore[arg-type]
        yield server
        assert server.app.violations == []


def test_five_commands_lead_from_a_file_to_an_import(account: Running, tmp_path: Path) -> None:
    shutil.copy(ROOT / "sample_data" / "customers.csv", tmp_path)
    terminal = Terminal(tmp_path, account.url)
    lines = commands()
    verbs = [line.split()[1] for line in lines]
    assert verbs == ["init", "run", "init", "doctor", "setup", "run", "doctor"]
    said = [terminal.call(line) for line in lines]
    assert [each.exit_code for each in said] == [0, 0, 0, 2, 0, 0, 0], [each.stderr for each in said]
    before, after = said[3].stdout, said[6].stdout
    assert "failure  store: there is none named 'crm' → `memory-import setup SPEC` makes it" in before
    assert after.splitlines()[-1].startswith("Ready.")
    assert {line.split()[0] for line in after.splitlines()[:-1]} == {"ok"}
    assert "Nothing to do" in terminal.call("memory-import setup crm.yaml --yes").stdout
    _check_with_the_official_library(account.url)


def _check_with_the_official_library(url: str) -> None:
    client = Client("SK0", "secret")
    client.memory.base_url = url
    store = client.memory.v1.stores(STORE)
    assert (store.fetch().display_name, store.fetch().status) == ("crm", "ACTIVE")
    settings = client.memory.v1.identity_resolution_settings(STORE).fetch()
    assert "user_id" in settings.matching_rules
    groups = {
        group.display_name: group.traits
        for group in client.memory.v1.trait_groups(STORE).list(include_traits=True)
    }
    assert groups["Contact"]["phone"]["idTypePromotion"] == "phone"
