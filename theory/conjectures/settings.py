"""What is known of the base classifier's probabilities at x: the settings of a conjectured radius.

In every setting the worst case is a pair: the least that the top class can have at x, and the most
that one other class can have. Both follow from the bounds, as the probabilities sum to 1.
"""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction

from theory.certificates import MOST_CLASSES, parse_num_classes
from theory.exact import describe
from theory.parameters import is_word

__all__ = ["Setting", "implied_pair", "in_domain", "parse_setting"]


class Setting(StrEnum):
    """The settings by name, as `l1cert check --setting` takes them."""

    BINARY = "binary"  # two classes, PA alone
    BINARY_PB = "binary-pb"  # two classes, PA and PB
    MULTICLASS = "multiclass"  # any number of classes, PA and PB
    K_CLASSES = "k"  # exactly K classes, PA and PB

    @property
    def has_p_b(self) -> bool:
        """Whether PB is given beside PA."""
        return self is not Setting.BINARY


def parse_setting(setting: str, num_classes: int | str | None) -> tuple[Setting, int | None]:
    """The setting and its number of classes (None: any number).

    Raises ValueError for an unknown setting, for "k" without a number of classes in
    [2, `MOST_CLASSES`], and for a number of classes that the setting does not have.

    >>> parse_setting("k", 10), parse_setting("binary", None)
    ((<Setting.K_CLASSES: 'k'>, 10), (<Setting.BINARY: 'binary'>, 2))
    """
    legal = [str(one) for one in Setting]
    if not is_word(setting, legal):
        raise ValueError(f"setting = {describe(setting)} is none of {', '.join(legal)}")
    chosen = Setting(setting)
    classes = None if num_classes is None else parse_num_classes(num_classes)
    if chosen is Setting.K_CLASSES:
        if classes is None:
            one = f"the setting k needs an integer in [2, {MOST_CLASSES}]"
            raise ValueError(f"num_classes = None: {one}")
        return chosen, classes
    own = None if chosen is Setting.MULTICLASS else 2
    if classes is not None and classes != own:
        raise ValueError(f"num_classes = {classes} does not go with setting = {chosen}: take k")
    return chosen, own


def implied_pair(
    setting: Setting, p_a: Fraction, p_b: Fraction | None, num_classes: int | None
) -> tuple[Fraction, Fraction]:
    """The least probability of the top class at x, and the most of one other class.

    No other class has more than 1 - PA, and the top class has at least what K - 1 others leave.
    With two classes and no PB below 1/2 they are 1/2 each: the top one of two has no less.

    >>> implied_pair(Setting.K_CLASSES, Fraction(3, 5), Fraction(1, 10), 3)
    (Fraction(4, 5), Fraction(1, 10))
    >>> implied_pair(Setting.BINARY, Fraction(2, 5), None, 2)
    (Fraction(1, 2), Fraction(1, 2))
    """
    if setting is Setting.BINARY:
        top = max(p_a, Fraction(1, 2))
        return top, 1 - top
    if p_b is None:
        raise ValueError(f"p_b = None: setting {setting} needs a number in (0, p_a]")
    other = min(p_b, 1 - p_a)
    if num_classes is None:
        return p_a, other
    return max(p_a, 1 - (num_classes - 1) * other), other


def in_domain(
    setting: Setting, p_a: Fraction, p_b: Fraction | None, num_classes: int | None
) -> bool:
    """Whether some base classifier meets the bounds and 0 < PB <= PA < 1.

    Without a PB every PA in (0, 1) is met. With exactly K classes PA + (K - 1) PB may be below 1:
    then the top class has more than PA.

    >>> in_domain(Setting.MULTICLASS, Fraction(3, 5), Fraction(4, 5), None)
    False
    """
    if not 0 < p_a < 1:
        return False
    if not setting.has_p_b:
        return True
    return p_b is not None and 0 < p_b <= p_a
