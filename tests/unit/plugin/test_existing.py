"""A key and a table of a person's own, in place of new ones: used, and never changed or deleted."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from helpers.served import ACCOUNT, Served, served

POLICY = {
    "Version": "2012-10-17",
    "Id": "mine",
    "Statement": [
        {
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ],
}
POLICY_TEXT = json.dumps(POLICY, indent=3)


@dataclass(frozen=True)
class Mine:
    """What a person has before the run."""

    account: Served
    key_arn: str
    other_key_arn: str

    @property
    def policy(self) -> str:
        text: str = self.account.client("kms").get_key_policy(KeyId=self.key_arn)["Policy"]
        return text

    def still_there(self) -> bool:
        """Whether key, policy and table are as they were."""
        key = self.account.client("kms").describe_key(KeyId=self.key_arn)["KeyMetadata"]
        table = self.account.client("dynamodb").describe_table(TableName="mine")["Table"]
        return (
            key["KeyState"] == "Enabled"
            and self.policy == POLICY_TEXT
            and table["SSEDescription"]["KMSMasterKeyArn"] == self.key_arn
        )


@pytest.fixture(scope="module")
def mine() -> Iterator[Mine]:
    with served() as account:
        kms = account.client("kms")
        arns = [kms.create_key(Policy=POLICY_TEXT)["KeyMetadata"]["Arn"] for _ in range(2)]
        account.client("dynamodb").create_table(
            TableName="mine",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": arns[0]},
        )
        yield Mine(account, *arns)


def run(project: pytest.Pytester, mine: Mine, *arguments: str) -> pytest.RunResult:
    return project.runpytest_subprocess(
        "--kmslab-backend=localstack", f"--kmslab-endpoint={mine.account.url}", *arguments
    )


USES = """
    from pytest_kmslab import allowed, denied

    def test_denied(kmslab, encrypted_table, kms_key, outsider):
        assert encrypted_table.name == "mine"
        with denied("kms:Decrypt"):
            kmslab.as_(outsider).client("dynamodb").scan(TableName=encrypted_table.name)
"""
CHANGES = (
    USES
    + """
    def test_allowed(kmslab, encrypted_table, key_user):
        with allowed():
            kmslab.as_(key_user).client("dynamodb").scan(TableName=encrypted_table.name)
"""
)


def test_they_are_used_and_stay_as_they_are(project: pytest.Pytester, mine: Mine) -> None:
    project.makepyfile(USES)
    run(project, mine, f"--kmslab-key-arn={mine.key_arn}", "--kmslab-table=mine").assert_outcomes(passed=1)
    assert mine.still_there()


def test_the_policy_is_not_changed_unless_that_is_allowed(project: pytest.Pytester, mine: Mine) -> None:
    project.makepyfile(CHANGES)
    result = run(project, mine, f"--kmslab-key-arn={mine.key_arn}", "--kmslab-table=mine")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*is not the lab's to change: --kmslab-manage-key-policy*"])
    assert mine.still_there()


def test_a_policy_that_may_be_changed_is_put_back_letter_by_letter(
    project: pytest.Pytester, mine: Mine
) -> None:
    project.makepyfile(CHANGES)
    given = (f"--kmslab-key-arn={mine.key_arn}", "--kmslab-table=mine", "--kmslab-manage-key-policy")
    run(project, mine, *given).assert_outcomes(passed=2)
    assert mine.still_there()


@pytest.mark.parametrize(
    "call",
    [
        "kms_key.remove()",
        "kms_key.schedule_deletion()",
        "kms_key.create_alias('alias/x')",
        "encrypted_table.delete()",
        "encrypted_table.encrypt(kms_key)",
    ],
)
def test_nothing_else_is_done_to_them(project: pytest.Pytester, mine: Mine, call: str) -> None:
    project.makepyfile(f"""
        import pytest

        def test_it(kms_key, encrypted_table):
            with pytest.raises(Exception, match="was not made by the lab"):
                {call}
    """)
    given = (f"--kmslab-key-arn={mine.key_arn}", "--kmslab-table=mine", "--kmslab-manage-key-policy")
    run(project, mine, *given).assert_outcomes(passed=1)
    assert mine.still_there()


WRONG = {
    "another key": ("{other}", "mine", "*is under key `{key}`, not `{other}`: give its own*"),
    "no such key": (
        "arn:aws:kms:us-east-1:{account}:key/00000000-0000-0000-0000-000000000000",
        "mine",
        "*given by --kmslab-key-arn, does not exist*",
    ),
    "no such table": ("{key}", "nobodys", "*table `nobodys`, given by --kmslab-table, does not exist*"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_used_is_an_error_that_says_why(
    project: pytest.Pytester, mine: Mine, wrong: str
) -> None:
    words = {"key": mine.key_arn, "other": mine.other_key_arn, "account": ACCOUNT}
    key, table, said = (text.format(**words) for text in WRONG[wrong])
    project.makepyfile("def test_it(encrypted_table): pass")
    result = run(project, mine, f"--kmslab-key-arn={key}", f"--kmslab-table={table}")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([said])
    assert mine.still_there()


def test_a_table_without_its_key_is_refused(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("--kmslab-table=mine")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --kmslab-table is `mine`: give --kmslab-key-arn too*"])


KILLED = """
    import os
    import signal

    def test_killed(kmslab, kms_key, key_user):
        assert "mine" in kms_key.policy()["Id"]
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_policy_that_a_killed_run_changed_is_put_back_by_a_sweep(
    project: pytest.Pytester, mine: Mine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = project.path / "ledger"
    monkeypatch.setenv("KMSLAB_LEDGER", str(ledger))
    project.makepyfile(KILLED)
    run(project, mine, f"--kmslab-key-arn={mine.key_arn}", "--kmslab-manage-key-policy")
    assert not mine.still_there()
    swept = project.run(
        sys.executable, "-m", "pytest_kmslab.cli.main", "sweep", "--backend=localstack",
        f"--endpoint={mine.account.url}", "--yes",
    )  # fmt: skip
    assert swept.ret == 0
    assert mine.still_there()
    assert list(ledger.iterdir()) == []
