import asyncio
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from memory_import.emulator.app import create_app
from memory_import.emulator.engine.errors import UsageError
from memory_import.emulator.engine.ids import FIRST_STORE_ID
from memory_import.emulator.server import running
from tests.support.asking import CONTROL, DATA
from tests.support.shared import ROOT

AUTH = ("user", "secret")


def _command(*flags: str) -> list[str]:
    return [sys.executable, "-m", "memory_import.emulator", *flags]


@contextmanager
def _process(*flags: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with subprocess.Popen(
        _command("--port", "0", *flags), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            yield process, process.stdout.readline().split()[-1]
        finally:
            process.kill()


def test_a_server_answers_at_once_and_ends_with_its_context() -> None:
    with running(api_key=AUTH) as emulator:
        assert httpx.get(f"{emulator.url}{CONTROL}", auth=AUTH, timeout=60).status_code == 200
        assert httpx.get(f"{emulator.url}{CONTROL}", auth=("user", "other"), timeout=60).status_code == 401
        assert emulator.url.startswith("http://127.0.0.1:")
    with pytest.raises(httpx.ConnectError):
        httpx.get(emulator.url)


def test_a_served_emulator_takes_a_script_and_a_state_file(tmp_path: Path) -> None:
    faults = [{"when": {"above_concurrent": 1}, "do": {"status": 429}}, {"do": {"delay_seconds": 0.2}}]
    state = tmp_path / "state.jsonl"
    for expected in ([202, 429], [202, 429]):
        with running(faults=faults, state_file=state, delay_seconds=(0, 0)) as emulator:
            assert sorted(asyncio.run(_send_two(emulator.url))) == expected
    with running(state_file=state) as emulator:
        assert (
            len(httpx.get(f"{emulator.url}/emulator/profiles", timeout=60).json()["stores"][FIRST_STORE_ID])
            == 1
        )


async def _send_two(url: str) -> list[int]:
    body = {"profiles": [{"traits": {"Contact": {"phone": "+12025550101"}}}]}
    async with httpx.AsyncClient(base_url=url, auth=AUTH, timeout=60) as client:
        answers = await asyncio.gather(*(client.put(f"{DATA}/Bulk", json=body) for _ in range(2)))
    return [answer.status_code for answer in answers]


def test_the_application_runs_under_an_in_process_transport() -> None:
    async def ask() -> int:
        transport = httpx.ASGITransport(app=create_app())
        async with httpx.AsyncClient(transport=transport, base_url="http://emulator", auth=AUTH) as client:
            return (await client.get(CONTROL)).status_code

    assert asyncio.run(ask()) == 200


def test_a_port_in_use_is_one_clear_error() -> None:
    with running() as emulator:
        port = int(emulator.url.rsplit(":", 1)[1])
        with pytest.raises(UsageError, match=f"Port {port} cannot be used"), running(port=port):
            pass


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_a_signal_ends_the_process_with_0(number: signal.Signals) -> None:
    with _process() as (process, url):
        assert httpx.get(f"{url}/emulator/health", timeout=60).json() == {"pending": 0}
        process.send_signal(number)
        assert process.wait(60) == 0
        assert process.stderr
        assert process.stderr.read() == ""


UNUSABLE = {
    "no faults file": (["--faults", "absent.json"], None),
    "faults that are no JSON": (["--faults", "file"], "{"),
    "faults that are no script": (["--faults", "file"], '[{"do": {"explode": 1}}]'),
    "a state file of another program": (["--state", "file"], "hello\n"),
    "a folder for a state file": (["--state", "."], None),
    "a port out of range": (["--port", "70000"], None),
}


@pytest.mark.parametrize(("flags", "content"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_what_cannot_be_used_is_one_line_and_2(flags: list[str], content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "file").write_text(content)
    ended = subprocess.run(
        _command("--port", "0", *flags),
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)


def test_no_acknowledged_batch_is_lost_or_doubled_by_a_kill(tmp_path: Path) -> None:
    """Killed three times; what was answered 202 is there once, what was not is whole or not there."""
    flags = ("--state", str(tmp_path / "state.jsonl"))
    chance = random.Random(7)
    acknowledged: list[int] = []
    asked: list[int] = []
    for _ in range(3):
        with _process(*flags) as (process, url):
            killer = threading.Timer(chance.uniform(0.05, 0.2), process.kill)
            _send_until_it_dies(url, asked, acknowledged, killer)
            killer.join()
    with _process(*flags) as (_, url):
        while httpx.get(f"{url}/emulator/health", timeout=60).json()["pending"]:
            time.sleep(0.02)
        stores = httpx.get(f"{url}/emulator/profiles", timeout=60).json()["stores"]
    phones = [phone for profile in stores[FIRST_STORE_ID] for phone in profile["identifiers"]["phone"]]
    batches = {
        number: [phone for phone in phones if phone.startswith(f"+1202{number:04d}")] for number in asked
    }
    assert len(acknowledged) > 3
    assert len(set(phones)) == len(phones)
    assert {len(batch) for batch in batches.values()} <= {0, 50}
    assert all(batches[number] for number in acknowledged)


def _send_until_it_dies(url: str, asked: list[int], acknowledged: list[int], killer: threading.Timer) -> None:
    """Batch after batch; the killer starts with the second that is acknowledged."""
    already = len(acknowledged)
    with httpx.Client(base_url=url, auth=AUTH, timeout=60) as client:
        while True:
            number = len(asked) + 1
            asked.append(number)
            contacts = [{"phone": f"+1202{number:04d}{each:03d}"} for each in range(50)]
            body = {"profiles": [{"traits": {"Contact": contact}} for contact in contacts]}
            try:
                assert client.put(f"{DATA}/Bulk", json=body).status_code == 202
            except httpx.TransportError:
                return
            acknowledged.append(number)
            if len(acknowledged) == already + 2:
                killer.start()
