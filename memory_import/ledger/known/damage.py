"""What is known and cannot be trusted any more."""


class KnownDamaged(RuntimeError):
    """A file of what is known is missing, or is not what was written. Says which one; never quotes it."""
