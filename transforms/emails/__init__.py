"""Email addresses as columns: what `email-validator` says, and a code for what was changed or refused."""

from memory_import.transforms.emails.normalise import normalise_emails, split_emails

__all__ = ["normalise_emails", "split_emails"]
