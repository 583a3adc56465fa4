"""What a call of IAM names and is not there, told in AWS's words: moto has words of its own.

Texts as people pasted them, of instance profiles in skyplane-project/skyplane#724; recorded in LocalStack's
tests/aws/services/iam for users and policies. Those of versions and of login profiles are well known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moto.iam.models import iam_backends

from pytest_kmslab.backends.moto.principals import by_name, named_entity
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.rules.attachments import not_found

_MAKING = ("CreateGroup", "CreateInstanceProfile", "CreateRole", "CreateUser")
_ENTITIES: Mapping[str, tuple[str, str]] = {
    "GroupName": ("group", "The group with name {} cannot be found."),
    "InstanceProfileName": ("instance-profile", "Instance Profile {} cannot be found."),
    "RoleName": ("role", "The role with name {} cannot be found."),
}
"""By the member that names it, what is named, and what AWS says where it is not there; moto does of users."""
_INLINE: Mapping[str, str] = {
    f"{verb}{kind}Policy": kind for verb in ("Delete", "Get") for kind in ("Group", "Role", "User")
}
_VERSIONS = ("DeletePolicyVersion", "GetPolicyVersion", "SetDefaultPolicyVersion")
_LOGINS = ("DeleteLoginProfile", "GetLoginProfile", "UpdateLoginProfile")
_ACCESS_KEYS = ("DeleteAccessKey", "UpdateAccessKey")


def check_is_there(call: ApiCall) -> None:
    """Raise NoSuchEntity for what is named and is not there."""
    if call.operation in _MAKING:
        return
    for member, (kind, text) in _ENTITIES.items():
        name = call.params.get(member)
        # moto finds a name in its own case only.
        if name is not None and getattr(_entity(call, kind, member), "name", None) != name:
            raise _missing(text.format(name))
    for operations, check in _PARTS:
        if call.operation in operations:
            check(call)


def _entity(call: ApiCall, kind: str, member: str) -> Any:
    if kind != "instance-profile":
        return named_entity(call, kind, member)
    return by_name(iam_backends[call.account][call.partition].instance_profiles, str(call.params[member]))


def _missing(text: str) -> ServiceError:
    return ServiceError("NoSuchEntity", text, 404)


def _inline(call: ApiCall) -> None:
    kind, name = _INLINE[call.operation].lower(), call.params["PolicyName"]
    holder = named_entity(call, kind, f"{kind.capitalize()}Name")
    if holder is not None and name not in holder.policies:
        raise _missing(f"The {kind} policy with name {name} cannot be found.")


def _role_of_profile(call: ApiCall) -> None:
    # moto ends in an error of Python's; that IAM says so is inferred.
    profile, name = _entity(call, "instance-profile", "InstanceProfileName"), call.params["RoleName"]
    if all(role.name != name for role in profile.roles):
        raise _missing(f"The role with name {name} cannot be found.")


def _version(call: ApiCall) -> None:
    arn, version = str(call.params["PolicyArn"]), call.params["VersionId"]
    policy = iam_backends[call.account][call.partition].managed_policies.get(arn)
    if policy is not None and version not in [each.version_id for each in policy.versions]:
        raise _missing(f"Policy {arn} version {version} does not exist or is not attachable.")
    if policy is None and call.operation != "GetPolicyVersion":
        raise not_found(arn)


def _login(call: ApiCall) -> None:
    user = _user(call)
    if user is not None and not user.password:
        raise _missing(f"Login Profile for User {user.name} cannot be found.")


def _access_key(call: ApiCall) -> None:
    user, wanted = _user(call), call.params["AccessKeyId"]
    if user is not None and all(key.access_key_id != wanted for key in user.access_keys):
        raise _missing(f"The Access Key with id {wanted} cannot be found.")


def _user(call: ApiCall) -> Any:
    # Who names nobody is looked up elsewhere, by the key that signed.
    return named_entity(call, "user", "UserName") if call.params.get("UserName") else None


_PARTS: tuple[tuple[Iterable[str], Callable[[ApiCall], None]], ...] = (
    (_INLINE, _inline),
    (("RemoveRoleFromInstanceProfile",), _role_of_profile),
    (_VERSIONS, _version),
    (_LOGINS, _login),
    (_ACCESS_KEYS, _access_key),
)
