from __future__ import annotations

import io
import json
import subprocess
import sys
import textwrap
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, EVERYTHING, REGION, TABLE, Account, allow

from pytest_kmslab.errors import BackendError


def refused(call: Any, **params: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


class Body(io.BytesIO):
    def stream(self, **_: Any) -> Any:
        yield self.read()


def answer(url: str, body: bytes) -> AWSResponse:
    return AWSResponse(url, 200, HTTPHeaders(), Body(body))


def encrypted_table(account: Account, key: str) -> None:
    dynamodb = account.root.client("dynamodb")
    dynamodb.create_table(
        **TABLE, SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    )
    dynamodb.put_item(TableName="orders", Item={"id": {"S": "1"}})


def test_full_dynamodb_access_without_the_key_is_denied_for_kms_decrypt(account: Account) -> None:
    encrypted_table(account, account.key())
    outsider = account.user("outsider", allow("dynamodb:*", "kms:DescribeKey")).client("dynamodb")
    code, message = refused(outsider.get_item, TableName="orders", Key={"id": {"S": "1"}})
    assert code == "AccessDeniedException"
    assert message.startswith("KMS key access denied error: ")
    assert "kms:Decrypt" in message
    entry = account.run.trail.denials()[-1]
    assert (entry.operation, entry.request.action, entry.via) == (
        "dynamodb:GetItem",
        "kms:Decrypt",
        "dynamodb",
    )
    assert entry.request.context["kms:ViaService"] == (f"dynamodb.{REGION}.amazonaws.com",)
    assert entry.request.context["kms:EncryptionContext:aws:dynamodb:tableName"] == ("orders",)


def test_the_same_user_is_allowed_once_a_policy_of_hers_allows_the_key(account: Account) -> None:
    encrypted_table(account, account.key())
    outsider = account.user("outsider", allow("dynamodb:*")).client("dynamodb")
    refused(outsider.get_item, TableName="orders", Key={"id": {"S": "1"}})
    account.root.client("iam").put_user_policy(
        UserName="outsider", PolicyName="key", PolicyDocument=json.dumps(allow("kms:Decrypt"))
    )
    assert outsider.get_item(TableName="orders", Key={"id": {"S": "1"}})["Item"] == {"id": {"S": "1"}}


def test_a_denied_write_never_reaches_the_backend(account: Account) -> None:
    encrypted_table(account, account.key())
    outsider = account.user("outsider", allow("dynamodb:*")).client("dynamodb")
    refused(outsider.put_item, TableName="orders", Item={"id": {"S": "2"}})
    refused(outsider.delete_item, TableName="orders", Key={"id": {"S": "1"}})
    items = account.root.client("dynamodb").scan(TableName="orders")["Items"]
    assert items == [{"id": {"S": "1"}}]


def test_the_root_user_is_subject_to_key_policies(account: Account) -> None:
    ana = account.user("ana", EVERYTHING)
    arn = ana.client("sts").get_caller_identity()["Arn"]
    policy = allow("kms:*", Principal={"AWS": arn})
    key = ana.client("kms").create_key(Policy=json.dumps(policy))["KeyMetadata"]["Arn"]
    code, _ = refused(account.root.client("kms").describe_key, KeyId=key)
    assert code == "AccessDeniedException"


def test_a_resource_object_is_decided_like_a_client(account: Account) -> None:
    encrypted_table(account, account.key())
    table = account.user("outsider", allow("dynamodb:*")).resource("dynamodb").Table("orders")
    code, _ = refused(table.get_item, Key={"id": "1"})
    assert code == "AccessDeniedException"


def test_a_client_made_before_the_lab_starts_is_decided_too(account: Account) -> None:
    account.run.backend.stop()
    client = boto3.client("kms", REGION, aws_access_key_id="AKIAFOREIGN", aws_secret_access_key="x")
    account.run.backend.start()
    assert refused(client.list_keys)[0] == "UnrecognizedClientException"


def test_a_call_is_done_once(account: Account) -> None:
    kms, key = account.root.client("kms"), account.key()
    grant = kms.create_grant(
        KeyId=key, GranteePrincipal=f"arn:aws:iam::{ACCOUNT}:root", Operations=["Decrypt"]
    )
    assert [one["GrantId"] for one in kms.list_grants(KeyId=key)["Grants"]] == [grant["GrantId"]]


def test_a_client_made_before_moto_was_imported_is_answered_by_it() -> None:
    program = """
        import boto3
        from pytest_kmslab.config.options import Settings
        from pytest_kmslab.session.run import Run
        run = Run(Settings())
        run.install()
        client = boto3.client("cloudwatch", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        import sys
        assert "moto" not in sys.modules
        run.backend.start()
        print(client.describe_alarms()["MetricAlarms"])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False
    )
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("kms", "list_keys", "UnrecognizedClientException"),
        ("dynamodb", "list_tables", "UnrecognizedClientException"),
        ("iam", "list_users", "InvalidClientTokenId"),
        ("sts", "get_caller_identity", "InvalidClientTokenId"),
    ],
)
def test_an_unknown_access_key_is_never_access_denied(
    account: Account, service: str, operation: str, code: str
) -> None:
    client = boto3.client(service, REGION, aws_access_key_id="AKIAFOREIGN", aws_secret_access_key="x")
    assert refused(getattr(client, operation))[0] == code


def test_a_wrong_secret_is_a_signature_error(account: Account) -> None:
    key_id = account.run.backend.root.access_key_id
    client = boto3.client("kms", REGION, aws_access_key_id=key_id, aws_secret_access_key="wrong")
    assert refused(client.list_keys)[0] == "InvalidSignatureException"


def test_an_unsigned_request_is_refused(account: Account) -> None:
    client = boto3.client("kms", REGION, config=Config(signature_version=UNSIGNED))
    assert refused(client.list_keys)[0] == "MissingAuthenticationTokenException"


def test_an_inactive_access_key_is_refused_by_the_service(account: Account) -> None:
    ana = account.user("ana", EVERYTHING)
    ana.client("kms").list_keys()
    access_key = ana.get_credentials().access_key
    account.root.client("iam").update_access_key(UserName="ana", AccessKeyId=access_key, Status="Inactive")
    assert refused(ana.client("kms").list_keys)[0] == "UnrecognizedClientException"


def test_off_denies_nobody_but_keeps_what_is_not_permission(lax_account: Account) -> None:
    key = lax_account.key()
    encrypted_table(lax_account, key)
    outsider = lax_account.user("outsider")
    assert outsider.client("dynamodb").get_item(TableName="orders", Key={"id": {"S": "1"}})["Item"]
    lax_account.root.client("kms").disable_key(KeyId=key)
    code, _ = refused(outsider.client("kms").encrypt, KeyId=key, Plaintext=b"x")
    assert code == "DisabledException"
    assert not lax_account.run.trail.since()


def test_a_closed_run_leaves_clients_alone(account: Account) -> None:
    client = boto3.client("kms", REGION, aws_access_key_id="AKIAFOREIGN", aws_secret_access_key="x")
    account.run.close()
    assert client.list_keys()["Keys"] == []


def test_refusals_carry_what_a_response_of_the_service_carries(account: Account) -> None:
    with pytest.raises(ClientError) as caught:
        account.user("ana").client("iam").list_users()
    response = caught.value.response
    assert response["Error"]["Code"] == "AccessDenied"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert response["ResponseMetadata"]["RequestId"]
    assert (
        f"arn:aws:iam::{ACCOUNT}:user/ana is not authorized to perform: iam:ListUsers"
        in response["Error"]["Message"]
    )


def test_off_still_refuses_a_policy_that_locks_its_caller_out(lax_account: Account) -> None:
    policy = allow("kms:Decrypt", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    code, _ = refused(lax_account.root.client("kms").create_key, Policy=json.dumps(policy))
    assert code == "MalformedPolicyDocumentException"


def test_a_call_to_another_address_is_not_decided_but_counted(account: Account) -> None:
    nobody, url = account.user("nobody"), "http://127.0.0.1:9"
    kms = nobody.client("kms", endpoint_url=url)
    kms.meta.events.register("before-send", lambda request, **_: answer(request.url, b'{"Keys": []}'))
    assert [kms.list_keys()["Keys"] for _ in range(2)] == [[], []]
    assert account.run.trail.elsewhere == {url: 2}
    assert refused(nobody.client("kms").list_keys)[0] == "AccessDeniedException"


class AwaitedSigner:
    """As aiobotocore's clients have it, whose credentials are awaited."""

    __module__ = "aiobotocore.signers"

    def __init__(self, signer: Any) -> None:
        self._event_emitter, self.region_name = signer._event_emitter, signer.region_name
        self._credentials = self
        self._held = signer._credentials.get_frozen_credentials()

    async def get_frozen_credentials(self) -> Any:
        return self._held


def awaited(session: boto3.Session) -> Any:
    client = session.client("kms")
    client._request_signer = AwaitedSigner(client._request_signer)
    return client


def test_a_client_that_awaits_is_decided(account: Account) -> None:
    with pytest.raises(ClientError, match="not authorized to perform: kms:ListAliases"):
        awaited(account.user("ana")).list_aliases()


def test_a_client_that_awaits_is_told_where_to_go(account: Account) -> None:
    with pytest.raises(BackendError, match="kmslab_endpoint"):
        awaited(account.user("bob", allow("kms:*"))).list_aliases()
