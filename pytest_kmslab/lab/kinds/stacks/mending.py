"""Gives the tables of a stack what an emulator dropped of their templates: by calls of the stack's caller.

Each call is decided as any other: who may not use a table's key gets no such table.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_kmslab.lab.kinds.stacks.as_made import lost_of
from pytest_kmslab.lab.kinds.stacks.fits import Made, is_function
from pytest_kmslab.lab.kinds.stacks.members import Member
from pytest_kmslab.lab.resource_kind import Client
from pytest_kmslab.templates.conditions import Conditions
from pytest_kmslab.templates.functions import resolve
from pytest_kmslab.templates.parameters import is_list, items_of
from pytest_kmslab.templates.problem import TemplateProblemError
from pytest_kmslab.templates.references import section_of

TABLE = "AWS::DynamoDB::Table"


class MadeValues:
    """What the functions of a template stand for, once its resources are made; None for what is not known."""

    def __init__(
        self, client: Client, content: Mapping[str, Any], given: Mapping[str, str], made: Mapping[str, Member]
    ) -> None:
        self._client = client
        self._content = content
        self._given = given
        self._made = made
        self._conditions = Conditions(section_of(content, "Conditions"), self)

    region = ""
    """Of the stack; not known."""

    def ref(self, name: str) -> Any:
        """Of a parameter or a resource."""
        if name in self._made:
            return self._made[name].physical_id
        parameter = section_of(self._content, "Parameters").get(name, {})
        text = self._given.get(name, parameter.get("Default"))
        return items_of(str(text)) if text is not None and is_list(str(parameter.get("Type"))) else text

    def attribute(self, name: str, attribute: str) -> Any:
        """The ARN of a key, and what `Ref` says of one."""
        member = self._made.get(name)
        if member is None or not member.type.startswith("AWS::KMS::"):
            return None
        metadata = self._client("kms").describe_key(KeyId=member.physical_id)["KeyMetadata"]
        # Whatever else a template asks of a key is not known here.
        return metadata.get({"Arn": "Arn", "KeyId": "KeyId"}.get(attribute, ""))

    def mapping(self, name: str) -> Any:
        """A mapping of the template."""
        return section_of(self._content, "Mappings").get(name)

    def holds(self, condition: str) -> bool:
        """Whether a condition holds."""
        return self._conditions[condition]

    def exported(self, name: str) -> Any:
        """Not known."""

    def stack_output(self, stack: str, output: str, region: str, role: str) -> Any:
        """Not known."""


def mend_tables(
    client: Client, content: Mapping[str, Any], given: Mapping[str, str], members: list[Member]
) -> None:
    """Encrypt tables under the keys that a template says, and put their policies, where that was dropped.

    What cannot be told from the template alone stays as it is. Raises ClientError.
    """
    made = {member.logical_id: member for member in members if member.physical_id}
    values = MadeValues(client, content, given, made)
    for name, resource in section_of(content, "Resources").items():
        if name in made and isinstance(resource, Mapping) and resource.get("Type") == TABLE:
            table = made[name].physical_id
            for lost in list(lost_of(resource, Made(client, made, table))):
                for value in _resolved(resource["Properties"].get(lost), lost, values):
                    _MEND[lost](client("dynamodb"), table, value)


def _resolved(value: Any, name: str, values: MadeValues) -> Iterator[Any]:
    """A property without functions; nothing for one that is not known whole."""
    if name not in _MEND:
        return
    try:
        resolved = resolve(value, values)
    except TemplateProblemError:
        return
    # A part that is not known is left out by `resolve`: of such a property nothing is put.
    if resolved and _size(resolved) == _size(value):
        yield resolved


def _size(value: Any) -> int:
    """How many names there are in a value, of which none may get lost; a function has none."""
    if isinstance(value, list):
        return sum(map(_size, value))
    if not isinstance(value, Mapping) or is_function(value):
        return 0
    return len(value) + sum(map(_size, value.values()))


def _encrypt(dynamodb: Any, table: str, specification: Any) -> None:
    key = specification.get("KMSMasterKeyId")
    if key is not None:
        encryption = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": str(key)}
        dynamodb.update_table(TableName=table, SSESpecification=encryption)


def _put_policy(dynamodb: Any, table: str, policy: Any) -> None:
    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    dynamodb.put_resource_policy(ResourceArn=arn, Policy=json.dumps(policy["PolicyDocument"]))


_MEND = {"SSESpecification": _encrypt, "ResourcePolicy": _put_policy}
