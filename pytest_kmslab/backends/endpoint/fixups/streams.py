"""Shard iterators that do not tell their stream, as ministack's, which are base64: they are given AWS's form.

On AWS an iterator is `<stream ARN>|<version>|<opaque>`: by the ARN it is decided who may read the records.
What an emulator gave stands behind a seal, so that nobody reads one stream by the name of another.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.calls.dynamodb.names import invalid

if TYPE_CHECKING:
    from pytest_kmslab.backends.endpoint.account import KeepsRecords

SEALED = "kmslab"
"""The version of an iterator that was given this form."""

_KEY = secrets.token_bytes(16)


def iterator_made(_reader: KeepsRecords, call: ApiCall, response: dict[str, Any]) -> None:
    """GetShardIterator."""
    response["ShardIterator"] = _with_stream(str(call.params["StreamArn"]), response["ShardIterator"])


def records_read(_reader: KeepsRecords, call: ApiCall, response: dict[str, Any]) -> None:
    """GetRecords answers where to read on, of the same stream."""
    if following := response.get("NextShardIterator"):
        stream = str(call.params["ShardIterator"]).partition("|")[0]
        response["NextShardIterator"] = _with_stream(stream, following)


def plain_iterator(_reader: KeepsRecords, call: ApiCall) -> Mapping[str, Any]:
    """What the emulator gave, in place of what was made of it."""
    stream, _, rest = str(call.params["ShardIterator"]).partition("|")
    version, _, sealed = rest.partition("|")
    if version != SEALED:
        return {}
    seal, _, iterator = sealed.partition("|")
    if not hmac.compare_digest(seal, _seal(stream, iterator)):
        raise invalid("Invalid ShardIterator")
    return {"ShardIterator": iterator}


def _with_stream(stream: str, iterator: str) -> str:
    if "|" in iterator:  # LocalStack's begin with the ARN
        return iterator
    return f"{stream}|{SEALED}|{_seal(stream, iterator)}|{iterator}"


def _seal(stream: str, iterator: str) -> str:
    return hmac.new(_KEY, f"{stream}|{iterator}".encode(), hashlib.sha256).hexdigest()[:32]
