"""Floor 0, exact mathematics: laws, certificates, derivations and enclosures.

Numbers
    exact (rationals, surds, directed rounding), arguments (what a caller of a certificate may
    pass) and parameters (the same for single numbers, words and arrays), balls (Arb values of
    SymPy expressions), compensated (double-double arithmetic).
Laws
    noise and symmetric_noise (Laplace, Gaussian, uniform in floats), densities (the same as SymPy
    expressions, to be integrated), discrete_laplace (noise on a grid, and the steps it certifies).
    Appendix D: rops (the line), rops_order (where the order changes), rops_slab, rops_ball with
    magnitude_sums (the law of a noisy l1 norm), rops_tie (one supremum, enclosed).
    The law of T: likelihood_ratio (what a user asks), atoms, ratio_moments, ratio_queries
    (quantiles, trade-off), and ratio_laws (which of three ways sums it): subset_law (over subsets
    of the coordinates), equal_law with fair_coins (equal magnitudes), fourier_law with
    characteristic, frequency_table, frequency_bounds and smoothing (any). bounds (two floats).
Certificates
    certificates (every radius, rounded down) and radius_formulas (their formulas), directional
    (the exact radius of a direction) with tie_search (where its worst case ties) and
    directional_series (thousands of different entries), tightness (the worst-case classifiers),
    axis_worst_case (the same for three noises), flip_power (the samples that show them),
    inverse_radii (the PA that a radius takes), gaussian_certificates (Lecuyer's and Li's radii).
Statistics
    confidence and binomial_tails (exact tests of counts, Holm), confirmed_bounds (bounds that Arb
    proves), confidence_sequences (bounds at any number of samples), sample_sizes (the least n of a
    test and of a radius, the largest radius of n), count_lattice (which bounds n samples can
    give), simultaneous (PA and PB from votes).
What a claim is
    claim (parts, evidence, verdicts), symbols (the published symbols), claims/ (one module each).
Derivations
    derivation (chains of checked steps), and in steps/ what several proofs start from.
    Laplace noise: laplace_steps, ratio_steps (the density ratio is e^(-T/lambda)), axis_steps and
    diagonal_steps (worst sets on an axis and on the diagonal of the plane), directional_steps
    (several coordinates), lipschitz_steps (smoothed quantiles), ball_steps (l1 balls, disks).
    Certificates: dp_terms, term_advantage and term_pairs (Theorem 1's two terms), exact_steps (the
    exact radius), renyi_steps and renyi_orders (Renyi divergence), gaussian_steps, uniform_steps,
    grid_steps (discrete Laplace noise).
    Appendix D: rops_steps, certified_rops_steps and certified_rops_order (with a radius).
Enclosures
    enclosure (signs over boxes, closed edges, isolated roots), and in enclosures/ coverage (what
    was covered), identities, tail_bounds, norm_boxes, and the longer ones of single claims:
    half_line_cuts, term_regions, divergence_boxes, exact_boxes, axis_dual (the worst test on an
    axis), axis_sets, ratio_pieces (T along a line), axis_mass_boxes, diagonal_boxes,
    directional_boxes, outside_boxes, uniform_enclosures, grid_identities, rops_loss,
    certified_rops_boxes.
Searches
    neyman_pearson (worst-case classifiers by linear programming), and in searches/ what looks for
    counterexamples. Radii: search, flip_search and sides_search (within and beyond a radius),
    exact_search, exact_k_search, renyi_search, uniform_search, grid_search, worst_labels (any
    noise), ceiling_search and certified_accuracy. Tests and sets: least_mean_search,
    complement_search, level_cells, axis_search, diagonal_search, directional_programs,
    ratio_places, atom_patterns, ball_overlaps, norm_search. Formulas: order_search,
    equality_search. Appendix D: certified_rops_search. How a search reports: findings.
A bound of one's own (conjectures/)
    What is asked: questions, settings, expressions (the grammar: expression_reader,
    expression_nodes, expression_text, density_text), degrees (in the scale), scale_cases (radii
    that are others at other scales), axis_noise with axis_law, axis_radius, level_sets,
    density_checks and density_tables (any even, unimodal noise).
    The proof over an unbounded domain: sectors (coordinates), numbers, polynomials, jets, germ_ring
    and germs (arithmetic up to infinity), normal_tails, evaluation, realness, logarithms, margins
    (forms of a difference), branches (cases), closing (of faces), conditions (multipliers), proofs,
    reductions (to one coordinate); decisions (sound, tight, closed), places and point_values (at
    rational places), measures (slack and abstention).
    The witness: counterexamples, slabs, worst_slabs, integration. Others: rivals, comparisons,
    crossings, dominance.
"""
