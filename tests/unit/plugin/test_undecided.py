"""Calls to services that are not decided: told in the summary, refused with `--kmslab-undecided=error`."""

from __future__ import annotations

import pytest

CODE = """
    import boto3
    import pytest

    @pytest.mark.parametrize("turn", [1, 2])
    def test_in_this_process(kmslab, encrypted_table, turn):
        kmslab.create_alarm(encrypted_table)
        boto3.client("s3").list_buckets()

    def test_through_a_gateway(kmslab, kmslab_endpoint):
        boto3.client("sqs", endpoint_url=kmslab_endpoint).list_queues()
"""


@pytest.mark.parametrize("more", [(), ("-n2",)], ids=["in one process", "in workers"])
def test_the_summary_counts_them(project: pytest.Pytester, more: tuple[str, ...]) -> None:
    project.makepyfile(CODE)
    result = project.runpytest_subprocess(*more)
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        ["kmslab: 2 calls to s3 were not decided", "kmslab: 1 call to sqs was not decided"]
    )
    result.stdout.no_fnmatch_line("*to cloudwatch*not decided*")


def test_they_are_refused_where_that_is_asked_for(project: pytest.Pytester) -> None:
    project.makeini("[pytest]\nkmslab_undecided = error")
    project.makepyfile(CODE)
    result = project.runpytest_subprocess()
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines_random(
        [
            "E*BackendError: `s3:ListBuckets` is not decided, and --kmslab-undecided=error refuses it: *",
            "E*`a call to sqs` is not decided, and --kmslab-undecided=error refuses it: *",
        ]
    )


def test_without_a_lab_nothing_is_counted_or_refused(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import boto3
        from moto import mock_aws

        @mock_aws
        def test_it():
            boto3.client("s3", "us-east-1").list_buckets()
    """)
    result = project.runpytest_subprocess("--kmslab-undecided=error")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*not decided*")
