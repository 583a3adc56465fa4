"""Tags about to be put on a key: https://docs.aws.amazon.com/kms/latest/developerguide/tagging-keys.html."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_kmslab.account.model import Key
from pytest_kmslab.calls.authorization import Params, ServiceError

MOST_TAGS = 50
RESERVED = "aws:"


def check_key_tags(params: Params, key: Key) -> None:
    """Raise TagException for tags that a key cannot be given besides those that it has."""
    check_tags(params, key.tags)


def check_tags(params: Params, present: Mapping[str, str]) -> None:
    """The same, where `present` are the tags that are there already; a new key has none."""
    names = [tag["TagKey"] for tag in params.get("Tags") or ()]
    if len(set(names)) < len(names):
        raise ServiceError("TagException", "Duplicate tag keys")
    if any(name.lower().startswith(RESERVED) for name in names):
        raise ServiceError("TagException", "Tags beginning with aws: are reserved")
    if len({*names, *present}) > MOST_TAGS:
        raise ServiceError("TagException", "Too many tags")
