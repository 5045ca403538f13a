"""Two runs never write to one state directory, and a dead run never keeps the next one out."""

import fcntl
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from memory_import.ledger.database.lock import StateDirectoryBusy, exclusive, find_holder, name_run

HOLDER = """
import sys
from pathlib import Path
from memory_import.ledger.database.lock import exclusive
with exclusive(Path(sys.argv[1]), purpose="run 20261121-1", since="2026-11-21T09:00:00Z"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_elsewhere(state_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its stdin ends."""
    command = [sys.executable, "-c", HOLDER, str(state_dir)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


def test_a_second_process_is_told_who_holds_the_directory(tmp_path: Path) -> None:
    with (
        held_elsewhere(tmp_path) as holder,
        pytest.raises(StateDirectoryBusy) as refusal,
        exclusive(tmp_path, purpose="another", since="later"),
    ):
        pytest.fail("two hold the lock")
    message = str(refusal.value)
    assert f"{tmp_path} is in use by run 20261121-1" in message
    assert f"process {holder.pid}, since 2026-11-21T09:00:00Z" in message
    assert "repeat this; in another state directory nobody would know what it sends" in message


def test_the_kernel_releases_the_lock_of_a_killed_process(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path) as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with exclusive(tmp_path, purpose="resume", since="now"):
            assert '"resume"' in (tmp_path / "lock").read_text()


def test_a_run_that_ends_makes_room_for_the_next_even_when_it_fails(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="boom"), exclusive(tmp_path, purpose="first", since="now"):
        raise ValueError("boom")
    with exclusive(tmp_path, purpose="second", since="now"):
        pass


def test_one_process_cannot_take_the_lock_twice(tmp_path: Path) -> None:
    with (
        exclusive(tmp_path, purpose="first", since="now"),
        pytest.raises(StateDirectoryBusy, match=f"first .process {os.getpid()}"),
        exclusive(tmp_path, purpose="second", since="now"),
    ):
        pytest.fail("two hold the lock")


def test_other_directories_are_free(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with (
        exclusive(tmp_path / "a", purpose="one", since="now"),
        exclusive(tmp_path / "b", purpose="two", since="now"),
    ):
        assert stat.S_IMODE((tmp_path / "a" / "lock").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"{", b'{"pid": 1}'], ids=["empty", "torn", "incomplete"])
def test_a_holder_that_has_not_said_its_name_yet_is_still_respected(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "lock"
    path.write_bytes(content)
    with path.open("r+b") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        with (
            pytest.raises(StateDirectoryBusy, match="just starting"),
            exclusive(tmp_path, purpose="second", since="now"),
        ):
            pytest.fail("two hold the lock")


@pytest.mark.parametrize("link", ["symbolic", "hard"])
def test_a_lock_that_is_a_link_is_refused_and_its_target_stays(tmp_path: Path, link: str) -> None:
    target, lock = tmp_path / "precious", tmp_path / "state" / "lock"
    lock.parent.mkdir()
    target.write_text("precious")
    if link == "symbolic":
        lock.symlink_to(target)
    else:
        lock.hardlink_to(target)
    with (
        pytest.raises(OSError, match="its lock is"),
        exclusive(lock.parent, purpose="a run", since="2026-01-01T00:00:00Z"),
    ):
        pass
    assert target.read_text() == "precious"


def test_whoever_looks_is_told_who_holds_the_directory_and_for_which_run(tmp_path: Path) -> None:
    assert find_holder(tmp_path) is None
    with exclusive(tmp_path, purpose="a run", since="now"):
        assert find_holder(tmp_path) == {"pid": os.getpid(), "purpose": "a run", "since": "now"}
        name_run(tmp_path, "20261121-1")
        assert (find_holder(tmp_path) or {})["run_id"] == "20261121-1"
    assert find_holder(tmp_path) is None


def test_whoever_looks_keeps_nobody_out(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    look = path.open("rb")
    fcntl.flock(look, fcntl.LOCK_SH)
    with exclusive(tmp_path, purpose="a run", since="now", sleep=lambda _: look.close()):
        assert look.closed
