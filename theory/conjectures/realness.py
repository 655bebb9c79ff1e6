"""Where a formula is real: what its logarithms, roots and inverse functions demand."""

from __future__ import annotations

from functools import lru_cache

import sympy as sp

__all__ = ["demands", "is_total"]

_TOTAL = (sp.exp, sp.erf, sp.erfc, sp.Max, sp.Min, sp.Abs)


@lru_cache(maxsize=4096)
def demands(formula: sp.Expr) -> tuple[sp.Expr, ...]:
    """Expressions that are all at least 0 where the formula is real; not their denominators.

    >>> x = sp.Symbol("x")
    >>> sorted(map(str, demands(sp.log(x) + sp.sqrt(1 - x) + x**2)))
    ['1 - x', 'x']
    """
    found: dict[sp.Expr, None] = {}
    for node in sp.preorder_traversal(formula):
        if isinstance(node, sp.log) or _is_root(node):
            found[node.args[0]] = None
        elif isinstance(node, sp.erfinv):
            found |= dict.fromkeys((1 - node.args[0], 1 + node.args[0]))
        elif isinstance(node, sp.erfcinv):
            found |= dict.fromkeys((node.args[0], 2 - node.args[0]))
    return tuple(one for one in found if not one.is_nonnegative)


def _is_root(node: sp.Basic) -> bool:
    return isinstance(node, sp.Pow) and not node.args[1].is_Integer and node.args[0] is not sp.E


@lru_cache(maxsize=4096)
def is_total(formula: sp.Expr) -> bool:
    """Whether a formula is real wherever its symbols are.

    >>> x = sp.Symbol("x")
    >>> is_total(sp.exp(x) - x**2), is_total(1 / x), is_total(sp.log(1 + x**2))
    (True, False, False)
    """
    return all(map(_is_total_node, sp.preorder_traversal(formula)))


def _is_total_node(node: sp.Basic) -> bool:
    if not node.free_symbols:
        return True
    if isinstance(node, sp.Pow):
        exponent = node.args[1]
        return node.args[0] is sp.E or bool(exponent.is_Integer and exponent >= 0)
    return not isinstance(node, sp.Function) or isinstance(node, _TOTAL)
