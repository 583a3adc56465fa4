"""The call that stands for a case's request of KMS: one row an action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from helpers.stage.scene import Caller, Invocation, Scene


def _key(method: str, more: Callable[[Scene], Mapping[str, Any]] = lambda _: {}) -> Caller:
    return lambda scene: ("kms", method, {"KeyId": scene.key, **more(scene)})


def _account(method: str, **params: Any) -> Caller:
    return lambda _: ("kms", method, params)


def _crypto(method: str, more: Callable[[Scene], Mapping[str, Any]]) -> Caller:
    return _key(method, lambda scene: {**scene.encryption_context, **more(scene)})


def _tags(scene: Scene) -> dict[str, Any]:
    names = scene.values("aws:TagKeys") or ("team",)
    return {
        "Tags": [{"TagKey": name, "TagValue": scene.value(f"aws:RequestTag/{name}", "kms")} for name in names]
    }


def _re_encrypt(scene: Scene) -> Invocation:
    there = scene.case.request.action == "kms:ReEncryptTo"
    keys = (scene.open_key, scene.key) if there else (scene.key, scene.open_key)
    params: dict[str, Any] = {
        "SourceKeyId": keys[0],
        "DestinationKeyId": keys[1],
        "CiphertextBlob": scene.ciphertext,
    }
    if scene.pairs:
        params["DestinationEncryptionContext" if there else "SourceEncryptionContext"] = scene.pairs
    return "kms", "re_encrypt", params


def _create_grant(scene: Scene) -> Mapping[str, Any]:
    params: dict[str, Any] = {
        "GranteePrincipal": scene.value("kms:GranteePrincipal", scene.case.request.principal),
        "Operations": list(scene.values("kms:GrantOperations")) or ["Decrypt"],
        **scene.given(RetiringPrincipal="kms:RetiringPrincipal"),
    }
    if scene.values("kms:GrantConstraintType"):
        pairs = scene.pairs or {"Department": "Finance"}
        params["Constraints"] = dict.fromkeys(scene.values("kms:GrantConstraintType"), pairs)
    return params


def _create_key(scene: Scene) -> Invocation:
    params: dict[str, Any] = scene.given(KeySpec="kms:KeySpec")
    if params.get("KeySpec", "").startswith("RSA"):
        params["KeyUsage"] = "SIGN_VERIFY"
    if scene.values("kms:MultiRegion"):
        params["MultiRegion"] = True
    return "kms", "create_key", {**params, **_bypass(scene)}


def _bypass(scene: Scene) -> dict[str, bool]:
    name = "kms:BypassPolicyLockoutSafetyCheck"
    return {name.removeprefix("kms:"): scene.value(name) == "true"} if scene.values(name) else {}


def _alias(method: str, *, targets: bool) -> Caller:
    def call(scene: Scene) -> Invocation:
        resource = scene.case.request.resource
        name = resource.rpartition(":")[2] if ":alias/" in resource else "alias/MY-kms-key"
        return "kms", method, {"AliasName": name, **({"TargetKeyId": scene.key_arn} if targets else {})}

    return call


def _grant(method: str) -> Caller:
    def call(scene: Scene) -> Invocation:
        wanted = scene.case.request.grant_id
        grant_id = scene.grant_ids.get(wanted) or next(iter(scene.grant_ids.values()), "0" * 64)
        return "kms", method, {"KeyId": scene.case.request.resource, "GrantId": grant_id}

    return call


def _whole(name: str, member: str) -> Callable[[Scene], Mapping[str, Any]]:
    return lambda scene: {member: int(scene.value(name))} if scene.values(name) else {}


def _signed(scene: Scene) -> dict[str, Any]:
    return {
        "Message": b"text",
        "SigningAlgorithm": scene.value("kms:SigningAlgorithm", "RSASSA_PSS_SHA_256"),
        **scene.given(MessageType="kms:MessageType"),
    }


def _mac(scene: Scene) -> dict[str, Any]:
    return {"Message": b"text", "MacAlgorithm": scene.value("kms:MacAlgorithm", "HMAC_SHA_512")}


_WRAPPING = {"WrappingAlgorithm": "kms:WrappingAlgorithm"}
_WINDOW = ("kms:ScheduleKeyDeletionPendingWindowInDays", "PendingWindowInDays")
_PAIR_SPEC = "kms:DataKeyPairSpec"

KMS_CALLS: Mapping[str, Caller] = {
    "kms:Encrypt": _crypto("encrypt", lambda scene: {"Plaintext": b"text", **scene.algorithm}),
    "kms:Decrypt": _crypto(
        "decrypt", lambda scene: {"CiphertextBlob": scene.ciphertext or b"text", **scene.algorithm}
    ),
    "kms:GenerateDataKey": _crypto("generate_data_key", lambda _: {"KeySpec": "AES_256"}),
    "kms:GenerateDataKeyWithoutPlaintext": _crypto(
        "generate_data_key_without_plaintext", lambda _: {"KeySpec": "AES_256"}
    ),
    "kms:GenerateDataKeyPair": _crypto(
        "generate_data_key_pair", lambda scene: {"KeyPairSpec": scene.value(_PAIR_SPEC, "RSA_2048")}
    ),
    "kms:GenerateDataKeyPairWithoutPlaintext": _crypto(
        "generate_data_key_pair_without_plaintext", lambda _: {"KeyPairSpec": "RSA_2048"}
    ),
    "kms:ReEncryptFrom": _re_encrypt,
    "kms:ReEncryptTo": _re_encrypt,
    "kms:Sign": _key("sign", _signed),
    "kms:Verify": _key("verify", lambda scene: {**_signed(scene), "Signature": scene.ciphertext}),
    "kms:GenerateMac": _key("generate_mac", _mac),
    "kms:VerifyMac": _key("verify_mac", lambda scene: {**_mac(scene), "Mac": scene.ciphertext}),
    "kms:DeriveSharedSecret": _key(
        "derive_shared_secret", lambda _: {"KeyAgreementAlgorithm": "ECDH", "PublicKey": b"key"}
    ),
    "kms:GetPublicKey": _key("get_public_key"),
    "kms:DescribeKey": _key("describe_key"),
    "kms:GetKeyPolicy": _key("get_key_policy"),
    "kms:GetKeyRotationStatus": _key("get_key_rotation_status"),
    "kms:ListKeyPolicies": _key("list_key_policies"),
    "kms:ListResourceTags": _key("list_resource_tags"),
    "kms:ListGrants": _key("list_grants"),
    "kms:EnableKey": _key("enable_key"),
    "kms:DisableKey": _key("disable_key"),
    "kms:EnableKeyRotation": _key(
        "enable_key_rotation", _whole("kms:RotationPeriodInDays", "RotationPeriodInDays")
    ),
    "kms:DisableKeyRotation": _key("disable_key_rotation"),
    "kms:RotateKeyOnDemand": _key("rotate_key_on_demand"),
    "kms:UpdateKeyDescription": _key("update_key_description", lambda _: {"Description": "new"}),
    "kms:TagResource": _key("tag_resource", _tags),
    "kms:UntagResource": _key("untag_resource", lambda _: {"TagKeys": ["team"]}),
    "kms:ScheduleKeyDeletion": _key("schedule_key_deletion", _whole(*_WINDOW)),
    "kms:CancelKeyDeletion": _key("cancel_key_deletion"),
    "kms:GetParametersForImport": _key(
        "get_parameters_for_import",
        lambda scene: {
            "WrappingAlgorithm": scene.value("kms:WrappingAlgorithm", "RSAES_OAEP_SHA_256"),
            "WrappingKeySpec": "RSA_2048",
        },
    ),
    "kms:ImportKeyMaterial": _key(
        "import_key_material",
        lambda scene: {
            "ImportToken": b"token",
            "EncryptedKeyMaterial": b"material",
            **scene.given(ExpirationModel="kms:ExpirationModel", ValidTo="kms:ValidTo"),
        },
    ),
    "kms:PutKeyPolicy": _key("put_key_policy", lambda scene: {"Policy": scene.policy, **_bypass(scene)}),
    "kms:CreateGrant": _key("create_grant", _create_grant),
    "kms:RevokeGrant": _grant("revoke_grant"),
    "kms:RetireGrant": _grant("retire_grant"),
    "kms:CreateAlias": _alias("create_alias", targets=True),
    "kms:DeleteAlias": _alias("delete_alias", targets=False),
    "kms:ReplicateKey": _key(
        "replicate_key", lambda scene: {"ReplicaRegion": scene.value("kms:ReplicaRegion", "us-west-2")}
    ),
    "kms:UpdatePrimaryRegion": _key(
        "update_primary_region",
        lambda scene: {"PrimaryRegion": scene.value("kms:PrimaryRegion", "us-west-2")},
    ),
    "kms:CreateKey": _create_key,
    "kms:ListKeys": _account("list_keys"),
    "kms:ListAliases": _account("list_aliases"),
    "kms:GenerateRandom": _account("generate_random", NumberOfBytes=8),
}
"""A direct call for each action on KMS that a case asks for."""
