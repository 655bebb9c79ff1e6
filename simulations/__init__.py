"""Floor 1, Monte Carlo: counter-based sampling, experiments and their exact counts."""
