"""What DynamoDB refuses of tags: all or nothing, by CreateTable, TagResource and UntagResource alike.

Texts are AWS's, measured: findings DDB-TABLE-105 to 110, 372 of aws-controllers-k8s/dynamodb-controller.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Tagging.html
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pytest_kmslab.calls.validation_messages import invalid

MOST_TAGS = 50
LONGEST_KEY = 128
LONGEST_VALUE = 256
_SIGNS = frozenset("+-=._:/@")
_KINDS = frozenset("LZN")
"""Letters, blanks and digits, of any script, by the first letter of their Unicode category."""

_TOO_MANY = "Number of Tags exceed the current limit for the provided ResourceArn"


def check_added(tags: Sequence[Mapping[str, Any]], present: Collection[str] = ()) -> None:
    """Raise what DynamoDB answers to tags to be put on a table that has tags of the keys `present`."""
    keys: list[str] = []
    for tag in tags:
        key, value = tag.get("Key"), tag.get("Value")
        _check_key(key)
        if value is None or not _is_tag(value, LONGEST_VALUE):
            raise invalid(f"The Tag Value provided is invalid, Value: {'null' if value is None else value}")
        if key in keys:
            raise invalid(f"Duplicate Tag Keys provided as input: Duplicate Tag Key found {key}")
        keys.append(str(key))
    if len({*present, *keys}) > MOST_TAGS:
        raise invalid(_TOO_MANY)


def check_tagging(tags: Sequence[Mapping[str, Any]], present: Collection[str] = ()) -> None:
    """The same of TagResource, which takes no empty list, as CreateTable does."""
    if not tags:
        raise invalid("Atleast one Tag needs to be provided as Input.")
    check_added(tags, present)


def check_untagging(keys: Sequence[str]) -> None:
    """Raise what DynamoDB answers to the keys of tags that are to be taken off."""
    if not keys:
        raise invalid("Atleast one Tag Key needs to be provided as Input.")
    for key in keys:
        _check_key(key)
    if len(keys) > MOST_TAGS:
        raise invalid(_TOO_MANY)


def _check_key(key: Any) -> None:
    if not key or not _is_tag(key, LONGEST_KEY):
        raise invalid(f"The Tag Key provided is invalid, Key: {'null' if key is None else key}")
    if key.lower().startswith("aws:"):
        raise invalid(f"Tag Key cannot be prefixed with aws:, Key: {key}")


def _is_tag(text: str, longest: int) -> bool:
    return len(text) <= longest and all(
        character in _SIGNS or unicodedata.category(character)[0] in _KINDS for character in text
    )
