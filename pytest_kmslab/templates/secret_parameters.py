"""The values of parameters that a template marks with `NoEcho`, in a request to CloudFormation.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Parameter.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_kmslab.templates.functions import text_of
from pytest_kmslab.templates.parameters import is_secret
from pytest_kmslab.templates.references import section_of

# CloudFormation's protocol is AWS query, which writes a list as numbered fields of a form.
_KEY = re.compile(r"Parameters\.member\.(\d+)\.ParameterKey", re.ASCII)


def secret_values(template: str, form: Mapping[str, Any]) -> Iterator[str]:
    """The values that a form gives to secret parameters of a template, and their defaults.

    Of a text that is no template none: CloudFormation will refuse it.
    """
    declared = section_of(_content(template), "Parameters")
    secret = {name: one for name, one in declared.items() if isinstance(one, Mapping) and is_secret(one)}
    for field, name in form.items():
        match = _KEY.fullmatch(field)
        if match and name in secret:
            yield text_of(form.get(f"Parameters.member.{match[1]}.ParameterValue", ""))
    yield from (text_of(one["Default"]) for one in secret.values() if "Default" in one)


def _content(template: str) -> Mapping[str, Any]:
    from pytest_kmslab.templates import yaml_text

    try:
        content = json.loads(template) if template.lstrip().startswith("{") else yaml_text.parse(template)
    except (ValueError, RecursionError, yaml_text.YAMLError):
        return {}
    return content if isinstance(content, Mapping) else {}
