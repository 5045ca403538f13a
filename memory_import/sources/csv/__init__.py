"""CSV files as frames of text: regular stretches in columns, irregular records one by one."""
