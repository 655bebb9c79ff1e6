"""The theorist's workbench: hand it a conjectured radius, and it proves, refutes or ranks it."""
