"""Looks at one profile of a store: what it holds, and what of it is recalled."""
