"""`--kmslab-policies` and `--kmslab-check-policy`, from outside."""

from __future__ import annotations

import json

import pytest

TESTS = """
    from pytest_kmslab import denied

    KEY = {"id": {"S": "1"}}

    def test_write(kmslab, encrypted_table, key_user):
        kmslab.as_(key_user).client("dynamodb").put_item(TableName=encrypted_table.name, Item=KEY)

    def test_read(kmslab, encrypted_table, key_user, outsider):
        for user in (key_user, outsider):
            dynamodb = kmslab.as_(user).client("dynamodb")
            if user is key_user:
                dynamodb.get_item(TableName=encrypted_table.name, Key=KEY)
            else:
                with denied("kms:Decrypt"):
                    dynamodb.get_item(TableName=encrypted_table.name, Key=KEY)
"""


def test_what_two_workers_wrote_holds_the_next_run_which_fails_when_it_needs_more(
    project: pytest.Pytester,
) -> None:
    project.makepyfile(test_it=TESTS)
    result = project.runpytest_subprocess("-n2", "--kmslab-policies=out")
    result.assert_outcomes(passed=2)
    told = "out/kmslab-key-user: all it did is allowed (3 requests); *"
    idle = "mounika was allowed nothing (1 request denied): no policy is written"
    result.stdout.fnmatch_lines(["*= kmslab: least privilege =*", told, idle])
    written = project.path / "out"
    assert [folder.name for folder in written.iterdir()] == ["kmslab-key-user"]
    own = written / "kmslab-key-user"
    assert sorted(file.name for file in own.iterdir()) == [
        "identity-policy.json",
        "key-policy-MY-kms-key.json",
        "proof.json",
    ]
    policy = json.loads((own / "identity-policy.json").read_text("utf-8"))
    assert policy["Statement"][0]["Action"] == ["dynamodb:GetItem", "dynamodb:PutItem"]
    again = project.runpytest_inprocess("--kmslab-check-policy=out/kmslab-key-user")
    assert again.ret == pytest.ExitCode.OK
    project.makepyfile(test_more=TESTS.replace("put_item(", "delete_item(").replace("Item=KEY", "Key=KEY"))
    more = project.runpytest_inprocess("--kmslab-check-policy=out/kmslab-key-user/identity-policy.json")
    assert more.ret == pytest.ExitCode.TESTS_FAILED
    what, test = "dynamodb:DeleteItem on table/my_table_kms", "test_more.py::test_write"
    more.stdout.fnmatch_lines([f"a test needs more: {what}, by kmslab-key-user in {test}"])


def test_a_bad_policy_is_a_usage_error(project: pytest.Pytester) -> None:
    project.path.joinpath("bad.json").write_text("{", "utf-8")
    bad, none = ("bad.json", "file `bad.json`, line 1: "), ("none.json", "a file or folder that is there")
    for file, said in (bad, none):
        result = project.runpytest_inprocess(f"--kmslab-check-policy={file}")
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"*{said}*"])
