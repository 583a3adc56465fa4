"""Sign and Verify: what kind of message an algorithm takes, and how long a digest is.

https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
"""

from __future__ import annotations

from collections.abc import Mapping

from pytest_kmslab.account.model import Key
from pytest_kmslab.calls.authorization import Params, ServiceError

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
