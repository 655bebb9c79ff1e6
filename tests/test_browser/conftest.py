"""The browser, and the page of a run over every claim, both made once."""

import pytest

from tests.test_browser.browser import axe_source, chromium, missing_browser

#: of each count; the page looks the same with more of them
NUM_SAMPLES = 2_000


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


@pytest.fixture(scope="session")
def report():
    from l1cert import verify

    return verify(num_samples=NUM_SAMPLES, workers=2)


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
