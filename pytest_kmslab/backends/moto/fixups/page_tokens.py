"""Markers and tokens of lists that nobody gave out: moto fails on some, and passes over others.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from moto.dynamodb.models import dynamodb_backends

from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.validation_messages import invalid

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader

_GIVEN_OUT = re.compile(r"\d{1,9}", re.ASCII)
"""What every marker of moto's IAM looks like."""


def check_marker(call: ApiCall) -> None:
    """Raise ValidationError for a marker of IAM that is none."""
    marker = call.params.get("Marker")
    if marker is not None and _GIVEN_OUT.fullmatch(marker) is None:
        # The text is inferred.
        raise ServiceError("ValidationError", "Invalid Marker.")


def check_tag_token(_reader: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """Raise ValidationException for a token of ListTagsOfResource that is none."""
    token = call.params.get("NextToken")
    backend: Any = dynamodb_backends[call.account][call.region]
    # moto's token is the key of a tag.
    shown = backend.list_tags_of_resource(call.params["ResourceArn"]) if token else ()
    if token and token not in [tag["Key"] for tag in shown]:
        raise _no_token(token)
    return {}


def refuse_token(call: ApiCall) -> None:
    """Raise ValidationException for any token of a list that is answered whole, which gives out none."""
    if call.params.get("NextToken"):
        raise _no_token(call.params["NextToken"])


def _no_token(token: str) -> ServiceError:
    # Measured of ListExports and ListImports: DDB-EXPORT-006 of aws-controllers-k8s/dynamodb-controller.
    return invalid(f"Invalid Request: Provided nextToken is invalid: {token}")
