"""The state of the emulated account and the rules by which it changes."""
