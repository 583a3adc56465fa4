from __future__ import annotations

from pytest_kmslab.calls.operations import ENFORCED_SERVICES
from pytest_kmslab.calls.services import SERVICES
from pytest_kmslab.config.options import Settings
from pytest_kmslab.report.terminal import DecisionCounts, header


def test_the_header_names_the_services_that_are_enforced() -> None:
    named = header(Settings()).rpartition("services ")[2].split()
    assert set(named) == set(SERVICES) == set(ENFORCED_SERVICES)
    assert len(named) == len(set(named))


def test_a_tally_adds_up() -> None:
    counts = DecisionCounts()
    counts.add(3, 1)
    counts.add(4, 0)
    assert (counts.decisions, counts.denials) == (7, 1)
