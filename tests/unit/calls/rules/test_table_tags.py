"""Texts are AWS's, measured: aws-controllers-k8s/dynamodb-controller."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.rules.table_tags import check_added, check_tagging, check_untagging

MANY = [{"Key": f"k{number}", "Value": "v"} for number in range(50)]
TOO_MANY = "Number of Tags exceed the current limit for the provided ResourceArn"


def said(check: Any, *given: Any) -> str:
    try:
        check(*given)
    except ServiceError as error:
        return str(error).removeprefix("ValidationException: ")
    return ""


@pytest.mark.parametrize(
    ("tags", "text"),
    [
        ([], ""),
        ([{"Key": "k", "Value": ""}], ""),
        ([{"Key": "Größe +-=._:/@ 7", "Value": "ü"}], ""),
        ([{"Key": "k" * 128, "Value": "v" * 256}], ""),
        ([{"Key": "k" * 129, "Value": "v"}], f"The Tag Key provided is invalid, Key: {'k' * 129}"),
        ([{"Key": "k", "Value": "v" * 257}], f"The Tag Value provided is invalid, Value: {'v' * 257}"),
        ([{"Key": "", "Value": "v"}], "The Tag Key provided is invalid, Key: "),
        ([{"Value": "v"}], "The Tag Key provided is invalid, Key: null"),
        ([{"Key": "k"}], "The Tag Value provided is invalid, Value: null"),
        ([{"Key": "k!", "Value": "v"}], "The Tag Key provided is invalid, Key: k!"),
        ([{"Key": "k", "Value": "v;"}], "The Tag Value provided is invalid, Value: v;"),
        ([{"Key": "aws:k", "Value": "v"}], "Tag Key cannot be prefixed with aws:, Key: aws:k"),
        ([{"Key": "AWS:k", "Value": "v"}], "Tag Key cannot be prefixed with aws:, Key: AWS:k"),
        (
            [{"Key": "k", "Value": "v"}, {"Key": "k", "Value": "w"}],
            "Duplicate Tag Keys provided as input: Duplicate Tag Key found k",
        ),
        ([{"Key": "k", "Value": "v"}, {"Key": "K", "Value": "w"}], ""),
        (MANY, ""),
        ([*MANY, {"Key": "k", "Value": "v"}], TOO_MANY),
    ],
)
def test_tags_that_are_put(tags: list[dict[str, str]], text: str) -> None:
    assert said(check_added, tags) == text


def test_those_of_the_table_count_unless_they_are_put_again() -> None:
    held = [tag["Key"] for tag in MANY]
    assert said(check_tagging, [{"Key": "more", "Value": "v"}], held) == TOO_MANY
    assert said(check_tagging, [{"Key": "k7", "Value": "w"}], held) == ""
    assert said(check_added, [{"Key": "more", "Value": "v"}], held) == TOO_MANY


def test_tagging_wants_a_tag() -> None:
    assert said(check_tagging, []) == "Atleast one Tag needs to be provided as Input."


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (["k", "K"], ""),
        ([f"k{number}" for number in range(50)], ""),
        ([f"k{number}" for number in range(51)], TOO_MANY),
        ([], "Atleast one Tag Key needs to be provided as Input."),
        (["k", ""], "The Tag Key provided is invalid, Key: "),
        (["aws:k"], "Tag Key cannot be prefixed with aws:, Key: aws:k"),
    ],
)
def test_keys_that_are_taken_off(keys: list[str], text: str) -> None:
    assert said(check_untagging, keys) == text
