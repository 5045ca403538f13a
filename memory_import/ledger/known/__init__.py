"""What earlier runs have brought into a target, and every identifier value that ever left for it."""
