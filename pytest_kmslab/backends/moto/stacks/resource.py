"""A resource of a stack: its type as a table row, and the object that moto's stacks hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from pytest_kmslab.authz.arn import iam_region
from pytest_kmslab.backends.moto.stacks.properties import (
    Properties,
    check_names,
    check_shapes,
    fitted,
    invalid,
    kms_tags,
    tag_changes,
)
from pytest_kmslab.backends.moto.stacks.properties import unresolved as unresolved_function
from pytest_kmslab.calls.api_call import ServiceError

GONE = frozenset(
    {"NoSuchEntity", "NotFoundException", "ResourceNotFoundException", "PolicyNotFoundException"}
)
"""Codes by which a service says that there is nothing to delete: a resource may be gone already."""


class Made(NamedTuple):
    """What came of creating a resource: what `Ref` answers, and what `Fn::GetAtt` answers."""

    physical_id: str
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where one resource is made, and the way to the services."""

    account: str
    region: str
    partition: str
    name: str
    """The name that CloudFormation gives it where the template gives none."""
    send: Callable[[str, str, str, dict[str, Any]], dict[str, Any]] = field(repr=False)
    """Does one call: service, operation, Region, parameters; answers the response, raises ServiceError."""
    is_going_back: bool = False
    """Whether an update is taken back, which may have stopped half way: what was never done is no error."""

    def call(self, service: str, operation: str, *, region: str = "", **params: Any) -> dict[str, Any]:
        """Make one call in the name of the stack's principal; parameters that are None are left out."""
        # IAM has one Region, whatever that of the stack.
        there = iam_region(self.partition) if service == "iam" else self.region
        return self.send(service, operation, region or there, fitted(service, operation, params))

    def change(self, service: str, operation: str, done: Iterable[str], **params: Any) -> None:
        """Make a call whose refusal with one of these texts says that it is done already."""
        try:
            self.call(service, operation, **params)
        except ServiceError as error:
            if not self.is_going_back or not any(text in error.message for text in done):
                raise

    def delete(self, service: str, operation: str, **params: Any) -> None:
        """Make a call that removes something which may be gone already."""
        try:
            self.call(service, operation, **params)
        except ServiceError as error:
            # What cannot be a name or an ARN was never made: a creation failed because of it.
            if error.code not in (*GONE, "ValidationError"):
                raise

    def call_each(
        self, service: str, operation: str, member: str, values: Iterable[Any], **params: Any
    ) -> None:
        """Make one call for each of the values, which it takes as the parameter `member`."""
        for value in values:
            self.call(service, operation, **{member: value}, **params)

    def delete_each(
        self, service: str, operation: str, member: str, values: Iterable[Any], **params: Any
    ) -> None:
        """The same for what may be gone already."""
        for value in values:
            self.delete(service, operation, **{member: value}, **params)

    def set_tags(self, service: str, kind: str, old: Properties, new: Properties, **identity: str) -> None:
        """Bring the tags from one set of properties to another, by `Tag{kind}` and `Untag{kind}`."""
        changed, removed = tag_changes(old, new)
        # No template can have set AWS's own: an update that is rolled back was refused for them.
        removed = [key for key in removed if not key.lower().startswith("aws:")]
        if removed:
            self.call(service, f"Untag{kind}", TagKeys=removed, **identity)
        if changed:
            self.call(
                service, f"Tag{kind}", Tags=kms_tags(changed) if service == "kms" else changed, **identity
            )

    def named(self, properties: Properties, name: str, longest: int) -> str:
        """The resource's own name, else one made of the stack's name, the logical id and a random end."""
        if name in properties:
            return str(properties[name])
        if len(self.name) <= longest:
            return self.name
        head, _, end = self.name.rpartition("-")
        return f"{head[: longest - len(end) - 1]}-{end}"


Create = Callable[[Deployment, Properties], Iterator[Made]]
"""Makes a resource. What it yields first is there and has to be deleted where the rest fails; what it yields
last counts."""

Update = Callable[[Deployment, str, Properties, Properties], "Made | None"]
"""Changes a resource, given what `Ref` answers, the old and the new properties; new attributes, if any."""

Delete = Callable[[Deployment, str, Properties], None]


Check = Callable[[Deployment, Properties], None]
"""Raises ServiceError for properties that are refused before anything is made or changed."""


def _nothing_more(_where: Deployment, _properties: Properties) -> None:
    """The check of a type whose calls tell all that is wrong."""


def deletion(service: str, operation: str, member: str) -> Delete:
    """The deletion of a resource by one call, which takes what `Ref` answers as the parameter `member`."""
    return lambda where, name, properties: where.delete(service, operation, **{member: name})


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A type of resource as CloudFormation's reference has it."""

    name: str
    create: Create
    update: Update
    delete: Delete
    properties: frozenset[str]
    required: frozenset[str] = frozenset()
    replaces: frozenset[str] = frozenset()
    """Properties whose change makes a new resource in place of the old one."""
    fixed: frozenset[str] = frozenset()
    """Properties whose change is refused."""
    attributes: frozenset[str] = frozenset()
    """What `Fn::GetAtt` knows."""
    check: Check = _nothing_more
    """What its handler refuses by itself."""

    def checked(self, properties: Properties) -> Properties:
        """The properties; raises ServiceError where they do not fit the type."""
        function = unresolved_function(properties)
        if function is not None:
            raise invalid(f"pytest-kmslab: moto does not resolve `{function}`, so it cannot be judged")
        check_names(properties, self.properties, self.required)
        check_shapes(properties)
        return properties


@dataclass(frozen=True, slots=True)
class UndoStep:
    """How to take back one thing that an operation on a stack did."""

    name: str
    """The resource, by its logical id."""
    type_name: str
    act: Callable[[], None] = field(repr=False)
    physical_id: str = ""
    is_new: bool = True
    """Whether the resource is to go, having been made; one that was changed is to be as it was."""
    is_partial: bool = False
    """Whether it was made in part, and then failed."""


class LeftUndone(NamedTuple):
    """What could not be taken back."""

    step: UndoStep
    failure: ResourceFailedError


class ResourceFailedError(Exception):
    """A resource could not be made, changed or deleted: the stack fails.

    Carries the `error` of the service that refused, what CloudFormation says of it as `reason`, and the map
    of the stack's `resources`, by which a stack knows the failure of a stack in it from its own. Where it is
    the stack itself that failed, `of_stack` is what is said of it.
    """

    def __init__(
        self,
        resources: Any,
        type_name: str,
        logical_id: str,
        error: ServiceError,
        physical_id: str = "",
        of_stack: str = "",
    ) -> None:
        self.resources = resources
        self.type_name = type_name
        self.logical_id = logical_id
        self.physical_id = physical_id
        self.error = error
        self.reason = handler_message(type_name, error)
        self.of_stack = of_stack
        super().__init__(f"{logical_id}: {self.reason}")


def handler_message(type_name: str, error: ServiceError) -> str:
    """What an event of the stack says of a service's refusal, as it was seen on AWS.

    https://github.com/aws-samples/aws-cdk-pipelines-datalake-infrastructure/issues/17
    """
    service = type_name.split("::")[1]
    sdk_name = {"KMS": "Kms", "IAM": "Iam", "DynamoDB": "DynamoDb"}.get(service, service)
    where = f"(Service: {sdk_name}, Status Code: {error.status}, Request ID: {REQUEST_ID})"
    code = "NotFound" if error.code in GONE else "InvalidRequest"
    if error.code.startswith("AccessDenied"):
        code = "AccessDenied"
    elif error.code in ("EntityAlreadyExists", "AlreadyExistsException", "ResourceInUseException"):
        code = "AlreadyExists"
    return (
        f'Resource handler returned message: "{error.message} {where}" '
        f"(RequestToken: {REQUEST_ID}, HandlerErrorCode: {code})"
    )


REQUEST_ID = "00000000-0000-0000-0000-000000000000"


@contextmanager
def _of_another_shape() -> Iterator[None]:
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        # Properties that are no lists or objects where the type has them are those of no such resource.
        text = f"the properties are of another shape than the type's ({type(error).__name__}: {error})"
        raise invalid(f"#: {text}") from error


class StackResource:
    """One resource that is there: what moto's stacks hold in place of moto's own model."""

    def __init__(
        self, kind: ResourceType, where: Deployment, logical_id: str, properties: Properties
    ) -> None:
        self.kind = kind
        self.where = where
        self.properties = kind.checked(properties)
        self.logical_resource_id = logical_id
        self.cf_resource_type = kind.name
        self.made = Made("", {})

    @property
    def physical_resource_id(self) -> str:
        """What `Ref` answers."""
        return self.made.physical_id

    def is_created(self) -> bool:
        """It is there as soon as it is made."""
        # moto asks each resource, for those that a Lambda function makes: what a call makes is there at once.
        return True

    def get_cfn_attribute(self, name: str) -> str:
        """What `Fn::GetAtt` answers."""
        if name not in self.made.attributes:
            # Loading moto's CloudFormation takes seconds; it is there when this is asked.
            from moto.cloudformation.exceptions import UnformattedGetAttTemplateException

            raise UnformattedGetAttTemplateException
        return self.made.attributes[name]

    def create(self) -> None:
        """Make it; where a later call fails, what has a physical id already is to be removed."""
        with _of_another_shape():
            self.kind.check(self.where, self.properties)
            for made in self.kind.create(self.where, self.properties):
                self.made = made

    def update(self, properties: Properties, where: Deployment | None = None) -> None:
        """Change it to other properties, by another way to the services if one is given."""
        self.kind.checked(properties)
        changed = self.changed(properties)
        fixed = sorted(changed & self.kind.fixed)
        if fixed:
            text = f"You cannot change {fixed[0]} of an existing resource of type {self.kind.name}."
            raise ServiceError("ValidationException", text)
        with _of_another_shape():
            self.kind.check(self.where, properties)
        before, self.properties = self.properties, properties  # also where it fails: it may be half done
        with _of_another_shape():
            made = self.kind.update(where or self.where, self.physical_resource_id, before, properties)
        self.made = made or self.made

    def change_back(self, properties: Properties) -> None:
        """Change it to what it was; where that fails, a second try has the whole way to go."""
        after = self.properties
        try:
            self.update(properties, replace(self.where, is_going_back=True))
        except ServiceError:
            self.properties = after
            raise

    def is_replaced_by(self, properties: Properties) -> bool:
        """Whether other properties need a new resource."""
        return bool(self.changed(properties) & self.kind.replaces)

    def changed(self, properties: Properties) -> set[str]:
        """The names of the properties that differ."""
        names = {*self.properties, *properties}
        return {name for name in names if self.properties.get(name) != properties.get(name)}

    def remove(self) -> None:
        """Delete it."""
        with _of_another_shape():
            self.kind.delete(self.where, self.physical_resource_id, self.properties)
