from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from helpers.factories import KEY, ROLE, ROOT, SESSION, TABLE, USER, allow, named, to

from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.policy import Policies
from pytest_kmslab.authz.request import Request
from pytest_kmslab.enforcement.entry import Origin, calls_of
from pytest_kmslab.enforcement.trail import Trail
from pytest_kmslab.errors import PolicyError
from pytest_kmslab.report.policies import PolicyWriter
from pytest_kmslab.report.policy_check import PolicyCheck, read_checked_policy
from pytest_kmslab.report.uses import UseCollector

EVERYTHING = Policies(identity=(named(allow("*")),), resource=named(to(ROOT, "kms:*")))
ADMIN = f"arn:aws:iam::{USER.split(':')[4]}:user/kmslab-admin-1a2b3c4d-main-1"


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """No line is folded."""
    monkeypatch.setenv("COLUMNS", "400")


class Lines:
    """What is written to a terminal."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def section(self, title: str, **_: Any) -> None:
        self.lines.append(title)

    def line(self, line: str, **_: Any) -> None:
        self.lines.append(line)


NO_TAGS: Mapping[str, str] = {}


def collected(
    *asked: tuple[str, str, str], policies: Policies = EVERYTHING, tags: Mapping[str, str] = NO_TAGS
) -> UseCollector:
    """What was done in one test, by principal, action and resource."""
    trail = Trail()
    for principal, action, resource in asked:
        arn = ROLE if principal == SESSION else principal
        request = Request(principal, action, resource, Context({"aws:PrincipalArn": arn, **tags}))
        trail.record(action, request, authorize(request, policies), policies=policies)
    collector = UseCollector(trail)
    collector.add("test_it.py::test_it", trail.since())
    return collector


def checked(
    folder: Path, uses: UseCollector, *statements: dict[str, Any], name: str = "ana"
) -> tuple[bool, list[str]]:
    file = folder / f"{name}.json"
    file.write_text(json.dumps({"Version": "2012-10-17", "Statement": statements}), "utf-8")
    check, told = PolicyCheck(uses, read_checked_policy(file), "kmslab-admin"), Lines()
    check.summarize(told)  # type: ignore[arg-type]
    return check.finish(), told.lines[1:]


GETS, PUTS = (USER, "dynamodb:GetItem", TABLE), (USER, "dynamodb:PutItem", TABLE)


def test_a_policy_that_is_enough_passes(tmp_path: Path) -> None:
    passed, told = checked(tmp_path, collected(GETS), allow("dynamodb:GetItem", TABLE))
    assert (passed, told) == (True, ["the policy is enough (held to it: ana)"])


def test_what_it_lacks_is_named_with_the_test(tmp_path: Path) -> None:
    passed, told = checked(tmp_path, collected(GETS, PUTS), allow("dynamodb:GetItem", TABLE))
    assert not passed
    assert told[0] == "a test needs more: dynamodb:PutItem on table/books, by ana in test_it.py::test_it"


def test_what_no_test_used_is_named_and_fails_nothing(tmp_path: Path) -> None:
    statements = (
        allow(["dynamodb:GetItem", "dynamodb:Scan"], [TABLE, f"{TABLE}-2"]),
        allow("dynamodb:ListTables", Sid="Lists"),
    )
    passed, told = checked(tmp_path, collected(GETS), *statements)
    assert passed
    assert told[:-1] == [
        "no test used: `dynamodb:Scan` in `Statement[0]` of ana.json",
        f"no test used: `{TABLE}-2` in `Statement[0]` of ana.json",
        "no test used: `Lists` of ana.json",
    ]


def test_the_key_policy_that_was_tested_stays(tmp_path: Path) -> None:
    uses = collected((USER, "kms:Decrypt", KEY))
    assert checked(tmp_path, uses, allow("kms:Decrypt"))[0]
    assert not checked(tmp_path, uses, allow("kms:Encrypt"))[0]


def test_a_file_of_nobodys_name_holds_everybody_but_the_administrator(tmp_path: Path) -> None:
    uses = collected(GETS, (SESSION, "dynamodb:Scan", TABLE), (ADMIN, "dynamodb:DeleteItem", TABLE))
    passed, told = checked(tmp_path, uses, allow("dynamodb:GetItem"), name="policy")
    assert not passed
    assert [line for line in told if line.startswith("a test needs")] == [
        "a test needs more: dynamodb:Scan on table/books, by reader in test_it.py::test_it"
    ]
    assert checked(tmp_path, uses, allow("dynamodb:GetItem"), name="ana")[0]
    assert checked(tmp_path, uses, allow("dynamodb:DeleteItem"), name="kmslab-admin")[0]


def test_nobody_to_hold_is_no_success(tmp_path: Path) -> None:
    passed, told = checked(tmp_path, collected(), allow("*"))
    assert not passed
    assert told == ["nobody whom the policy could be for was allowed anything in the tests: this run failed"]


def test_what_the_lab_did_and_what_was_denied_does_not_count() -> None:
    trail = Trail()
    request = Request(USER, *GETS[1:])
    with calls_of(Origin.LAB):
        trail.record("dynamodb:GetItem", request, authorize(request, EVERYTHING), policies=EVERYTHING)
    entry = trail.record("dynamodb:GetItem", request, authorize(request, EVERYTHING), policies=EVERYTHING)
    trail.record("dynamodb:PutItem", request, authorize(request, Policies()), policies=Policies())
    trail.record_in_vain([entry])
    assert trail.uses(trail.since()) == []


def test_what_is_written_is_enough_and_read_again(tmp_path: Path) -> None:
    uses = collected(GETS, PUTS, (USER, "kms:Decrypt", KEY))
    writer = PolicyWriter(uses, tmp_path)
    assert writer.finish()
    folder = tmp_path / "ana"
    files = sorted(file.name for file in folder.iterdir())
    assert files == ["identity-policy.json", "key-policy-key.json", "proof.json"]
    told = Lines()
    check = PolicyCheck(uses, read_checked_policy(folder), "")
    check.summarize(told)  # type: ignore[arg-type]
    assert check.finish()
    assert told.lines[1:] == ["the policy is enough (held to it: ana)"]
    assert json.loads((folder / "proof.json").read_text("utf-8"))["holds"]


def test_what_an_earlier_run_wrote_goes_and_other_files_stay(tmp_path: Path) -> None:
    PolicyWriter(collected(GETS, (USER, "kms:Decrypt", KEY)), tmp_path).finish()
    (tmp_path / "ana" / "notes.json").write_text("{}", "utf-8")
    PolicyWriter(collected(GETS), tmp_path).finish()
    assert sorted(file.name for file in (tmp_path / "ana").iterdir()) == [
        "identity-policy.json",
        "notes.json",
        "proof.json",
    ]


def test_a_folder_that_cannot_be_written_fails_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    writer, told = PolicyWriter(collected(GETS), tmp_path / "file"), Lines()
    assert not writer.finish()
    writer.summarize(told)  # type: ignore[arg-type]
    assert told.lines[1].startswith(f"cannot write to `{tmp_path / 'file'}`: ")


def test_who_needs_no_policy_is_told_so(tmp_path: Path) -> None:
    trail = Trail()
    request, grant = Request(USER, "kms:Decrypt", KEY), Grant(USER, frozenset({"Decrypt"}), "g1")
    policies = Policies(resource=named(to(ROOT, "kms:*")))
    decision = authorize(request, policies, (grant,))
    trail.record("kms:Decrypt", request, decision, policies=policies, grants=(grant,))
    uses, told = UseCollector(trail), Lines()
    uses.add("test_it.py::test_it", trail.since())
    writer = PolicyWriter(uses, tmp_path)
    assert writer.finish()
    writer.summarize(told)  # type: ignore[arg-type]
    assert told.lines[1] == f"{tmp_path / 'ana'}: no policy is needed for what it did (1 request)"


def test_who_was_only_denied_and_whose_folder_is_old_is_told(tmp_path: Path) -> None:
    told = Lines()
    PolicyWriter(collected((SESSION, *GETS[1:])), tmp_path).finish()
    trail, request = Trail(), Request(USER.replace("team/ana", "bob"), *GETS[1:])
    for policies in (Policies(), Policies()):
        trail.record(GETS[1], request, authorize(request, policies), policies=policies)
    uses = UseCollector(trail)
    uses.add("test_it.py::test_it", trail.since())
    both = UseCollector(Trail())
    both.take(json.loads(json.dumps(uses.data())))
    both.take(collected(GETS).data())
    writer = PolicyWriter(both, tmp_path)
    assert writer.finish()
    writer.summarize(told)  # type: ignore[arg-type]
    assert told.lines[1:] == [
        f"{tmp_path / 'ana'}: all it did is allowed (1 request); nothing can be taken out (1 part tried)",
        "bob was allowed nothing (2 requests denied): no policy is written",
        f"{tmp_path / 'reader'} is of an earlier run: who it is for did nothing in this one",
    ]


def test_two_of_one_name_have_a_folder_each_and_two_keys_a_file(tmp_path: Path) -> None:
    role = f"arn:aws:iam::{USER.split(':')[4]}:role/Ana"
    other_key = KEY.replace("us-east-1", "eu-west-1")
    uses = collected(GETS, (role, *PUTS[1:]), (USER, "kms:Decrypt", KEY), (USER, "kms:Encrypt", other_key))
    assert PolicyWriter(uses, tmp_path).finish()
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["role-Ana", "user-team-ana"]
    assert {file.name for file in (tmp_path / "user-team-ana").iterdir()} == {
        "identity-policy.json",
        "key-policy-eu-west-1-key.json",
        "key-policy-us-east-1-key.json",
        "proof.json",
    }
    for actors in (uses, collected(GETS, (USER, "kms:Decrypt", KEY), (USER, "kms:Encrypt", other_key))):
        told = Lines()
        check = PolicyCheck(actors, read_checked_policy(tmp_path / "user-team-ana"), "")
        check.summarize(told)  # type: ignore[arg-type]
        assert (check.finish(), told.lines[1:]) == (True, ["the policy is enough (held to it: ana)"])


def test_workers_count_together() -> None:
    """A resource of each lab has tags of its own, which make no request another."""
    both = UseCollector(Trail())
    for worker, asked in (("gw0", [GETS]), ("gw1", [GETS, PUTS])):
        tags = {"aws:PrincipalTag/kmslab:worker": worker, "aws:ResourceTag/kmslab:expires": worker}
        both.take(json.loads(json.dumps(collected(*asked, tags=tags).data())))
    (uses,) = both.of_actors().values()
    assert sorted(use.request.action for use in uses) == ["dynamodb:GetItem", "dynamodb:PutItem"]


def test_a_file_that_holds_no_policy_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "ana.json"
    file.write_text('{"Statement": [\n{"Effect": "allow"}]}', "utf-8")
    with pytest.raises(PolicyError, match=r"`--kmslab-check-policy`, file `.*ana\.json`, line 2: "):
        read_checked_policy(file)
    statements = f'[{json.dumps(allow("kms:*"))},\n{{"Effect": "Allow", "Action": "kms:*"}}]'
    file.write_text(f'{{"Version": "2012-10-17", "Statement": {statements}}}', "utf-8")
    refused = r"line 2: AWS refuses Statement\[1\]: Policy statement must contain resources\."
    with pytest.raises(PolicyError, match=refused):
        read_checked_policy(file)
    (tmp_path / "empty").mkdir()
    with pytest.raises(PolicyError, match="no policy is in the folder"):
        read_checked_policy(tmp_path / "empty")
