"""One run of everything, shared by the tests that look at its results."""

import pytest


@pytest.fixture(scope="session")
def full_report():
    """`l1cert verify` with its defaults."""
    from l1cert.verification import verify

    return verify()
