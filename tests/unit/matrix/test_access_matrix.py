"""Each cell of an access matrix is what the whole call would be answered, without a call being made."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from pytest_kmslab import access_matrix, allowed
from pytest_kmslab.account.model import Key, Table
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.operations import OPERATIONS
from pytest_kmslab.lab.kinds.iam.user import IamUser
from pytest_kmslab.lab.kinds.kms.key import KmsKey
from pytest_kmslab.lab.kinds.table import DynamoDBTable
from pytest_kmslab.lab.lab import Lab
from pytest_kmslab.matrix.subjects import MatrixError, caller_of
from pytest_kmslab.matrix.whole_calls import USES_TABLE_KEY

ACCOUNT = "123456789012"
READ, DECRYPT, LIST = "dynamodb:GetItem", "kms:Decrypt", "dynamodb:DescribeTable"


@pytest.fixture
def policy_file(tmp_path: Path) -> Path:
    return tmp_path / "access.csv"


def test_a_cell_is_the_whole_call(
    kmslab: Lab, kms_key: KmsKey, encrypted_table: DynamoDBTable, key_user: IamUser, outsider: IamUser
) -> None:
    matrix = access_matrix([key_user, outsider], [READ, LIST], [encrypted_table])
    assert [cell[3] for cell in matrix] == [True, True, False, True]
    cell = matrix[outsider, READ, encrypted_table]
    assert [decision.allowed for decision in cell.decisions] == [True, False]
    assert "denied: kms:Decrypt" in cell.explain()
    assert "via dynamodb." in cell.explain()
    kms_key.add_user(outsider)
    assert access_matrix([outsider], [READ], [encrypted_table])[outsider, READ, encrypted_table].allowed


def test_an_action_of_another_service_is_allowed_to_nobody(
    kmslab: Lab, kms_key: KmsKey, encrypted_table: DynamoDBTable
) -> None:
    admin, actions = kmslab.admin, [READ, DECRYPT, "sts:AssumeRole"]
    role = kmslab.create_role()
    matrix = access_matrix([admin], actions, [encrypted_table, kms_key, role])
    allowed = [(action, resource) for _, action, resource, allowed in matrix if allowed]
    assert allowed == [(READ, encrypted_table.arn), (DECRYPT, kms_key.arn), ("sts:AssumeRole", role.arn)]
    assert matrix[admin, READ, kms_key].error == f"`{READ}` is no action on `{kms_key.arn}`"


def test_it_agrees_with_the_calls_themselves(
    kmslab: Lab, kms_key: KmsKey, encrypted_table: DynamoDBTable, key_user: IamUser, outsider: IamUser
) -> None:
    def may(user: IamUser, service: str, operation: str, **params: Any) -> bool:
        try:
            getattr(kmslab.as_(user).client(service), operation)(**params)
        except ClientError as error:
            return "not authorized" not in str(error) and "access denied" not in str(error).lower()
        return True

    matrix = access_matrix([key_user, outsider], [READ, LIST], [encrypted_table])
    keys = access_matrix([key_user, outsider], ["kms:DescribeKey", "kms:Encrypt"], [kms_key])
    for user in (key_user, outsider):
        item = {"TableName": encrypted_table.name, "Key": {"id": {"S": "1"}}}
        assert matrix[user, READ, encrypted_table].allowed == may(user, "dynamodb", "get_item", **item)
        assert keys[user, "kms:DescribeKey", kms_key].allowed == may(
            user, "kms", "describe_key", KeyId=kms_key.id
        )
        assert keys[user, "kms:Encrypt", kms_key].allowed == may(
            user, "kms", "encrypt", KeyId=kms_key.id, Plaintext=b"x"
        )


def test_no_call_is_made(kmslab: Lab, encrypted_table: DynamoDBTable, outsider: IamUser) -> None:
    with pytest.raises(AssertionError, match="no AWS call"), allowed():
        access_matrix([outsider], [READ], [encrypted_table])


def test_a_disabled_key_lets_nobody_in_and_says_so(
    kmslab: Lab, kms_key: KmsKey, encrypted_table: DynamoDBTable, key_user: IamUser
) -> None:
    boto3.client("kms").disable_key(KeyId=kms_key.id)
    cell = access_matrix([key_user], [READ], [encrypted_table])[key_user, READ, encrypted_table]
    assert not cell.allowed
    assert "is disabled" in cell.error


def test_a_role_acts_as_its_session(kmslab: Lab, kms_key: KmsKey, encrypted_table: DynamoDBTable) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    read = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}
    iam = boto3.client("iam")
    role = iam.create_role(RoleName="app", AssumeRolePolicyDocument=_document(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName="app", PolicyName="read", PolicyDocument=_document(read))
    assert not access_matrix([role], [READ], [encrypted_table])[role, READ, encrypted_table].allowed
    use = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": kms_key.arn}
    iam.put_role_policy(RoleName="app", PolicyName="use", PolicyDocument=_document(use))
    cell = access_matrix([role], [READ], [encrypted_table])[role, READ, encrypted_table]
    assert cell.allowed
    assert cell.asked[0].request.principal.endswith(":assumed-role/app/kmslab")


def test_workers_of_a_process_pool_decide_alike(
    kmslab: Lab, kms_key: KmsKey, encrypted_table: DynamoDBTable, key_user: IamUser, outsider: IamUser
) -> None:
    asked: Any = ([key_user, outsider], [READ, LIST], [encrypted_table])
    with ProcessPoolExecutor(1) as pool:
        assert list(access_matrix(*asked, executor=pool)) == list(access_matrix(*asked))


@pytest.fixture
def named(kmslab: Lab, encrypted_table: DynamoDBTable, key_user: IamUser, outsider: IamUser) -> Any:
    return (
        access_matrix([key_user, outsider], [READ, LIST], [encrypted_table]),
        key_user,
        outsider,
        encrypted_table,
    )


def test_it_equals_a_csv_file(named: Any, policy_file: Path) -> None:
    matrix, user, outsider, table = named
    rows = [(user, READ, "yes"), (user, LIST, ""), (outsider, LIST, "yes"), (outsider, READ, "no")]
    text = "principal,action,resource,allowed\n"
    policy_file.write_text(
        text + "".join(f"{who.name},{what},{table.name},{may}\n" for who, what, may in rows)
    )
    matrix.assert_equals(policy_file)


def test_it_equals_a_yaml_file(named: Any, tmp_path: Path) -> None:
    matrix, user, outsider, table = named
    path = tmp_path / "access.yaml"
    users = f"{user.name}:\n  {READ}: [{table.name}]\n  {LIST}: {table.arn}\n"
    path.write_text(users + f"{outsider.arn}: {{{LIST}: {table.name}}}\n")
    matrix.assert_equals(path)


def test_what_differs_reads_like_a_review(named: Any) -> None:
    matrix, user, outsider, table = named
    with pytest.raises(AssertionError) as caught:
        matrix.assert_equals(
            {outsider.name: {READ: [table.name], LIST: ["tabel"]}, user.name: {LIST: [table.name]}}
        )
    assert str(caught.value).splitlines()[1:] == [
        f"+ `user/{user.name}` may {READ} on `table/{table.name}`, and should not",
        f"+ `user/{outsider.name}` may {LIST} on `table/{table.name}`, and should not",
        f"- `user/{outsider.name}` may not {READ} on `table/{table.name}`, and should",
        f"? {outsider.name} {LIST} tabel: no cell of the matrix is of that name",
    ]


def test_it_prints_as_a_table(named: Any) -> None:
    matrix, user, outsider, table = named
    lines = str(matrix).splitlines()
    assert lines[0].split() == [table.name]
    assert lines[1].split() == [user.name, READ, "yes"]
    assert lines[3].split() == [outsider.name, READ, "-"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("who,action,resource\n", "line 1: the column `principal` is missing"),
        ("principal,action,resource,allowed\nana,kms:Decrypt,k,perhaps\n", "line 2: give all columns"),
        ("principal,action,resource\nana,,k\n", "line 2: give all columns"),
    ],
)
def test_a_file_that_is_not_right_is_named_with_its_line(
    named: Any, policy_file: Path, text: str, message: str
) -> None:
    policy_file.write_text(text)
    with pytest.raises(MatrixError, match=f"`{policy_file}`, {message}"):
        named[0].assert_equals(policy_file)


@pytest.mark.parametrize(
    ("principals", "actions", "resources", "message"),
    [
        (["ana"], [READ], [], "`ana` is not an ARN"),
        (["arn:aws:iam::123456789012:user/nobody"], [READ], [], "there is no user or role"),
        ([], [READ], ["arn:aws:kms:us-east-1:123456789012:key/1"], "there is no key"),
        ([], [READ], ["arn:aws:dynamodb:us-east-1:123456789012:table/none"], "there is no table"),
        ([], ["s3:GetObject"], [], "calls to `s3` are not decided"),
        ([], [READ], [], "has no principals"),
    ],
)
def test_what_no_cell_can_be_made_of_is_an_error(
    kmslab: Lab, principals: list[str], actions: list[str], resources: list[str], message: str
) -> None:
    with pytest.raises(MatrixError, match=message):
        access_matrix(principals, actions, resources)


def _document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_one_alone_is_one_and_what_is_named_twice_counts_once(
    encrypted_table: DynamoDBTable, outsider: IamUser
) -> None:
    alone = access_matrix(outsider, LIST, encrypted_table)
    assert list(alone) == [(outsider.arn, LIST, encrypted_table.arn, True)]
    twice = access_matrix([outsider, outsider.arn], [LIST, LIST], [encrypted_table, encrypted_table.arn])
    assert list(twice) == list(alone)


def test_it_equals_a_mapping_of_the_labs_objects(encrypted_table: DynamoDBTable, outsider: IamUser) -> None:
    matrix = access_matrix([outsider], [READ, LIST], [encrypted_table])
    matrix.assert_equals({outsider: {LIST: encrypted_table}})
    matrix.assert_equals({outsider.name: {LIST: encrypted_table.name}})
    matrix.assert_equals({outsider.arn: {LIST: (encrypted_table,)}})
    with pytest.raises(AssertionError, match="may not dynamodb:GetItem"):
        matrix.assert_equals({outsider: {LIST: encrypted_table, READ: encrypted_table}})


@pytest.mark.parametrize("expected", ["access.csv", None, [], {"ana": ["table"]}])
def test_what_can_be_no_expectation_is_told(
    expected: Any, encrypted_table: DynamoDBTable, outsider: IamUser
) -> None:
    with pytest.raises(MatrixError, match="`expected`"):
        access_matrix([outsider], [LIST], [encrypted_table]).assert_equals(expected)


@pytest.mark.parametrize("column", ["alowed", "Allowed", "allowed "])
def test_a_misspelt_column_is_not_left_out(
    column: str, policy_file: Path, encrypted_table: DynamoDBTable, outsider: IamUser
) -> None:
    row = f"{outsider.name},{LIST},{encrypted_table.name},no"
    policy_file.write_text(f"principal,action,resource,{column}\n{row}\n")
    with pytest.raises(MatrixError, match=r"line 1: there is no column .*did you mean `allowed`"):
        access_matrix([outsider], [LIST], [encrypted_table]).assert_equals(policy_file)


def test_a_csv_file_of_a_spreadsheet_is_read(
    policy_file: Path, encrypted_table: DynamoDBTable, outsider: IamUser
) -> None:
    row = f"{outsider.name},{LIST},{encrypted_table.name},why not"
    policy_file.write_text(f"\ufeffprincipal,action,resource,remark\n{row}\n", encoding="utf-8")
    access_matrix([outsider], [LIST], [encrypted_table]).assert_equals(policy_file)


class OneTable:
    """An account that has one table, under a key, and a backup of it."""

    def table(self, name: str, region: str, account: str) -> Table:
        return Table(f"arn:aws:dynamodb:{region}:{account}:table/orders", "orders", account, region, KEY_ARN)

    def backup(self, arn: str) -> Table:
        return self.table(arn, "us-east-1", ACCOUNT)

    def key(self, key_id: str, region: str, account: str) -> Key:
        described = "Enabled", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "AWS_KMS", "CUSTOMER"
        return Key(KEY_ARN, "orders", account, region, *described)


KEY_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/orders"


@pytest.mark.parametrize("operation", sorted(OPERATIONS["dynamodb"]))
def test_a_cell_asks_for_the_tables_key_where_a_call_does(operation: str) -> None:
    table = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/orders"
    params = {
        "TableName": "orders",
        "TableArn": table,
        "SourceTableName": "orders",
        "TargetTableName": "others",
        "IndexName": "by-day",
        "RequestItems": {"orders": {}},
    }
    caller = caller_of(f"arn:aws:iam::{ACCOUNT}:user/ana")
    call = ApiCall("dynamodb", operation, params, "us-east-1", caller)
    asked = []
    with suppress(ServiceError, KeyError, TypeError, AttributeError, ValueError):
        for one in OPERATIONS["dynamodb"][operation](call, OneTable()):  # type: ignore[arg-type]
            asked.append(one.request.action)
    assert "kms:Decrypt" not in asked or operation in USES_TABLE_KEY


def test_a_cell_is_found_by_names_too(named: Any) -> None:
    matrix, user, outsider, table = named
    assert matrix[user.name, READ, table.name].allowed
    assert not matrix[f"user/{outsider.name}", READ, table].allowed
    with pytest.raises(KeyError, match="no cell of the matrix is of `nobody`"):
        matrix["nobody", READ, table]


def test_a_name_of_several_cells_is_of_none(kmslab: Lab) -> None:
    users = [kmslab.create_user(name, path="/team/") for name in ("ana", "eva")]
    matrix = access_matrix(users, READ, kmslab.create_table("orders"))
    with pytest.raises(KeyError, match="several cells of the matrix are of `team`"):
        matrix["team", READ, next(iter(matrix))[2]]
