"""moto's map of a stack's resources, as far as it reads the template: parameters, conditions, functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import CloudFormationError, ValidationError
from moto.ssm.models import ssm_backends

from pytest_kmslab.authz.arn import partition_of
from pytest_kmslab.backends.moto.stacks.outputs import check_attributes
from pytest_kmslab.backends.moto.stacks.parameters import ParameterTexts, parameter_texts, resolved
from pytest_kmslab.backends.moto.stacks.template_check import check_form, check_stack
from pytest_kmslab.backends.moto.stacks.values import StackValues, as_mapping
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.templates.conditions import Conditions
from pytest_kmslab.templates.form import BOOTSTRAP
from pytest_kmslab.templates.parameters import is_list, items_of
from pytest_kmslab.templates.problem import TemplateProblemError

BOOTSTRAP_VERSION = "30"
"""https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html"""


class TemplateMap(parsing.ResourceMap):
    """The template of one stack."""

    parameter_texts: ParameterTexts
    """The value of each parameter, as it was given or is by default."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.parameter_texts = ParameterTexts()
        partition = partition_of(self._region_name)
        own = {"AWS::Partition": partition.name, "AWS::URLSuffix": partition.dns_suffix}
        self._parsed_resources.update(own)

    def load(self) -> None:
        """Read the template; raises moto's ValidationError as CloudFormation refuses it."""
        if self._template == {}:
            self.input_parameters = {}  # a stack that has nothing but a change set takes none
            super().load()
            return
        with _refusing():
            check_form(self._template)
            super().load()
            check_stack(self._template, self)

    def load_parameters(self) -> None:
        """Hold the parameters to their declarations and resolve them."""
        declared = as_mapping(self._template.get("Parameters"))
        self.parameter_texts = parameter_texts(declared, self.input_parameters)
        self.no_echo_parameter_keys = sorted(self.parameter_texts.secret)
        self.resolved_parameters = resolved(declared, self.parameter_texts, self.parse_ssm_parameter)
        self._parsed_resources.update(self.resolved_parameters)

    def texts_of(self, parameters: Mapping[str, str]) -> ParameterTexts:
        """Those of the values that were given, and which of them are secret."""
        texts = ParameterTexts(parameters)
        texts.secret = self.parameter_texts.secret
        return texts

    def load_conditions(self) -> None:
        """Find out which conditions hold."""
        declared = as_mapping(self._template.get("Conditions"))
        self.lazy_condition_map: Any = Conditions(declared, StackValues(self))
        for name in declared:
            # To look one up is to work it out: what is wrong with one is told before anything is made.
            self.lazy_condition_map[name]

    def parse_ssm_parameter(self, value: str, value_type: str) -> Any:
        """The value of a parameter in the parameter store; raises moto's ValidationError for none.

        CDK asks in every template for the version of its bootstrap stack: the account counts as bootstrapped.
        """
        parameter = ssm_backends[self._account_id][self._region_name].get_parameter(value)
        if parameter is None and BOOTSTRAP.fullmatch(value):
            return BOOTSTRAP_VERSION
        if parameter is None:
            text = f"Unable to fetch parameters [{value}] from parameter store for this account."
            raise ValidationError(message=text)
        return items_of(str(parameter.value)) if is_list(value_type) else str(parameter.value)

    def validate_outputs(self) -> None:
        """Raise moto's error for an output that is an attribute which its resource does not have."""
        check_attributes(self)

    def is_wanted(self, raw: Mapping[str, Any]) -> bool:
        """Whether the condition of a resource holds."""
        condition = raw.get("Condition")
        return not condition or bool(self.lazy_condition_map[str(condition)])

    @property
    def own_tags(self) -> dict[str, str]:
        """The tags of the stack, without CloudFormation's own, which nobody can set by a call."""
        return {name: value for name, value in self.tags.items() if not name.startswith("aws:")}

    def resolved(self, properties: Any) -> Any:
        """Properties without functions; raises ServiceError for one that cannot be resolved."""
        try:
            return parsing.clean_json(properties, self)
        except CloudFormationError as error:
            raise ServiceError("ValidationError", str(error.message)) from error

    def policy_of(self, raw: Mapping[str, Any], attribute: str = "DeletionPolicy") -> str:
        """What becomes of a resource; a function may say so:
        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/function-refs-in-policy-attributes.html"""
        return str(parsing.clean_json(raw.get(attribute), self))


@contextmanager
def _refusing() -> Iterator[None]:
    """What is wrong with a template, as moto's error of it."""
    try:
        yield
    except TemplateProblemError as error:
        # moto makes a response of its own errors only.
        raise ValidationError(message=error.text) from error
