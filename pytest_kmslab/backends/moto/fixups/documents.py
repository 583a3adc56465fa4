"""Policy documents as they were put: moto's validators are given what they take, and the text that was put is
kept, shown and decided by."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from moto.iam.exceptions import MalformedPolicyDocument
from moto.iam.models import iam_backends
from moto.iam.policy_validation import IAMPolicyDocumentValidator

from pytest_kmslab.authz.json_text import as_list
from pytest_kmslab.backends.moto.fixups import roles
from pytest_kmslab.backends.moto.principals import (
    entity_of,
    named_entity,
    present_principals,
    record_principals,
)
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.rules.iam_documents import INLINE, check_inline_size

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader

Response = dict[str, Any]
TAKEN = (
    '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}}'
)
"""A trust policy that moto takes: it refuses versions and actions that IAM does not."""
NOBODY = '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}'
"""A policy of an identity that moto takes."""


def put_inline(_reader: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """Put…Policy."""
    holder = _holder(call)
    # moto has no limit for the inline policies of one identity.
    check_inline_size(call, {} if holder is None else holder.policies)
    return _taken_document(call)


def keep_inline(_reader: MotoAccountReader, call: ApiCall, _response: Response) -> None:
    """The text that was put, of an inline policy."""
    _holder(call).policies[str(call.params["PolicyName"])] = str(call.params["PolicyDocument"])


def put_managed(_reader: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """A managed policy about to be made, or a version of one."""
    name = str(call.params.get("PolicyName", "")).lower()
    # A name is given once, whatever case and path:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-names
    own = f":iam::{call.account}:policy/"
    for policy in list(iam_backends[call.account][call.partition].managed_policies.values()):
        if name and policy.name.lower() == name and own in policy.arn:
            taken = f"A policy called {call.params['PolicyName']} already exists."
            raise ServiceError("EntityAlreadyExists", f"{taken} Duplicate names are not allowed.", 409)
    return _taken_document(call)


def keep_managed(_reader: MotoAccountReader, call: ApiCall, response: Response) -> None:
    """The text that was put, of a version of a managed policy."""
    made = response.get("Policy") or {}
    arn = made.get("Arn") or call.params["PolicyArn"]
    wanted = made.get("DefaultVersionId") or response["PolicyVersion"]["VersionId"]
    for version in iam_backends[call.account][call.partition].managed_policies[str(arn)].versions:
        if version.version_id == wanted:
            version.document = str(call.params["PolicyDocument"])


def put_trust(_reader: MotoAccountReader, _call: ApiCall) -> Mapping[str, Any]:
    """UpdateAssumeRolePolicy."""
    # The document was looked at before it came here; moto refuses some that IAM takes.
    return {"PolicyDocument": TAKEN}


def keep_trust(_reader: MotoAccountReader, call: ApiCall, _response: Response) -> None:
    """Keep the text of a role's trust policy."""
    role = iam_backends[call.account][call.partition].get_role(str(call.params["RoleName"]))
    role.assume_role_policy_document = call.params.get("PolicyDocument") or role.assume_role_policy_document
    # IAM stores whom each ARN in it means now: a role that is made again is another.
    record_principals(role, str(role.assume_role_policy_document))


def show_trust(_reader: MotoAccountReader, call: ApiCall, response: Response) -> None:
    """Show the roles of a response with whom their trust policies name now, and with the members that the
    operation answers.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    for shown in _roles_in(response):
        roles.show_members(call, shown)
        document = shown.get("AssumeRolePolicyDocument")
        if document:
            role = entity_of(shown["Arn"])
            # In most responses moto leaves out IAM's percent encoding, which every client undoes.
            kept = getattr(role, "assume_role_policy_document", None)
            if not isinstance(kept, str):
                kept = json.dumps(document) if isinstance(document, dict) else unquote(document)
            # A principal that was deleted since is shown by its unique id, one that was renamed by its ARN.
            shown["AssumeRolePolicyDocument"] = _in_form_of(document, present_principals(role, kept))


def show_version(_reader: MotoAccountReader, call: ApiCall, response: Response) -> None:
    """GetPolicyVersion shows the document that was put."""
    policy = iam_backends[call.account][call.partition].managed_policies.get(str(call.params["PolicyArn"]))
    shown = response["PolicyVersion"]
    for version in policy.versions if policy is not None else ():
        if version.version_id == shown["VersionId"] and isinstance(version.document, str):
            shown["Document"] = _in_form_of(shown.get("Document"), version.document)


def _in_form_of(document: Any, text: str) -> Any:
    """A policy in the form in which a response has one: read, as botocore hands it to its client, or encoded,
    as the gateway writes it on the wire."""
    return json.loads(text) if isinstance(document, dict) else quote(text)


def leave_out_documents(_reader: MotoAccountReader, _call: ApiCall, response: Response) -> None:
    """CreatePolicyVersion and ListPolicyVersions tell no documents.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_PolicyVersion.html
    """
    for version in [response.get("PolicyVersion") or {}, *(response.get("Versions") or ())]:
        version.pop("Document", None)


def _roles_in(response: Response) -> Iterator[Response]:
    """The roles of a response, and of the instance profiles in it."""
    for member in ("Role", "Roles", "RoleDetailList"):
        yield from as_list(response.get(member) or [])
    for member in ("InstanceProfile", "InstanceProfiles"):
        for profile in as_list(response.get(member) or []):
            yield from profile["Roles"]


def _taken_document(call: ApiCall) -> Mapping[str, Any]:
    try:
        IAMPolicyDocumentValidator(str(call.params["PolicyDocument"])).validate()
    except MalformedPolicyDocument:
        # What to send in place of a document that IAM takes and moto does not: one that lets nobody do
        # anything for the moment until the text that was put is kept.
        return {"PolicyDocument": NOBODY}
    return {}


def _holder(call: ApiCall) -> Any:
    kind, member, _ = INLINE[call.operation]
    return named_entity(call, kind, member)
