"""What moto drops or gets wrong, kept and put right: a row an operation.

Each fixup is there because a decision would otherwise be made on less than AWS knows (a boundary, a
session policy, a key policy's deleted principal), or because moto answers an error where AWS does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pytest_kmslab.backends.moto import grants
from pytest_kmslab.backends.moto import iam_tags as tags
from pytest_kmslab.backends.moto.fixups import attachments as attaching
from pytest_kmslab.backends.moto.fixups import (
    backups,
    client_tokens,
    documents,
    export_times,
    item_answers,
    keys,
    old_filters,
    page_tokens,
    replicas,
    restores,
    roles,
    sessions,
    streams,
    table_descriptions,
    tables,
    taken_names,
    transfers,
    users,
)
from pytest_kmslab.backends.moto.fixups.contributor_insights import INSIGHTS
from pytest_kmslab.backends.moto.fixups.global_tables import GLOBAL_TABLES
from pytest_kmslab.backends.moto.fixups.kinesis_destinations import DESTINATIONS
from pytest_kmslab.backends.moto.fixups.kms import (
    encryption,
    imports,
    listings,
    metadata,
    requests,
    rotations,
    signatures,
)
from pytest_kmslab.backends.moto.fixups.kms.key_stores import KEY_STORES, check_store_is_there
from pytest_kmslab.backends.moto.fixups.kms.materials import materials
from pytest_kmslab.backends.moto.fixups.missing_entities import check_is_there
from pytest_kmslab.backends.moto.fixups.oidc_providers import CLIENTS
from pytest_kmslab.backends.moto.fixups.partiql import PARTIQL
from pytest_kmslab.backends.moto.fixups.partiql import answer as answer_partiql
from pytest_kmslab.backends.moto.fixups.service_credentials import SERVICE_CREDENTIALS
from pytest_kmslab.backends.moto.fixups.stream_tags import STREAM_TAGS
from pytest_kmslab.backends.moto.fixups.table_descriptions import SHOWN
from pytest_kmslab.backends.moto.fixups.transfers import TRANSFERS
from pytest_kmslab.backends.moto.principals import record_principals
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.calls.dynamodb.key_conditions import in_plain_form
from pytest_kmslab.calls.iam.implicit_user import implicit_user
from pytest_kmslab.calls.kms.creation import SYNCHRONIZER
from pytest_kmslab.calls.kms.keys import show_deletion
from pytest_kmslab.calls.kms.policies import policy_name
from pytest_kmslab.calls.rules.attachments import ATTACHED
from pytest_kmslab.calls.rules.iam_names import MADE_ONCE
from pytest_kmslab.calls.rules.policy_normalization import INLINE_PUTS, MANAGED_PUTS

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader

Response = dict[str, Any]


class MotoFixups:
    """Does the fixups of a call's operation, on the account that the reader reads."""

    def __init__(self, view: MotoAccountReader) -> None:
        self._reader = view

    def before_call(self, call: ApiCall) -> Mapping[str, Any]:
        """Parameters to send in place of the caller's; empty for most calls."""
        if call.service == "iam":
            check_is_there(call)
        fixup = BEFORE_CALL.get(call.name)
        replaced = dict(fixup(self._reader, call)) if fixup else {}
        if call.service == "iam":
            page_tokens.check_marker(call)
            return {**implicit_user(call), **replaced}
        return replaced

    def emulate(self, call: ApiCall) -> Response | None:
        """The response of an operation that moto lacks."""
        fixup = EMULATED.get(call.name)
        return fixup(call) if fixup else None

    def after_call(self, call: ApiCall, response: Response) -> None:
        """Keep what moto dropped and put its response right."""
        fixup = AFTER_CALL.get(call.name)
        if fixup:
            fixup(self._reader, call, response)

    def add_table_grants(self, table_arn: str, key_arn: str) -> None:
        """DynamoDB's grants for a table, on its key."""
        grants.add(self._reader.moto_key(key_arn, "", ""), table_arn)

    def retire_table_grants(self, table_arn: str) -> None:
        """Take the grants of a table off its key."""
        # Off all keys: a table whose key changed has left grants on none but its last.
        for key in self._reader.every_key():
            grants.retire(key, table_arn)


def _raw_key_id(view: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    # Moto looks these keys up by their bare id only, and fails with a 500 for an ARN.
    key = view.key(str(call.params.get("KeyId", "")), call.region, call.account)
    return {} if key is None else {"KeyId": key.key_id}


def _replicate(view: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    keys.check_region(call)
    key = view.moto_key(str(call.params["KeyId"]), call.region, call.account)
    # Made now, so that the copy of the key that is its replica shares them.
    materials(key)
    return _raw_key_id(view, call)


def _check_new_key(view: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    check_store_is_there(call)
    return requests.check_can_be_made(view, call)


def _query(view: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    return {**old_filters.as_expressions(view, call), **in_plain_form(call.params)}


def _update_item(view: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    return {**old_filters.expected_as_condition(view, call), **item_answers.with_some_update(view, call)}


def _record_principals(view: MotoAccountReader, call: ApiCall, response: Response) -> None:
    key_id = call.params.get("KeyId") or response["KeyMetadata"]["KeyId"]
    key = view.moto_key(str(key_id), call.region, call.account)
    # KMS stores a principal by its unique id, so remember whom each ARN meant when the policy was put.
    record_principals(key, key.policy)


def _made_key(view: MotoAccountReader, call: ApiCall, response: Response) -> None:
    """CreateKey: its state, its metadata, whom its policy names, and the role that keeps replicas alike."""
    _record_principals(view, call, response)
    if call.params.get("MultiRegion"):
        roles.make_service_linked(call, *SYNCHRONIZER)
    key = view.moto_key(str(response["KeyMetadata"]["KeyId"]), call.region, call.account)
    # A key whose material is to be imported has none yet; moto has it enabled.
    if call.params.get("Origin") == "EXTERNAL":
        key.key_state, key.enabled = "PendingImport", False
    response["KeyMetadata"] = metadata.key_metadata(key)


def _present_key_policy(view: MotoAccountReader, call: ApiCall, response: Response) -> None:
    key = view.moto_key(str(call.params.get("KeyId")), call.region, call.account)
    response["Policy"] = view.key_policy_text(key)


def _keep_grant(view: MotoAccountReader, call: ApiCall, response: Response) -> None:
    key = view.moto_key(str(call.params["KeyId"]), call.region, call.account)
    grants.keep_grant(key, call.account, response)


def _deletion_response(view: MotoAccountReader, call: ApiCall, response: Response) -> None:
    """KMS answers the key's ARN, and for a scheduled deletion its state and waiting period."""
    if call.operation == "ScheduleKeyDeletion":
        moto_key = view.moto_key(str(call.params.get("KeyId")), call.region, call.account)
        setattr(moto_key, metadata.WINDOW, call.params.get("PendingWindowInDays") or metadata.LONGEST_WAIT)
        keys.move_deletion(moto_key, call, response)
        keys.defer_primary_deletion(moto_key, response)
    else:
        imports.restore(view.moto_key(str(call.params.get("KeyId")), call.region, call.account))
    show_deletion(view.key(str(call.params.get("KeyId")), call.region, call.account), call, response)


BeforeCall = Callable[["MotoAccountReader", ApiCall], Mapping[str, Any]]
AfterCall = Callable[["MotoAccountReader", ApiCall, Response], None]


def _each(*fixups: AfterCall) -> AfterCall:
    """Several fixups of one operation, one after another: what is kept first is shown then."""

    def fixup(reader: MotoAccountReader, call: ApiCall, response: Response) -> None:
        for each in fixups:
            each(reader, call, response)

    return fixup


SHOWING_ROLES = (
    "iam:GetAccountAuthorizationDetails",
    "iam:GetInstanceProfile",
    "iam:GetRole",
    "iam:ListInstanceProfiles",
    "iam:ListInstanceProfilesForRole",
    "iam:ListRoles",
    "iam:UpdateRoleDescription",
)

BEFORE_CALL: Mapping[str, BeforeCall] = {
    **dict.fromkeys(
        ("kms:EnableKey", "kms:DisableKey", "kms:CancelKeyDeletion", "kms:ScheduleKeyDeletion"), _raw_key_id
    ),
    "kms:CreateGrant": grants.as_principals,
    "kms:ReplicateKey": _replicate,
    "kms:CreateKey": _check_new_key,
    **dict.fromkeys(listings.PAGED, listings.check_marker),
    **dict.fromkeys(requests.TAKES_RECIPIENT, requests.refuse_recipient),
    **dict.fromkeys((f"iam:{operation}" for operation in ATTACHED), attaching.attached),
    **dict.fromkeys(
        (
            "iam:GetPolicy",
            "iam:GetPolicyVersion",
            "iam:ListEntitiesForPolicy",
            "iam:ListPolicyVersions",
        ),
        attaching.found,
    ),
    **dict.fromkeys(("iam:PutRolePermissionsBoundary", "iam:PutUserPermissionsBoundary"), attaching.bounding),
    "sts:GetFederationToken": attaching.passed,
    "iam:AddUserToGroup": attaching.joining,
    "iam:DeleteGroup": attaching.emptied,
    "sts:AssumeRole": attaching.passed,
    "iam:CreateRole": attaching.bounding,
    "iam:CreateServiceLinkedRole": roles.refuse_second_linked,
    "iam:CreateUser": attaching.bounding,
    **dict.fromkeys(MADE_ONCE, taken_names.check_is_first),
    "iam:DeleteSAMLProvider": taken_names.check_is_there,
    "iam:UpdateUser": users.note_tags,
    "iam:DeletePolicy": attaching.deletable,
    "iam:DeleteUser": users.check_deletable,
    "iam:UpdateAssumeRolePolicy": documents.put_trust,
    **dict.fromkeys(INLINE_PUTS, documents.put_inline),
    **dict.fromkeys(MANAGED_PUTS, documents.put_managed),
    "iam:UpdateLoginProfile": users.keep_profile,
    "iam:UpdateRole": roles.keep_unchanged,
    "dynamodb:CreateTable": tables.plain_name,
    "dynamodb:Query": _query,
    "dynamodb:Scan": old_filters.as_expressions,
    "dynamodb:ExportTableToPointInTime": export_times.begin,
    "dynamodb:DeleteTable": tables.refuse_protected,
    **dict.fromkeys(("dynamodb:DeleteBackup", "dynamodb:DescribeBackup"), backups.look_here),
    "dynamodb:ListTagsOfResource": page_tokens.check_tag_token,
    "dynamodb:TransactGetItems": tables.check_projections,
    **dict.fromkeys(("dynamodb:DeleteItem", "dynamodb:PutItem"), old_filters.expected_as_condition),
    "dynamodb:UpdateItem": _update_item,
    "dynamodb:UpdateTable": tables.reopen_stream,
    "dynamodb:UpdateContinuousBackups": restores.check_days,
    "dynamodb:UpdateTimeToLive": tables.check_time_to_live,
    "kms:GetKeyPolicy": policy_name,
    "kms:PutKeyPolicy": policy_name,
}

_UNTAGGED = ("MFADevice", "SAMLProvider", "ServerCertificate")
"""What of IAM moto keeps no tags of."""

EMULATED: Mapping[str, Callable[[ApiCall], Response | None]] = {
    **dict.fromkeys((f"iam:Tag{kind}" for kind in _UNTAGGED), tags.tag),
    **dict.fromkeys((f"iam:Untag{kind}" for kind in _UNTAGGED), tags.untag),
    **dict.fromkeys((f"iam:List{kind}Tags" for kind in (*_UNTAGGED, "InstanceProfile")), tags.show),
    **dict.fromkeys(PARTIQL, answer_partiql),
    **DESTINATIONS,
    **INSIGHTS,
    **GLOBAL_TABLES,
    **CLIENTS,
    **TRANSFERS,
    **client_tokens.REPEATED,
    **SERVICE_CREDENTIALS,
    **STREAM_TAGS,
    **KEY_STORES,
    "dynamodb:BatchWriteItem": item_answers.write_in_order,
    "dynamodb:ListBackups": backups.list_backups,
    "dynamodb:ListTables": item_answers.list_tables,
    "dynamodb:RestoreTableFromBackup": restores.from_backup,
    "dynamodb:RestoreTableToPointInTime": restores.to_point_in_time,
    "dynamodb:UpdateTable": replicas.update,
    "dynamodbstreams:DescribeStream": streams.describe_disabled,
    "dynamodbstreams:GetShardIterator": streams.shard_iterator,
    "dynamodb:DeleteResourcePolicy": tables.delete,
    "dynamodb:GetResourcePolicy": tables.get,
    "dynamodb:PutResourcePolicy": tables.put,
    "kms:Decapsulate": signatures.decapsulate,
    "kms:Decrypt": encryption.decrypt,
    "kms:DeleteImportedKeyMaterial": imports.delete_material,
    "kms:DeriveSharedSecret": signatures.derive_shared_secret,
    "kms:DescribeKey": metadata.describe,
    "kms:DisableKeyRotation": rotations.disable,
    "kms:EnableKeyRotation": rotations.enable,
    "kms:Encapsulate": signatures.encapsulate,
    "kms:Encrypt": encryption.encrypt,
    "kms:GenerateDataKey": encryption.data_key,
    "kms:GenerateDataKeyPair": encryption.data_key_pair,
    "kms:GenerateDataKeyPairWithoutPlaintext": encryption.data_key_pair,
    "kms:GenerateDataKeyWithoutPlaintext": encryption.data_key,
    "kms:GenerateMac": signatures.generate_mac,
    "kms:GetKeyRotationStatus": rotations.status,
    "kms:GetParametersForImport": imports.parameters,
    "kms:GetPublicKey": signatures.get_public_key,
    "kms:ImportKeyMaterial": imports.import_material,
    "kms:ListKeyRotations": rotations.listed,
    "kms:ListRetirableGrants": listings.retirable,
    "kms:ReEncrypt": encryption.re_encrypt,
    "kms:RotateKeyOnDemand": rotations.rotate,
    "kms:Sign": signatures.sign,
    "kms:UpdatePrimaryRegion": keys.change_primary,
    "kms:Verify": signatures.verify,
    "kms:VerifyMac": signatures.verify_mac,
    "sts:DecodeAuthorizationMessage": sessions.decode_message,
    "iam:UpdateServerCertificate": taken_names.update_certificate,
    "iam:PutUserPermissionsBoundary": users.put_boundary,
    "iam:DeleteUserPermissionsBoundary": users.delete_boundary,
}

AFTER_CALL: Mapping[str, AfterCall] = {
    "dynamodb:CreateTable": _each(tables.keep_created, table_descriptions.show_made),
    "dynamodb:DeleteTable": _each(
        tables.forget_deleted, table_descriptions.show_gone, replicas.forget_deleted
    ),
    **SHOWN,
    **dict.fromkeys(
        ("dynamodb:DescribeContinuousBackups", "dynamodb:UpdateContinuousBackups"), restores.show_latest
    ),
    "dynamodb:UpdateTable": _each(replicas.spread, table_descriptions.show_changed),
    **dict.fromkeys(item_answers.COUNTED, item_answers.count_only_if_asked),
    **dict.fromkeys(item_answers.MEASURED, item_answers.measure_collection),
    **client_tokens.KEPT,
    "dynamodb:TransactWriteItems": _each(
        item_answers.count_only_if_asked, client_tokens.KEPT["dynamodb:TransactWriteItems"]
    ),
    "dynamodbstreams:DescribeStream": item_answers.leave_out_shards,
    "dynamodbstreams:GetRecords": item_answers.place_records,
    "dynamodb:CreateBackup": backups.show_made,
    **dict.fromkeys(("dynamodb:DeleteBackup", "dynamodb:DescribeBackup"), backups.show_as_named),
    "dynamodb:ExportTableToPointInTime": _each(
        transfers.name_export, client_tokens.KEPT["dynamodb:ExportTableToPointInTime"]
    ),
    "dynamodb:TagResource": tables.keep_last_tags,
    "dynamodb:TransactGetItems": tables.project_transacted,
    "iam:CreateRole": _each(documents.keep_trust, documents.show_trust),
    "iam:UpdateAssumeRolePolicy": documents.keep_trust,
    **dict.fromkeys(SHOWING_ROLES, documents.show_trust),
    **dict.fromkeys(INLINE_PUTS, documents.keep_inline),
    **dict.fromkeys(MANAGED_PUTS, documents.keep_managed),
    "iam:CreatePolicyVersion": _each(documents.keep_managed, documents.leave_out_documents),
    "iam:GetPolicyVersion": documents.show_version,
    "iam:ListPolicyVersions": documents.leave_out_documents,
    **dict.fromkeys(
        ("iam:CreateSAMLProvider", "iam:CreateVirtualMFADevice", "iam:UploadServerCertificate"),
        tags.keep_made,
    ),
    **dict.fromkeys(tags.CHANGED, tags.keep_one_spelling),
    "iam:CreateServiceLinkedRole": roles.name_linked,
    "iam:CreateUser": users.keep_boundary,
    "iam:GetAccountAuthorizationDetails": _each(users.show_boundary, documents.show_trust),
    "iam:GetPolicy": attaching.count_bounded,
    "iam:GetUser": users.show_boundary,
    "iam:ListEntitiesForPolicy": attaching.show_bounded,
    "iam:UpdateGroup": users.move_group,
    "iam:UpdateUser": users.keep_renamed,
    "kms:CreateGrant": _keep_grant,
    "kms:CreateKey": _made_key,
    **dict.fromkeys(("kms:CreateAlias", "kms:UpdateAlias"), listings.date_alias),
    "kms:ListAliases": listings.aliases,
    **dict.fromkeys(listings.LISTS, listings.paged),
    "kms:ListGrants": listings.of_key,
    "kms:PutKeyPolicy": _record_principals,
    "kms:GetKeyPolicy": _present_key_policy,
    "kms:ReplicateKey": keys.separate_replica,
    "kms:ScheduleKeyDeletion": _deletion_response,
    "kms:CancelKeyDeletion": _deletion_response,
    "sts:GetCallerIdentity": sessions.show_caller,
    "sts:AssumeRole": sessions.keep_role_session,
    "sts:GetSessionToken": sessions.issue_session_token,
    "sts:GetFederationToken": sessions.issue_federation_token,
}
