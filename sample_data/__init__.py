"""Synthetic customers: clean ones, messy ones with one documented problem in each row, and specs for them."""
