from __future__ import annotations

from fnmatch import fnmatch

import pytest

SECTION = "*- kmslab decisions -*"
ASKED = "kms:Decrypt on key/k for user/{name} (in dynamodb:GetItem, via dynamodb)"
ALLOWED = f"allowed {ASKED}: `Allow use of the key` of resource-based policy `the-key-policy` allows it"
DENIED = f"implicitDeny {ASKED}"


def test_a_failing_test_shows_its_decisions_and_those_of_no_other(deciding: pytest.Pytester) -> None:
    deciding.makepyfile("""
        def test_before(decide):
            decide("before", True)

        def test_it(decide):
            decide("ana", True)
            decide("mounika", False)
            assert False
    """)
    result = deciding.runpytest()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            SECTION,
            ALLOWED.format(name="ana"),
            DENIED.format(name="mounika"),
            "    no identity-based policy allows it",
        ],
        consecutive=True,
    )
    result.stdout.no_fnmatch_line("*user/before*")


def test_a_passing_test_shows_none(deciding: pytest.Pytester) -> None:
    deciding.makepyfile("def test_it(decide): decide('ana', False)")
    deciding.runpytest("-rA").stdout.no_fnmatch_line(SECTION)


def test_a_failing_test_without_decisions_has_no_section(deciding: pytest.Pytester) -> None:
    deciding.makepyfile("def test_it(): assert False")
    deciding.runpytest().stdout.no_fnmatch_line(SECTION)


def test_a_failing_setup_shows_its_decisions(deciding: pytest.Pytester) -> None:
    deciding.makepyfile("""
        import pytest

        @pytest.fixture
        def broken(decide):
            decide("ana", False)
            raise RuntimeError

        def test_it(broken): pass
    """)
    result = deciding.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([SECTION, DENIED.format(name="ana")])


def test_a_failing_teardown_shows_the_decisions_of_the_whole_test(deciding: pytest.Pytester) -> None:
    deciding.makepyfile("""
        import pytest

        @pytest.fixture
        def broken(decide):
            decide("at-setup", True)
            yield
            decide("at-teardown", False)
            raise RuntimeError

        def test_it(broken, decide): decide("at-call", True)
    """)
    result = deciding.runpytest()
    result.assert_outcomes(passed=1, errors=1)
    names = [
        ALLOWED.format(name="at-setup"),
        ALLOWED.format(name="at-call"),
        DENIED.format(name="at-teardown"),
    ]
    result.stdout.fnmatch_lines([SECTION, *names], consecutive=True)


def test_only_the_newest_are_shown(deciding: pytest.Pytester) -> None:
    deciding.makepyfile("""
        def test_it(decide):
            for number in range(25):
                decide(f"ana-{number}", True)
            assert False
    """)
    result = deciding.runpytest()
    shown = [ALLOWED.format(name=f"ana-{number}") for number in range(5, 25)]
    result.stdout.fnmatch_lines([SECTION, "(5 earlier ones are left out)", *shown], consecutive=True)


def test_a_failing_subtest_shows_the_decisions_so_far(deciding: pytest.Pytester) -> None:
    deciding.makepyfile("""
        def test_it(decide, subtests):
            with subtests.test("reads"):
                decide("ana", False)
                assert False
    """)
    deciding.runpytest().stdout.fnmatch_lines([SECTION, DENIED.format(name="ana")])


def test_an_expected_failure_shows_none(deciding: pytest.Pytester) -> None:
    deciding.makepyfile("""
        import pytest

        @pytest.mark.xfail
        def test_it(decide):
            decide("ana", False)
            assert False
    """)
    result = deciding.runpytest("-rA")
    result.assert_outcomes(xfailed=1)
    result.stdout.no_fnmatch_line(SECTION)


def test_the_lab_shows_why_the_outsider_was_denied(project: pytest.Pytester) -> None:
    project.makepyfile("""
        def test_it(kmslab, encrypted_table, outsider):
            dynamodb = kmslab.as_(outsider).client("dynamodb")
            dynamodb.get_item(TableName=encrypted_table.name, Key={"id": {"S": "1"}})
    """)
    result = project.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            SECTION,
            "allowed dynamodb:GetItem on table/my_table_kms-* for user/mounika-*: "
            "* of identity-based policy `AmazonDynamoDBFullAccess` allows it",
            "implicitDeny kms:Decrypt on key/* for user/mounika-* (in dynamodb:GetItem, via dynamodb)",
            "    denied: kms:Decrypt",
        ]
    )


DENIED_IN_THE_LAB = """
    from pytest_kmslab import allowed, denied

    def read(kmslab, table, user):
        return kmslab.as_(user).client("dynamodb").get_item(TableName=table.name, Key={"id": {"S": "1"}})

    def test_plain(kmslab, encrypted_table, outsider):
        read(kmslab, encrypted_table, outsider)

    def test_in_allowed(kmslab, encrypted_table, outsider):
        with allowed():
            read(kmslab, encrypted_table, outsider)

    def test_wrapped(kmslab, encrypted_table, outsider):
        try:
            read(kmslab, encrypted_table, outsider)
        except Exception as error:
            raise ValueError("cannot read") from error

    def test_not_denied(kmslab, encrypted_table, key_user):
        with denied("kms:Decrypt"):
            read(kmslab, encrypted_table, key_user)

    def test_of_its_own(kmslab, encrypted_table):
        assert not "anything else"

    def test_refused(kmslab, kms_key, encrypted_table, key_user):
        kmslab.as_(kmslab.admin).client("kms").disable_key(KeyId=kms_key.id)
        read(kmslab, encrypted_table, key_user)

    def test_in_a_fixture_or_not(kmslab, kms_key):
        kmslab.as_(kmslab.admin).client("kms").describe_key(KeyId="alias/none")

    def test_never_sent(kmslab, kms_key):
        kmslab.as_(kmslab.admin).client("kms").describe_key()

    def test_wrapped_by_the_code(kmslab, kms_key):
        try:
            kmslab.as_(kmslab.admin).client("kms").describe_key(KeyId="alias/none")
        except Exception as error:
            raise LookupError("no key") from error

    def test_wrong_policy(kmslab):
        kmslab.create_user(policies=["arn:x"])

    def test_wrong_type(kmslab):
        kmslab.create_key(multi_region="yes")

    def test_error_of_the_tests_own(kmslab):
        raise TypeError("`x`: wrong")
"""
SAID = {
    "wrong_policy": "`policies[[]0]`: give the ARN of a managed policy, such as *, not `arn:x`",
    "wrong_type": "`multi_region`: give True or False, not `yes`",
    "error_of_the_tests_own": "TypeError: `x`: wrong",
    "refused": "ValidationException when calling GetItem: KMS key disabled error: arn:*:key/* is disabled.",
    "in_a_fixture_or_not": "NotFoundException when calling DescribeKey: Alias arn:*:alias/none is not found.",
    "never_sent": 'Parameter validation failed: Missing required parameter in input: "KeyId"',
    "wrapped_by_the_code": "LookupError: no key",
}
WHY = "kms:Decrypt denied to mounika: no identity-based policy allows it"


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_a_denial_has_one_line_the_tests_own_calls_and_awss_text_once(
    project: pytest.Pytester, workers: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    project.makepyfile(test_it=DENIED_IN_THE_LAB)
    monkeypatch.setenv("COLUMNS", "110")
    monkeypatch.setenv("CI", "true")  # pytest cuts no line of the summary there
    result = project.runpytest_subprocess(*workers)
    result.assert_outcomes(failed=12)
    text = result.stdout.str()
    summary = {line.split()[1]: line for line in text.splitlines() if line.startswith("FAILED")}
    for name in ("plain", "in_allowed", "wrapped"):
        assert summary[f"test_it.py::test_{name}"].endswith(f" - {WHY}")
    assert " - `kms:Decrypt` was not denied: it was allowed" in summary["test_it.py::test_not_denied"]
    assert " - AssertionError: assert not 'anything else'" in summary["test_it.py::test_of_its_own"]
    for name, said in SAID.items():
        assert fnmatch(summary[f"test_it.py::test_{name}"], f"FAILED test_it.py::test_{name} - {said}")
    assert text.count("is not authorized to perform: kms:Decrypt") == 3
    # The traceback ends in the test, not in botocore's code or this package's.
    for inner in ("def _make_api_call", "def serialize_to_request", "pytest_kmslab/lab/", "contextlib.py"):
        assert inner not in text
    decisions = [line for line in text.splitlines() if "iam:CreateUser" in line or "kms:CreateKey" in line]
    assert decisions == []
    section = text[text.index("kmslab decisions") :].splitlines()
    shown = section[1 : next(number for number, line in enumerate(section) if line.startswith("____"))]
    assert shown[0].endswith(" of fixtures and of the lab are left out)")
    assert max(len(line) for line in shown) <= 110


def test_decisions_are_shown_whatever_is_shown_of_what_was_captured(project: pytest.Pytester) -> None:
    project.makepyfile(test_it=DENIED_IN_THE_LAB)
    result = project.runpytest_inprocess("--show-capture=no", "--tb=short", "-k", "plain")
    result.stdout.fnmatch_lines([SECTION, "implicitDeny kms:Decrypt on *"])
    assert result.stdout.str().count("kmslab decisions") == 1


def test_a_full_trace_keeps_botocores_own_code(project: pytest.Pytester) -> None:
    project.makepyfile(test_it=DENIED_IN_THE_LAB)
    result = project.runpytest_subprocess("--full-trace", "-k", "plain")
    result.stdout.fnmatch_lines(["*def _make_api_call*"])
