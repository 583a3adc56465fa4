"""https://docs.aws.amazon.com/kms/latest/developerguide/tagging-keys.html"""

from __future__ import annotations

import pytest
from helpers.authorizations import required_authorizations
from helpers.fake_account import KEY_ID, FakeAccount, call

from pytest_kmslab.calls.api_call import ServiceError

CALLS = {
    "TagResource": {"KeyId": KEY_ID},
    "CreateKey": {},
    "ReplicateKey": {"KeyId": KEY_ID, "ReplicaRegion": "eu-west-1"},
}


def tagging(operation: str, *names: str, **key: object) -> None:
    view = FakeAccount()
    view.add_key(multi_region=True, multi_region_type="PRIMARY", **key)
    tags = [{"TagKey": name, "TagValue": ""} for name in names]
    assert list(required_authorizations(call("kms", operation, {**CALLS[operation], "Tags": tags}), view))


@pytest.mark.parametrize("operation", CALLS)
@pytest.mark.parametrize(
    ("names", "text"),
    [
        (("a", "b", "a"), "Duplicate tag keys"),
        (("a", "aws:x"), "Tags beginning with aws: are reserved"),
        (("AWS:x",), "Tags beginning with aws: are reserved"),
        (tuple(map(str, range(51))), "Too many tags"),
    ],
)
def test_tags_that_kms_refuses(operation: str, names: tuple[str, ...], text: str) -> None:
    with pytest.raises(ServiceError, match=f"TagException: {text}"):
        tagging(operation, *names)


@pytest.mark.parametrize("operation", CALLS)
def test_as_many_tags_as_there_may_be(operation: str) -> None:
    tagging(operation, *map(str, range(50)))
    tagging(operation, "a", "A", "awsome")


def test_tags_that_are_there_count() -> None:
    present = {str(number): "" for number in range(50)}
    tagging("TagResource", "0", "49", tags=present)
    with pytest.raises(ServiceError, match="TagException: Too many tags"):
        tagging("TagResource", "new", tags=present)
