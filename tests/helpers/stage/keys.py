"""The key of a case: made as the case's request describes it, with a ciphertext of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from helpers.account import REGION
from helpers.stage.clients import Clients
from helpers.stage.scene import Scene
from pytest_kmslab.cases.case import Case

_OPEN = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}],
}
_KINDS: Mapping[str, tuple[str, str]] = {
    "kms:Sign": ("RSA_2048", "SIGN_VERIFY"),
    "kms:Verify": ("RSA_2048", "SIGN_VERIFY"),
    "kms:GetPublicKey": ("RSA_2048", "SIGN_VERIFY"),
    "kms:GenerateMac": ("HMAC_512", "GENERATE_VERIFY_MAC"),
    "kms:VerifyMac": ("HMAC_512", "GENERATE_VERIFY_MAC"),
    "kms:DeriveSharedSecret": ("ECC_NIST_P256", "KEY_AGREEMENT"),
}
"""KeySpec and KeyUsage for the operations that a symmetric key does not do."""
_RE_ENCRYPTING = ("kms:ReEncryptFrom", "kms:ReEncryptTo")
_IMPORTS = ("kms:ImportKeyMaterial", "kms:GetParametersForImport")


@dataclass(frozen=True, slots=True)
class Made:
    """A key, and what decrypting or verifying with it needs."""

    key_id: str = ""
    ciphertext: bytes = b""
    open_key: str = ""


class Keys:
    """Makes keys as the root user, under the default key policy."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._kms = clients.root("kms")

    def make(self, case: Case) -> Made:
        """The key of the case, its aliases and what its operation needs to have been done before."""
        scene = Scene(case)
        key_id = self._replica() if scene.value("kms:MultiRegionKeyType") == "REPLICA" else self._key(scene)
        aliases = {*scene.values("kms:ResourceAliases"), *scene.values("kms:RequestAlias")}
        if case.request.action == "kms:DeleteAlias":
            aliases.add("alias/MY-kms-key")
        if scene.values("kms:PrimaryRegion"):
            self._kms.replicate_key(KeyId=key_id, ReplicaRegion=scene.value("kms:PrimaryRegion"))
        for alias in aliases:
            self._kms.create_alias(AliasName=alias, TargetKeyId=key_id)
        opened = self._open_key() if case.request.action in _RE_ENCRYPTING else ""
        made = opened if case.request.action == "kms:ReEncryptTo" else key_id
        before = _BEFORE.get(case.request.action)
        return Made(key_id, before(self._kms, made, scene) if before else b"", opened)

    def _key(self, scene: Scene) -> str:
        return str(self._kms.create_key(**_parameters(scene))["KeyMetadata"]["KeyId"])

    def _open_key(self) -> str:
        """For ReEncrypt, a second key that everybody may use."""
        return str(self._kms.create_key(Policy=json.dumps(_OPEN))["KeyMetadata"]["Arn"])

    def _replica(self) -> str:
        there = self._clients.root("kms", "eu-west-1")
        key_id = str(there.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"])
        there.replicate_key(KeyId=key_id, ReplicaRegion=REGION)
        return key_id


def _parameters(scene: Scene) -> dict[str, Any]:
    action = scene.case.request.action
    spec, usage = _KINDS.get(action, ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"))
    if scene.value("kms:EncryptionAlgorithm").startswith("RSA"):
        spec = "RSA_2048"
    if scene.values("kms:MacAlgorithm"):
        spec = scene.value("kms:MacAlgorithm").replace("SHA_", "")
    external = action in _IMPORTS or scene.value("kms:KeyOrigin") == "EXTERNAL"
    tags = [
        {"TagKey": name.partition("/")[2], "TagValue": values[0]}
        for name, values in scene.case.request.context.pairs()
        if name.startswith("aws:ResourceTag/")
    ]
    return {
        "KeySpec": scene.value("kms:KeySpec", spec),
        "KeyUsage": scene.value("kms:KeyUsage", usage),
        **({"Origin": "EXTERNAL"} if external else {}),
        **({"MultiRegion": True} if _multi_region(scene) else {}),
        **({"Tags": tags} if tags else {}),
    }


def _multi_region(scene: Scene) -> bool:
    names = ("kms:MultiRegionKeyType", "kms:PrimaryRegion", "kms:ReplicaRegion")
    return scene.value("kms:MultiRegion") == "true" or any(scene.values(name) for name in names)


def _encrypted(kms: Any, key_id: str, scene: Scene) -> bytes:
    if scene.value("kms:KeyOrigin") == "EXTERNAL":
        return b""
    more = {**scene.encryption_context, **scene.algorithm}
    return bytes(kms.encrypt(KeyId=key_id, Plaintext=b"text", **more)["CiphertextBlob"])


def _signature(kms: Any, key_id: str, scene: Scene) -> bytes:
    algorithm = scene.value("kms:SigningAlgorithm", "RSASSA_PSS_SHA_256")
    return bytes(kms.sign(KeyId=key_id, Message=b"text", SigningAlgorithm=algorithm)["Signature"])


def _mac(kms: Any, key_id: str, scene: Scene) -> bytes:
    algorithm = scene.value("kms:MacAlgorithm", "HMAC_SHA_512")
    return bytes(kms.generate_mac(KeyId=key_id, Message=b"text", MacAlgorithm=algorithm)["Mac"])


def _scheduled(kms: Any, key_id: str, scene: Scene) -> bytes:
    kms.schedule_key_deletion(KeyId=key_id)
    return b""


_BEFORE: Mapping[str, Callable[[Any, str, Scene], bytes]] = {
    "kms:Decrypt": _encrypted,
    **dict.fromkeys(_RE_ENCRYPTING, _encrypted),
    "kms:Verify": _signature,
    "kms:VerifyMac": _mac,
    "kms:CancelKeyDeletion": _scheduled,
}
"""What the root user does with the key before the call."""
