"""What a lab's method is given, looked at before anything is made: an error names the argument.

A service looks at one call at a time, so that a wrong argument of the second call would be refused when the
first has made something. What only the service can tell is left to it, with the argument's name put to its
answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ParamValidationError
from botocore.validate import ParamValidator

from pytest_kmslab.account.model import Caller
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
        report = ParamValidator().validate(request, model.input_shape)
        if report.has_errors():
            lines = report.generate_report().splitlines()
            raise TypeError(f"`{argument}`: {'; '.join(line.strip() for line in lines)}")
        root = root_arn(partition_of(self.region).name, self.account)
        caller = Caller(root, self.account, root, self.account, "Account")
        try:
            check_constraints(ApiCall(self.service, self.operation, request, self.region, caller))
        except ServiceError as error:
            raise ResourceError(f"`{argument}`: {error.message}{hint}; nothing was made") from None


def check_text(argument: str, value: Any) -> str:
    """A text; raises TypeError for anything else."""
    _check_type(argument, value, str, "text")
    return str(value)


def check_flag(argument: str, value: Any) -> bool:
    """True or False; raises TypeError for anything else: the text `no` would count as yes."""
    _check_type(argument, value, bool, "True or False")
    return bool(value)


def check_tags(tags: Any) -> dict[str, str]:
    """Tags, a dict of texts; raises TypeError for what is none."""
    return check_texts("tags", tags)


def check_texts(argument: str, texts: Any) -> dict[str, str]:
    """A dict of texts, empty for None; raises TypeError for what is none."""
    if texts is None:
        return {}
    if not isinstance(texts, Mapping):
        raise TypeError(f"`{argument}` is a dict of texts, not a `{type(texts).__name__}`: `{texts!r}`")
    for name, value in texts.items():
        if not (isinstance(name, str) and isinstance(value, str)):
            raise TypeError(f"`{argument}` is a dict of texts, not of `{name!r}: {value!r}`")
    return dict(texts)


def several_texts(argument: str, texts: Any) -> list[Any]:
    """One text or several; raises TypeError for anything else."""
    several = texts if isinstance(texts, list | tuple | set | frozenset) else [texts]
    if not all(isinstance(text, str) for text in several):
        raise TypeError(f"`{argument}` is a text or a list of texts: `{texts!r}`")
    return list(several)


def names_of(argument: str, named: Any) -> tuple[str, ...]:
    """The names of objects of the lab, or names; one alone is one. Raises TypeError for what has none."""
    several = isinstance(named, Iterable) and not isinstance(named, str) and not hasattr(named, "name")
    objects: Any = list(named) if several else [named]
    names = [one if isinstance(one, str) else getattr(one, "name", None) for one in objects]
    if not all(isinstance(name, str) for name in names):
        raise TypeError(f"`{argument}` takes names, or what has a name: `{named!r}`")
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
        # The code too: some errors have a text that names nothing.
        code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
        said = f"{code}: {error}"
        named = [f"`{name}`" for name, words in arguments.items() if re.search(words, said, re.IGNORECASE)]
        if named and "(pytest-kmslab:" not in said:
            error.args = (f"{error} (pytest-kmslab: {', '.join(named)})", *error.args[1:])
        raise


def _check_type(argument: str, value: Any, kind: type, what: str) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"`{argument}` is {what}, not a `{type(value).__name__}`: `{value!r}`")
