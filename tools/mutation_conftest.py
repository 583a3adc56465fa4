"""Lies as tests/conftest.py where the engine is mutated: a mutant is put to the corpus before pytest
collects any test, since most do not survive that.
"""

from __future__ import annotations

import os

import pytest
from unit.authz.verdicts import otherwise


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
