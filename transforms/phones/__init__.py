"""Phone numbers as columns: E.164 as `phonenumbers` says, and a code for what was changed or refused."""

from memory_import.transforms.phones.normalise import normalise_phones, split_phones

__all__ = ["normalise_phones", "split_phones"]
