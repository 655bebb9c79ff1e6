"""Floor 0, exact mathematics: laws, certificates, derivations and enclosures."""
