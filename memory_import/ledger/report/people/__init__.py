"""What the report says of persons: who they are, and who of them is deleted."""
