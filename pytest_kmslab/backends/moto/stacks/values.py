"""What the functions of a template stand for in a stack, in place of what moto makes of them.

moto resolves some of them otherwise than CloudFormation does: it splits no default of a list, takes a number
for another value than its text, and looks again at what `Fn::Sub` has put in.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from moto.cloudformation.exceptions import (
    ExportNotFound,
    UnformattedGetAttTemplateException,
    ValidationError,
)

from pytest_kmslab.authz.arn import parts_of
from pytest_kmslab.backends.moto.stacks.exports import output_of
from pytest_kmslab.backends.moto.stacks.service_calls import PRINCIPAL
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.templates.functions import resolve
from pytest_kmslab.templates.problem import TemplateProblemError
from pytest_kmslab.templates.references import Named, Unresolved

logger = logging.getLogger(__name__)


class StackValues:
    """The values of one stack, by moto's map of its resources."""

    def __init__(self, resources: Any) -> None:
        self._resources = resources

    @property
    def region(self) -> str:
        """Of the stack."""
        return str(self._resources._region_name)

    def ref(self, name: str) -> Any:
        """What `Ref` answers; raises TemplateProblemError for what the template has not."""
        if name == "AWS::NotificationARNs":
            return []
        try:
            resource = self._resources[name]
        except KeyError:
            text = f"Template format error: Unresolved resource dependencies [{name}] in the template"
            raise TemplateProblemError(text) from None
        if hasattr(resource, "output_map"):
            return resource.stack_id  # moto answers the name of a nested stack
        return getattr(resource, "physical_resource_id", resource)

    def attribute(self, name: str, attribute: str) -> Any:
        """What `Fn::GetAtt` answers, of a nested stack its outputs too."""
        resource = self._resources.get(name)
        if resource is None:
            return None
        output_map = getattr(resource, "output_map", None)
        if output_map is not None and attribute.startswith("Outputs."):
            return _output(output_map, name, attribute)
        look = getattr(resource, "get_cfn_attribute", None)
        if look is None:
            return None  # moto knows no attributes of its type
        try:
            return look(attribute)
        except NotImplementedError as error:
            logger.warning("%s", str(error).format(name))
            return None
        except UnformattedGetAttTemplateException as error:
            raise TemplateProblemError(error.description.format(name, attribute)) from error

    def mapping(self, name: str) -> Any:
        """A mapping; what moto has read of one that is in a bucket stands among the resources."""
        entries = (self._resources._template.get("Mappings") or {}).get(name)
        if entries is None:
            raise TemplateProblemError(Unresolved("", "", Named("Mappings", name)).text)
        return self._resources._parsed_resources if "Fn::Transform" in entries else entries

    def holds(self, condition: str) -> bool:
        """Whether a condition holds."""
        return bool(self._resources.lazy_condition_map[condition])

    def exported(self, name: str) -> Any:
        """What another stack exports; raises moto's error for nothing."""
        exports = (self._resources.cross_stack_resources or {}).values()
        values = [export.value for export in exports if export.name == name]
        if not values:
            raise ExportNotFound(name)
        return values[0]

    def stack_output(self, stack: str, output: str, region: str, role: str) -> Any:
        """An output of another stack; None where it takes a role, and nothing is being made.

        Raises TemplateProblemError for an output that is not there or that the role may not be asked for.
        """
        account = self._resources._account_id
        if role:
            if PRINCIPAL.get() is None:
                return None
            account = self._assumed(role)
        return output_of(account, region or self.region, stack, output)

    def _assumed(self, role: str) -> str:
        """The account of a role, which the stack's principal assumes; raises TemplateProblemError."""
        params = {"RoleArn": role, "RoleSessionName": "AWSCloudFormation"}
        try:
            type(self._resources).call("sts", "AssumeRole", self.region, params)
        except ServiceError as error:
            text = f"Template error: Fn::GetStackOutput cannot assume {role}: {error.message}"
            raise TemplateProblemError(text) from error
        return parts_of(role).account


def _output(outputs: Any, name: str, attribute: str) -> Any:
    key = attribute.partition(".")[2]
    output = outputs[key] if key in outputs.outputs else None
    if output is None:
        text = UnformattedGetAttTemplateException.description.format(name, attribute)
        raise TemplateProblemError(text)
    return output.value


def clean_json(value: Any, resources: Any) -> Any:
    """A value of a template as it is in a stack; in place of moto's own. Raises moto's ValidationError."""
    try:
        return resolve(value, StackValues(resources))
    except TemplateProblemError as error:
        raise ValidationError(message=error.text) from error


def as_mapping(value: Any) -> Mapping[str, Any]:
    """A section of a template; an empty one for none."""
    return value if isinstance(value, Mapping) else {}
