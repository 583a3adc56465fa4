"""The ARNs that DynamoDB's operations are authorized on, made from names, ARNs and their parts.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
A name that cannot be one is refused here: it must never reach the backend under an ARN that
nobody was asked about.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from pytest_kmslab.authz.arn import parse_arn, parts_of
from pytest_kmslab.calls.api_call import ApiCall, Params, ServiceError
from pytest_kmslab.calls.validation_messages import invalid as invalid
from pytest_kmslab.calls.validation_messages import violated, wire_name

LONGEST_NAME = 255

_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_TABLE_ARN = re.compile(r"arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[A-Za-z0-9_.-]{1,255}")
_SUB_ARN = re.compile(_TABLE_ARN.pattern + r"/(?P<kind>[a-z-]+)/(?P<name>[^/*?|]+)")


def empty(where: str, shown: str = "[]") -> ServiceError:
    """What DynamoDB answers where a list or text must not be empty."""
    return invalid(violated(f"'{shown}'", where, "have length greater than or equal to 1"))


def missing_table(arn: str) -> ServiceError:
    """What DynamoDB answers to an operation on a table that is not there."""
    # Also by the table's name alone, which is all that some calls give.
    name = arn.rpartition("/")[2]
    return ServiceError("ResourceNotFoundException", f"Requested resource not found: Table: {name} not found")


def required(params: Params, name: str) -> Any:
    """A parameter that the operation cannot do without; raises ValidationException where it is missing."""
    value = params.get(name)
    if value is None:
        raise missing(name)
    return value


def missing(name: str) -> ServiceError:
    """What DynamoDB answers where a required parameter is missing."""
    return invalid(violated("null", wire_name(name), "not be null"))


def required_text(params: Params, name: str) -> str:
    """A required string parameter."""
    value = required(params, name)
    if not isinstance(value, str):
        # The parser has looked at this already; it is asked once more by who trusts nobody.
        raise ServiceError("SerializationException", f"`{name}` must be a string")
    return value


def _name(text: str, where: str) -> str:
    if not text or len(text) > LONGEST_NAME:
        limit = f"less than or equal to {LONGEST_NAME}" if text else "greater than or equal to 1"
        raise invalid(violated(f"'{text}'", where, f"have length {limit}"))
    if _NAME.fullmatch(text) is None:
        raise invalid(violated(f"'{text}'", where, "satisfy regular expression pattern: [a-zA-Z0-9_.-]+"))
    return text


def arn_of(call: ApiCall, path: str, *, region: str | None = None) -> str:
    """An ARN of the caller's account and, unless another is given, of the call's Region."""
    place = call.region if region is None else region
    return f"arn:{call.partition}:dynamodb:{place}:{call.account}:{path}"


def table_arn(call: ApiCall, name: str, *, region: str | None = None, anywhere: bool = False) -> str:
    """The ARN of a table given by name or by ARN; an index, stream or backup is not a table.

    An ARN is of the call's Region, unless it is of a table to be restored or exported (`anywhere`). Texts
    recorded from AWS: ACK-013, 442.
    """
    if name.startswith("arn:"):
        return _checked_arn(name) if anywhere else _checked_arn(name, call.partition, call.region)
    return arn_of_table(name, call.partition, call.region if region is None else region, call.account)


def named_table(call: ApiCall, parameter: str = "TableName") -> str:
    """The ARN of the table that a parameter of the call names."""
    return table_arn(call, required_text(call.params, parameter), anywhere=parameter != "TableName")


@lru_cache(maxsize=4096)
def arn_of_table(name: str | None, partition: str, region: str, account: str) -> str:
    """The ARN of a table given by its name, or by that very ARN, in a partition, Region and account."""
    if name is None:
        raise missing("TableName")
    if name.startswith("arn:"):
        return _checked_arn(name, partition, region)
    return f"arn:{partition}:dynamodb:{region}:{account}:table/{_name(name, 'tableName')}"


def _checked_arn(arn: str, partition: str = "", region: str = "") -> str:
    """The ARN of a table, if it is one, and of the partition and Region if these are given."""
    if _TABLE_ARN.fullmatch(arn) is None:
        raise invalid(f"Invalid TableArn: Invalid ResourceArn provided as input {arn}")
    # Another partition or Region is refused in words of their own (ACK-013, 442).
    own = parse_arn(arn)
    for what, differs in (
        ("partition", partition and own.partition != partition),
        ("region", region and own.region != region),
    ):
        if differs:
            raise invalid(f"1 validation error detected: Invalid AWS {what} in '{arn}'")
    return arn


def new_table(call: ApiCall) -> str:
    """The ARN of the table that CreateTable makes, by its name or that very ARN: in the caller's account
    and the call's Region, wherever else an ARN may point.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html
    """
    table_name = named_table(call)
    if table_name != arn_of(call, f"table/{parts_of(table_name).name}"):
        raise invalid(f"Invalid TableArn: Invalid ResourceArn provided as input {table_name}")
    return table_name


def target_table(call: ApiCall, name: str, where: str = "targetTableName") -> str:
    """The ARN of a table that is restored or imported: it is given by its name only."""
    return arn_of(call, f"table/{_name(name, where)}")


def index_arn(table: str, index: str) -> str:
    """The ARN of a secondary index of a table."""
    return f"{table}/index/{_name(index, 'indexName')}"


def sub_arn(text: str, kind: str) -> str:
    """The ARN of something that hangs on a table (`stream`, `backup`, `export`, `import`), checked."""
    match = _SUB_ARN.fullmatch(text)
    if match is None or match["kind"] != kind:
        raise invalid(f"Invalid {kind.capitalize()} ARN")
    return text


NO_BACKUP = "Invalid Request: BackupArn is not valid"
"""What is said of the ARN of a backup of another partition, or of no Region (DDB-BACKUP-012)."""


def backup_arn(call: ApiCall) -> str:
    """The ARN of the backup that a call names."""
    arn = sub_arn(required_text(call.params, "BackupArn"), "backup")
    if parts_of(arn).partition != call.partition:
        raise invalid(NO_BACKUP)
    return arn


def kind_of(arn: str) -> str | None:
    """`table`, or what hangs on one (`index`, `stream`, `backup`); None for what is no such ARN."""
    if _TABLE_ARN.fullmatch(arn) is not None:
        return "table"
    match = _SUB_ARN.fullmatch(arn)
    return None if match is None else match["kind"]


def resource_arn(text: str) -> str:
    """The ARN of a table or of something that hangs on one."""
    if kind_of(text) is None:
        raise invalid(f"Invalid TableArn: Invalid ResourceArn provided as input {text}")
    return text


def global_table_arn(call: ApiCall) -> str:
    """The ARN of the global table (version 2017) that a call names."""
    # It has no Region.
    name = _name(required_text(call.params, "GlobalTableName"), "globalTableName")
    return arn_of(call, f"global-table/{name}", region="")
