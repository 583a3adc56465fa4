"""What a key of each KeySpec can do: its uses, and for each use its algorithms and messages.

From the KeyUsage parameter of CreateKey and the key spec reference:
https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
"""

from __future__ import annotations

from collections.abc import Mapping

from pytest_kmslab.account.model import Key
from pytest_kmslab.calls.api_call import Params, ServiceError

SYMMETRIC = "SYMMETRIC_DEFAULT"
ENCRYPT = "ENCRYPT_DECRYPT"
SIGN = "SIGN_VERIFY"
MAC = "GENERATE_VERIFY_MAC"
AGREE = "KEY_AGREEMENT"
ENCAPSULATE = "ENCAPSULATE_DECAPSULATE"

Uses = Mapping[str, tuple[str, ...]]
"""KeyUsage to the algorithms that it has."""

_RSA: Uses = {
    ENCRYPT: ("RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"),
    SIGN: tuple(f"RSASSA_{way}_SHA_{size}" for way in ("PSS", "PKCS1_V1_5") for size in (256, 384, 512)),
}
_ML_DSA: Uses = {SIGN: ("ML_DSA_SHAKE_256",)}
_KEM_SPECS = ("ML_KEM_512", "ML_KEM_768", "ML_KEM_1024")
_ML_KEM: Uses = {ENCAPSULATE: ("ML_KEM",)}

KEY_SPECS: Mapping[str, Uses] = {
    SYMMETRIC: {ENCRYPT: (SYMMETRIC,)},
    **dict.fromkeys(("RSA_2048", "RSA_3072", "RSA_4096"), _RSA),
    "ECC_NIST_P256": {SIGN: ("ECDSA_SHA_256",), AGREE: ("ECDH",)},
    "ECC_NIST_P384": {SIGN: ("ECDSA_SHA_384",), AGREE: ("ECDH",)},
    "ECC_NIST_P521": {SIGN: ("ECDSA_SHA_512",), AGREE: ("ECDH",)},
    "ECC_SECG_P256K1": {SIGN: ("ECDSA_SHA_256",)},
    "ECC_NIST_EDWARDS25519": {SIGN: ("ED25519_SHA_512", "ED25519_PH_SHA_512")},
    **dict.fromkeys(("ML_DSA_44", "ML_DSA_65", "ML_DSA_87"), _ML_DSA),
    **dict.fromkeys(_KEM_SPECS, _ML_KEM),
    "SM2": {ENCRYPT: ("SM2PKE",), SIGN: ("SM2DSA",), AGREE: ("ECDH",)},
    **{f"HMAC_{size}": {MAC: (f"HMAC_SHA_{size}",)} for size in (224, 256, 384, 512)},
}
"""With a key of a KeySpec that is not here, newer than this table, no cryptography is done."""

RSA_BYTES: Mapping[str, int] = {"RSA_2048": 256, "RSA_3072": 384, "RSA_4096": 512}
_PADDING: Mapping[str, int] = {"RSAES_OAEP_SHA_1": 42, "RSAES_OAEP_SHA_256": 66}
"""What OAEP adds to a plaintext: two hashes and two bytes."""
_CHINA = "cn-"
_NO_USAGE = "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."
_TWO_SPECS = (
    "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. "
    "CustomerMasterKeySpec is deprecated."
)
"""As pasted from AWS (nsmithuk/local-kms, grucloud/grucloud)."""
_ROTATABLE_ORIGINS = frozenset(("AWS_KMS",))


def is_symmetric(key: Key) -> bool:
    """Whether it is a symmetric encryption key, the only kind that takes an encryption context."""
    return key.spec == SYMMETRIC and key.usage == ENCRYPT


def refuse_algorithm(key: Key, algorithm: str) -> None:
    """Raise InvalidKeyUsageException where the key does not have the algorithm that was asked for, or its
    algorithms are not known.

    So nothing is let through where the key's algorithms are not known.
    """
    # Without this the algorithm condition keys would be decided on what the caller claims.
    uses = KEY_SPECS.get(key.spec)
    if uses is None:
        text = f"pytest-kmslab does not know the KeySpec `{key.spec}`, and refuses what it cannot judge: "
        raise ServiceError("InvalidKeyUsageException", f"{text}please report it to the project")
    if algorithm not in uses.get(key.usage, ()):
        text = f"Algorithm {algorithm} is incompatible with key spec {key.spec}."
        raise ServiceError("InvalidKeyUsageException", text)


def refuse_encryption_context(key: Key, pairs: Mapping[str, str] | None) -> None:
    """Raise ValidationException where a key gets an encryption context that has none.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html
    """
    if pairs and key.spec != SYMMETRIC:
        # The text is inferred.
        text = "EncryptionContext is supported only on operations with symmetric encryption KMS keys."
        raise ServiceError("ValidationException", text)


def check_plaintext_size(spec: str, algorithm: str, plaintext: bytes) -> None:
    """Raise ValidationException for more than fits under an RSA key."""
    if algorithm not in _PADDING:
        return
    # Recorded by LocalStack.
    most = RSA_BYTES[spec] - _PADDING[algorithm]
    if len(plaintext) > most:
        text = f"Algorithm {algorithm} and key spec {spec} cannot encrypt data larger than {most} bytes."
        raise ServiceError("ValidationException", text)


def refuse_foreign_spec(member: str, spec: str, region: str) -> None:
    """Raise UnsupportedOperationException for a spec that the Region does not have."""
    # SM2 is of China only, ML-KEM of all others. The text was seen of KeySpec SM2 (floci-io/floci 3026).
    missing = _KEM_SPECS if region.startswith(_CHINA) else ("SM2",)
    if spec in missing:
        text = f"{member} {spec} is not supported in this Region"
        raise ServiceError("UnsupportedOperationException", text)


def refuse_symmetric(_params: Params, key: Key) -> None:
    """Raise UnsupportedOperationException for a key that has no public key."""
    if key.spec == SYMMETRIC or key.spec.startswith("HMAC_"):
        # Which code AWS answers is inferred.
        raise ServiceError("UnsupportedOperationException", "")


def refuse_unrotatable(_params: Params, key: Key) -> None:
    """Raise UnsupportedOperationException where the key's material cannot be rotated by a schedule.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html
    """
    if not is_symmetric(key):
        raise ServiceError("UnsupportedOperationException", "")
    refuse_unrotatable_origin(_params, key)
    refuse_replica(_params, key)


def refuse_unrotatable_origin(_params: Params, key: Key) -> None:
    """Raise UnsupportedOperationException for a key whose material KMS did not make."""
    if key.origin not in _ROTATABLE_ORIGINS:
        # As pasted from AWS (duo-labs/cloudmapper 906). Of an asymmetric key KMS tells that it is not
        # rotated.
        raise origin_error(key)


def origin_error(key: Key) -> ServiceError:
    """What KMS answers to an operation that the origin of a key's material does not allow."""
    text = f"{key.arn} origin is {key.origin} which is not valid for this operation."
    return ServiceError("UnsupportedOperationException", text)


def refuse_replica(_params: Params, key: Key) -> None:
    """Raise UnsupportedOperationException for a replica.

    https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-auto-rotate.html
    """
    if key.multi_region_type == "REPLICA":
        # Rotation is set on the primary key, for all of them. Code and text are inferred from those of
        # ReplicateKey.
        raise ServiceError("UnsupportedOperationException", f"{key.arn} is not a multi-region primary key.")


def refuse_material_list(params: Params, key: Key) -> None:
    """Raise ValidationException where the materials of a key are asked for that has but one."""
    if params.get("IncludeKeyMaterial") is not None and not is_symmetric(key):
        # Code and text are inferred.
        text = "IncludeKeyMaterial is supported only for symmetric encryption KMS keys."
        raise ServiceError("ValidationException", text)


def refuse_rotation(params: Params, key: Key) -> None:
    """The same for a rotation on demand.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_RotateKeyOnDemand.html
    """
    # Imported material can be rotated so too, but not by a schedule.
    if key.origin == "EXTERNAL" and is_symmetric(key):
        refuse_replica(params, key)
    else:
        refuse_unrotatable(params, key)


def check_new_key(params: Params, region: str) -> None:
    """Raise ValidationException for a key that is to have a use which its KeySpec has not, or none, or whose
    KeySpec is told twice; UnsupportedOperationException for a KeySpec that the Region has not."""
    # Backends take one of the two, each another one.
    if params.get("KeySpec") and params.get("CustomerMasterKeySpec"):
        raise ServiceError("ValidationException", _TWO_SPECS)
    spec = params.get("KeySpec") or params.get("CustomerMasterKeySpec") or SYMMETRIC
    refuse_foreign_spec("KeySpec", spec, region)
    if spec.startswith("ML_DSA_") and params.get("Origin") == "EXTERNAL":
        # The text was measured by cdk-preflight (pf-kms-key-origin), the code is inferred.
        text = f"KeySpec {spec} is not supported for Origin EXTERNAL"
        raise ServiceError("UnsupportedOperationException", text)
    usage = params.get("KeyUsage")
    if usage is None and spec != SYMMETRIC:
        raise ServiceError("ValidationException", _NO_USAGE)
    uses = KEY_SPECS.get(spec)
    if usage is not None and uses is not None and usage not in uses:
        raise ServiceError("ValidationException", f"KeyUsage {usage} is not compatible with KeySpec {spec}")


# Data keys: how long they are, and of which kind a pair can be.
# https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKey.html

BYTES: Mapping[str, int] = {"AES_128": 16, "AES_256": 32}
"""The length of a data key by its KeySpec."""


def check_length(params: Params, _key: Key) -> None:
    """Raise ValidationException unless the length is said, in one way."""
    if (params.get("KeySpec") is None) is (params.get("NumberOfBytes") is None):
        # The text is as pasted from AWS.
        raise ServiceError("ValidationException", "Please specify either number of bytes or key spec.")


def check_pair(params: Params, key: Key) -> None:
    """Raise UnsupportedOperationException for a pair that the Region does not make."""
    refuse_foreign_spec("KeyPairSpec", params["KeyPairSpec"], key.region)


# Sign and Verify: what kind of message an algorithm takes, and how long a digest is.
# https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html

RAW, DIGEST, MU = "RAW", "DIGEST", "EXTERNAL_MU"
DIGEST_BYTES: Mapping[str, int] = {"SHA_256": 32, "SHA_384": 48, "SHA_512": 64, "SM2DSA": 32}
"""The length of what is signed as DIGEST, by the end of the algorithm's name."""
MU_BYTES = 64
_TYPES: Mapping[str, frozenset[str]] = {
    "ML_DSA_SHAKE_256": frozenset((RAW, MU)),
    "ED25519_SHA_512": frozenset((RAW,)),
    "ED25519_PH_SHA_512": frozenset((DIGEST,)),
}
"""The message types that an algorithm takes, where they are not RAW and DIGEST."""


def check_message(params: Params, key: Key) -> None:
    """Raise ValidationException for a message of a type or length that the algorithm does not take.

    The text for a digest is recorded (LocalStack), that for a type was seen of ML-DSA keys (floci-io/floci
    3025); that for a mu of another length is inferred.
    """
    algorithm, message_type = params["SigningAlgorithm"], params.get("MessageType", RAW)
    if message_type not in _TYPES.get(algorithm, (RAW, DIGEST)):
        text = f"Message type {message_type} is incompatible with key spec {key.spec}."
        raise ServiceError("ValidationException", text)
    length = (
        MU_BYTES
        if message_type == MU
        else next((length for end, length in DIGEST_BYTES.items() if algorithm.endswith(end)), 0)
    )
    if message_type != RAW and len(params["Message"]) != length:
        raise ServiceError("ValidationException", f"Digest is invalid length for algorithm {algorithm}.")
