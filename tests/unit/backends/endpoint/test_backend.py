"""An account at an endpoint, with the seam in front: a moto server stands for LocalStack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, EVERYTHING, REGION, TABLE, Account, allow
from helpers.asserts import code
from helpers.endpoint import moto_server

from pytest_kmslab.backends.endpoint.backend import EndpointBackend
from pytest_kmslab.backends.endpoint.cache import ReadCache
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.config.options import Settings
from pytest_kmslab.errors import BackendError
from pytest_kmslab.session.run import Run

ITEM = {"id": {"S": "1"}}
TABLE = {**TABLE, "TableName": "table"}


class Elsewhere(Account):
    """As `Account`, at an endpoint."""

    def session(self, credentials: Credentials) -> Any:
        session = super().session(credentials)
        plain, url = session.client, self.run.backend.endpoint_url
        session.client = lambda service, **more: plain(service, **{"endpoint_url": url, **more})
        return session


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with moto_server() as url:
        yield url


def run_at(url: str) -> Run:
    return Run(Settings(backend="localstack", endpoint=url, endpoint_access_key="FOOBARKEY"))


@pytest.fixture
def runs(server: str) -> Iterator[list[Run]]:
    """Two runs that share the endpoint, as two processes would; only the last one's seam is in."""
    from moto.moto_api._internal.models import moto_api_backend

    moto_api_backend.reset()
    runs = [run_at(server), run_at(server)]
    for run in runs:
        run.backend.start()
    yield runs
    for run in runs:
        run.backend.stop()


@pytest.fixture
def account(runs: list[Run]) -> Iterator[Elsewhere]:
    runs[0].install()
    yield Elsewhere(runs[0])
    runs[0].close()


def other_process(account: Elsewhere, runs: list[Run]) -> Elsewhere:
    """From here on clients are decided by the other run."""
    account.run.close()
    runs[1].install()
    return Elsewhere(runs[1])


@pytest.fixture
def other(account: Elsewhere, runs: list[Run]) -> Iterator[Any]:
    yield lambda: other_process(account, runs)
    runs[1].close()


def test_a_user_needs_the_key_of_the_table(account: Elsewhere) -> None:
    dynamodb, key = account.root.client("dynamodb"), account.key()
    dynamodb.create_table(**TABLE)
    dynamodb.update_table(
        TableName="table", SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    )
    outsider = account.user("ana", allow("dynamodb:*")).client("dynamodb")
    key_user = account.user("bob", allow("dynamodb:*", "kms:Decrypt", "kms:DescribeKey")).client("dynamodb")
    assert code(outsider.get_item, TableName="table", Key=ITEM) == "AccessDeniedException"
    assert "Item" not in key_user.get_item(TableName="table", Key=ITEM)


def test_a_change_is_decided_on_at_once(account: Elsewhere) -> None:
    kms = account.user("ana").client("kms")
    iam = account.root.client("iam")
    for _ in range(3):
        assert code(kms.list_keys) == "AccessDeniedException"
        iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=json.dumps(EVERYTHING))
        kms.list_keys()
        iam.delete_user_policy(UserName="ana", PolicyName="p")


def test_what_one_process_made_is_known_to_the_others(account: Elsewhere, other: Any) -> None:
    key = account.key()
    dynamodb = account.root.client("dynamodb")
    dynamodb.create_table(**TABLE)
    dynamodb.update_table(
        TableName="table", SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    )
    account.user("ana", allow("dynamodb:*"))
    made = account.root.client("iam").create_access_key(UserName="ana")["AccessKey"]
    there = other()
    ana = there.session(Credentials(made["AccessKeyId"], made["SecretAccessKey"])).client("dynamodb")
    shown = ana.describe_table(TableName="table")["Table"]["SSEDescription"]
    assert shown == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}
    assert code(ana.get_item, TableName="table", Key=ITEM) == "AccessDeniedException"
    impostor = there.session(Credentials(made["AccessKeyId"], "not the secret")).client("dynamodb")
    assert code(impostor.list_tables) == "InvalidSignatureException"


def test_an_access_key_made_where_no_seam_was_is_unknown(account: Elsewhere) -> None:
    account.user("ana", EVERYTHING)
    iam = account.run.backend.reader.clients.of("iam")  # type: ignore[attr-defined]
    made = iam.create_access_key(UserName="ana")["AccessKey"]
    session = account.session(Credentials(made["AccessKeyId"], made["SecretAccessKey"]))
    assert code(session.client("dynamodb").list_tables) == "UnrecognizedClientException"
    assert code(session.client("iam").list_users) == "InvalidClientTokenId"


def test_what_is_asked_to_decide_a_call_is_not_decided_itself(account: Elsewhere) -> None:
    ana = account.user("ana", EVERYTHING)
    mark = account.run.trail.mark()
    ana.client("kms").list_keys()
    assert [entry.operation for entry in account.run.trail.since(mark)] == ["kms:ListKeys"]


def test_encryption_is_taken_off_again(account: Elsewhere) -> None:
    dynamodb, key = account.root.client("dynamodb"), account.key()
    dynamodb.create_table(
        **TABLE, SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    )
    assert len(account.root.client("kms").list_grants(KeyId=key)["Grants"]) == 2
    answer = dynamodb.update_table(TableName="table", SSESpecification={"Enabled": False})
    assert answer["TableDescription"]["SSEDescription"]["Status"] == "UPDATING"
    assert "SSEDescription" not in dynamodb.describe_table(TableName="table")["Table"]
    assert account.root.client("kms").list_grants(KeyId=key)["Grants"] == []


def test_the_key_of_dynamodb_is_described_as_aws_does(account: Elsewhere) -> None:
    metadata = account.root.client("kms").describe_key(KeyId="alias/aws/dynamodb")["KeyMetadata"]

    told = "Default key that protects my DynamoDB data when no other key is defined"
    assert (metadata["KeyManager"], metadata["Description"]) == ("AWS", told)


def test_a_sequence_number_of_the_endpoint_may_be_longer_than_those_of_aws(account: Elsewhere) -> None:
    views = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    table = account.root.client("dynamodb").create_table(**TABLE, StreamSpecification=views)
    arn, streams = table["TableDescription"]["LatestStreamArn"], account.root.client("dynamodbstreams")
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    asked = {"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "AT_SEQUENCE_NUMBER"}

    assert streams.get_shard_iterator(**asked, SequenceNumber="4" * 56)["ShardIterator"]


def test_a_protected_table_is_not_deleted(account: Elsewhere) -> None:
    dynamodb = account.root.client("dynamodb")
    dynamodb.create_table(**TABLE, DeletionProtectionEnabled=True)
    assert dynamodb.describe_table(TableName="table")["Table"]["DeletionProtectionEnabled"]
    assert code(dynamodb.delete_table, TableName="table") == "ValidationException"
    dynamodb.update_table(TableName="table", DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName="table")


def test_a_session_token_is_the_same_user(account: Elsewhere) -> None:
    ana = account.user("ana", allow("kms:ListKeys"))
    made = ana.client("sts").get_session_token()["Credentials"]
    session = account.session(Credentials(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]))
    assert session.client("sts").get_caller_identity()["Arn"].endswith(":user/ana")
    session.client("kms").list_keys()
    assert code(session.client("kms").create_key) == "AccessDeniedException"
    without = account.session(Credentials(made["AccessKeyId"], made["SecretAccessKey"]))
    assert code(without.client("kms").list_keys) == "UnrecognizedClientException"


def test_a_user_with_a_password_is_not_deleted(account: Elsewhere) -> None:
    iam = account.root.client("iam")
    iam.create_user(UserName="ana")
    iam.create_login_profile(UserName="ana", Password="Str0ng-enough!")
    assert code(iam.delete_user, UserName="ana") == "DeleteConflict"
    iam.delete_login_profile(UserName="ana")
    iam.delete_user(UserName="ana")


def test_a_policy_that_does_not_exist_is_not_attached(account: Elsewhere) -> None:
    account.user("ana")
    attach = account.root.client("iam").attach_user_policy
    assert code(attach, UserName="ana", PolicyArn="arn:aws:iam::aws:policy/NoSuch") == "NoSuchEntity"


def test_a_client_for_aws_calls_the_endpoint(account: Elsewhere) -> None:
    key = account.key()
    kms = account.root.client("kms", endpoint_url=f"https://kms.{REGION}.amazonaws.com")
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key


def test_whether_the_endpoint_enforces_is_found_out_and_leaves_nothing(server: str) -> None:
    backend = EndpointBackend(server, REGION, Credentials("FOOBARKEY", "any"))
    before = backend.reader.clients.of("iam").list_users()["Users"]
    iam = backend.reader.clients.of("iam")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(iam, "create_access_key", lambda **_: iam.get_user(UserName="nobody"))
        with pytest.raises(ClientError):
            backend.enforces_natively()
    assert iam.list_users()["Users"] == before
    assert not backend.enforces_natively()
    assert iam.list_users()["Users"] == before


def test_an_endpoint_that_is_not_there_is_an_error() -> None:
    backend = EndpointBackend("http://127.0.0.1:1", REGION)
    with pytest.raises(BackendError, match=r"no AWS API answers at `http://127\.0\.0\.1:1`"):
        backend.start()
    assert not backend.running


def test_what_was_read_is_kept_for_its_time() -> None:
    now = [0.0]
    cache, read = ReadCache(1.0, lambda: now[0]), iter(range(9))
    assert cache.get("a", lambda: next(read)) == cache.get("a", lambda: next(read)) == 0
    assert cache.get("b", lambda: next(read)) == 1
    now[0] = 1.0
    assert cache.get("a", lambda: next(read)) == 2
    cache.drop()
    assert cache.get("a", lambda: next(read)) == 3


def test_what_was_being_read_during_a_change_is_not_kept() -> None:
    cache = ReadCache(1.0, lambda: 0.0)

    def read() -> str:
        cache.drop()
        return "from before"

    assert cache.get("a", read) == "from before"
    assert cache.get("a", lambda: "from after") == "from after"


def test_an_endpoint_that_keeps_one_account_knows_no_other(server: str) -> None:
    view = EndpointBackend(server, REGION, Credentials("FOOBARKEY", "test")).reader
    assert view.at("444455556666") is None
    assert view.credential("444455556666") is None
    assert view.key("arn:aws:kms:us-east-1:444455556666:key/any", REGION, "123456789012") is None
    assert view.table("t", REGION, "444455556666") is None
    assert not view.principal_exists("arn:aws:iam::444455556666:user/ana")
    assert view.principal_exists("arn:aws:iam::444455556666:root")


def test_re_encryption_is_done_where_it_is_lacking_or_fails(account: Elsewhere) -> None:
    kms = account.root.client("kms")
    source, target = account.key(), account.key()
    sealed = kms.encrypt(KeyId=source, Plaintext=b"text", EncryptionContext={"a": "1"})["CiphertextBlob"]
    done = kms.re_encrypt(
        CiphertextBlob=sealed,
        SourceEncryptionContext={"a": "1"},
        DestinationKeyId=target,
        DestinationEncryptionContext={"b": "2"},
    )
    assert (done["SourceKeyId"], done["KeyId"]) == (source, target)
    opened = kms.decrypt(CiphertextBlob=done["CiphertextBlob"], EncryptionContext={"b": "2"})
    assert opened["Plaintext"] == b"text"


def test_a_user_is_meant_by_naming_nobody(account: Elsewhere) -> None:
    iam = account.user("ana", EVERYTHING).client("iam")
    assert iam.get_user()["User"]["UserName"] == "ana"
    assert iam.create_access_key()["AccessKey"]["UserName"] == "ana"
    assert len(iam.list_access_keys()["AccessKeyMetadata"]) == 2
    account.root.client("iam").upload_ssh_public_key(UserName="ana", SSHPublicKeyBody="ssh-rsa AAAA")
    assert len(iam.list_ssh_public_keys()["SSHPublicKeys"]) == 1


def test_a_session_is_as_old_as_it_is_and_is_kept_from_iam(account: Elsewhere) -> None:
    user = account.user("ana", EVERYTHING)
    made = user.client("sts").get_session_token()["Credentials"]
    keys = Credentials(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
    kept = account.run.backend.view.credential(keys.access_key_id)
    assert kept is not None
    assert kept.caller.token_issued
    assert code(account.session(keys).client("iam").list_users) == "InvalidClientTokenId"


def test_partiql_is_done_as_it_was_decided(account: Elsewhere) -> None:
    """moto's own fails at these, or does otherwise."""
    dynamodb = account.user("ana", EVERYTHING).client("dynamodb")
    dynamodb.create_table(**TABLE)

    def do(statement: str, **more: Any) -> Any:
        return dynamodb.execute_statement(Statement=statement, **more)["Items"]

    do("INSERT INTO table VALUE {'id':'1','price':1.5}")
    assert code(lambda: do("INSERT INTO table VALUE {'id':'1'}")) == "DuplicateItemException"
    kinds = {"L": [{"BOOL": True}, {"B": b"\x00\xff"}, {"BS": [b"\xff"]}]}
    do("UPDATE table SET Age=20 SET kind=? WHERE id='1'", Parameters=[kinds])
    shown = do("SELECT * FROM table WHERE id=?", Parameters=[{"S": "1"}])
    item = {**ITEM, "price": {"N": "1.5"}, "Age": {"N": "20"}, "kind": kinds}
    assert shown == [item]
    dynamodb.execute_transaction(
        TransactStatements=[{"Statement": "UPDATE table SET Age=Age+1 WHERE id='1'"}]
    )
    batch = dynamodb.batch_execute_statement(Statements=[{"Statement": "SELECT * FROM table WHERE id='1'"}])
    assert batch["Responses"][0]["Item"]["Age"] == {"N": "21"}


def test_no_key_is_made_in_a_store_that_is_not_there(account: Elsewhere) -> None:
    kms = account.root.client("kms")
    stored = {"Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": "cks-1234567890abcdef0"}
    assert code(kms.create_key, **stored) == "CustomKeyStoreNotFoundException"
    assert kms.list_keys()["Keys"] == []


def test_who_has_the_name_of_somebody_deleted_has_none_of_their_grants(account: Elsewhere) -> None:
    iam, kms, key = account.root.client("iam"), account.root.client("kms"), account.key()
    iam.create_user(UserName="ana")
    ana = {"GranteePrincipal": f"arn:aws:iam::{ACCOUNT}:user/ana"}
    kms.create_grant(KeyId=key, **ana, Operations=["Decrypt"])
    assert len(kms.list_grants(KeyId=key, **ana)["Grants"]) == 1
    iam.delete_user(UserName="ana")
    iam.create_user(UserName="ana")
    assert kms.list_grants(KeyId=key, **ana)["Grants"] == []
    (shown,) = kms.list_grants(KeyId=key)["Grants"]
    assert ":" not in shown["GranteePrincipal"]  # the unique id
