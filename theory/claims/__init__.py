"""One module per claim: what it says, its derivation, its enclosure, its search, its mutants."""
