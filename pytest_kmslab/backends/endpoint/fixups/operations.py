"""What LocalStack and ministack drop or get wrong, kept and put right: a row an operation.

Each was seen on LocalStack 2026.3 or ministack 1.5.33: docs/localstack.md says which and how.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from pytest_kmslab.authz.arn import root_arn
from pytest_kmslab.backends.endpoint.fixups import iam as endpoint_iam
from pytest_kmslab.backends.endpoint.fixups import iam_tags, streams, table_policies
from pytest_kmslab.backends.endpoint.fixups import sessions as endpoint_sessions
from pytest_kmslab.backends.endpoint.fixups.emulated_operations import EMULATED, SSE
from pytest_kmslab.backends.endpoint.fixups.names import plain_names, show_given_names
from pytest_kmslab.backends.endpoint.meant_principals import of_role
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.dynamodb.key_conditions import in_plain_form
from pytest_kmslab.calls.dynamodb.sse.specification import PROTECTED
from pytest_kmslab.calls.iam.implicit_user import implicit_user
from pytest_kmslab.calls.kms.key_stores import missing_store
from pytest_kmslab.calls.kms.keys import show_deletion
from pytest_kmslab.calls.kms.policies import policy_name
from pytest_kmslab.calls.operations import changes_account
from pytest_kmslab.calls.resource_owner import account_of_call
from pytest_kmslab.calls.rules.attachments import ATTACHED
from pytest_kmslab.calls.rules.aws_managed_key_policy import DESCRIPTIONS
from pytest_kmslab.calls.rules.iam_names import MADE_ONCE
from pytest_kmslab.calls.rules.policy_normalization import INLINE_PUTS, MANAGED_PUTS
from pytest_kmslab.calls.sts.sessions import moved_on

if TYPE_CHECKING:
    from pytest_kmslab.backends.endpoint.account import KeepsRecords
    from pytest_kmslab.backends.endpoint.reader import EndpointAccountReader

Response = dict[str, Any]


class EndpointFixups:
    """Does the fixups of a call's operation, in the account that the call is done in."""

    def __init__(self, view: EndpointAccountReader) -> None:
        self._reader = view

    def before_call(self, call: ApiCall) -> Mapping[str, Any]:
        """Parameters to send in place of the caller's; empty for most calls."""
        view = self._view_of(call)
        if changes_account(call):
            view.changed(call.service)
        fixup = BEFORE_CALL.get(call.name)
        plain = {**implicit_user(call), **plain_names(call, view.identities.account)}
        return {**plain, **(fixup(view, call) if fixup else {})}

    def emulate(self, call: ApiCall) -> Response | None:
        """The response of an operation that the endpoint lacks."""
        fixup = EMULATED.get(call.name)
        if fixup is None:
            return None
        # Where a call of IAM names nobody it is about its caller, whom the endpoint would take for root.
        return fixup(self._view_of(call), call._replace(params={**call.params, **implicit_user(call)}))

    def after_call(self, call: ApiCall, response: Response) -> None:
        """Keep what the endpoint dropped and put its response right."""
        view, changed = self._view_of(call), changes_account(call)
        if changed:
            view.changed(call.service)
        fixup = AFTER_CALL.get(call.name)
        if fixup:
            fixup(view, call, response)
        show_given_names(call, response)
        if changed:
            view.changed(call.service)

    def _view_of(self, call: ApiCall) -> EndpointAccountReader:
        return self._reader.at(account_of_call(call, self._reader)) or self._reader


def _plain_encryption(view: EndpointAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """A customer's key by its ARN, which every emulator understands; nothing for any other."""
    if SSE not in call.params:
        return {}
    specification = call.params[SSE] or {}
    key_id = specification.get("KMSMasterKeyId") if specification.get("Enabled", True) else None
    key = view.key(key_id, call.region, call.account) if key_id else None
    if key is None or key.manager == "AWS":
        return {SSE: {"Enabled": False}}
    return {SSE: {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key.arn}}


def _no_encryption(_reader: EndpointAccountReader, call: ApiCall) -> Mapping[str, Any]:
    # UpdateTable with more than the encryption: LocalStack answers 500 where that is to be disabled.
    return {SSE: {"Enabled": True}} if SSE in call.params else {}


def _plain_condition(_reader: EndpointAccountReader, call: ApiCall) -> Mapping[str, Any]:
    return in_plain_form(call.params)


def _protected(view: EndpointAccountReader, call: ApiCall) -> Mapping[str, Any]:
    # An old DynamoDB Local deletes a protected table.
    table = view.table(str(call.params.get("TableName")), call.region, call.account)
    if table is not None and view.tables.record(table.arn).get("protected"):
        raise ServiceError("ValidationException", PROTECTED)
    return {}


def _table_made(view: EndpointAccountReader, call: ApiCall, response: Response) -> None:
    # `set_table_key` has begun the record already.
    table_policies.begin(view, call, response["TableDescription"]["TableArn"])
    if call.params.get("DeletionProtectionEnabled"):
        view.tables.keep(response["TableDescription"]["TableArn"], protected=True)
    _show_protection(view, response["TableDescription"])


def _table_changed(view: EndpointAccountReader, call: ApiCall, response: Response) -> None:
    description = response["TableDescription"]
    if "DeletionProtectionEnabled" in call.params:
        view.tables.keep(description["TableArn"], protected=bool(call.params["DeletionProtectionEnabled"]))
    if SSE not in call.params:
        _show_encryption(view, description)
    _show_protection(view, description)


def _table_shown(view: EndpointAccountReader, _call: ApiCall, response: Response) -> None:
    _show_encryption(view, response["Table"])
    _show_protection(view, response["Table"])


def _table_gone(view: EndpointAccountReader, _call: ApiCall, response: Response) -> None:
    # Described as it was, which is how DeleteTable answers.
    _show_encryption(view, response["TableDescription"])
    view.tables.begin(response["TableDescription"]["TableArn"])


def _show_encryption(view: EndpointAccountReader, description: dict[str, Any]) -> None:
    record = view.tables.record(description["TableArn"])
    if "key" not in record:
        return
    description.pop("SSEDescription", None)
    if record["key"]:
        description["SSEDescription"] = {
            "Status": "ENABLED",
            "SSEType": "KMS",
            "KMSMasterKeyArn": record["key"],
        }


def _show_protection(view: EndpointAccountReader, description: dict[str, Any]) -> None:
    record = view.tables.record(description["TableArn"])
    if "protected" in record:
        description["DeletionProtectionEnabled"] = record["protected"]


def _backup_made(view: EndpointAccountReader, call: ApiCall, response: Response) -> None:
    table = view.table(str(call.params["TableName"]), call.region, call.account)
    if table is not None:
        view.tables.keep_backup(response["BackupDetails"]["BackupArn"], table)


def _key_policy_put(view: EndpointAccountReader, call: ApiCall, response: Response) -> None:
    key_id = call.params.get("KeyId") or response["KeyMetadata"]["KeyId"]
    key = view.key(str(key_id), call.region, call.account)
    if key is not None:
        view.keys.keep_principals(key)


def _key_policy_shown(view: EndpointAccountReader, call: ApiCall, response: Response) -> None:
    key = view.key(str(call.params.get("KeyId")), call.region, call.account)
    if key is not None:
        response["Policy"] = view.keys.policy_text(key)


def _key_shown(view: EndpointAccountReader, _call: ApiCall, response: Response) -> None:
    metadata = response["KeyMetadata"]
    # An AWS managed key is a customer's to the emulators, and LocalStack does not always describe one.
    key = view.keys.by_arn(metadata["Arn"])
    if key is not None and key.manager != metadata.get("KeyManager"):
        metadata["KeyManager"] = key.manager
    described = [DESCRIPTIONS[alias] for alias in (key.aliases if key else ()) if alias in DESCRIPTIONS]
    if described:
        metadata["Description"] = described[0]


def _trust_put(view: EndpointAccountReader, call: ApiCall, _response: Response) -> None:
    role = view.identities.snapshot.named("role", str(call.params["RoleName"]))
    if role is not None:
        view.meant.keep(of_role(role.arn), role.trust)


def _deletion_response(view: EndpointAccountReader, call: ApiCall, response: Response) -> None:
    key = view.key(str(call.params.get("KeyId")), call.region, call.account)
    # The date goes by the clock that the call goes by.
    if key is not None and call.operation == "ScheduleKeyDeletion":
        view.keys.keep_deletion(key, moved_on(call))
        response["DeletionDate"] += moved_on(call)
    show_deletion(key, call, response)


def _deleted_left_out(view: EndpointAccountReader, call: ApiCall, response: Response) -> None:
    """ListKeys, ListAliases: the endpoint lists keys that the clock of a test has deleted."""
    listed = "Keys" if call.operation == "ListKeys" else "Aliases"
    if moved_on(call):
        response[listed] = [entry for entry in response[listed] if _is_there(view, call, entry)]


def _is_there(view: EndpointAccountReader, call: ApiCall, entry: Mapping[str, Any]) -> bool:
    # An alias of AWS may have no key yet.
    key_id = entry.get("KeyId") or entry.get("TargetKeyId")
    return key_id is None or view.key(str(key_id), call.region, call.account) is not None


def keep_grant_token(view: KeepsRecords, call: ApiCall, response: Response) -> None:
    """CreateGrant: keep the grant's token, and whom it names."""
    key = view.key(str(call.params["KeyId"]), call.region, call.account)
    if key is not None:
        # A grant token is told nobody a second time.
        view.keys.keep_token(response["GrantToken"], key, response["GrantId"])
        view.keys.keep_grant(str(response["GrantId"]), call.params)


def _grants_shown(view: EndpointAccountReader, call: ApiCall, response: Response) -> None:
    for grant in response["Grants"]:
        # Whom each grant names now.
        grant.update(view.keys.kept_of_grant(grant))
        # LocalStack leaves it out.
        grant.setdefault("IssuingAccount", root_arn(call.partition, view.identities.account))
    # The endpoint goes by the name that somebody had then, which is another's by now.
    for member in ("GranteePrincipal", "RetiringPrincipal"):
        wanted = call.params.get(member)
        response["Grants"] = [row for row in response["Grants"] if wanted in (None, row.get(member))]


BeforeCall = Callable[["EndpointAccountReader", ApiCall], Mapping[str, Any]]
AfterCall = Callable[["EndpointAccountReader", ApiCall, Response], None]


def _store_is_there(view: EndpointAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """CreateKey in a custom key store, where endpoints make a key whatever store is named."""
    store = call.params.get("CustomKeyStoreId")
    if store is not None:
        try:
            view.clients.of("kms", call.region).describe_custom_key_stores(CustomKeyStoreId=store)
        except ClientError:
            raise missing_store(store) from None
    return {}


BOUNDING = (
    "iam:CreateRole",
    "iam:CreateUser",
    "iam:PutRolePermissionsBoundary",
    "iam:PutUserPermissionsBoundary",
)

BEFORE_CALL: Mapping[str, BeforeCall] = {
    **dict.fromkeys((f"iam:{name}" for name in ATTACHED), endpoint_iam.attached),
    **dict.fromkeys(BOUNDING, endpoint_iam.bounding),
    **dict.fromkeys(MADE_ONCE, endpoint_iam.first_of_its_name),
    **dict.fromkeys((*INLINE_PUTS, *MANAGED_PUTS, "iam:UpdateAssumeRolePolicy"), endpoint_iam.put_policy),
    "dynamodb:CreateTable": _plain_encryption,
    "dynamodb:DeleteTable": _protected,
    "dynamodb:Query": _plain_condition,
    "dynamodb:UpdateTable": _no_encryption,
    "dynamodbstreams:GetRecords": streams.plain_iterator,
    **dict.fromkeys(
        (f"iam:{verb}{kind}" for verb in ("Delete", "Update") for kind in endpoint_iam.OWNED),
        endpoint_iam.owned,
    ),
    "iam:AddUserToGroup": endpoint_iam.joining,
    "iam:DeleteGroup": endpoint_iam.emptied,
    "iam:DeleteUser": endpoint_iam.deletable,
    **dict.fromkeys(("sts:AssumeRole", "sts:GetFederationToken"), endpoint_iam.passed),
    "kms:CreateKey": _store_is_there,
    "kms:GetKeyPolicy": policy_name,
    "kms:PutKeyPolicy": policy_name,
}

AFTER_CALL: Mapping[str, AfterCall] = {
    "dynamodb:CreateBackup": _backup_made,
    "dynamodb:CreateTable": _table_made,
    "dynamodb:DeleteTable": _table_gone,
    "dynamodb:DescribeTable": _table_shown,
    "dynamodb:UpdateTable": _table_changed,
    "dynamodbstreams:GetRecords": streams.records_read,
    "dynamodbstreams:GetShardIterator": streams.iterator_made,
    "iam:CreateAccessKey": endpoint_sessions.keep_access_key,
    **dict.fromkeys(iam_tags.MADE, iam_tags.keep_made),
    **dict.fromkeys(("iam:CreateRole", "iam:UpdateAssumeRolePolicy"), _trust_put),
    "kms:CancelKeyDeletion": _deletion_response,
    "kms:CreateGrant": keep_grant_token,
    "kms:CreateKey": _key_policy_put,
    "kms:DescribeKey": _key_shown,
    "kms:GetKeyPolicy": _key_policy_shown,
    **dict.fromkeys(("kms:ListGrants", "kms:ListRetirableGrants"), _grants_shown),
    **dict.fromkeys(("kms:ListKeys", "kms:ListAliases"), _deleted_left_out),
    "kms:PutKeyPolicy": _key_policy_put,
    "kms:ScheduleKeyDeletion": _deletion_response,
    "sts:AssumeRole": endpoint_sessions.keep_role_session,
    "sts:GetCallerIdentity": endpoint_sessions.show_caller,
    "sts:GetFederationToken": endpoint_sessions.keep_federation_token,
    "sts:GetSessionToken": endpoint_sessions.keep_session_token,
}
