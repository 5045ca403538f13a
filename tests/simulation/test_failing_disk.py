"""A disk that is full, or broken, at any moment: after room is made, a resume ends right."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.failing_disk import build

EVERY = os.environ.get("DISK_EVERY", "150")  # 1: each write, sync and rename in turn, see `make soak`


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler to make a disk that fails")
@pytest.mark.skipif(sys.platform != "linux", reason="the library is for Linux")
def test_whatever_the_disk_refuses_and_whenever_the_run_is_finished_once_it_works(tmp_path: Path) -> None:
    environment = {**os.environ, "LD_PRELOAD": str(build(tmp_path))}
    finished = subprocess.run(
        [sys.executable, "-m", "tests.support.failing_disk", EVERY],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    print(finished.stdout)  # noqa: T201
    assert finished.returncode == 0, finished.stdout + finished.stderr
