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


@pytest.mark.parametrize("more", [(), ("-n2",)], ids=["in one process", "in workers"])
def test_calls_that_went_elsewhere_are_named(project: pytest.Pytester, more: tuple[str, ...]) -> None:
    project.makepyfile("""
        import boto3
        import pytest
        from botocore.exceptions import EndpointConnectionError

        @pytest.mark.parametrize("turn", [1, 2])
        def test_it(kmslab, turn):
            kms = boto3.client("kms", "us-east-1", endpoint_url="http://127.0.0.1:1")
            with pytest.raises(EndpointConnectionError):
                kms.list_keys()
    """)
    result = project.runpytest_subprocess(*more)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["kmslab: 2 calls to http://127.0.0.1:1 not decided: *proves nothing"])
