"""Commands that ask a store itself: make it ready, examine it, look into it, compare with it."""
