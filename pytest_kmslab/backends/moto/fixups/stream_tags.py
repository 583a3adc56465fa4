"""Tags of streams, kept on the table that writes the stream: moto tags tables only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from pytest_kmslab.backends import stream_tags
from pytest_kmslab.backends.moto.lookup import place_of
from pytest_kmslab.calls.api_call import ApiCall

Response = dict[str, Any]


def change(call: ApiCall) -> Response | None:
    """TagResource, UntagResource of a stream; None for a table, where moto's own does it."""
    if not stream_tags.is_of_stream(call):
        return None
    arn = str(call.params["ResourceArn"])
    tags = _tags(arn)
    tags[arn] = stream_tags.changed(call, tags.get(arn) or {})
    return {}


def show(call: ApiCall) -> Response | None:
    """ListTagsOfResource of a stream; None for a table."""
    if not stream_tags.is_of_stream(call):
        return None
    arn = str(call.params["ResourceArn"])
    return stream_tags.listed(_tags(arn).get(arn) or {})


def _tags(arn: str) -> dict[str, Mapping[str, str]]:
    place = place_of(arn)
    table = dynamodb_backends[place.account][place.region].get_table(place.name)
    tags: dict[str, Mapping[str, str]] = vars(table).setdefault(stream_tags.KEPT, {})
    return tags


STREAM_TAGS: Mapping[str, Callable[[ApiCall], Response | None]] = {
    "dynamodb:ListTagsOfResource": show,
    "dynamodb:TagResource": change,
    "dynamodb:UntagResource": change,
}
