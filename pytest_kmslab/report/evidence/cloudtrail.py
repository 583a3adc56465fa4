"""A decision as a record of CloudTrail: `--kmslab-trail` writes one a line.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
https://docs.aws.amazon.com/kms/latest/developerguide/services-dynamodb.html shows the KMS requests that
DynamoDB makes: they are the caller's, `invokedBy` says who made them. What is not known: docs/fidelity.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pytest_kmslab.authz.arn import account_of, name_in, parts_of
from pytest_kmslab.authz.values import timestamp
from pytest_kmslab.calls.context_keys import SERVICE
from pytest_kmslab.calls.dynamodb.sse.key_use import text_of_kms
from pytest_kmslab.report.evidence.request_parameters import request_parameters

if TYPE_CHECKING:
    from pytest_kmslab.account.model import Caller
    from pytest_kmslab.calls.api_call import ApiCall, ServiceError
    from pytest_kmslab.enforcement.entry import TrailEntry

Record = dict[str, Any]

EVENT_VERSION = "1.11"
DENIED = "AccessDenied"
IN_PROCESS = "127.0.0.1"
USER_AGENT = f"pytest-kmslab/{version('pytest-kmslab')}"
SOURCES = {"dynamodbstreams": "dynamodb"}
"""Services whose records stand under another's name."""
TYPES = {"User": "IAMUser", "AssumedRole": "AssumedRole", "Account": "Root", "FederatedUser": "FederatedUser"}
"""The types of identities, by the kind of the caller."""
DATA_EVENTS = frozenset(
    {
        *(
            "GetItem",
            "PutItem",
            "DeleteItem",
            "UpdateItem",
            "Query",
            "Scan",
            "BatchGetItem",
            "BatchWriteItem",
        ),
        *("TransactGetItems", "TransactWriteItems"),
        *("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"),
        *("GetRecords", "GetShardIterator"),
    }
)
"""https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/logging-using-cloudtrail.html"""
READS = (
    *(
        "Get",
        "List",
        "Describe",
        "Query",
        "Scan",
        "BatchGet",
        "TransactGet",
        "PartiQLSelect",
        "ConditionCheck",
    ),
    *(
        "Decrypt",
        "Encrypt",
        "ReEncrypt",
        "GenerateDataKey",
        "GenerateRandom",
        "GenerateMac",
        "Verify",
        "Sign",
    ),
    *("DeriveSharedSecret", "Assume", "Simulate", "Decode"),
)
"""How the actions begin that CloudTrail calls read-only; cryptographic operations are."""
DEFAULTS: Mapping[str, Record] = {
    "Encrypt": {"encryptionAlgorithm": "SYMMETRIC_DEFAULT"},
    "Decrypt": {"encryptionAlgorithm": "SYMMETRIC_DEFAULT"},
    "ReEncrypt": {
        "sourceEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        "destinationEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
    },
}
"""Parameters that a record of KMS always has, though a request need not name them.

https://docs.aws.amazon.com/kms/latest/developerguide/ct-decrypt.html, ct-encrypt.html, ct-reencrypt.html
"""
RESOURCE_TYPES: Mapping[tuple[str, str], str] = {
    ("kms", "key"): "AWS::KMS::Key",
    ("kms", "alias"): "AWS::KMS::Alias",
    ("dynamodb", "table"): "AWS::DynamoDB::Table",
    ("iam", "role"): "AWS::IAM::Role",
    ("iam", "user"): "AWS::IAM::User",
    ("iam", "group"): "AWS::IAM::Group",
    ("iam", "policy"): "AWS::IAM::Policy",
}
"""By the service and the kind in an ARN."""
_STREAM = "AWS::DynamoDB::Stream"


def records(
    call: ApiCall, entries: Sequence[TrailEntry], refusal: ServiceError | None, test: str = ""
) -> Iterator[Record]:
    """One record for each decision of a call, in order; `requestID` is the same for all of them.

    Where a decision is a denial, the record has the service's error. `test` is the node id of the test that
    it was made in. Parameters that are secrets, or the data of a table, are left out.
    """
    request_id = str(uuid4())
    for entry in entries:
        yield {
            **_event(call, entry),
            **_error(entry, refusal),
            "requestID": request_id,
            "eventID": str(uuid4()),
            "eventType": "AwsApiCall",
            "recipientAccountId": call.account or account_of(entry.request.resource),
            "additionalEventData": _additions(entry, refusal, test),
        }


def _event(call: ApiCall, entry: TrailEntry) -> Record:
    """Who asked for what, when and where."""
    action, service = entry.request.action.partition(":")[2], call.service
    # KMS's requests are management events, whatever led to them.
    is_data = not entry.via and call.operation in DATA_EVENTS and service.startswith("dynamodb")
    principal = f"{entry.via}.amazonaws.com" if entry.via else ""
    source, name = ("kms", action) if entry.via else (SOURCES.get(service, service), call.operation)
    parameters = _via_parameters(entry) if entry.via else request_parameters(call) or {}
    defaults = DEFAULTS.get(name, {}) if source == "kms" else {}
    return {
        "eventVersion": EVENT_VERSION,
        "userIdentity": {**user_identity(call.caller), **({"invokedBy": principal} if principal else {})},
        "eventTime": timestamp(entry.time),
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "awsRegion": call.region,
        "sourceIPAddress": principal or call.caller.address or IN_PROCESS,
        "userAgent": principal or USER_AGENT,
        "requestParameters": {**defaults, **parameters} or None,
        "responseElements": None,
        "readOnly": action.startswith(READS),
        "resources": _resources(entry.request.resource),
        "managementEvent": not is_data,
        "eventCategory": "Data" if is_data else "Management",
    }


def user_identity(caller: Caller) -> Record:
    """The `userIdentity` of a caller; what made a session's credentials is its `sessionContext`."""
    if caller.kind == SERVICE:
        return {"type": "AWSService", "invokedBy": caller.arn}
    identity: Record = {
        "type": TYPES.get(caller.kind, "Unknown"),
        "principalId": caller.user_id,
        "arn": caller.arn,
        "accountId": caller.account,
    }
    if caller.kind == "User":
        identity["userName"] = caller.username
    if caller.token_issued:
        identity["sessionContext"] = _session_context(caller)
    return identity


def _session_context(caller: Caller) -> Record:
    mfa = str(caller.context.get("aws:MultiFactorAuthPresent", "false")).lower()
    context: Record = {"attributes": {"creationDate": caller.token_issued, "mfaAuthenticated": mfa}}
    if caller.kind == "AssumedRole":
        context["sessionIssuer"] = {
            "type": "Role",
            "principalId": caller.user_id.partition(":")[0],
            "arn": caller.principal_arn,
            "accountId": caller.account,
            "userName": name_in(caller.principal_arn),
        }
    if caller.source_identity:
        context["sourceIdentity"] = caller.source_identity
    return context


def _via_parameters(entry: TrailEntry) -> Record:
    """Of a KMS request that a service makes, what it says of itself: the key and the encryption context."""
    begin = "kms:EncryptionContext:"
    pairs = entry.request.context.pairs()
    context = {name[len(begin) :]: ",".join(values) for name, values in pairs if name.startswith(begin)}
    return {"keyId": entry.request.resource, **({"encryptionContext": context} if context else {})}


def _resources(arn: str) -> list[Record]:
    """The resource as records name it; none for `*` and for what CloudTrail has no type for."""
    parts = parts_of(arn)
    kind = RESOURCE_TYPES.get((parts.service, parts.kind))
    if kind is None:
        return []
    is_stream = parts.service == "dynamodb" and parts.part == "stream"
    return [{"ARN": arn, "accountId": parts.account, "type": _STREAM if is_stream else kind}]


def _error(entry: TrailEntry, refusal: ServiceError | None) -> Record:
    """The error of a denied decision, as its own service words it; an allowed one has none, whatever became
    of its call."""
    if entry.decision.allowed:
        return {}
    message = "" if refusal is None else refusal.message
    return {"errorCode": DENIED, "errorMessage": text_of_kms(message) if entry.via else message}


def _additions(entry: TrailEntry, refusal: ServiceError | None, test: str) -> Record:
    """What CloudTrail does not tell: the decision and why, in which test, and what became of the call."""
    return {
        "number": entry.number,
        "operation": entry.operation,
        "action": entry.request.action,
        "decision": entry.decision.decision.value,
        "reasons": [
            {
                "policyType": reason.policy_type.value,
                "effect": reason.effect.value,
                **({"policy": reason.policy} if reason.policy else {}),
                **({"statement": reason.statement} if reason.statement else {}),
            }
            for reason in entry.decision.reasons
        ],
        "origin": entry.origin.value,
        "test": test,
        "callErrorCode": None if refusal is None else refusal.code,
    }
