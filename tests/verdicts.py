"""What the program finds: a change here is a change of a result and belongs in the changelog."""

from theory.claim import Verdict

VERDICTS = {
    "t_is_mixed": Verdict.HOLDS_CONDITIONALLY,
    "theorem_1": Verdict.HOLDS_CONDITIONALLY,
    "remark_2_region": Verdict.HOLDS_CONDITIONALLY,
    "theorem_2": Verdict.HOLDS_CONDITIONALLY,
    "binary_term_dominates": Verdict.HOLDS,
    "theorem_3": Verdict.HOLDS,
    "table_1_lecuyer": Verdict.HOLDS,
    "table_1_cohen": Verdict.HOLDS,
    "ours_beats_lecuyer": Verdict.HOLDS,
    "figure_6_always_largest": Verdict.FAILS,
    "rops_at_origin": Verdict.HOLDS,
    "figure_10_laplace_larger": Verdict.FAILS,
}
