"""The stores of an account: found by name or id, made, waited for, changed."""
