"""How fast T is drawn and its law evaluated, measured honestly: `make bench`.

Nothing here is installed, and nothing here decides a claim. `benchmarks.sampling` measures the
samplers of T beside what a user would write with NumPy, torch or Numba, `benchmarks.law` the exact
law, `benchmarks.audit` the audit of a log, `benchmarks.certification` a classifier's votes beside
the published loop, and `benchmarks.report` makes the page's table of a result.
"""
