"""What a store lacks for a spec: found, shown, and made."""
