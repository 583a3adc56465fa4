"""What a lab's method is given, looked at before anything is made: an error names the argument.

A service looks at one call at a time, so that a wrong argument of the second call would be refused when the
first has made something. What only the service can tell is left to it, with the argument's name put to its
answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ParamValidationError
from botocore.validate import ParamValidator

from pytest_kmslab.account.model import Caller
from pytest_kmslab.arguments import check_text, refusal_text, several, wrong_type
from pytest_kmslab.authz.arn import partition_of, root_arn
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.errors import ResourceError
from pytest_kmslab.wire.constraints import check_constraints
from pytest_kmslab.wire.models import operation_model

if TYPE_CHECKING:
    from pytest_kmslab.lab.naming import Naming


@dataclass(frozen=True, slots=True)
class Requests:
    """The requests that an argument will be part of, held to the model of their service."""

    service: str
    operation: str
    region: str
    account: str
    required: Mapping[str, Any]
    """Parameters without which there is no such request; they stand for what is not looked at."""

    def check(self, argument: str, *, hint: str = "", **parameters: Any) -> None:
        """Raise TypeError for an argument that boto3 would not send, ResourceError for one that the service
        would refuse in these parameters."""
        request = {**self.required, **parameters}
        model: Any = operation_model(self.service, self.operation)
        # What a boto3 client looks at before it sends anything, then what the service would refuse.
        report = ParamValidator().validate(request, model.input_shape)
        if report.has_errors():
            lines = report.generate_report().splitlines()
            (value, *others) = parameters.values()
            text = refusal_text(argument, f"what {self.operation} takes", parameters if others else value)
            raise TypeError(f"{text}: {'; '.join(line.strip() for line in lines)}")
        root = root_arn(partition_of(self.region).name, self.account)
        caller = Caller(root, self.account, root, self.account, "Account")
        try:
            check_constraints(ApiCall(self.service, self.operation, request, self.region, caller))
        except ServiceError as error:
            raise ResourceError(f"`{argument}`: {error.message}{hint}; nothing was made") from None


def name_or(default: str, argument: str, name: Any) -> str:
    """The name that was given, or the default where none was; raises TypeError for what is no text,
    ResourceError for an empty one, which would else count as none."""
    if name is None:
        return default
    if not check_text(argument, name, "a name"):
        raise ResourceError(f"`{argument}`: give a name that is not empty, or leave it out; nothing was made")
    return str(name)


def names_of(argument: str, named: Any) -> tuple[str, ...]:
    """The names of objects of the lab, or names; one alone is one. Raises TypeError for what has none."""
    wanted = "names, or what has a name"
    names = [
        one if isinstance(one, str) else getattr(one, "name", None)
        for one in several(argument, named, wanted)
    ]
    if not all(isinstance(name, str) and name for name in names):
        raise wrong_type(argument, f"{wanted}, one or several", named)
    return tuple(map(str, names))


def name_hint(naming: Naming) -> str:
    """What to say with a refusal of a name, for it is longer than the one that was given."""
    return f" (a lab puts `{naming.mark}1` behind each name)"


@contextmanager
def naming_arguments(arguments: Mapping[str, str]) -> Iterator[None]:
    """Let a refusal of the block pass on with the arguments that it is about, by the words that tell each."""
    try:
        yield
    except (ClientError, ParamValidationError) as error:
        # Not boto3's words around what a service says, which name the operation; the code too, as some errors
        # have a text that names nothing.
        answer = getattr(error, "response", {}).get("Error")
        said = f"{answer.get('Code')}: {answer.get('Message')}" if answer else str(error)
        named = [f"`{name}`" for name, words in arguments.items() if re.search(words, said, re.IGNORECASE)]
        if named and "(pytest-kmslab:" not in str(error):
            error.args = (f"{error} (pytest-kmslab: {', '.join(named)})", *error.args[1:])
        raise
