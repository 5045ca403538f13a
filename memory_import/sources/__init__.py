"""CSV and Parquet files, local or remote, as all-text frames with row numbers."""
