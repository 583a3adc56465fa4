"""Values that a template takes from the parameter store or from Secrets Manager when a resource is made.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pytest_kmslab.backends.moto.stacks.properties import invalid

_REFERENCE = re.compile(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):([^}]+)\}\}")
_PARTS_OF_ARN = 7


def with_references(value: Any, account: str, region: str) -> Any:
    """A resolved property with what it refers to put in; raises ServiceError for what is not there."""
    if isinstance(value, Mapping):
        return {name: with_references(item, account, region) for name, item in value.items()}
    if isinstance(value, list):
        return [with_references(item, account, region) for item in value]
    if not isinstance(value, str) or "{{resolve:" not in value:
        return value
    return _REFERENCE.sub(lambda match: _value(match[1], match[2], account, region), value)


def _value(service: str, reference: str, account: str, region: str) -> str:
    if service == "secretsmanager":
        return _secret(reference, account, region)
    from moto.ssm.models import ssm_backends

    try:
        parameter = ssm_backends[account][region].get_parameter(reference)
    except Exception as error:  # moto raises whatever it meets: there is no such version
        raise _not_there(service, reference) from error
    if parameter is None:
        raise _not_there(service, reference)
    return str(parameter.value)


def _secret(reference: str, account: str, region: str) -> str:
    from moto.secretsmanager.models import secretsmanager_backends

    parts = reference.split(":")
    taken = _PARTS_OF_ARN if parts[0] == "arn" else 1
    secret_id, rest = ":".join(parts[:taken]), [*parts[taken:], "", "", "", ""]
    _, key, stage, version = rest[:4]
    try:
        secret = secretsmanager_backends[account][region].get_secret_value(secret_id, version, stage)
        text = secret["SecretString"]
        return str(json.loads(text)[key]) if key else str(text)
    except Exception as error:  # moto raises whatever it meets: no such secret, version or member
        raise _not_there("secretsmanager", reference) from error


def _not_there(service: str, reference: str) -> Exception:
    return invalid(f"Could not resolve `{{{{resolve:{service}:{reference}}}}}`: there is no such value")
