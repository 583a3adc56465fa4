"""`kmslab decide` with flags and policy files: what they make up, and what is said of bad ones."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from helpers.factories import KEY, ROOT, USER, allow, deny, to

from pytest_kmslab.cli.main import main

VIA = "kms:ViaService=dynamodb.us-east-1.amazonaws.com"
REQUEST = ("--principal", USER, "--action", "kms:Decrypt", "--resource", KEY)
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a policy file of these statements."""

    def policy(name: str, *statements: dict[str, Any]) -> Path:
        path = tmp_path / f"{name}.json"
        path.write_text(
            json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=1), "utf-8"
        )
        return path

    return policy


@pytest.fixture
def decide(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any, str]]:
    def call(*arguments: object) -> tuple[int, Any, str]:
        status = main(["decide", *map(str, (*REQUEST, *arguments))])
        out, err = capsys.readouterr()
        return status, json.loads(out) if out.startswith("{") else out, err

    return call


Decide = Callable[..., tuple[int, Any, str]]
TRUST = to(ROOT, "kms:*", Sid="Account")
VIA_DYNAMODB = {"StringEquals": {"kms:ViaService": "dynamodb.us-east-1.amazonaws.com"}}


def test_key_policy_identity_policy_and_context(decide: Decide, write: Write) -> None:
    files = ("--key-policy", write("key", TRUST))
    ana = write("ana", allow("kms:Decrypt", Condition=VIA_DYNAMODB))
    assert decide(*files)[1]["decision"] == "implicitDeny"
    assert decide(*files, "--identity-policy", ana)[1]["decision"] == "implicitDeny"
    status, answer, _ = decide(*files, "--identity-policy", ana, "--context", VIA)
    assert (status, answer["decision"], answer["name"]) == (0, "allowed", f"kms:Decrypt by {USER}")
    assert [reason["policy"] for reason in answer["reasons"]] == ["ana", KEY]


def test_each_kind_of_policy_bears_on_it(decide: Decide, write: Write) -> None:
    files = ("--key-policy", write("key", TRUST), "--identity-policy", write("ana", allow("kms:*")))
    assert decide(*files)[1]["decision"] == "allowed"
    for flag in ("--boundary", "--session-policy"):
        assert decide(*files, flag, write("limit", allow("kms:Encrypt")))[1]["decision"] == "implicitDeny"
    two = (
        "--session-policy",
        write("one", allow("kms:Encrypt")),
        "--session-policy",
        write("two", allow("kms:*")),
    )
    assert decide(*files, *two)[1]["decision"] == "allowed"
    more = ("--identity-policy", write("never", deny("kms:Decrypt")))
    assert decide(*files, *more)[1]["decision"] == "explicitDeny"


def test_a_table_policy_and_the_account_of_a_resource(
    capsys: pytest.CaptureFixture[str], write: Write
) -> None:
    table = "arn:aws:dynamodb:us-east-1:444455556666:table/books"
    asked = ("--principal", USER, "--action", "dynamodb:GetItem", "--resource", table)
    files = ("--resource-policy", write("table", to(USER, "dynamodb:GetItem")))
    more = ("--identity-policy", write("ana", allow("dynamodb:GetItem")))
    for arguments, decision in ((files, "implicitDeny"), ((*files, *more), "allowed")):
        main(["decide", *map(str, (*asked, *arguments))])
        assert json.loads(capsys.readouterr().out)["decision"] == decision


@pytest.mark.parametrize("is_whole", [True, False], ids=["answer", "list"])
def test_grants_as_listgrants_answers_them(
    decide: Decide, write: Write, tmp_path: Path, is_whole: bool
) -> None:
    grant = {
        "GranteePrincipal": USER,
        "Operations": ["Decrypt"],
        "GrantId": "g1",
        "KeyId": KEY,
        "CreationDate": "2026-01-01",
        "Constraints": {"EncryptionContextSubset": {"a": "b"}},
    }
    file = tmp_path / "grants.json"
    file.write_text(json.dumps({"Grants": [grant], "Truncated": False} if is_whole else [grant]), "utf-8")
    files = ("--key-policy", write("key", TRUST), "--grants", file)
    assert decide(*files)[1]["decision"] == "implicitDeny"
    _, answer, _ = decide(*files, "--context", "kms:EncryptionContext:a=b")
    assert (answer["decision"], answer["reasons"][0]["statement"]) == ("allowed", "g1")


def test_several_values_of_one_key(decide: Decide, write: Write) -> None:
    condition = {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["a", "b"]}}
    files = ("--key-policy", write("key", to(USER, "kms:Decrypt", Condition=condition)))
    given = ("--context", "dynamodb:Attributes=a", "--context", "dynamodb:Attributes=b")
    assert decide(*files, *given)[1]["decision"] == "allowed"
    assert decide(*files, *given, "--context", "dynamodb:Attributes=c=d")[1]["decision"] == "implicitDeny"


def test_an_expectation_decides_the_exit_status(decide: Decide, write: Write) -> None:
    files = ("--key-policy", write("key", TRUST))
    assert decide(*files, "--expect", "implicitDeny")[0] == 0
    assert decide(*files, "--expect", "allowed")[0] == 1


def test_a_broken_policy_is_named_with_its_line(decide: Decide, write: Write, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"Version": "2012-10-17",\n "Statement": [\n  {"Effect": "allow"}]}', "utf-8")
    status, _, complaint = decide("--key-policy", broken)
    assert status == 2
    assert complaint.startswith(
        f"kmslab decide: `--key-policy`, file `{broken}`, line 3: Statement[0].Effect is `allow`"
    )
    broken.write_text("{\n}x", "utf-8")
    assert decide("--grants", broken)[0] == 2
    assert decide("--grants", tmp_path / "none.json")[0] == 2
    assert "none.json" in decide("--boundary", tmp_path / "none.json")[2]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--action", "kms:Decrypt"], "a request needs --principal, --resource too"),
        (["--key-policy", "key.json"], "a request needs --principal, --action, --resource too"),
        (["cases.jsonl", "--action", "kms:Decrypt"], "give either files of cases, or a request"),
        ([*REQUEST, "--context", "novalue"], "`novalue` is not `KEY=VALUE`"),
        ([*REQUEST, "--key-policy", "a", "--resource-policy", "b"], "not allowed with argument"),
    ],
)
def test_a_wrong_command_line_says_what_is_missing(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exited:
        main(["decide", *arguments])
    assert exited.value.code == 2
    assert said in capsys.readouterr().err


class Terminal(StringIO):
    """A stream that a person looks at."""

    def isatty(self) -> bool:
        return True


def test_at_a_terminal_it_is_a_table_unless_json_is_asked_for(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["decide", *REQUEST, "--key-policy", str(write("key", TRUST))]
    for more, begins in (([], "┏"), (["--format", "json"], "{")):
        terminal = Terminal()
        monkeypatch.setattr(sys, "stdout", terminal)
        assert main([*arguments, *more]) == 0
        assert terminal.getvalue().startswith(begins)


def test_a_table_elsewhere_has_a_column_for_what_is_expected(decide: Decide, write: Write) -> None:
    files = ("--key-policy", write("key", TRUST), "--format", "table")
    heading, row = decide(*files)[1].splitlines()
    assert heading.split() == ["decision", "case", "because"]
    assert row.split("  ")[0] == "implicitDeny"
    assert decide(*files, "--expect", "allowed")[1].splitlines()[1].endswith("FAILED: expected allowed")


TABLE_ARN = KEY.replace(":kms:", ":dynamodb:").replace("key/", "table/")


@pytest.mark.parametrize(
    ("flag", "value", "said"),
    [
        ("--principal", "ana", "--principal is `ana`: give the ARN of a user"),
        ("--principal", "arn:aws:iam::111122223333:group/team", "give the ARN of a user"),
        ("--action", "Decrypt", "--action: `Decrypt` is not an action: write `service:Operation`"),
        ("--action", "kms:*", "--action: `kms:*` is no action of kms"),
        ("--action", "kms:Decript", "did you mean `kms:Decrypt`?"),
        ("--action", "kms:ReEncrypt", "kms:ReEncryptFrom and kms:ReEncryptTo"),
        ("--action", "s3:Get*", "`s3:Get*` is not an action"),
        ("--resource", "mykey", "--resource is `mykey`: give an ARN, or `*`"),
        ("--resource", TABLE_ARN, "`kms:Decrypt` is about no resource of dynamodb"),
        ("--resource-account", "12", "--resource-account is `12`: give the 12 digits"),
        (
            "--context",
            "kms:ViaServic=x",
            "--context: there is no condition key `kms:ViaServic`: did you mean",
        ),
        ("--context", "ViaService=x", "did you mean `kms:ViaService`?"),
        ("--context", "aws:PrincipleTag/team=x", "did you mean `aws:PrincipalTag/team`?"),
        ("--context", "kms:EncryptionContext=x", "did you mean `kms:EncryptionContext:`?"),
    ],
)
def test_a_request_that_nobody_makes_is_no_denial(decide: Decide, flag: str, value: str, said: str) -> None:
    status, out, err = decide(flag, value, "--expect", "implicitDeny")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("kmslab decide: ")
    assert said in err


@pytest.mark.parametrize(
    ("principal", "action", "resource"),
    [
        ("dynamodb.amazonaws.com", "kms:Decrypt", KEY),
        (USER, "KMS:decrypt", KEY),
        (USER, "kms:ListKeys", "*"),
        (USER, "sts:AssumeRole", "arn:aws:iam::111122223333:role/reader"),
        (USER, "iam:PassRole", "arn:aws:iam::111122223333:role/reader"),
        (USER, "s3:GetObject", "arn:aws:s3:::books/one"),
    ],
)
def test_a_request_that_somebody_may_make_is_decided(
    decide: Decide, principal: str, action: str, resource: str
) -> None:
    status, answer, _ = decide("--principal", principal, "--action", action, "--resource", resource)
    assert (status, answer["decision"]) == (0, "implicitDeny")


@pytest.mark.parametrize(
    "key",
    [
        *("kms:viaservice", "kms:EncryptionContext:team", "aws:PrincipalTag/a:b", "saml:sub", "s3:prefix"),
        *("token.actions.githubusercontent.com/a:sub", "kms:SomethingNew", "team"),
    ],
)
def test_a_condition_key_that_there_may_be_is_taken(decide: Decide, key: str) -> None:
    assert decide("--context", f"{key}=x")[0] == 0
