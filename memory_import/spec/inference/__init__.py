"""A spec from the data: what each column is, by its header and its cells, and what stays out and why."""

from memory_import.spec.inference.draft import Draft, draft_spec
from memory_import.spec.inference.extend import extend_spec
from memory_import.spec.inference.render import render_spec

__all__ = ["Draft", "draft_spec", "extend_spec", "render_spec"]
