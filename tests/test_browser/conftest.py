"""The browser, and the page of a run, both made once: some claims, or (slow) every one."""

import pytest

from tests.test_browser.browser import axe_source, chromium, missing_browser

#: of each count; the page looks the same with more of them
NUM_SAMPLES = 2_000

#: claims that bring to the page all that it can hold: each verdict and rung, a figure, a witness, a
#: boundary, stored counts, absent methods, what is beyond the paper, the widest formulas
SOME = (
    "superior_empirical_results",
    "t_is_mixed",
    "remark_2_region",
    "renyi_alternative",
    "theorem_2",
    "theorem_3_hypothesis",
    "figure_6_always_largest",
    "scale_less_sensitive",
    "clean_agreement",
    "rops_is_interval",
    "directional_radius",
    "discrete_laplace_radius",
)


@pytest.fixture(scope="session")
def running(tmp_path_factory):
    reason = missing_browser()
    if reason is not None:
        pytest.skip(reason)
    with chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def browser(running):
    """The one browser, whatever the test before it left: the next page is opened anew."""
    yield running
    running.emulate()


@pytest.fixture(scope="session")
def axe():
    source, reason = axe_source()
    if reason is not None:
        pytest.skip(reason)
    return source


@pytest.fixture(
    scope="session", params=["some claims", pytest.param("every claim", marks=pytest.mark.slow)]
)
def report(request):
    from l1cert import verify

    slugs = SOME if request.param == "some claims" else None
    return verify(slugs, num_samples=NUM_SAMPLES, workers=2)


@pytest.fixture(scope="session")
def page(report, tmp_path_factory):
    """The page of the report, the file that a reader opens."""
    from l1cert import write_report

    folder = tmp_path_factory.mktemp("report")
    write_report(report, folder)
    return folder / "index.html"


@pytest.fixture(scope="session")
def counts(report):
    """How many claims have each verdict, of all verdicts that there are."""
    from theory.claim import Verdict

    found = [one.decision.verdict for one in report.results]
    return {verdict.value: found.count(verdict) for verdict in Verdict}
