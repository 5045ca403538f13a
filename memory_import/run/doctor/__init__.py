"""An examination of everything that could keep an import from running. It reads only, nothing billed."""

from memory_import.run.doctor.examination import examine
from memory_import.run.doctor.finding import Finding, Level

__all__ = ["Finding", "Level", "examine"]
