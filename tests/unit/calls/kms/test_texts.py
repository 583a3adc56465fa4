"""What KMS says of requests that do not fit the key or themselves: code and text in whole."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.authorizations import required_authorizations
from helpers.fake_account import ACCOUNT, KEY_ID, FakeAccount, call, key_arn, policy, user
from helpers.key_policies import ROOT, document

from pytest_kmslab.calls.api_call import ServiceError

V, UNSUPPORTED = "ValidationException: ", "UnsupportedOperationException: "
RSA = {"spec": "RSA_2048"}
HMAC = {"spec": "HMAC_256", "usage": "GENERATE_VERIFY_MAC"}
IMPORTED = {"origin": "EXTERNAL", "state": "PendingImport"}
REPLICA = {"multi_region": True, "multi_region_type": "REPLICA"}
PRIMARY = {"multi_region": True, "multi_region_type": "PRIMARY"}
BEN, SERVICE = user("ben").arn, "dynamodb.amazonaws.com"
GRANT = {"GranteePrincipal": BEN, "Operations": ["DescribeKey"]}
WRAPPING = {"WrappingAlgorithm": "RSAES_PKCS1_V1_5", "WrappingKeySpec": "RSA_2048"}
NEW_MATERIAL = {"ImportType": "NEW_KEY_MATERIAL", "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
NOT_PRIMARY = f"{UNSUPPORTED}{key_arn()} is not a multi-region primary key."
ONE_GRANTEE = f"{V}Specify either GranteePrincipal or GranteeServicePrincipal, but not both."
ONE_RETIRING = f"{V}Specify RetiringPrincipal or RetiringServicePrincipal, but not both."
ALIAS = (
    f'{V}Alias must start with the prefix "alias/". Please see '
    "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
)
OPEN = (
    "MalformedPolicyDocumentException: OverlyPermissiveCondition: Using the ForAllValues set operator with a "
    "single-valued condition key matches requests without the specified [encryption context or tag] or with "
    "an unspecified [encryption context or tag]. To fix, remove ForAllValues."
)
WRAPPED = (
    f"{UNSUPPORTED}Wrapping algorithm RSAES_PKCS1_V1_5 with wrapping key spec RSA_2048 is not supported for "
    "SYMMETRIC_DEFAULT."
)
SEVERAL_SPECS = (
    f"{V}You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is "
    "deprecated."
)
NO_USAGE = f"{V}You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."

REFUSED: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("CreateGrant", {**GRANT, "GranteeServicePrincipal": SERVICE}, {}, ONE_GRANTEE),
    ("CreateGrant", {"Operations": ["DescribeKey"]}, {}, ONE_GRANTEE),
    (
        "CreateGrant",
        {**GRANT, "RetiringPrincipal": BEN, "RetiringServicePrincipal": SERVICE},
        {},
        ONE_RETIRING,
    ),
    (
        "CreateGrant",
        {"Operations": ["DescribeKey"], "GranteeServicePrincipal": SERVICE},
        {},
        f"{V}GranteeServicePrincipal needs a SourceArn grant constraint and a retiring principal.",
    ),
    ("CreateGrant", {**GRANT, "Operations": []}, {}, f"{V}Operations must not be empty."),
    (
        "CreateGrant",
        {**GRANT, "Operations": ["Sign"]},
        RSA,
        f"{V}Operation Sign is not supported by key spec RSA_2048 with key usage ENCRYPT_DECRYPT.",
    ),
    (
        "CreateGrant",
        {**GRANT, "Constraints": {"EncryptionContextSubset": {"n": "x" * 384}}},
        {},
        "LimitExceededException: An encryption context grant constraint has at most 8 pairs of 384 "
        "characters.",
    ),
    (
        "CreateGrant",
        {**GRANT, "GranteePrincipal": "*"},
        {},
        "InvalidArnException: ARN does not refer to a valid principal: *",
    ),
    ("ListRetirableGrants", {}, {}, ONE_RETIRING),
    (
        "ListRetirableGrants",
        {"RetiringPrincipal": BEN, "RetiringServicePrincipal": SERVICE},
        {},
        ONE_RETIRING,
    ),
    ("RetireGrant", {"GrantToken": "t"}, {}, "InvalidGrantTokenException: The grant token is not valid."),
    (
        "RetireGrant",
        {"KeyId": None},
        {},
        f"{V}Specify a grant token, or a key ID and a grant ID.",
    ),
    ("RetireGrant", {"GrantId": "g2"}, {}, "NotFoundException: Grant ID g2 not found"),
    ("GenerateRandom", {}, {}, f"{V}NumberOfBytes is required."),
    ("GetParametersForImport", WRAPPING, IMPORTED, WRAPPED),
    (
        "ImportKeyMaterial",
        {},
        IMPORTED,
        f"{V}A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES",
    ),
    (
        "ImportKeyMaterial",
        {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE", "ValidTo": 1.0},
        IMPORTED,
        f"{V}A validTo date must not be set if the ExpirationModel is not KEY_MATERIAL_EXPIRES",
    ),
    (
        "ImportKeyMaterial",
        {**NEW_MATERIAL, "KeyMaterialDescription": "x"},
        {**IMPORTED, **HMAC},
        f"{V}ImportType is supported only for symmetric encryption KMS keys.",
    ),
    (
        "ImportKeyMaterial",
        {**NEW_MATERIAL, "KeyMaterialId": "a" * 64},
        IMPORTED,
        f"{V}KeyMaterialId must not be set if the ImportType is NEW_KEY_MATERIAL",
    ),
    ("ImportKeyMaterial", NEW_MATERIAL, {**IMPORTED, **REPLICA}, NOT_PRIMARY),
    ("EnableKeyRotation", {}, REPLICA, NOT_PRIMARY),
    ("RotateKeyOnDemand", {}, REPLICA, NOT_PRIMARY),
    ("ReplicateKey", {"ReplicaRegion": "eu-west-1"}, REPLICA, NOT_PRIMARY),
    ("EnableKeyRotation", {}, HMAC, UNSUPPORTED),
    ("GetPublicKey", {}, HMAC, UNSUPPORTED),
    (
        "EnableKeyRotation",
        {},
        {"origin": "EXTERNAL"},
        f"{UNSUPPORTED}{key_arn()} origin is EXTERNAL which is not valid for this operation.",
    ),
    (
        "Encrypt",
        {"EncryptionAlgorithm": "RSAES_OAEP_SHA_256", "EncryptionContext": {"a": "b"}, "Plaintext": b""},
        RSA,
        f"{V}EncryptionContext is supported only on operations with symmetric encryption KMS keys.",
    ),
    (
        "Encrypt",
        {},
        {"spec": "NEW_SPEC"},
        "InvalidKeyUsageException: pytest-kmslab does not know the KeySpec `NEW_SPEC`, and refuses what it "
        "cannot judge: please report it to the project",
    ),
    (
        "ListKeyRotations",
        {"IncludeKeyMaterial": "ALL_KEY_MATERIAL"},
        HMAC,
        f"{V}IncludeKeyMaterial is supported only for symmetric encryption KMS keys.",
    ),
    ("Encrypt", {}, {"state": "Creating"}, f"KMSInvalidStateException: {key_arn()} is creating."),
    ("Encrypt", {}, {"state": "Unavailable"}, f"KMSInvalidStateException: {key_arn()} is unavailable."),
    ("Encrypt", {}, {"state": "PendingImport"}, f"KMSInvalidStateException: {key_arn()} is pending import."),
    ("Encrypt", {}, {"state": "Disabled"}, f"DisabledException: {key_arn()} is disabled."),
    (
        "Encrypt",
        {},
        {"state": "PendingReplicaDeletion"},
        f"KMSInvalidStateException: {key_arn()} is pending deletion.",
    ),
    (
        "GenerateMac",
        {"MacAlgorithm": "HMAC_SHA_256"},
        {},
        f"InvalidKeyUsageException: {key_arn()} key usage is ENCRYPT_DECRYPT which is not valid for "
        "GenerateMac.",
    ),
    ("CancelKeyDeletion", {}, {}, f"KMSInvalidStateException: {key_arn()} is not pending deletion."),
    (
        "Encrypt",
        {"DryRun": True},
        {},
        "DryRunOperationException: The request would have succeeded, but the DryRun option is set.",
    ),
    (
        "DisableKey",
        {"KeyId": "alias/app"},
        {},
        "InvalidArnException: Key Aliases are not supported for this operation.",
    ),
    ("CreateAlias", {"AliasName": "app", "TargetKeyId": KEY_ID}, {}, ALIAS),
    ("UpdateAlias", {"AliasName": "app", "TargetKeyId": KEY_ID}, {}, ALIAS),
    ("DeleteAlias", {"AliasName": "app"}, {}, ALIAS),
    (
        "CreateAlias",
        {"AliasName": "alias/app", "TargetKeyId": "alias/app"},
        {},
        f"{V}Aliases must refer to keys. Not aliases",
    ),
    ("CreateAlias", {"AliasName": "alias/aws/app", "TargetKeyId": KEY_ID}, {}, "NotAuthorizedException: "),
    (
        "CreateAlias",
        {"AliasName": "alias/app", "TargetKeyId": KEY_ID},
        {"aliases": tuple(f"alias/{number}" for number in range(50))},
        f"LimitExceededException: {key_arn()} has 50 aliases already.",
    ),
    (
        "UpdateAlias",
        {"AliasName": "alias/none", "TargetKeyId": KEY_ID},
        {},
        f"NotFoundException: Alias arn:aws:kms:us-east-1:{ACCOUNT}:alias/none is not found.",
    ),
    (
        "PutKeyPolicy",
        {"Policy": document(ROOT, Sid="x" * 32_768)},
        {},
        "LimitExceededException: the key policy is longer than 32768 bytes",
    ),
    (
        "PutKeyPolicy",
        {"Policy": document(ROOT, Condition={"ForAllValues:StringEquals": {"aws:RequestTag/a": "b"}})},
        {},
        OPEN,
    ),
    ("UpdatePrimaryRegion", {"PrimaryRegion": "eu-west-1"}, {}, NOT_PRIMARY),
    (
        "UpdatePrimaryRegion",
        {"PrimaryRegion": "eu-west-3"},
        PRIMARY,
        f"NotFoundException: Key '{key_arn(region='eu-west-3')}' does not exist",
    ),
    (
        "ReplicateKey",
        {"ReplicaRegion": "us-east-1"},
        PRIMARY,
        "AlreadyExistsException: us-east-1 cannot have a replica because it contains the primary.",
    ),
    (
        "ReplicateKey",
        {"ReplicaRegion": "eu-west-2"},
        PRIMARY,
        f"AlreadyExistsException: {key_arn(region='eu-west-2')} already exists",
    ),
    (
        "Decrypt",
        {"CiphertextBlob": b"x", "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"},
        {"spec": "RSA_2048", "usage": "SIGN_VERIFY"},
        f"InvalidKeyUsageException: {key_arn()} key usage is SIGN_VERIFY which is not valid for Decrypt.",
    ),
    (
        "CreateKey",
        {"CustomKeyStoreId": "cks-1", "Origin": "EXTERNAL"},
        {},
        f"{V}CustomKeyStoreId is not valid for Origin EXTERNAL",
    ),
    (
        "CreateKey",
        {"Origin": "AWS_CLOUDHSM"},
        {},
        f"{V}CustomKeyStoreId is required for Origin AWS_CLOUDHSM",
    ),
    ("CreateKey", {"XksKeyId": "one"}, {}, f"{V}XksKeyId is not valid for Origin AWS_KMS"),
    (
        "CreateKey",
        {"Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": "cks-1", "MultiRegion": True},
        {},
        f"{UNSUPPORTED}Only symmetric encryption keys of a single Region can be in a custom key store.",
    ),
    ("CreateKey", {"KeySpec": "RSA_2048", "CustomerMasterKeySpec": "RSA_2048"}, {}, SEVERAL_SPECS),
    ("CreateKey", {"KeySpec": "HMAC_256"}, {}, NO_USAGE),
    (
        "CreateKey",
        {"KeySpec": "ML_DSA_44", "Origin": "EXTERNAL", "KeyUsage": "SIGN_VERIFY"},
        {},
        f"{UNSUPPORTED}KeySpec ML_DSA_44 is not supported for Origin EXTERNAL",
    ),
]


@pytest.mark.parametrize(("operation", "params", "key", "told"), REFUSED)
def test_code_and_text(operation: str, params: dict[str, Any], key: dict[str, Any], told: str) -> None:
    view = FakeAccount()
    view.add_key(**key)
    view.add_key(region="eu-west-2", multi_region=True, multi_region_type="REPLICA")
    view.key_policies[key_arn()] = policy({"Principal": "*", "Action": "kms:*"})
    given = {"KeyId": KEY_ID, **params}
    with pytest.raises(ServiceError) as refused:
        list(required_authorizations(call("kms", operation, given), view))
    assert (str(refused.value), refused.value.status) == (told, 400)
