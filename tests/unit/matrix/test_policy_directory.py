"""An access matrix of policy files: what the directory may hold, and what is said of what it may not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from helpers.factories import allow, deny, to

from pytest_kmslab import MatrixError, access_matrix
from pytest_kmslab.authz.arn import iam_region
from pytest_kmslab.matrix.policy_directory import ACTIONS, read_directory

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "policies"
ACCOUNT = "111122223333"
ANA = f"arn:aws:iam::{ACCOUNT}:user/ana"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/orders"
TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/orders"
GET = "dynamodb:GetItem"
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file of the directory: a policy of these statements, or any value."""

    def file(name: str, *statements: dict[str, Any], value: Any = None) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        document = {"Version": "2012-10-17", "Statement": list(statements)} if value is None else value
        path.write_text(json.dumps(document, indent=1), "utf-8")
        return tmp_path

    return file


@pytest.fixture
def directory(write: Write) -> Path:
    """A key that lets the account's IAM policies decide, a table under it, and a user who reads it."""
    write("keys/orders.json", to(f"arn:aws:iam::{ACCOUNT}:root", "kms:*"))
    write("tables/orders.json", value={"key": "orders"})
    write("matrix.json", value={"account": ACCOUNT})
    return write("identity/ana/reading.json", allow([GET, "kms:Decrypt"]))


def may(directory: Path, who: str = ANA, action: str = GET, what: str = TABLE) -> bool:
    return access_matrix([who], [action], [what], policies=directory)[who, action, what].allowed


def test_a_whole_call_is_decided_table_and_key(directory: Path, write: Write) -> None:
    assert may(directory)
    write("identity/ana/reading.json", allow(GET))
    assert not may(directory)


@pytest.mark.parametrize("action", ["dynamodb:getitem", "DynamoDB:GETITEM"])
def test_a_whole_call_is_decided_in_whatever_case(directory: Path, write: Write, action: str) -> None:
    write("identity/ana/reading.json", allow("dynamodb:*"))
    assert not may(directory, action=action)


def test_no_lab_is_needed_and_all_of_the_directory_is_asked(directory: Path) -> None:
    matrix = access_matrix(policies=directory)
    assert {(who, what) for who, _, what, _ in matrix} == {(ANA, KEY), (ANA, TABLE)}
    assert {action for _, action, _, _ in matrix} == {one for one in ACTIONS if one[:3] != "sts"}


def test_names_do(directory: Path) -> None:
    matrix = access_matrix(["ana"], [GET], ["table/orders"], policies=directory)
    assert list(matrix) == [(ANA, GET, TABLE, True)]
    matrix.assert_equals({"user/ana": {GET: ["table/orders"]}})


def test_a_boundary_limits_and_a_deny_denies(directory: Path, write: Write) -> None:
    write("identity/ana/boundary.json", allow(GET))
    assert not may(directory)
    write("identity/ana/boundary.json", allow([GET, "kms:*"]))
    assert may(directory)
    write("identity/ana/zz.json", deny("kms:Decrypt"))
    assert not may(directory)


def test_awss_managed_policies_go_by_their_names(directory: Path, write: Write) -> None:
    write("identity/ana/reading.json", allow("kms:Decrypt"))
    assert not may(directory)
    write("identity/ana/managed.json", value=["AmazonDynamoDBReadOnlyAccess"])
    assert may(directory)
    assert not may(directory, action="dynamodb:PutItem")


def test_a_table_has_a_policy_of_its_own_or_nothing(directory: Path, write: Write) -> None:
    policy = {"Version": "2012-10-17", "Statement": [to(ANA, GET)]}
    write("identity/ana/reading.json", allow("dynamodb:DescribeTable"))
    for value in (policy, {"policy": policy}):
        write("tables/orders.json", value=value)
        assert may(directory)
    write("tables/orders.json", value={"key": "orders", "policy": policy})
    assert not may(directory)
    write("tables/orders.json", value={})
    assert not may(directory)


def test_a_role_its_trust_and_paths_of_names(directory: Path, write: Write) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/apps/api"
    write("roles/apps/api/reading.json", allow([GET, "kms:Decrypt"]))
    assert may(directory, role)
    write(
        "roles/apps/api/trust.json", {k: v for k, v in to(ANA, "sts:AssumeRole").items() if k != "Resource"}
    )
    assert may(directory, ANA, "sts:AssumeRole", role)
    assert not may(directory, role, "sts:AssumeRole", role)


def test_whom_a_key_policy_names_is_there_without_a_folder(directory: Path, write: Write) -> None:
    bea, stranger = (f"arn:aws:iam::{account}:user/bea" for account in (ACCOUNT, "444455556666"))
    write("keys/orders.json", to({"AWS": [bea, stranger]}, "kms:*"))
    assert may(directory, bea, "kms:Decrypt", KEY)
    (note,) = read_directory(directory).notes
    assert note == f"`{stranger}` is of another account, whose policies are not known: left out"


def test_a_key_and_a_table_by_their_own_arns(write: Write, directory: Path) -> None:
    key = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    policy = {"Version": "2012-10-17", "Statement": [to(ANA, "kms:Decrypt")]}
    write("keys/orders.json", value={"arn": key, "policy": policy})
    write("identity/ana/reading.json", allow(GET))
    assert may(directory)
    assert may(directory, action="kms:Decrypt", what=key)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "keys/orders.json",
            '{"Statement": [\n {"Effect": "allow"}]}',
            r"orders\.json`, line 2: Statement\[0\]",
        ),
        ("keys/orders.json", "{\n", r"orders\.json`, line 2: not JSON"),
        ("keys/orders.json", "{}", r"orders\.json`: a key has a policy"),
        ("keys/orders.json", '{"polcy": {}}', r"orders\.json`: unknown member `polcy`"),
        ("tables/orders.json", '{"key": "none"}', r"orders\.json`: there is no key `none`"),
        ("tables/orders.json", '{"key": 1}', r"orders\.json`: `key` is not text"),
        ("tables/orders.json", "[]", r"orders\.json`: is not a JSON object"),
        ("identity/ana.json", "{}", r"ana\.json`: put it into a folder of the user's name"),
        ("identity/ana/reading.json", "{}", r"reading\.json`: Statement is missing"),
        ("key/orders.json", "{}", r"key`: unknown folder: known are keys, tables, identity, roles"),
        ("orders.json", "{}", r"orders\.json`: put policies into keys"),
        ("matrix.json", '{"actions": "kms:Decrypt"}', r"matrix\.json`: `actions` is not a list"),
        ("identity/ana/managed.json", '["AmazonDynamo"]', "no AWS managed policy of the name `AmazonDynamo`"),
        ("identity/ana/managed.json", "{}", r"managed\.json`: is not a list of names"),
        ("matrix.json", '{"acount": ""}', r"matrix\.json`: unknown member `acount`"),
        ("identity/ana/Boundary.json", "{}", r"Boundary\.json`: write its name in small letters"),
        ("identity/ana/boundary.yaml", "", r"boundary\.yaml`: write its name in small letters"),
        ("roles/ana/TRUST.json", "{}", r"TRUST\.json`: write its name in small letters"),
        ("identity/ana/denying.JSON", "{}", r"denying\.JSON`: .* and `\.json` at its end"),
        ("keys/more/orders.json", "{}", r"orders\.json`: .*keys has several files of this name"),
        (
            "tables/second.json",
            f'{{"arn": "{TABLE}"}}',
            r"2 files are of `arn:aws:dynamodb:us-east-1:111122223333:table/orders`",
        ),
        ("tables/orders.json", f'{{"arn": "{TABLE}/index/day"}}', r"index/day` is no ARN of a table"),
        (
            "keys/alias.json",
            f'{{"arn": "{KEY.replace("key/", "alias/")}", "policy": {{"Statement": []}}}}',
            r"alias/orders` is no ARN of a key",
        ),
        ("tables/more/orders.json", "{}", r"orders\.json`: .*tables has several files of this name"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_file_and_line(
    directory: Path, name: str, text: str, said: str
) -> None:
    (directory / name).parent.mkdir(exist_ok=True, parents=True)
    (directory / name).write_text(text, "utf-8")
    with pytest.raises(MatrixError, match=said):
        read_directory(directory)


@pytest.mark.parametrize(
    ("name", "statement", "said"),
    [
        ("identity/ana/reading.json", {"Effect": "Allow", "Action": "kms:*"}, "must contain resources"),
        ("identity/ana/reading.json", to("*", "kms:*"), "should not specify a principal"),
        ("roles/ana/boundary.json", allow("kms:*", "orders"), "must be in ARN format"),
        ("roles/ana/trust.json", to(ANA, "sts:AssumeRole"), "Has prohibited field Resource"),
        ("keys/orders.json", allow("kms:*"), "a statement with no principal"),
        ("tables/orders.json", to(ANA, "kms:*"), "The following action names are invalid"),
    ],
)
def test_what_aws_would_refuse_is_named_with_its_file_and_line(
    directory: Path, name: str, statement: dict[str, Any], said: str
) -> None:
    (directory / name).parent.mkdir(exist_ok=True, parents=True)
    text = f'{{"Version": "2012-10-17", "Statement": [\n{json.dumps(statement)}]}}'
    (directory / name).write_text(text, "utf-8")
    with pytest.raises(MatrixError, match=rf"`, line 2: AWS refuses Statement\[0\]: .*{said}"):
        read_directory(directory)


@pytest.mark.parametrize("name", ["keys/Trust.json", "identity/ana/notes.md", "keys/boundary/other.json"])
def test_a_name_that_means_nothing_else_is_any_name(directory: Path, write: Write, name: str) -> None:
    write(name, to(f"arn:aws:iam::{ACCOUNT}:root", "kms:*"))
    assert may(directory)


def test_whose_account_it_is_must_be_clear(write: Write, tmp_path: Path) -> None:
    directory = write("identity/ana/reading.json", allow(GET))
    with pytest.raises(MatrixError, match="no file names one: give the account"):
        read_directory(directory)
    assert read_directory(directory, account=ACCOUNT).principals[0].arn == ANA
    write("keys/orders.json", to([f"arn:aws:iam::{one}:root" for one in (ACCOUNT, "444455556666")], "kms:*"))
    with pytest.raises(MatrixError, match="the files name 111122223333, 444455556666"):
        read_directory(directory)
    with pytest.raises(MatrixError, match="is not a directory"):
        read_directory(tmp_path / "none")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ((["bob"], [], []), "there is no principal `bob` in the directory, but user/ana"),
        (([], [], ["orderz"]), "there is no resource `orderz`"),
        (([], ["kms:decrpyt"], []), "did you mean `kms:Decrypt`"),
        (([], ["iam:CreateUser"], []), "`iam:CreateUser` is about no key, table or role"),
    ],
)
def test_a_name_of_nothing_is_an_error(directory: Path, asked: Any, said: str) -> None:
    with pytest.raises(MatrixError, match=said):
        access_matrix(*asked, policies=directory)


def test_a_pool_of_processes_decides_the_same(directory: Path) -> None:
    with ProcessPoolExecutor(1) as pool:
        assert list(access_matrix(policies=directory, executor=pool)) == list(
            access_matrix(policies=directory)
        )


def test_the_example_is_as_it_says(tmp_path: Path) -> None:
    """And a change of its key policy reads like a review."""
    copy = shutil.copytree(EXAMPLE, tmp_path / "copy")
    access_matrix(policies=copy / "policies").assert_equals(copy / "access.csv")
    key = copy / "policies" / "keys" / "orders.json"
    key.write_text(key.read_text("utf-8").replace("kms:Decrypt", "kms:Encrypt"), "utf-8")
    with pytest.raises(AssertionError) as told:
        access_matrix(policies=copy / "policies").assert_equals(copy / "access.csv")
    lines = str(told.value).splitlines()[1:]
    assert lines == [
        "- `role/orders-api` may not dynamodb:GetItem on `table/orders`, and should",
        "- `role/orders-api` may not dynamodb:PutItem on `table/orders`, and should",
    ]


@pytest.mark.parametrize(
    ("partition", "region", "named"),
    [
        ("aws-cn", "cn-north-1", ""),
        ("aws-us-gov", "us-gov-east-1", "us-gov-east-1"),
        ("aws", "us-east-1", ""),
    ],
)
def test_a_directory_is_of_the_partition_that_its_files_name(
    write: Write, partition: str, region: str, named: str
) -> None:
    root = f"arn:{partition}:iam::{ACCOUNT}:root"
    write("keys/orders.json", to(root, "kms:*"))
    write("tables/orders.json", value={"key": "orders"})
    write("identity/ana/all.json", allow(["kms:*", "dynamodb:*", "sts:*"]))
    write("roles/app/trust.json", {k: v for k, v in to(root, "sts:AssumeRole").items() if k != "Resource"})
    here = {"StringEquals": {"aws:RequestedRegion": iam_region(partition)}}
    directory = write("roles/app/p.json", allow("sts:AssumeRole", Condition=here))
    matrix = access_matrix(["ana", "role/app"], [GET, "sts:AssumeRole"], policies=directory, region=named)
    table = f"arn:{partition}:dynamodb:{region}:{ACCOUNT}:table/orders"
    assert matrix["ana", GET, table].allowed
    # In a policy of IAM, of the role itself: the Region is the one that IAM has in the partition.
    assert matrix["role/app", "sts:AssumeRole", f"arn:{partition}:iam::{ACCOUNT}:role/app"].allowed


def test_a_policy_of_another_partition_than_the_directorys_is_refused(write: Write) -> None:
    write("keys/orders.json", to(f"arn:aws-cn:iam::{ACCOUNT}:root", "kms:*"))
    directory = write("identity/ana/all.json", allow("kms:*"))
    with pytest.raises(MatrixError, match=r"orders.json.*invalid principals"):
        access_matrix(policies=directory, region="us-east-1")
