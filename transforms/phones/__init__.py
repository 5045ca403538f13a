"""Phone numbers as columns: E.164 exactly as `phonenumbers` says, and a code for what was changed or
refused."""

from memory_import.transforms.phones.normalise import normalise_phones

__all__ = ["normalise_phones"]
