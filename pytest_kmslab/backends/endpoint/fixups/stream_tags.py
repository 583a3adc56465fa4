"""Tags of streams, kept with what is kept of the table that writes the stream: endpoints tag tables only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pytest_kmslab.backends import stream_tags
from pytest_kmslab.calls.api_call import ApiCall

if TYPE_CHECKING:
    from pytest_kmslab.backends.endpoint.reader import EndpointAccountReader

Response = dict[str, Any]

TAGS = "stream_tags"
"""In the record of a table: the tags of its streams, by their ARNs."""


def change(view: EndpointAccountReader, call: ApiCall) -> Response | None:
    """TagResource, UntagResource of a stream; None for a table."""
    if not stream_tags.is_of_stream(call):
        return None
    arn = str(call.params["ResourceArn"])
    tags = view.tables.record(arn).get(TAGS) or {}
    view.tables.keep(arn, stream_tags={**tags, arn: stream_tags.changed(call, tags.get(arn) or {})})
    return {}


def show(view: EndpointAccountReader, call: ApiCall) -> Response | None:
    """ListTagsOfResource of a stream; None for a table."""
    if not stream_tags.is_of_stream(call):
        return None
    arn = str(call.params["ResourceArn"])
    tags = view.tables.record(arn).get(TAGS) or {}
    return stream_tags.listed(tags.get(arn) or {})


STREAM_TAGS: Mapping[str, Callable[[EndpointAccountReader, ApiCall], Response | None]] = {
    "dynamodb:ListTagsOfResource": show,
    "dynamodb:TagResource": change,
    "dynamodb:UntagResource": change,
}
