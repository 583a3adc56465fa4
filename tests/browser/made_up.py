"""Facts of a run that never was, as large as wanted, written as the report writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from pytest_kmslab.report.evidence.accounts import AccountMask
from pytest_kmslab.report.evidence.html_report import write_html
from pytest_kmslab.report.evidence.model import (
    Assertion,
    BegunTest,
    Call,
    Cell,
    Change,
    Decision,
    Fact,
    Matrix,
    Phase,
    Resource,
)
from pytest_kmslab.report.evidence.parts import line_of, part_of
from pytest_kmslab.report.evidence.records import read_records
from pytest_kmslab.report.evidence.run_facts import RunFacts, versions

ACCOUNT = "111122223333"
BEGAN = 1_790_000_000.0
CALLS = 10
"""Of each test: half of them denied, each two decisions."""
EXPLANATION = """denied: kms:Decrypt
  by  {who}
  on  {key} (alias/MY-kms-key)
  via dynamodb.us-east-1.amazonaws.com
because
  no identity-based policy allows it, and the key policy delegates to IAM policies
looked at
  key policy: 4 statements, 2 about kms:Decrypt
nearly
  `Allow use of the key` of key policy: Principal: names somebody else, not {who}
to allow it
  or name the caller in the Principal of `Allow use of the key` of the key policy"""


def report(path: Path, tests: int) -> Path:
    """Write the report of a run of so many tests."""
    folder = path.parent / "parts"
    folder.mkdir()
    with part_of(folder, "gw0").open("w", encoding="utf-8") as part:
        for number in range(tests):
            part.writelines(f"{line_of(fact)}\n" for fact in facts_of(number))
    write_html(path, RUN, read_records(folder), AccountMask(ACCOUNT))
    return path


RUN = RunFacts(
    started=BEGAN,
    finished=BEGAN + 600,
    exit_status=1,
    workers=1,
    backend="moto",
    place="",
    account=ACCOUNT,
    region="us-east-1",
    enforcement="enforce",
    versions=versions(),
    undecided={"http://example.test": 2},
    left=(),
    kept=(),
    cost="",
    observed=None,
    coverage={
        "statements": 1,
        "covered": 0,
        "percent": 0.0,
        "lost": 0,
        "policies": [
            {
                "policy_type": "key policy",
                "name": "alias/mine",
                "text": "{}",
                "owner": "test",
                "title": f"key policy alias/mine, in tests/test_it.py::test_{'_'.join(['a_long_name'] * 9)}",
                "statements": [
                    {"name": "Never", "effect": "Deny", "decided": 0, "tests": [], "by_lab": False},
                    {"name": "Account", "effect": "Allow", "decided": 0, "tests": [], "by_lab": True},
                ],
            }
        ],
    },
)


def facts_of(number: int) -> Iterator[Fact]:
    """One test: somebody is denied, made a key user, and allowed; every hundredth fails."""
    at, suffix = BEGAN + number / 10, f"-1a2b3c4d-gw0-{number}"
    who = f"arn:aws:iam::{ACCOUNT}:user/mounika{suffix}"
    admin = f"arn:aws:iam::{ACCOUNT}:user/kmslab-admin{suffix}"
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-{number:012d}"
    table = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/my_table_kms{suffix}"
    file = f"tests/test_step{number % 100}.py"
    yield BegunTest(
        at,
        f"{file}::test_it[{number}]",
        f"<b>it</b> is decided [{number}]",
        file,
        f"Step {number % 100}: look.",
        "gw0",
    )
    yield Resource(at, "made", "KMS key", f"MY-kms-key{suffix}", key, 0.001)
    first = number * 2 * CALLS * 2
    for index in range(CALLS):
        is_denied = index < CALLS // 2
        yield call(at + index / 100, first + 2 * index, who, table, key, is_denied=is_denied)
        if index == CALLS // 2 - 1:
            yield Assertion(at, "denied", "`kms:Decrypt`", "", first, first + 2 * index + 1, 0)
            yield changed(at, first + 1_000_000, admin, key, who)
    failed = number % 100 == 7
    unmet = "`kms:Decrypt` was not allowed: it was denied" if failed else ""
    yield Assertion(at, "allowed", "anything", unmet, first + CALLS, first + 2 * CALLS, 1)
    if number < 20:
        yield Matrix(at, (Cell(who, "dynamodb:GetItem", table, False, EXPLANATION.format(who=who, key=key)),))
    yield Phase("setup", "", "passed", 0.01, "")
    yield Phase("subtest", "a part", "passed", 0.01, "")
    yield Phase("call", "", "failed" if failed else "passed", 0.05, "E   AssertionError" if failed else "")
    yield Resource(at + 0.5, "undone", "KMS key", f"MY-kms-key{suffix}", key, 0.001)
    yield Phase("teardown", "", "passed", 0.01, "")


def call(at: float, number: int, who: str, table: str, key: str, *, is_denied: bool) -> Call:
    """GetItem on the encrypted table: allowed by DynamoDB, and denied or allowed by KMS."""
    allows = ("`Statement[0]` of identity-based policy `AmazonDynamoDBFullAccess` allows it",)
    own = Decision(number, "dynamodb:GetItem", who, table, "allowed", "", allows, "")
    lacks = ("no identity-based policy allows it",) if is_denied else ("`Allow use of the key` allows it",)
    explanation = EXPLANATION.format(who=who, key=key) if is_denied else ""
    word = "implicitDeny" if is_denied else "allowed"
    decrypt = Decision(number + 1, "kms:Decrypt", who, key, word, "dynamodb", lacks, explanation)
    error = "AccessDeniedException" if is_denied else ""
    return Call(
        at, "dynamodb:GetItem", who, "test", (own, decrypt), error, "KMS key access denied" * is_denied, None
    )


def changed(at: float, number: int, admin: str, key: str, who: str) -> Call:
    """PutKeyPolicy, which makes somebody a key user."""
    statement = {"Sid": "Allow use of the key", "Action": "kms:Decrypt"}
    before, after = (
        json.dumps({"Statement": [{**statement, "Principal": {"AWS": named}}]})
        for named in ([admin], [admin, who])
    )
    put = Decision(number, "kms:PutKeyPolicy", admin, key, "allowed", "", ("`Admins` allows it",), "")
    change = Change("key policy", key, before, after)
    return Call(at, "kms:PutKeyPolicy", admin, "fixture", (put,), "", "", change)
