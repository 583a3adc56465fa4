from __future__ import annotations

import pytest


def test_the_summary_counts_decisions_and_denials(deciding: pytest.Pytester) -> None:
    deciding.makepyfile("""
        def test_one(decide):
            decide("ana", True)
            decide("ana", False)

        def test_two(decide):
            decide("ana", True)
    """)
    result = deciding.runpytest()
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["kmslab: 3 decisions, 1 denied"])


def test_a_run_that_decided_nothing_says_nothing(deciding: pytest.Pytester) -> None:
    deciding.makepyfile("def test_it(): pass")
    result = deciding.runpytest()
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("kmslab: *decisions*")
