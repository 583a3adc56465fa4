"""Tags of streams, which no emulator keeps: changes of them, and how they are listed.

A stream has none of its table's.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/abac-streams.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_kmslab.authz.arn import parts_of
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.calls.context_keys import tags_by_key

Tags = dict[str, str]

KEPT = "kmslab_stream_tags"
"""On moto's own table: the tags of its streams, by their ARNs."""


def is_of_stream(call: ApiCall) -> bool:
    """Whether a call about tags names a stream, and no table."""
    return parts_of(str(call.params["ResourceArn"])).part == "stream"


def changed(call: ApiCall, tags: Mapping[str, str]) -> Tags:
    """The tags of a stream once TagResource or UntagResource is done."""
    if call.operation == "TagResource":
        return {**tags, **tags_by_key(call.params["Tags"])}
    return {key: value for key, value in tags.items() if key not in call.params["TagKeys"]}


def listed(tags: Mapping[str, str]) -> dict[str, Any]:
    """What ListTagsOfResource answers."""
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def as_pairs(tags: Mapping[str, Mapping[str, str]]) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """The tags of several streams by their ARNs, in the form in which a Table has them."""
    return tuple((arn, tuple(own.items())) for arn, own in tags.items())
