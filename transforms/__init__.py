"""Pure functions from frame to frame: text, phones, emails, typed traits, identity, payloads, reasons."""
