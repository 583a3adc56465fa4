"""Asymmetric keys by KeySpec: made, read from PKCS #8, and used so that other software understands it.

https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from pytest_kmslab.backends.moto.sm2 import Sm2PrivateKey
from pytest_kmslab.calls.api_call import ServiceError

RSA_BITS: Mapping[str, int] = {"RSA_2048": 2048, "RSA_3072": 3072, "RSA_4096": 4096}
CURVES: Mapping[str, type[ec.EllipticCurve]] = {
    "ECC_NIST_P256": ec.SECP256R1,
    "ECC_NIST_P384": ec.SECP384R1,
    "ECC_NIST_P521": ec.SECP521R1,
    "ECC_SECG_P256K1": ec.SECP256K1,
}
EDWARDS, CHINESE = "ECC_NIST_EDWARDS25519", "SM2"
LATTICES: Mapping[str, tuple[str, str]] = {
    **{f"ML_DSA_{size}": ("mldsa", f"MLDSA{size}PrivateKey") for size in (44, 65, 87)},
    **{f"ML_KEM_{size}": ("mlkem", f"MLKEM{size}PrivateKey") for size in (512, 768, 1024)},
}
"""Post-quantum keys: the module of `cryptography` that has them since version 48, and the class there."""
LEAST_PUBLIC_EXPONENT = 65537
HASHES: Mapping[str, type[hashes.HashAlgorithm]] = {
    "SHA_1": hashes.SHA1,
    "SHA_256": hashes.SHA256,
    "SHA_384": hashes.SHA384,
    "SHA_512": hashes.SHA512,
}


def new_private_key(spec: str) -> Any:
    """A private key of a KeySpec; raises UnsupportedOperationException where `cryptography` has none such."""
    if spec in RSA_BITS:
        return rsa.generate_private_key(public_exponent=LEAST_PUBLIC_EXPONENT, key_size=RSA_BITS[spec])
    if spec in CURVES:
        return ec.generate_private_key(CURVES[spec]())
    if spec == EDWARDS:
        return ed25519.Ed25519PrivateKey.generate()
    if spec == CHINESE:
        return Sm2PrivateKey.generate()
    return _lattice_class(spec).generate()


def check_can_be_made(spec: str) -> None:
    """Raise UnsupportedOperationException for a KeySpec whose cryptography is not installed here."""
    if spec not in RSA_BITS and spec not in CURVES and spec not in (EDWARDS, CHINESE):
        _lattice_class(spec)


def load_private_key(spec: str, pkcs8: bytes) -> Any:
    """The private key of a KeySpec in DER-encoded PKCS #8; raises ValueError where it holds none."""
    if spec == CHINESE:
        return Sm2PrivateKey.from_pkcs8(pkcs8)
    try:
        key: Any = serialization.load_der_private_key(pkcs8, password=None)
    except Exception as error:  # cryptography raises TypeError and its own UnsupportedAlgorithm too
        raise ValueError(str(error)) from None
    if not _is_of(key, spec):
        raise ValueError(f"no {spec} key")
    return key


def pkcs8(private_key: Any) -> bytes:
    """A private key as KMS takes and gives it."""
    form = (serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    encoded: bytes = private_key.private_bytes(*form)
    return encoded


def public_key(private_key: Any) -> bytes:
    """The public key as KMS gives it: a DER-encoded SubjectPublicKeyInfo."""
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    encoded: bytes = private_key.public_key().public_bytes(*form)
    return encoded


def encrypt(private_key: Any, algorithm: str, plaintext: bytes) -> bytes:
    """RSAES-OAEP, or SM2PKE, under the public key: nothing is put around the ciphertext."""
    ciphertext: bytes = private_key.public_key().encrypt(plaintext, *_padding(algorithm))
    return ciphertext


def decrypt(private_key: Any, algorithm: str, ciphertext: bytes) -> bytes:
    """The plaintext; raises InvalidCiphertextException for what was not encrypted so."""
    try:
        plaintext: bytes = private_key.decrypt(ciphertext, *_padding(algorithm))
    except ValueError:
        raise ServiceError("InvalidCiphertextException", "") from None
    return plaintext


def _padding(algorithm: str) -> tuple[Any, ...]:
    return () if algorithm == "SM2PKE" else (oaep(algorithm),)


def oaep(algorithm: str) -> padding.OAEP:
    """The padding of an algorithm that ends in the name of its hash (`RSAES_OAEP_SHA_256`)."""
    return padding.OAEP(mgf=padding.MGF1(_hash(algorithm)), algorithm=_hash(algorithm), label=None)


def sign(private_key: Any, algorithm: str, message_type: str, message: bytes) -> bytes:
    """The signature of a message, or of what was hashed already (DIGEST, EXTERNAL_MU)."""
    if message_type == "EXTERNAL_MU":
        signature: bytes = private_key.sign_mu(message)
    else:
        signature = private_key.sign(message, *_scheme(algorithm, message_type))
    return signature


def is_signature(
    private_key: Any, algorithm: str, message_type: str, message: bytes, signature: bytes
) -> bool:
    """Whether a signature is the message's."""
    key = private_key.public_key()
    try:
        if message_type == "EXTERNAL_MU":
            key.verify_mu(signature, message)
        else:
            key.verify(signature, message, *_scheme(algorithm, message_type))
    except InvalidSignature:
        return False
    return True


def shared_secret(private_key: Any, peer: bytes) -> bytes:
    """What ECDH derives; raises ValidationException (recorded, without text) for no key of the curve."""
    try:
        if isinstance(private_key, Sm2PrivateKey):
            return private_key.exchange(peer)
        key: Any = serialization.load_der_public_key(peer)
        secret: bytes = private_key.exchange(ec.ECDH(), key)
    except Exception:  # whatever cryptography raises for bytes that are no key, or one of another kind
        raise ServiceError("ValidationException", "") from None
    return secret


def _scheme(algorithm: str, message_type: str) -> tuple[Any, ...]:
    """What `cryptography` is told beside the message.

    https://docs.aws.amazon.com/kms/latest/cryptographic-details/crypto-primitives.html
    """
    if algorithm == "SM2DSA":
        return (message_type == "DIGEST",)
    if algorithm in ("ED25519_SHA_512", "ML_DSA_SHAKE_256"):
        return ()
    if algorithm == "ED25519_PH_SHA_512":
        text = "pytest-kmslab signs by ED25519_SHA_512 only: its cryptography library has no Ed25519ph"
        raise ServiceError("UnsupportedOperationException", text)
    hashed: Any = Prehashed(_hash(algorithm)) if message_type == "DIGEST" else _hash(algorithm)
    if algorithm.startswith("ECDSA"):
        return (ec.ECDSA(hashed),)
    # The salt of PSS is as long as the hash.
    if "PSS" in algorithm:
        salt = padding.PSS.DIGEST_LENGTH
        return (padding.PSS(mgf=padding.MGF1(_hash(algorithm)), salt_length=salt), hashed)
    return (padding.PKCS1v15(), hashed)


def _hash(algorithm: str) -> hashes.HashAlgorithm:
    return next(made for name, made in HASHES.items() if algorithm.endswith(name))()


def _is_of(key: Any, spec: str) -> bool:
    if spec in RSA_BITS:
        return isinstance(key, rsa.RSAPrivateKey) and key.key_size == RSA_BITS[spec]
    if spec in CURVES:
        return isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name == CURVES[spec]().name
    return isinstance(key, ed25519.Ed25519PrivateKey if spec == EDWARDS else _lattice_class(spec))


def _lattice_class(spec: str) -> Any:
    module, name = LATTICES.get(spec, ("", ""))
    try:
        return getattr(import_module(f"cryptography.hazmat.primitives.asymmetric.{module}"), name)
    except (ImportError, AttributeError):
        text = f"pytest-kmslab makes no key of `{spec}`: the installed cryptography library has none"
        raise ServiceError("UnsupportedOperationException", text) from None
