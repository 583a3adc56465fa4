"""Lies as tests/conftest.py where the engine is mutated: a mutant is put to the corpus before pytest
collects any test, since most do not survive that. Random tests draw few examples, and always the same.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import settings
from unit.authz.verdicts import otherwise

settings.register_profile("mutation", deadline=None, max_examples=30, derandomize=True, database=None)
settings.load_profile("mutation")


def pytest_sessionstart() -> None:
    """End the run of a mutant that decides or explains a case otherwise, or that cannot."""
    if "__mutmut_" not in os.environ.get("MUTANT_UNDER_TEST", ""):
        return
    try:
        found = next(otherwise(), "")
    except Exception as error:  # a mutant may raise anything, and that is noticed too
        found = repr(error)
    if found:
        pytest.exit(f"the corpus finds it out: {found}", returncode=1)
