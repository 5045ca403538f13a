"""``python -m memory_import.emulator``: the emulator as a process of its own."""

import argparse
import sys
from pathlib import Path

from memory_import.emulator.server import serve


def main() -> int:
    """Read the flags and serve; see ``memory_import.emulator.server.serve``."""
    flags = make_parser().parse_args()
    return serve(
        port=flags.port,
        faults_file=flags.faults,
        state_file=flags.state,
        api_key=flags.api_key,
        empty=flags.empty,
    )


def make_parser() -> argparse.ArgumentParser:
    """The flags of the command."""
    parser = argparse.ArgumentParser(prog="python -m memory_import.emulator", description=__doc__)
    parser.add_argument("--port", type=int, default=8010, help="on 127.0.0.1; 0 takes a free one")
    parser.add_argument(
        "--faults",
        type=Path,
        metavar="FILE",
        help="a faults script; memory_import/emulator/README.md describes it",
    )
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help="keep what happens there and take it up again"
    )
    parser.add_argument("--empty", action="store_true", help="start without a store")
    parser.add_argument("--api-key", type=_read_key, metavar="SID:SECRET", help="accept this pair alone")
    return parser


def _read_key(written: str) -> tuple[str, str]:
    sid, _, secret = written.partition(":")
    if not sid or not secret:
        raise argparse.ArgumentTypeError("must be SID:SECRET")
    return sid, secret


if __name__ == "__main__":
    sys.exit(main())
