"""Parquet files as frames of text."""
