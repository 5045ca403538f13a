"""The ledger's database: tables, records, states, and commits."""
