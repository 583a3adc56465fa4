"""What a client reads: errors and responses in each service's own protocol, mended ones too."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any
from xml.etree import ElementTree
from zlib import crc32

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from helpers.fake_upstream import FakeUpstream
from helpers.gateway import ROOT, GatewayUnderTest, client, error_code, make_user

from pytest_kmslab.backends.moto.backend import MotoBackend
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.gateway.upstreams.protocol import UpstreamError
from pytest_kmslab.wire.http_message import Reply

EVERYTHING = "arn:aws:iam::aws:policy/AdministratorAccess"
FULL_ACCESS = "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"
NOBODY = Credentials("AKIANOBODY", "secret")


def table_on(url: str, key: str, name: str = "orders") -> None:
    client(url, "dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
    )


@pytest.fixture
def user(url: str) -> Credentials:
    return make_user(url, "u", FULL_ACCESS)


@pytest.fixture
def key(url: str) -> str:
    arn: str = client(url, "kms").create_key()["KeyMetadata"]["Arn"]
    return arn


def test_dynamodb_wraps_the_denial_of_the_key(url: str, user: Credentials, key: str) -> None:
    table_on(url, key)
    with pytest.raises(ClientError) as caught:
        client(url, "dynamodb", user).get_item(TableName="orders", Key={"id": {"S": "1"}})
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    assert caught.value.response["Error"]["Message"].startswith("KMS key access denied error: ")


@pytest.mark.parametrize(
    ("service", "operation", "params", "error"),
    [
        ("kms", "describe_key", {"KeyId": "alias/nowhere"}, "NotFoundException"),
        ("dynamodb", "describe_table", {"TableName": "nowhere"}, "ResourceNotFoundException"),
        ("iam", "get_user", {"UserName": "nobody"}, "NoSuchEntityException"),
    ],
)
def test_a_client_reads_an_error_as_its_own_class(
    url: str, service: str, operation: str, params: dict[str, str], error: str
) -> None:
    made = client(url, service)
    with pytest.raises(getattr(made.exceptions, error)):
        getattr(made, operation)(**params)


WIRE = {
    "kms": ("UnrecognizedClientException", "message", "application/x-amz-json-1.1"),
    "dynamodb": (
        "com.amazon.coral.service#UnrecognizedClientException",
        "message",
        "application/x-amz-json-1.0",
    ),
}


@pytest.mark.parametrize("service", WIRE)
def test_a_json_error_on_the_wire(gateway: GatewayUnderTest, service: str) -> None:
    response = gateway.call(service, {"kms": "ListKeys", "dynamodb": "ListTables"}[service], NOBODY)
    kind, member, content_type = WIRE[service]
    body = json.loads(response.get_data())
    assert body == {"__type": kind, member: "The security token included in the request is invalid."}
    assert response.headers["Content-Type"] == content_type
    assert response.headers["x-amzn-RequestId"]
    if service == "dynamodb":
        assert int(response.headers["x-amz-crc32"]) == crc32(response.get_data())


@pytest.mark.parametrize(
    ("operation", "params", "kind", "member"),
    [
        (
            "GetItem",
            {"TableName": "orders", "Key": {}},
            "com.amazon.coral.service#AccessDeniedException",
            "Message",
        ),
        ("GetItem", {}, "com.amazon.coral.validate#ValidationException", "message"),
        ("NoSuch", {}, "com.amazon.coral.service#UnknownOperationException", None),
    ],
)
def test_dynamodbs_errors_have_their_namespaces(
    gateway: GatewayUnderTest, operation: str, params: dict, kind: str, member: str | None
) -> None:
    body = json.loads(gateway.call("dynamodb", operation, _stranger(gateway), **params).get_data())
    assert body["__type"] == kind
    assert set(body) - {"__type"} == ({member} if member else set())


def _stranger(gateway: GatewayUnderTest) -> Credentials:
    gateway.call("iam", "CreateUser", UserName="stranger")
    made = ElementTree.fromstring(
        gateway.call("iam", "CreateAccessKey", UserName="stranger").get_data(as_text=True)
    )
    found = {node.tag.rpartition("}")[2]: node.text for node in made.iter()}
    return Credentials(str(found["AccessKeyId"]), str(found["SecretAccessKey"]))


@pytest.mark.parametrize("service", ["iam", "sts"])
def test_a_query_error_on_the_wire(gateway: GatewayUnderTest, service: str) -> None:
    response = gateway.call(service, {"iam": "ListUsers", "sts": "GetCallerIdentity"}[service], NOBODY)
    root = ElementTree.fromstring(response.get_data())
    namespace = root.tag.partition("}")[0] + "}"
    assert root.tag == f"{namespace}ErrorResponse"
    assert [child.tag.removeprefix(namespace) for child in root] == ["Error", "RequestId"]
    assert {child.tag.removeprefix(namespace): child.text for child in root[0]} == {
        "Type": "Sender",
        "Code": "InvalidClientTokenId",
        "Message": "The security token included in the request is invalid.",
    }
    assert response.content_type == "text/xml"


def test_a_mended_json_response_is_written_anew(url: str, key: str) -> None:
    table_on(url, key)
    changed = client(url, "dynamodb").describe_table(TableName="orders")["Table"]
    assert changed["SSEDescription"]["KMSMasterKeyArn"] == key
    assert changed["CreationDateTime"].tzinfo is not None


def test_a_mended_response_keeps_everything_else(url: str, key: str) -> None:
    made = client(url, "kms")
    deleted = made.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert deleted["KeyState"] == "PendingDeletion"
    assert deleted["DeletionDate"] > datetime.now(timezone.utc)


def test_a_mended_xml_response_is_written_anew(url: str) -> None:
    iam = client(url, "iam")
    iam.create_user(UserName="u", PermissionsBoundary=FULL_ACCESS, Tags=[{"Key": "a", "Value": "ü"}])
    shown = iam.get_user(UserName="u")["User"]
    assert shown["PermissionsBoundary"]["PermissionsBoundaryArn"] == FULL_ACCESS
    assert shown["Tags"] == [{"Key": "a", "Value": "ü"}]
    assert isinstance(shown["CreateDate"], datetime)


def test_an_answer_of_the_engine_is_written_as_iam_does(url: str, user: Credentials) -> None:
    simulated = client(url, "iam").simulate_principal_policy(
        PolicySourceArn="arn:aws:iam::123456789012:user/u", ActionNames=["dynamodb:GetItem", "s3:GetObject"]
    )
    decisions = [result["EvalDecision"] for result in simulated["EvaluationResults"]]
    assert decisions == ["allowed", "implicitDeny"]
    assert simulated["IsTruncated"] is False


def test_blobs_go_both_ways(url: str, key: str) -> None:
    kms = client(url, "kms")
    secret = bytes(range(256))
    sealed = kms.encrypt(KeyId=key, Plaintext=secret, EncryptionContext={"ä": "€"})["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"ä": "€"})["Plaintext"] == secret
    table_on(url, key)
    dynamodb = client(url, "dynamodb")
    item = {"id": {"S": "1"}, "b": {"B": secret}, "n": {"N": "1.1"}, "l": {"L": [{"NULL": True}]}}
    dynamodb.put_item(TableName="orders", Item=item)
    assert dynamodb.get_item(TableName="orders", Key={"id": {"S": "1"}})["Item"] == item


def test_a_role_session_is_told_from_its_user(url: str) -> None:
    iam, sts = client(url, "iam"), client(url, "sts", make_user(url, "u", EVERYTHING))
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
    }
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    given = sts.assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
    session = Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    with pytest.raises(ClientError, match=":assumed-role/r/me is not authorized to perform: kms:ListKeys"):
        client(url, "kms", session).list_keys()


def test_the_region_is_that_of_the_signature(
    gateway: GatewayUnderTest, serve: Callable[[object], str]
) -> None:
    url = serve(gateway.application)
    there = boto3.client(
        "kms",
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id=ROOT.access_key_id,
        aws_secret_access_key=ROOT.secret_access_key,
    )
    assert ":eu-west-1:" in there.create_key()["KeyMetadata"]["Arn"]
    assert client(url, "kms").list_keys()["Keys"] == []


def test_an_error_of_the_backend_passes_as_it_is(backend: MotoBackend) -> None:
    body = b'{"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "message": "gone"}'
    upstream = FakeUpstream(Reply(400, (("x-own", "yes"),), body))
    response = GatewayUnderTest(backend, upstream).call("dynamodb", "DescribeLimits")
    assert (response.status_code, response.get_data()) == (400, body)
    assert response.headers["x-own"] == "yes"


class Down(FakeUpstream):
    def send(self, _request: object) -> Reply:
        raise UpstreamError("`http://gone` does not answer")

    def forward(self, _environ: object, _start: object) -> list[bytes]:
        raise UpstreamError("`http://gone` does not answer")


class Broken(FakeUpstream):
    def send(self, _request: object) -> Reply:
        raise RuntimeError("surprise")


def test_a_backend_that_is_gone(backend: MotoBackend) -> None:
    gateway = GatewayUnderTest(backend, Down())
    response = gateway.call("kms", "ListKeys")
    assert (response.status_code, error_code(response)) == (502, "InternalFailure")
    assert gateway.send(b"", {}).status_code == 502


def test_a_backend_that_does_not_tell_what_a_decision_needs(
    backend: MotoBackend, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def gone(*_: object) -> None:
        raise EndpointConnectionError(endpoint_url="http://gone")

    upstream = FakeUpstream()
    monkeypatch.setattr(type(backend.view), "standing", gone)
    gateway = GatewayUnderTest(backend, upstream)
    response = gateway.call("kms", "ListKeys")
    assert (response.status_code, error_code(response)) == (502, "InternalFailure")
    assert "http://gone" in response.get_data(as_text=True)
    assert (upstream.sent, capsys.readouterr().err) == ([], "")


def test_what_goes_wrong_in_here_is_a_failure_and_never_a_pass(
    backend: MotoBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    response = GatewayUnderTest(backend, Broken()).call("dynamodb", "DescribeLimits")
    assert (response.status_code, error_code(response)) == (500, "InternalServerError")
    assert "RuntimeError: surprise" in capsys.readouterr().err


def test_a_backend_that_was_stopped_answers_nothing(backend: MotoBackend) -> None:
    gateway = GatewayUnderTest(backend)
    backend.stop()
    try:
        assert gateway.call("kms", "ListKeys").status_code == 502
    finally:
        backend.start()


def test_policies_are_shown_as_they_were_put(url: str) -> None:
    iam = client(url, "iam")
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}
    document["Statement"]["Resource"] = "arn:aws:s3:::b/100%25+1"  # type: ignore[index]
    arn = iam.create_policy(PolicyName="p", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust["Condition"] = {"StringEquals": {"aws:SourceArn": "arn%3Aaws+"}}
    trusting = {"Version": "2012-10-17", "Statement": [trust]}
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trusting))

    assert iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"] == document
    assert iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"] == trusting
    assert iam.list_roles()["Roles"][0]["AssumeRolePolicyDocument"] == trusting
    managed = iam.get_policy_version(PolicyArn=FULL_ACCESS, VersionId=default_version(iam, FULL_ACCESS))
    assert isinstance(managed["PolicyVersion"]["Document"], dict)


def default_version(iam: Any, arn: str) -> str:
    version: str = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return version
