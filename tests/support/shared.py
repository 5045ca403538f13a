"""Where this checkout is, and the reference data beside it, which is no part of the project."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
DATA = SHARED / "data"
CUSTOMERS = DATA / "customers-10000.csv"
