"""`--kmslab-coverage`, from outside."""

from __future__ import annotations

import pytest

TESTS = """
    import pytest
    from pytest_kmslab import allowed, denied

    ANYBODY = {"Version": "2012-10-17", "Statement": [
        {"Sid": "Admin", "Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"},
        {"Sid": "NoEncrypt", "Effect": "Deny", "Principal": "*", "Action": "kms:Encrypt", "Resource": "*"},
        {"Sid": "NoSign", "Effect": "Deny", "Principal": "*", "Action": "kms:Sign", "Resource": "*"},
    ]}

    @pytest.mark.parametrize("number", range(2))
    def test_it(kmslab, outsider, number):
        kms, key = kmslab.as_(outsider).client("kms"), kmslab.create_key(policy=ANYBODY)
        with allowed():
            kms.describe_key(KeyId=key.arn)
        with denied("kms:Encrypt"):
            kms.encrypt(KeyId=key.arn, Plaintext=b"x")
"""
COUNTED = [
    "*= kmslab: policy coverage =*",
    "key policy alias/MY-kms-key: 2 of 3 statements decided something",
    "  untested Deny: NoSign",
    "* are not under test)",
    "2 of 3 statements decided something: 67 %",
    "a Deny that no test met: `NoSign` of key policy alias/MY-kms-key",
]


def test_workers_count_together_and_the_threshold_fails_the_run(project: pytest.Pytester) -> None:
    project.makepyfile(TESTS)
    result = project.runpytest_subprocess("-n2", "--kmslab-coverage-fail-under=70")
    result.assert_outcomes(passed=2)
    told = "policy coverage is 66.7 %, and 70 % were asked for: this run failed"
    result.stdout.fnmatch_lines([*COUNTED, told], consecutive=True)
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_what_is_covered_passes_and_nothing_is_told_unasked(project: pytest.Pytester) -> None:
    project.makepyfile(TESTS)
    result = project.runpytest_inprocess("--kmslab-coverage", "--kmslab-coverage-fail-under=66")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(COUNTED, consecutive=True)
    project.runpytest_inprocess().stdout.no_fnmatch_line("*coverage*")


def test_a_policy_that_nobody_asked_under_is_named(project: pytest.Pytester) -> None:
    project.makepyfile("""
        NEVER = {"Version": "2012-10-17", "Statement": [
            {"Sid": "Never", "Effect": "Deny", "Action": "kms:*", "Resource": "*"}
        ]}

        def test_it(kmslab):
            kmslab.create_user("ana", inline={"limits": NEVER})
            kmslab.create_role("reader", boundary=NEVER)
    """)
    result = project.runpytest_inprocess("--kmslab-coverage")
    result.stdout.fnmatch_lines(
        [
            "identity-based policy limits: 0 of 1 statement decided something",
            "permissions boundary reader-boundary: 0 of 1 statement decided something",
            "0 of 2 statements decided something: 0 %",
        ]
    )
