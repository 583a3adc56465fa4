from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from pytest_kmslab.account.model import Caller
from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.decision import Decision, Effect, Outcome, PolicyType, Reason
from pytest_kmslab.authz.request import Request
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.context_keys import SERVICE
from pytest_kmslab.calls.dynamodb.sse.key_use import wrapped
from pytest_kmslab.enforcement.entry import Origin, TrailEntry
from pytest_kmslab.report.evidence.cloudtrail import records, user_identity

ACCOUNT = "111122223333"
TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/Books"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ANA = Caller(
    f"arn:aws:iam::{ACCOUNT}:user/ana", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/ana", "AIDAX", "User", "ana"
)
ALLOWED = Decision(Outcome.ALLOWED, (Reason(PolicyType.IDENTITY, Effect.ALLOW, "full", "All"),))
DENIED = Decision(Outcome.IMPLICIT_DENY, (Reason(PolicyType.IDENTITY, Effect.MISSING),))
OF_KMS = f"User: {ANA.arn} is not authorized to perform: kms:Decrypt (as it says)"
REFUSAL = wrapped(ServiceError("AccessDeniedException", OF_KMS))
GET = ApiCall("dynamodb", "GetItem", {"TableName": "Books", "Key": {"id": {"S": "1"}}}, "us-east-1", ANA)


def entry(number: int, action: str, resource: str, decision: Decision, via: str = "") -> TrailEntry:
    context = Context({"kms:EncryptionContext:aws:dynamodb:tableName": "Books"} if via else {})
    asked = Request(ANA.arn, action, resource, context)
    return TrailEntry(number, "dynamodb:GetItem", asked, decision, via, time=1_518_626_559.5)


@pytest.fixture
def told() -> list[dict[str, Any]]:
    entries = [
        entry(7, "dynamodb:GetItem", TABLE, ALLOWED),
        entry(8, "kms:Decrypt", KEY, DENIED, via="dynamodb"),
    ]
    return list(records(GET, entries, REFUSAL, "test_it.py::test_it"))


def test_each_decision_of_a_call_is_a_record_of_its_service(told: list[dict[str, Any]]) -> None:
    assert [(one["eventSource"], one["eventName"]) for one in told] == [
        ("dynamodb.amazonaws.com", "GetItem"),
        ("kms.amazonaws.com", "Decrypt"),
    ]
    assert told[0]["requestID"] == told[1]["requestID"]
    assert told[0]["eventID"] != told[1]["eventID"]


def test_what_a_record_has_is_what_cloudtrail_says(told: list[dict[str, Any]]) -> None:
    first = told[0]
    assert first["eventVersion"] == "1.11"
    assert first["eventTime"] == "2018-02-14T16:42:39Z"
    assert first["awsRegion"] == "us-east-1"
    assert (first["eventType"], first["recipientAccountId"]) == ("AwsApiCall", ACCOUNT)
    assert (first["eventCategory"], first["managementEvent"], first["readOnly"]) == ("Data", False, True)
    assert first["resources"] == [{"ARN": TABLE, "accountId": ACCOUNT, "type": "AWS::DynamoDB::Table"}]
    assert first["requestParameters"] == {"tableName": "Books", "key": {"id": {"S": "1"}}}
    assert first["sourceIPAddress"] == "127.0.0.1"
    assert first["responseElements"] is None
    assert re.fullmatch(r"[0-9a-f-]{36}", first["eventID"])


def test_a_request_that_dynamodb_made_says_so_and_is_the_callers(told: list[dict[str, Any]]) -> None:
    second = told[1]
    assert second["userIdentity"] == {
        "type": "IAMUser",
        "principalId": "AIDAX",
        "arn": ANA.arn,
        "accountId": ACCOUNT,
        "userName": "ana",
        "invokedBy": "dynamodb.amazonaws.com",
    }
    assert second["sourceIPAddress"] == second["userAgent"] == "dynamodb.amazonaws.com"
    assert second["requestParameters"] == {
        "encryptionAlgorithm": "SYMMETRIC_DEFAULT",
        "keyId": KEY,
        "encryptionContext": {"aws:dynamodb:tableName": "Books"},
    }
    assert second["resources"][0]["type"] == "AWS::KMS::Key"
    assert (second["eventCategory"], second["managementEvent"]) == ("Management", True)


@pytest.mark.parametrize(
    ("operation", "params", "told"),
    [
        ("Decrypt", {"CiphertextBlob": b"1"}, {"encryptionAlgorithm": "SYMMETRIC_DEFAULT"}),
        (
            "Encrypt",
            {"KeyId": KEY, "Plaintext": b"1", "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"},
            {"encryptionAlgorithm": "RSAES_OAEP_SHA_256", "keyId": KEY},
        ),
        (
            "ReEncrypt",
            {"CiphertextBlob": b"1", "DestinationKeyId": KEY},
            {
                "sourceEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
                "destinationEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
                "destinationKeyId": KEY,
            },
        ),
        ("ListKeys", {}, None),
    ],
)
def test_the_algorithm_is_told_whether_or_not_it_was_asked_for(
    operation: str, params: dict[str, Any], told: dict[str, Any] | None
) -> None:
    call = ApiCall("kms", operation, params, "us-east-1", ANA)
    (record,) = records(call, [entry(1, f"kms:{operation}", KEY, ALLOWED)], None)
    assert record["requestParameters"] == told


def test_the_error_stands_with_the_decision_that_is_a_denial(told: list[dict[str, Any]]) -> None:
    assert "errorCode" not in told[0]
    assert (told[1]["errorCode"], told[1]["errorMessage"]) == ("AccessDenied", OF_KMS)


def test_the_error_of_a_direct_call_is_the_services() -> None:
    refusal = ServiceError("AccessDeniedException", OF_KMS)
    (record,) = records(GET, [entry(7, "dynamodb:GetItem", TABLE, DENIED)], refusal)
    assert record["errorMessage"] == OF_KMS


def test_what_cloudtrail_does_not_tell_is_added(told: list[dict[str, Any]]) -> None:
    added = told[1]["additionalEventData"]
    assert added["action"] == "kms:Decrypt"
    assert added["decision"] == "implicitDeny"
    assert added["reasons"] == [{"policyType": "identity-based policy", "effect": "missing"}]
    assert (added["number"], added["origin"], added["test"]) == (8, Origin.TEST.value, "test_it.py::test_it")
    assert added["callErrorCode"] == "AccessDeniedException"


ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/Admin"
SESSION = Caller(
    f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/user01",
    ACCOUNT,
    ROLE,
    "AROAX:user01",
    "AssumedRole",
    token_issued="2018-02-14T16:42:15Z",
)
ISSUER = {"type": "Role", "principalId": "AROAX", "arn": ROLE, "accountId": ACCOUNT, "userName": "Admin"}


def test_a_session_of_a_role_names_the_role_that_issued_it() -> None:
    assert user_identity(SESSION) == {
        "type": "AssumedRole",
        "principalId": "AROAX:user01",
        "arn": SESSION.arn,
        "accountId": ACCOUNT,
        "sessionContext": {
            "attributes": {"creationDate": "2018-02-14T16:42:15Z", "mfaAuthenticated": "false"},
            "sessionIssuer": ISSUER,
        },
    }


def test_a_source_identity_and_a_one_time_password_are_told() -> None:
    context = {"aws:SourceIdentity": "ana", "aws:MultiFactorAuthPresent": "true"}
    told = user_identity(replace(SESSION, context=context))["sessionContext"]
    assert told["sourceIdentity"] == "ana"
    assert told["attributes"]["mfaAuthenticated"] == "true"


@pytest.mark.parametrize(
    ("kind", "told"), [("Account", "Root"), ("FederatedUser", "FederatedUser"), ("Alien", "Unknown")]
)
def test_other_callers(kind: str, told: str) -> None:
    identity = user_identity(replace(ANA, kind=kind))
    assert identity["type"] == told
    assert "userName" not in identity


def test_a_service_that_acts_by_itself() -> None:
    service = Caller("lambda.amazonaws.com", ACCOUNT, "lambda.amazonaws.com", "", SERVICE)
    assert user_identity(service) == {"type": "AWSService", "invokedBy": "lambda.amazonaws.com"}


def test_streams_are_dynamodbs_and_an_address_is_the_callers() -> None:
    caller = replace(ANA, address="192.0.2.7")
    call = ApiCall("dynamodbstreams", "GetRecords", {"ShardIterator": "it"}, "us-east-1", caller)
    stream = f"{TABLE}/stream/2026-01-01T00:00:00.000"
    (told,) = records(call, [entry(1, "dynamodb:GetRecords", stream, ALLOWED)], None)
    assert told["eventSource"] == "dynamodb.amazonaws.com"
    assert told["sourceIPAddress"] == "192.0.2.7"
    assert told["resources"][0]["type"] == "AWS::DynamoDB::Stream"
    assert told["requestParameters"] is None
