from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from botocore.model import ServiceModel
from helpers.botocore_models import every_operation, operation, parameters, wire
from hypothesis import given
from hypothesis import strategies as st

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.wire.parse_json import decode

GET_ITEM = ("dynamodb", "GetItem")
DECRYPT = ("kms", "Decrypt")


def as_read(value: Any) -> Any:
    """What the decoder makes of a value that botocore was given: a time stays what the wire says."""
    if isinstance(value, dict):
        return {name: as_read(item) for name, item in value.items()}
    if isinstance(value, list):
        return [as_read(item) for item in value]
    return value


@pytest.mark.parametrize("full", [True, False], ids=["every member", "required members"])
@pytest.mark.parametrize(("service", "name"), every_operation())
def test_what_botocore_sends_reads_as_what_it_was_given(service: str, name: str, full: bool) -> None:
    model = operation(service, name)
    params = parameters(model, full)
    read = decode(model, wire(model, params))
    assert read == as_read(params)


def test_a_blob_is_bytes() -> None:
    assert decode(operation(*DECRYPT), b'{"CiphertextBlob": "AAEC"}') == {"CiphertextBlob": b"\x00\x01\x02"}


def test_an_attribute_value_stays_as_it_is_on_the_wire() -> None:
    read = decode(operation(*GET_ITEM), b'{"TableName": "t", "Key": {"id": {"B": "AAEC"}}}')
    assert read["Key"] == {"id": {"B": "AAEC"}}


def test_members_that_the_model_lacks_and_nulls_are_left_out() -> None:
    read = decode(operation(*DECRYPT), b'{"CiphertextBlob": "AA==", "KeyId": null, "New": [1]}')
    assert read == {"CiphertextBlob": b"\x00"}


def test_a_query_service_reads_a_url_encoded_body_like_the_mapping_it_came_from() -> None:
    model = operation("iam", "TagUser")
    body = b"Action=TagUser&Version=2010-05-08&UserName=a%2Bb&Tags.member.1.Key=k&Tags.member.1.Value=v+w"
    assert decode(model, body) == {"UserName": "a+b", "Tags": [{"Key": "k", "Value": "v w"}]}


def test_an_empty_list_of_a_query_service() -> None:
    model = operation("iam", "TagUser")
    assert decode(model, {"Action": "TagUser", "UserName": "u", "Tags": ""})["Tags"] == []


def test_an_empty_map_of_a_query_service() -> None:
    form = {"Action": "AcquireRole", "TemplateArn": "arn", "ReplacementValues": ""}
    assert decode(operation("iam", "AcquireRole"), form)["ReplacementValues"] == {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"\xff\xfe{}",
        b'{"TableName": "t", "TableName": "u", "Key": {}}',
        b'{"TableName": "t", "Key": {"id": {"S": "1"}, "id": {"S": "2"}}}',
        b'{"TableName": 1, "Key": {}}',
        b'{"TableName": ["t"], "Key": {}}',
        b'{"TableName": "t", "Key": [["id", "1"]]}',
        b'{"TableName": "t", "Key": {"id": "1"}}',
        b'{"TableName": "t", "Key": {"id": null}}',
        b'{"TableName": "t", "Key": {"id": {"S": 1}}}',
        b'{"TableName": "t", "Key": {"id": {"X": "1"}}}',
        b'{"TableName": "t", "Key": {"id": {"SS": [1]}}}',
        b'{"TableName": "t", "Key": {"id": {"NS": [{}]}}}',
        b'{"TableName": "t", "Key": {"id": {"BS": [null]}}}',
        b'{"TableName": "t", "Key": {"id": {"L": [null]}}}',
        b'{"TableName": "t", "Key": {"id": {"L": ["a"]}}}',
        b'{"TableName": "t", "Key": {"id": {"L": [{"L": 5}]}}}',
        b'{"TableName": "t", "Key": {"id": {"M": {"a": "b"}}}}',
        b'{"TableName": "t", "Key": {"id": {"M": {"a": {"M": []}}}}}',
        b'{"TableName": "t", "Key": {"id": {"M": {"a": {"L": [{"N": 5}]}}}}}',
        b'{"TableName": "t", "Key": {"id": {"M": {"a": {"S": "b"}, "a": {"S": "c"}}}}}',
        b'{"TableName": "t", "Key": {}, "ConsistentRead": 1}',
        b'{"TableName": "t", "Key": {}, "ConsistentRead": "true"}',
        b'{"TableName": "t", "Key": {}, "AttributesToGet": "a"}',
        b'{"TableName": "\\ud800", "Key": {}}',
        b'{"TableName": "t", "Key": {}, "More": NaN}',
        b'{"TableName": "t", "Key": {}, "More": ' + b"1" * 5000 + b"}",
        b'{"TableName": "t", "Key": {"id": ' + b'{"L": [' * 100_000,
        b"[" * 100_000,
        {"TableName": "t"},
    ],
)
def test_a_json_request_that_is_not_plainly_in_form_is_refused(body: Any) -> None:
    with pytest.raises(ServiceError) as refused:
        decode(operation(*GET_ITEM), body)
    assert (refused.value.code, refused.value.status) == ("SerializationException", 400)


TO_TEXT = "cannot be converted to String"


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ('"TableName": 1', f"NUMBER_VALUE {TO_TEXT}"),
        ('"TableName": 1.5', f"DECIMAL_VALUE {TO_TEXT}"),
        ('"TableName": true', f"TRUE_VALUE {TO_TEXT}"),
        ('"TableName": ["t"]', "Unrecognized collection type class java.lang.String"),
        ('"TableName": {}', "Start of structure or map found where not expected"),
        ('"Key": {"id": {"N": 5}}', f"NUMBER_VALUE {TO_TEXT}"),
        ('"Key": {"id": {"S": false}}', f"FALSE_VALUE {TO_TEXT}"),
        ('"Key": {"id": {"BOOL": 1}}', "NUMBER_VALUE cannot be converted to Boolean"),
        ('"Key": {"id": {"BOOL": "true"}}', "Unexpected token received from parser"),
        ('"Key": {"id": {"SS": "a"}}', "Unexpected field type"),
        ('"Key": {"id": "1"}', "Unexpected value type in payload"),
        ('"Key": {"id": {"L": [{"N": 5}]}}', f"NUMBER_VALUE {TO_TEXT}"),
        ('"Key": "id"', "Unexpected field type"),
        ('"AttributesToGet": [1]', f"NUMBER_VALUE {TO_TEXT}"),
    ],
)
def test_dynamodb_names_the_type_that_came(members: str, told: str) -> None:
    """dynalite's tests of every operation, which were run against AWS."""
    with pytest.raises(ServiceError) as refused:
        decode(operation(*GET_ITEM), f"{{{members}}}")
    assert (refused.value.code, refused.value.message) == ("SerializationException", told)


@pytest.mark.parametrize("blob", ['"not base64!"', '"AAE"', "[1]", "7"])
def test_a_blob_that_is_not_base64_is_refused(blob: str) -> None:
    with pytest.raises(ServiceError, match="CiphertextBlob"):
        decode(operation(*DECRYPT), f'{{"CiphertextBlob": {blob}}}')


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ('{"B": "a"}', "Base64 encoded length is expected a multiple of 4 bytes but found: 1"),
        ('{"B": "YR=="}', "Invalid last non-pad Base64 character dectected"),
        ('{"BS": ["YWI=", "YWJ="]}', "Invalid last non-pad Base64 character dectected"),
        ('{"BS": ["YQ==", "a b="]}', "Invalid last non-pad Base64 character dectected"),
        ('{"L": [{"M": {"x": {"B": "=+/="}}}]}', "Invalid last non-pad Base64 character dectected"),
    ],
)
def test_binary_attribute_values_are_base64(value: str, told: str) -> None:
    """The texts are dynalite's, whose tests were run against AWS; moto failed at such a request."""
    with pytest.raises(ServiceError) as refused:
        decode(operation(*GET_ITEM), f'{{"Key": {{"id": {value}}}}}')
    assert (refused.value.code, refused.value.message) == ("SerializationException", told)


@pytest.mark.parametrize(
    "time", ['"1700000000"', '"2030-01-01T00:00:00Z"', "1e17", "1e999", "-1e999", "true"]
)
def test_a_time_is_seconds_of_a_year_that_there_is(time: str) -> None:
    with pytest.raises(ServiceError, match="SerializationException: `ValidTo`"):
        decode(operation("kms", "ImportKeyMaterial"), f'{{"ValidTo": {time}}}')
    assert decode(operation("kms", "ImportKeyMaterial"), '{"ValidTo": 1.5}') == {"ValidTo": 1.5}


def test_true_is_not_a_number() -> None:
    with pytest.raises(ServiceError, match="PendingWindowInDays"):
        decode(operation("kms", "ScheduleKeyDeletion"), b'{"KeyId": "k", "PendingWindowInDays": true}')


@pytest.mark.parametrize(
    ("service", "name", "body", "params"),
    [
        ("kms", "Encrypt", b'{"Plaintext": "AA==", "KeyId": null}', {"Plaintext": b"\x00"}),
        ("kms", "TagResource", b'{"KeyId": "k", "Tags": [{}]}', {"KeyId": "k", "Tags": [{}]}),
        ("iam", "TagUser", {"Action": "TagUser", "Tags": ""}, {"Tags": []}),
    ],
)
def test_a_required_member_that_is_missing_is_left_to_the_constraints(
    service: str, name: str, body: Any, params: dict[str, Any]
) -> None:
    assert decode(operation(service, name), body) == params


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"Action": "UntagUser", "UserName": "u", "Tags": ""},
        {"Action": "TagUser", "UserName": ["u", "v"]},
        {"Action": "TagUser", "UserName": True},
        {"Action": "TagUser", "UserName.x": "u", "Tags": ""},
        {"Action": "TagUser", "UserName": "u", "UserName.x": "v", "Tags": ""},
        {"Action": "TagUser", "UserName.x": "v", "UserName": "u", "Tags": ""},
        {"Action": "TagUser", "UserName": "u", "Tags": "k"},
        {"Action": "TagUser", "UserName": "u", "Tags.1.Key": "k", "Tags.1.Value": "v"},
        {"Action": "TagUser", "UserName": "u", "Tags.member.Key": "k"},
        {"Action": "TagUser", "UserName": "u", "Tags.member.0.Key": "k", "Tags.member.0.Value": "v"},
        {"Action": "TagUser", "UserName": "u", "Tags.member.2.Key": "k", "Tags.member.2.Value": "v"},
        {"Action": "TagUser", "UserName": "u", "Tags.member.01.Key": "k", "Tags.member.01.Value": "v"},
        {"Action": "TagUser", "UserName": "u", "Tags.member.1.Key": "k", "Tags.member.1.Worth": "v"},
        {"Action": "TagUser", "UserName": "u", "Tags.member.1" + ".Key" * 1000: "k"},
        {"Action": "TagUser", 7: "u"},
        b"Action=TagUser&UserName=u&UserName=v",
        b"Action=TagUser&UserName",
        b"Action=TagUser&UserName=%ff",
        b"\xff",
        b"a=1&" * 20_000 + b"Action=TagUser",
        None,
        7,
    ],
)
def test_a_form_that_is_not_plainly_in_form_is_refused(body: Any) -> None:
    with pytest.raises(ServiceError) as refused:
        decode(operation("iam", "TagUser"), body)
    assert (refused.value.code, refused.value.status) == ("MalformedInput", 400)


@pytest.mark.parametrize(
    ("member", "text"),
    [("MaxItems", "x"), ("MaxItems", "1.0"), ("MaxItems", "9" * 30), ("OnlyAttached", "yes")],
)
def test_a_scalar_of_a_form_has_its_type(member: str, text: str) -> None:
    with pytest.raises(ServiceError, match=member):
        decode(operation("iam", "ListPolicies"), {"Action": "ListPolicies", member: text})


@pytest.mark.parametrize(
    "entry",
    [
        {"1.key": "a"},
        {"1.key": "a", "1.value.member.1": "b", "1.more": "c"},
        {"1.key": "a", "1.value.member.1": "b", "2.key": "a", "2.value.member.1": "c"},
    ],
)
def test_a_map_of_a_form_has_pairs_with_different_keys(entry: dict[str, str]) -> None:
    form = {f"ReplacementValues.entry.{name}": text for name, text in entry.items()}
    with pytest.raises(ServiceError, match="ReplacementValues"):
        decode(operation("iam", "AcquireRole"), {"Action": "AcquireRole", "TemplateArn": "arn", **form})


@pytest.mark.parametrize(
    "shapes",
    [
        {"In": {"type": "structure", "members": {"Self": {"shape": "In"}}}},
        {"In": {"type": "structure", "members": {"A": {"shape": "New"}}}, "New": {"type": "bigdecimal"}},
    ],
)
def test_a_model_that_holds_what_is_not_known_lets_nothing_through(shapes: dict[str, Any]) -> None:
    metadata = {"protocol": "json", "protocols": ["json"], "jsonVersion": "1.1", "targetPrefix": "New"}
    operations = {"Do": {"name": "Do", "http": {}, "input": {"shape": "In"}}}
    name = f"new-{len(shapes)}"
    model = ServiceModel({"metadata": metadata, "operations": operations, "shapes": shapes}, name)
    with pytest.raises(ServiceError, match=r"SerializationException.*please report it"):
        decode(model.operation_model("Do"), b"{}")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
members = st.sampled_from(["TableName", "Key", "KeyId", "CiphertextBlob", "EncryptionContext", "Tags"])
requests = st.dictionaries(members | st.text(max_size=3), json_values, max_size=4).map(json.dumps)


@given(st.sampled_from([GET_ITEM, DECRYPT, ("kms", "TagResource")]), requests | st.text() | st.binary())
def test_no_json_request_makes_the_decoder_fail_otherwise(name: tuple[str, str], body: str | bytes) -> None:
    with suppress(ServiceError):
        assert isinstance(decode(operation(*name), body), dict)


names = st.lists(
    st.sampled_from(["Tags", "UserName", "member", "entry", "1", "2", "Key", "Value", ""]),
    min_size=1,
    max_size=5,
).map(".".join)


@given(st.dictionaries(names, st.text(max_size=3) | st.none() | st.integers()) | st.binary())
def test_no_form_makes_the_decoder_fail_otherwise(form: Any) -> None:
    body = {"Action": "TagUser", **form} if isinstance(form, dict) else b"Action=TagUser&" + form
    with suppress(ServiceError):
        assert isinstance(decode(operation("iam", "TagUser"), body), dict)
