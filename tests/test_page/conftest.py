"""One small run, with a figure, a witness, a condition and a claim that is not checkable."""

import pytest

from tests.test_page.pages import tree

SLUGS = ("theorem_2", "figure_5_moved_set", "clean_agreement")


@pytest.fixture(scope="session")
def small_report():
    from l1cert.verification import verify

    return verify(SLUGS, num_samples=2000, seed=5, alpha=0.01)


@pytest.fixture(scope="session")
def page_text(small_report):
    from l1cert.page.document import document
    from l1cert.page.pictures import picture

    return document(small_report, {"figure_5_moved_set": picture("figure_5_moved_set")})


@pytest.fixture(scope="session")
def page(page_text):
    return tree(page_text)
