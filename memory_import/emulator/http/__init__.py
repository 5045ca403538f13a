"""Requests on their way to a handler and back, and the inspection endpoints."""
