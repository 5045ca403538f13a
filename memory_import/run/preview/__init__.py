"""What a plan says of what applying it would do."""
