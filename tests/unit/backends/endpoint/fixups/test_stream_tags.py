"""Tags of streams are kept beside what an endpoint keeps."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from pytest_kmslab.account.model import Caller, Table
from pytest_kmslab.backends.endpoint.fixups.stream_tags import TAGS, change, show
from pytest_kmslab.backends.stream_tags import as_pairs
from pytest_kmslab.calls.api_call import ApiCall

ACCOUNT = "111122223333"
ARN = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/orders"
STREAM = f"{ARN}/stream/2026-11-30T00:00:00.000"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"


class Kept:
    """What is kept of one table."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def record(self, _arn: str) -> dict[str, Any]:
        return self.kept

    def keep(self, _arn: str, **changed: Any) -> None:
        self.kept.update(changed)


def call(operation: str, arn: str = STREAM, **params: Any) -> ApiCall:
    caller = Caller(ROOT, ACCOUNT, ROOT, "", "Account")
    return ApiCall("dynamodb", operation, {"ResourceArn": arn, **params}, "us-east-1", caller)


def test_they_are_put_listed_and_taken_off() -> None:
    view = cast(Any, SimpleNamespace(tables=Kept()))
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    assert change(view, call("TagResource", Tags=tags)) == {}
    assert show(view, call("ListTagsOfResource")) == {"Tags": tags}
    assert change(view, call("UntagResource", TagKeys=["a"])) == {}
    assert show(view, call("ListTagsOfResource")) == {"Tags": tags[1:]}
    table = Table(ARN, "orders", ACCOUNT, "us-east-1", None, stream_tags=as_pairs(view.tables.kept[TAGS]))
    assert table.tags_of(STREAM) == {"b": "2"}
    assert table.tags_of(f"{ARN}/stream/2026-11-29T00:00:00.000") == {}


def test_those_of_a_table_are_left_to_the_endpoint() -> None:
    nobody = cast(Any, None)
    assert change(nobody, call("TagResource", ARN, Tags=[])) is None
    assert show(nobody, call("ListTagsOfResource", ARN)) is None
