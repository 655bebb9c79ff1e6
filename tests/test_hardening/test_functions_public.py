"""Every public function is in the one table, or has a reason not to be."""

from tests.test_hardening.functions_harness import resolve
from tests.test_hardening.functions_table import (
    INTERNAL,
    UNTABLED,
    modules,
    pictures,
    public_names,
    subjects,
    tabled_names,
)


def test_every_public_function_is_in_the_table_or_has_a_reason():
    tabled = tabled_names() | set(UNTABLED)
    assert sorted({name for name in public_names() if name not in tabled}) == []


def test_no_exemption_is_idle():
    names, known = set(public_names()), modules()
    assert sorted(set(UNTABLED) - names) == []
    idle = [one for one in INTERNAL if not any(n == one or n.startswith(f"{one}.") for n in known)]
    assert idle == []
    assert sorted(set(UNTABLED) & {one.name for one in (*subjects(), *pictures())}) == []
    assert all(reason.strip() for reason in (*INTERNAL.values(), *UNTABLED.values()))


def test_every_entry_is_of_a_function_that_exists():
    for subject in (*subjects(), *pictures()):
        assert callable(resolve(subject.name)), subject.name


def test_a_new_public_function_would_be_missed(monkeypatch):
    import theory.confidence

    def unheard_of(alpha):
        return alpha

    unheard_of.__module__ = "theory.confidence"
    monkeypatch.setattr(theory.confidence, "unheard_of", unheard_of, raising=False)
    missing = set(public_names()) - tabled_names() - set(UNTABLED)
    assert missing == {"theory.confidence.unheard_of"}
