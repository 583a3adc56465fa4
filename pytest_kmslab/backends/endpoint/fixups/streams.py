"""Shard iterators as an emulator gives them, sealed together with their stream.

On AWS an iterator is `<stream ARN>|<version>|<opaque>`: by the ARN it is decided who may read the records.
ministack's do not tell their stream, and LocalStack takes no notice of which one they tell: what an emulator
gave stands behind a seal, so that nobody reads one stream by the name of another.
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
    from pytest_kmslab.backends.endpoint.reader import EndpointAccountReader
    from pytest_kmslab.backends.endpoint.store import Store

SEALED = "kmslab"
"""The version of a sealed iterator."""

_RECORD = "streams/seal"
"""Under which name the key of the seals is kept: all processes that share an endpoint have the same."""


def iterator_made(view: EndpointAccountReader, call: ApiCall, response: dict[str, Any]) -> None:
    """GetShardIterator."""
    response["ShardIterator"] = _sealed(view.store, str(call.params["StreamArn"]), response["ShardIterator"])


def records_read(view: EndpointAccountReader, call: ApiCall, response: dict[str, Any]) -> None:
    """GetRecords answers where to read on, of the same stream."""
    if following := response.get("NextShardIterator"):
        stream = str(call.params["ShardIterator"]).partition("|")[0]
        response["NextShardIterator"] = _sealed(view.store, stream, following)


def plain_iterator(view: EndpointAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """What the emulator gave, in place of what was made of it."""
    stream, _, rest = str(call.params["ShardIterator"]).partition("|")
    version, _, sealed = rest.partition("|")
    seal, _, iterator = sealed.partition("|")
    if version != SEALED or not hmac.compare_digest(seal.encode(), _seal(view.store, stream, iterator)):
        raise invalid("Invalid ShardIterator")
    return {"ShardIterator": iterator}


def _sealed(store: Store, stream: str, iterator: str) -> str:
    return f"{stream}|{SEALED}|{_seal(store, stream, iterator).decode()}|{iterator}"


def _seal(store: Store, stream: str, iterator: str) -> bytes:
    sealed = hmac.new(_key(store), f"{stream}|{iterator}".encode(), hashlib.sha256)
    return sealed.hexdigest()[:32].encode()


def _key(store: Store) -> bytes:
    if store.lasting(_RECORD) is None:
        store.put(_RECORD, {"key": secrets.token_hex(16)})
    return str((store.lasting(_RECORD) or {})["key"]).encode()
