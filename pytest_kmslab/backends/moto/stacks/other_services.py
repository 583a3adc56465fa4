"""Resources of a stack that moto makes itself, of services that are not enforced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import CloudFormationError, UnformattedGetAttTemplateException

from pytest_kmslab.authz.arn import partition_of
from pytest_kmslab.calls.api_call import ServiceError

OF_THE_TEMPLATE = CloudFormationError | UnformattedGetAttTemplateException
"""What is wrong with a template, which CloudFormation refuses as a whole: no service was asked."""

CODE = {"AWS::Lambda::Function": "Code", "AWS::Lambda::LayerVersion": "Content"}
"""The property that says where code is."""


def is_of_a_service(error: Exception) -> bool:
    """Whether it is the refusal of a service, for which a resource fails and not the call."""
    return not isinstance(error, ServiceError | OF_THE_TEMPLATE)


def as_refusal(error: Exception) -> ServiceError:
    """What moto raised, as the service's error."""
    code = getattr(error, "error_type", None) or getattr(error, "code", None) or type(error).__name__
    return ServiceError(str(code), str(getattr(error, "message", None) or error))


@contextmanager
def code_from_elsewhere(resources: Any, raw: Mapping[str, Any]) -> Iterator[None]:
    """Make a function whose code is in a bucket that nobody made here: CDK and SAM put it there before.

    The account counts as bootstrapped, and its assets as published.
    """
    if _is_elsewhere(resources, raw):
        with patch("moto.awslambda.models.do_validate_s3", lambda: False):
            yield
    else:
        yield


def _is_elsewhere(resources: Any, raw: Mapping[str, Any]) -> bool:
    code = (raw.get("Properties") or {}).get(CODE.get(str(raw.get("Type")), ""))
    if not isinstance(code, Mapping) or "S3Bucket" not in code:
        return False
    from moto.s3.models import s3_backends

    bucket = parsing.clean_json(code["S3Bucket"], resources)
    partition = partition_of(resources._region_name).name
    return bucket not in s3_backends[resources._account_id][partition].buckets
