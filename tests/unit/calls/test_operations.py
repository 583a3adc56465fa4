from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timezone
from typing import Any

import pytest
from helpers.authorizations import required_authorizations
from helpers.botocore_models import SERVICES, every_operation, operation, parameters, service_model
from helpers.fake_account import KEY_ID, FakeAccount, call, role_session, user

from pytest_kmslab.account.model import Caller
from pytest_kmslab.calls.api_call import Authorization, ServiceError
from pytest_kmslab.calls.operations import ENFORCED_SERVICES, OPERATIONS, changes_account

NO_PERMISSION = {"GetCallerIdentity", "GetSessionToken", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"}
ROLE = "arn:aws:iam::123456789012:role/app"


UNJUDGED = {"iam": {"AcquireRole"}, "sts": {"GetScopedCredentials"}}
"""What AWS has lately and documents too little of to judge: denied, as every operation that is not known."""

NEWER = {
    "dynamodb": {"CancelBulkOperation", "DescribeBulkOperation", "ListBulkOperations", "StartBulkPutItems"},
    "iam": {"UpdateOpenIDConnectProvider"},
    "kms": {"Decapsulate", "Encapsulate"},
}
"""What a botocore that is allowed here may be too old to have."""


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_of_botocores_model_is_mapped_and_no_other(service: str) -> None:
    mapped, there = set(OPERATIONS[service]), set(service_model(service).operation_names)
    assert there - mapped <= UNJUDGED.get(service, set())
    assert mapped - there <= NEWER.get(service, set())


def test_the_enforced_services_are_those_that_are_mapped() -> None:
    assert set(SERVICES) == ENFORCED_SERVICES


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("kms", "AccessDeniedException", 400),
        ("dynamodb", "AccessDeniedException", 400),
        ("iam", "AccessDenied", 403),
        ("sts", "AccessDenied", 403),
    ],
)
def test_an_unknown_operation_is_denied_and_named(service: str, code: str, status: int) -> None:
    with pytest.raises(ServiceError, match=f"`{service}:DoNew`.*report") as denied:
        required_authorizations(call(service, "DoNew", {}), FakeAccount())
    assert (denied.value.code, denied.value.status) == (code, status)


def fitting(service: str, name: str, full: bool) -> dict[str, Any]:
    """Made-up parameters that name the things of `account` below, so that askers get to their end."""
    named = {
        **dict.fromkeys(("KeyId", "TargetKeyId", "DestinationKeyId", "SourceKeyId"), KEY_ID),
        **dict.fromkeys(("AliasName",), "alias/app"),
        **dict.fromkeys(("RoleArn", "Arn", "PolicySourceArn", "EntityArn"), ROLE),
        **dict.fromkeys(("ReplicaRegion", "PrimaryRegion"), "eu-west-1"),
        "CiphertextBlob": b"blob",
    }
    params = parameters(operation(service, name), full)
    kept = {key: named.get(key, value) for key, value in params.items() if key not in ("Policy", "GrantId")}
    return kept | ({"GrantId": "g1"} if "GrantId" in params else {})


@pytest.fixture
def account() -> FakeAccount:
    view = FakeAccount()
    key = view.add_key(aliases=("alias/app",))
    view.add_key(region="eu-west-1")
    view.add_table("text", key)
    view.ciphertexts[b"blob"] = key.arn
    view.iam_arns["role", "app"] = ROLE
    return view


@pytest.mark.parametrize("full", [True, False], ids=["every member", "required members"])
@pytest.mark.parametrize(("service", "name"), every_operation())
def test_every_operation_asks_for_something_or_is_refused_in_the_services_words(
    service: str, name: str, full: bool, account: FakeAccount
) -> None:
    asked: list[Authorization] = []
    refused = False
    try:
        asked.extend(required_authorizations(call(service, name, fitting(service, name, full)), account))
    except ServiceError:
        refused = True
    assert asked or refused or name in NO_PERMISSION
    for authorization in asked:
        assert authorization.request.principal == "arn:aws:iam::123456789012:user/ana"
        assert authorization.request.resource
        assert "aws:PrincipalArn" in authorization.request.context


SPELLED = """
aws:CalledVia aws:CalledViaFirst aws:CalledViaLast aws:CurrentTime aws:EpochTime aws:MultiFactorAuthAge
aws:MultiFactorAuthPresent aws:PrincipalAccount aws:PrincipalArn aws:PrincipalIsAWSService aws:PrincipalOrgID
aws:PrincipalTag aws:PrincipalType aws:RequestTag aws:RequestedRegion aws:ResourceAccount aws:ResourceTag
aws:SecureTransport aws:SourceIp aws:TagKeys aws:TokenIssueTime aws:ViaAWSService aws:userid aws:username
dynamodb:Attributes dynamodb:EnclosingOperation dynamodb:FirstPartitionKeyValues dynamodb:FullTableScan
dynamodb:LeadingKeys dynamodb:ReturnConsumedCapacity dynamodb:ReturnValues dynamodb:Select
iam:AWSServiceName iam:OrganizationsPolicyId iam:PassedToService iam:PermissionsBoundary iam:PolicyARN
iam:ResourceTag iam:ServiceSpecificCredentialAgeDays iam:ServiceSpecificCredentialServiceName
kms:BypassPolicyLockoutSafetyCheck kms:CallerAccount kms:CustomerMasterKeySpec kms:CustomerMasterKeyUsage
kms:DataKeyPairSpec kms:EncapsulationAlgorithm kms:EncryptionAlgorithm kms:EncryptionContext
kms:EncryptionContextKeys kms:ExpirationModel kms:GrantConstraintSourceArn kms:GrantConstraintType
kms:GrantIsForAWSResource kms:GrantOperations kms:GranteePrincipal kms:GranteeServicePrincipal
kms:KeyAgreementAlgorithm kms:KeyOrigin kms:KeySpec kms:KeyUsage kms:MacAlgorithm kms:MessageType
kms:MultiRegion kms:MultiRegionKeyType kms:PrimaryRegion kms:ReEncryptOnSameKey kms:ReplicaRegion
kms:RequestAlias kms:ResourceAliases kms:RetiringPrincipal kms:RetiringServicePrincipal
kms:RotationPeriodInDays kms:ScheduleKeyDeletionPendingWindowInDays kms:SigningAlgorithm kms:ValidTo
kms:ViaService kms:WrappingAlgorithm kms:WrappingKeySpec
sts:DurationSeconds sts:ExternalId sts:IdentityTokenAudience sts:RequestContextProviders sts:RoleSessionName
sts:SigningAlgorithm sts:SourceIdentity sts:TaskPolicyArn sts:TransitiveTagKeys
"""
"""Condition keys as AWS writes them, those of tags and encryption contexts without what follows.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

SESSION = role_session(
    tags={"Team": "blue"},
    token_issued="2026-01-02T11:59:00Z",
    address="192.0.2.7",
    context={"aws:MultiFactorAuthPresent": "true", "aws:PrincipalOrgID": "o-1"},
)


@pytest.mark.parametrize("caller", [user(tags={"Team": "blue"}), SESSION], ids=["a user", "a session"])
@pytest.mark.parametrize("service", SERVICES)
def test_condition_keys_are_spelt_as_aws_spells_them(
    service: str, caller: Caller, account: FakeAccount
) -> None:
    """They compare without case, and are shown to people in explanations and cases."""
    account.tags_by_arn[ROLE] = {"Stage": "prod"}
    noon = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)
    said: set[str] = set()
    for name in OPERATIONS[service]:
        if name not in service_model(service).operation_names:
            continue
        for full in (True, False):
            asked = call(service, name, fitting(service, name, full), caller)._replace(time=noon)
            with suppress(ServiceError):
                for authorization in required_authorizations(asked, account):
                    said.update(key for key, _ in authorization.request.context.pairs())
    without_ends = {":".join(key.partition("/")[0].split(":")[:2]) for key in said}
    assert without_ends - set(SPELLED.split()) == set()
    assert len(without_ends) > 10


@pytest.mark.parametrize(
    ("service", "operation", "changes"),
    [
        ("kms", "PutKeyPolicy", True),
        ("kms", "CreateGrant", True),
        ("kms", "ScheduleKeyDeletion", True),
        ("kms", "GetKeyPolicy", False),
        ("kms", "ListGrants", False),
        ("kms", "DescribeKey", False),
        ("kms", "Encrypt", False),
        ("kms", "Decrypt", False),
        ("kms", "GenerateDataKey", False),
        ("kms", "ReEncrypt", False),
        ("kms", "Sign", False),
        ("kms", "VerifyMac", False),
        ("kms", "DeriveSharedSecret", False),
        ("dynamodb", "UpdateTable", True),
        ("dynamodb", "DeleteTable", True),
        ("dynamodb", "PutResourcePolicy", True),
        ("dynamodb", "TagResource", True),
        ("dynamodb", "PutItem", False),
        ("dynamodb", "UpdateItem", False),
        ("dynamodb", "DeleteItem", False),
        ("dynamodb", "Query", False),
        ("dynamodb", "Scan", False),
        ("dynamodb", "BatchWriteItem", False),
        ("dynamodb", "TransactWriteItems", False),
        ("dynamodb", "ExecuteStatement", False),
        ("iam", "AttachRolePolicy", True),
        ("iam", "SimulatePrincipalPolicy", False),
        ("sts", "AssumeRole", False),
    ],
)
def test_what_changes_that_on_which_decisions_are_made(service: str, operation: str, changes: bool) -> None:
    """What was read of an account is read anew after it: a change that is missed leaves decisions stale."""
    assert changes_account(call(service, operation, {})) is changes
