"""Floor 0, exact mathematics: laws, certificates, derivations and enclosures.

Numbers
    exact (rationals, surds, directed rounding), arguments (what a caller may pass), balls (Arb
    values of SymPy expressions), compensated (double-double arithmetic).
Laws
    noise and symmetric_noise (Laplace, Gaussian, uniform in floats), densities (the same as SymPy
    expressions, to be integrated), likelihood_ratio (the law of T), rops (Appendix D).
Certificates
    certificates (every radius, rounded down), tightness (the worst-case classifiers).
Statistics
    confidence and binomial_tails (exact tests of counts, Holm).
What a claim is
    claim (parts, evidence, verdicts), symbols (the published symbols), claims/ (one module each).
Derivations
    derivation (chains of checked steps), and the steps that several proofs start from:
    laplace_steps, dp_terms, gaussian_steps, rops_steps.
Enclosures
    enclosure (signs over boxes, closed edges, isolated roots), coverage (what was covered),
    identities, tail_bounds, and the longer ones of single claims: half_line_cuts, term_regions,
    rops_loss.
Searches
    neyman_pearson and search (worst-case classifiers by linear programming), order_search (two
    formulas), atom_patterns (the atoms of T by brute force), findings (how a search reports).
"""
