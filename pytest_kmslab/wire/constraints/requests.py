"""What a service says of a whole request whose members keep their limits, before it looks anything up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.rules.attachments import ARN, BOUNDED, check_policy_arns
from pytest_kmslab.calls.rules.exports import check_export, check_table_arn
from pytest_kmslab.calls.rules.selections import check_segments, check_selection
from pytest_kmslab.calls.validation_messages import invalid, violated

RESERVED = "aws:"
SHORTEST_NEW_NAME = 3
MOST_TABLE_KEYS = 2
_IAM_RESERVED = "Tag keys beginning with aws: are reserved for system use."
_DUPLICATE = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
_CASELESS = frozenset({"CreateRole", "CreateUser", "TagRole", "TagUser"})
"""The tags of users and roles have no case, those of everything else in IAM have.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html"""


def _check_role_arn(call: ApiCall) -> None:
    # Recorded: LocalStack's snapshot of STS, `test_sts_invalid_parameters`.
    arn = call.params.get("RoleArn")
    if arn is not None and ARN.fullmatch(arn) is None:
        raise ServiceError("ValidationError", f"{arn} is invalid")


def _check_iam_tags(call: ApiCall) -> None:
    # As AWS answered TagUser (mulgadc/spinifex).
    keys = [tag["Key"] for tag in call.params.get("Tags") or ()]
    if any(key.lower().startswith(RESERVED) for key in keys):
        raise ServiceError("InvalidInput", _IAM_RESERVED)
    told_apart = [key.lower() for key in keys] if call.operation in _CASELESS else keys
    if len(set(told_apart)) < len(keys):
        raise ServiceError("InvalidInput", _DUPLICATE)


def _check_new_name(call: ApiCall) -> None:
    # Of an ARN the part that is the name.
    name = call.params["TableName"].rpartition(":table/")[2]
    # Measured: cdk-preflight, pf-dynamodb-table-name-length. A short name that a table is only looked for by
    # is that of none.
    if len(name) < SHORTEST_NEW_NAME:
        limit = f"have length greater than or equal to {SHORTEST_NEW_NAME}"
        raise ServiceError("ValidationException", violated(f"'{name}'", "tableName", limit))


def _check_new_keys(call: ApiCall) -> None:
    # The model lets them be left out since replicas of another account's tables are made so; the text is
    # dynalite's, from before that.
    schema = call.params.get("KeySchema")
    if schema is None and call.params.get("GlobalTableSourceArn") is None:
        raise ServiceError("ValidationException", violated("null", "keySchema", "not be null"))
    # botocore's model has no limit since a global index may have more: CONF, error-messages/createTable.
    if schema and len(schema) > MOST_TABLE_KEYS:
        limit = f"have length less than or equal to {MOST_TABLE_KEYS}"
        keys = (
            f"KeySchemaElement(attributeName={key['AttributeName']}, keyType={key['KeyType']})"
            for key in schema
        )
        raise ServiceError("ValidationException", violated(f"'[{', '.join(keys)}]'", "keySchema", limit))


def _check_format_options(call: ApiCall) -> None:
    kind = call.params["InputFormat"]
    # Measured: cdk-preflight, pf-dynamodb-import-format-options.
    if call.params.get("InputFormatOptions") and kind != "CSV":
        raise invalid(f"Invalid Request: Unsupported InputFormatOptions for the given input format: {kind}.")


def _check_table_arn(call: ApiCall) -> None:
    check_table_arn(call.params)


def _check_export(call: ApiCall) -> None:
    check_export(call.params)


_TAGGING = (
    "CreateInstanceProfile",
    "CreateOpenIDConnectProvider",
    "CreatePolicy",
    "CreateRole",
    "CreateSAMLProvider",
    "CreateUser",
    "CreateVirtualMFADevice",
    "TagInstanceProfile",
    "TagMFADevice",
    "TagOpenIDConnectProvider",
    "TagPolicy",
    "TagRole",
    "TagSAMLProvider",
    "TagServerCertificate",
    "TagUser",
    "UploadServerCertificate",
)

_ON_POLICIES = (
    *(f"{way}{kind}Policy" for way in ("Attach", "Detach") for kind in ("Group", "Role", "User")),
    "CreatePolicyVersion",
    "DeletePolicy",
    "DeletePolicyVersion",
    "GetPolicy",
    "GetPolicyVersion",
    "ListEntitiesForPolicy",
    "ListPolicyTags",
    "ListPolicyVersions",
    "SetDefaultPolicyVersion",
    "TagPolicy",
    "UntagPolicy",
)

Check = Callable[[ApiCall], None]
_ROWS: tuple[tuple[str, Sequence[str], Check], ...] = (
    ("iam", (*_ON_POLICIES, *BOUNDED), check_policy_arns),
    ("iam", _TAGGING, _check_iam_tags),
    ("sts", ("AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"), _check_role_arn),
    ("dynamodb", ("CreateTable",), _check_new_name),
    ("dynamodb", ("CreateTable",), _check_new_keys),
    ("dynamodb", ("ImportTable",), _check_format_options),
    ("dynamodb", ("ExportTableToPointInTime", "ListExports", "ListImports"), _check_table_arn),
    ("dynamodb", ("ExportTableToPointInTime",), _check_export),
    ("dynamodb", ("Query", "Scan"), check_selection),
    ("dynamodb", ("Scan",), check_segments),
)


def _by_operation() -> Mapping[str, tuple[Check, ...]]:
    checks: dict[str, tuple[Check, ...]] = {}
    for service, operations, check in _ROWS:
        for operation in operations:
            name = f"{service}:{operation}"
            checks[name] = (*checks.get(name, ()), check)
    return checks


REQUEST_CHECKS = _by_operation()
"""What is checked of whole requests, by `service:Operation`: each raises ServiceError for one that the
service does not take, whatever there is in the account."""
