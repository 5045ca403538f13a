"""Customer data from CSV and Parquet into Twilio Conversation Memory, with an account of every row."""
