"""SM2 keys, which KMS has in China Regions and `cryptography` has not: signing, encryption, key agreement.

The forms are those of GB/T 32918 and GM/T 0009, with the curve and the default user id that they recommend.
https://docs.aws.amazon.com/kms/latest/developerguide/offline-public-key.html
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

_P = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFF_00000000_FFFFFFFF_FFFFFFFF
_A = _P - 3
_B = 0x28E9FA9E_9D9F5E34_4D5A9E4B_CF6509A7_F39789F5_15AB8F92_DDBCBD41_4D940E93
_N = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_7203DF6B_21C6052B_53BBF409_39D54123
_G = (
    0x32C4AE2C_1F198119_5F990446_6A39C994_8FE30BBF_F2660BE1_715A4589_334C74C7,
    0xBC3736A2_F4F6779C_59BDCEE3_6B692153_D0A9877C_C62A4740_02DF32E5_2139F0A0,
)
_USER_ID = b"1234567812345678"
_SIZE, _DIGEST_SIZE = 32, 32
_ALGORITHM = bytes.fromhex("301306072a8648ce3d020106082a811ccf5501822d")
"""A public key of an elliptic curve, of the curve SM2."""
_SPKI = bytes.fromhex("3059") + _ALGORITHM + bytes.fromhex("03420004")
_PKCS8 = bytes.fromhex("308187020100") + _ALGORITHM + bytes.fromhex("046d306b0201010420")
_PUBLIC = bytes.fromhex("a14403420004")
_INTEGER, _OCTETS, _SEQUENCE = 0x02, 0x04, 0x30

Point = tuple[int, int] | None
"""On the curve; None is the point at infinity."""


@dataclass(frozen=True, slots=True)
class Sm2PublicKey:
    """A public key, with the methods of those of `cryptography`."""

    point: tuple[int, int]

    def public_bytes(self, *_form: Any) -> bytes:
        """A DER-encoded SubjectPublicKeyInfo, whatever is asked for: KMS has no other form."""
        return _SPKI + _coordinates(self.point)

    def verify(self, signature: bytes, message: bytes, is_digest: bool) -> None:
        """Raises InvalidSignature where the signature is not the message's, or its digest's."""
        try:
            r, s = decode_dss_signature(signature)
        except ValueError:
            raise InvalidSignature from None
        total = (r + s) % _N
        if not (0 < r < _N and 0 < s < _N and total):
            raise InvalidSignature
        point = _sum(_times(s, _G), _times(total, self.point))
        if point is None or (self.hashed(message, is_digest) + point[0]) % _N != r:
            raise InvalidSignature

    def encrypt(self, plaintext: bytes) -> bytes:
        """The DER-encoded ciphertext."""
        number = 1 + secrets.randbelow(_N - 1)
        x, y = _affine(_times(number, _G))
        shared = _coordinates(_affine(_times(number, self.point)))
        masked = _masked(plaintext, shared)
        parts = (_encoded(x), _encoded(y), _der(_OCTETS, _check(shared, plaintext)), _der(_OCTETS, masked))
        return _der(_SEQUENCE, b"".join(parts))

    def hashed(self, message: bytes, is_digest: bool) -> int:
        """What is signed: the digest of a message with the user id and the key, or one that was made so."""
        if is_digest:
            return _number(message)
        length = (len(_USER_ID) * 8).to_bytes(2, "big")
        curve = _bytes(_A) + _bytes(_B) + _coordinates(_G)
        return _number(_sm3(_sm3(length + _USER_ID + curve + _coordinates(self.point)) + message))


@dataclass(frozen=True, slots=True)
class Sm2PrivateKey:
    """A private key, with the methods of those of `cryptography`."""

    secret: int

    @classmethod
    def generate(cls) -> Sm2PrivateKey:
        """A new key."""
        return cls(1 + secrets.randbelow(_N - 2))

    @classmethod
    def from_pkcs8(cls, encoded: bytes) -> Sm2PrivateKey:
        """The key in DER-encoded PKCS #8; raises ValueError where it holds none."""
        secret = _number(encoded[len(_PKCS8) : len(_PKCS8) + _SIZE])
        key = cls(secret)
        if not (encoded.startswith(_PKCS8) and 0 < secret < _N - 1 and encoded == key.private_bytes()):
            raise ValueError("no SM2 key")
        return key

    def private_bytes(self, *_form: Any) -> bytes:
        """The key as DER-encoded PKCS #8."""
        return _PKCS8 + _bytes(self.secret) + _PUBLIC + _coordinates(self.public_key().point)

    def public_key(self) -> Sm2PublicKey:
        """Its public key."""
        return Sm2PublicKey(_affine(_times(self.secret, _G)))

    def sign(self, message: bytes, is_digest: bool) -> bytes:
        """A DER-encoded signature of a message, or of its digest."""
        hashed = self.public_key().hashed(message, is_digest)
        while True:
            number = 1 + secrets.randbelow(_N - 1)
            r = (hashed + _affine(_times(number, _G))[0]) % _N
            s = pow(1 + self.secret, -1, _N) * (number - r * self.secret) % _N
            if r and s and r + number != _N:
                return encode_dss_signature(r, s)

    def decrypt(self, ciphertext: bytes) -> bytes:
        """The plaintext; raises ValueError for what was not encrypted under this key."""
        x, y, check, masked = _parts(ciphertext)
        shared = _coordinates(_affine(_times(self.secret, _on_curve(_number(x), _number(y)))))
        plaintext = _masked(masked, shared)
        if _check(shared, plaintext) != check:
            raise ValueError("not encrypted under this key")
        return plaintext

    def exchange(self, peer: bytes) -> bytes:
        """What ECDH derives with another's public key; raises ValueError where that is none of the curve."""
        if not peer.startswith(_SPKI) or len(peer) != len(_SPKI) + 2 * _SIZE:
            raise ValueError("no SM2 key")
        x, y = (_number(half) for half in (peer[-2 * _SIZE : -_SIZE], peer[-_SIZE:]))
        return _bytes(_affine(_times(self.secret, _on_curve(x, y)))[0])


def _sum(one: Point, other: Point) -> Point:
    if one is None or other is None:
        return one or other
    if one[0] == other[0]:
        if (one[1] + other[1]) % _P == 0:
            return None
        slope = (3 * one[0] * one[0] + _A) * pow(2 * one[1], -1, _P)
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, _P)
    x = (slope * slope - one[0] - other[0]) % _P
    return x, (slope * (one[0] - x) - one[1]) % _P


def _times(number: int, point: Point) -> Point:
    product: Point = None
    while number:
        if number & 1:
            product = _sum(product, point)
        point, number = _sum(point, point), number >> 1
    return product


def _affine(point: Point) -> tuple[int, int]:
    if point is None:
        raise ValueError("the point at infinity")
    return point


def _on_curve(x: int, y: int) -> tuple[int, int]:
    if not (x < _P and y < _P and (x**3 + _A * x + _B - y * y) % _P == 0):
        raise ValueError("not on the curve")
    return x, y


def _bytes(number: int) -> bytes:
    return number.to_bytes(_SIZE, "big")


def _number(encoded: bytes) -> int:
    return int.from_bytes(encoded, "big")


def _coordinates(point: tuple[int, int]) -> bytes:
    return _bytes(point[0]) + _bytes(point[1])


def _sm3(data: bytes) -> bytes:
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


def _check(shared: bytes, plaintext: bytes) -> bytes:
    return _sm3(shared[:_SIZE] + plaintext + shared[_SIZE:])


def _masked(data: bytes, shared: bytes) -> bytes:
    """The data under the key stream of a shared point; once more, it is the data again."""
    rounds = range(1, len(data) // _DIGEST_SIZE + 2)
    stream = b"".join(_sm3(shared + number.to_bytes(4, "big")) for number in rounds)
    return bytes(byte ^ mask for byte, mask in zip(data, stream, strict=False))


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def _encoded(number: int) -> bytes:
    return _der(_INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _parts(ciphertext: bytes) -> list[bytes]:
    """The four members of a DER-encoded ciphertext; raises ValueError where it is none."""
    rest, end = _content(ciphertext, _SEQUENCE)
    parts = []
    for tag in (_INTEGER, _INTEGER, _OCTETS, _OCTETS):
        part, rest = _content(rest, tag)
        parts.append(part)
    if rest or end:
        raise ValueError("more than a ciphertext")
    return parts


def _content(encoded: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content of the first value, and what is behind it."""
    if len(encoded) < 2 or encoded[0] != tag:
        raise ValueError("no DER")
    size, start = encoded[1], 2
    if size & 0x80:
        start += size & 0x7F
        size = _number(encoded[2:start])
    if len(encoded) < start + size:
        raise ValueError("cut off")
    return encoded[start : start + size], encoded[start + size :]
