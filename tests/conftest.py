"""What every run of the tests says of itself."""

from tests.fuzz import seeds


def pytest_report_header() -> str:
    """The seeds to repeat the differential tests with, shown whether they pass or fail."""
    return f"differential tests: numbers by seeds {seeds.NUMBERS}, addresses by seeds {seeds.ADDRESSES}"
