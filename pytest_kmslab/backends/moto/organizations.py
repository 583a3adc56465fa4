"""The organization that an account is in, read from moto's own: its policies on every level, and its id.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from moto.iam.models import iam_backends

from pytest_kmslab.authz.policy import NamedPolicy, named_policy
from pytest_kmslab.backends.moto import managed_policies as moto_managed_policies
from pytest_kmslab.backends.moto.lookup import backend_of
from pytest_kmslab.calls.api_call import ApiCall

Levels = tuple[tuple[NamedPolicy, ...], ...]
SERVICE_CONTROL = "SERVICE_CONTROL_POLICY"
RESOURCE_CONTROL = "RESOURCE_CONTROL_POLICY"
ACCESS_ROLE = "OrganizationAccountAccessRole"
ADMINISTRATOR = "arn:{partition}:iam::aws:policy/AdministratorAccess"
OPENED = "kmslab_opened"
"""On moto's access role: that it was given its policy, which it may have lost again since."""


def levels(account: str, kind: str) -> Levels:
    """The policies of a kind from the root down to the account, one tuple for each level.

    An account that is in no organization has none, and the management account is held to none.
    """
    organization = _organization(account)
    if organization is None or organization.account_id == account:
        return ()
    return tuple(
        tuple(
            named_policy(str(one.name), str(one.content))
            for one in node.attached_policies
            if one.type == kind
        )
        for node in _path(organization, account)
    )


def context(account: str) -> Mapping[str, str | tuple[str, ...]]:
    """The condition keys that say in which organization a principal's account is.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    organization = _organization(account)
    if organization is None:
        return {}
    nodes = [str(node.id) for node in _path(organization, account) if node.type != "ACCOUNT"]
    path = "/".join((str(organization.org.id), *nodes, ""))
    return {"aws:PrincipalOrgID": str(organization.org.id), "aws:PrincipalOrgPaths": (path,)}


def resource_context(account: str) -> Mapping[str, str | tuple[str, ...]]:
    """The condition keys that say in which organization the account is that owns a resource.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceorgid
    """
    return {name.replace("Principal", "Resource"): value for name, value in context(account).items()}


def open_account(call: ApiCall) -> None:
    """The role by which the management account enters a member is an administrator; moto gives it nothing.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html
    """
    account, _, name = str(call.params["RoleArn"]).partition(":iam::")[2].partition(":role/")
    organization = _organization(account) if name == ACCESS_ROLE else None
    backend = backend_of(iam_backends, account, call.partition)
    if organization is None or backend is None or organization.account_id == account:
        return
    role = next((one for one in list(backend.roles.values()) if one.name == name), None)
    if role is not None and not hasattr(role, OPENED):
        setattr(role, OPENED, True)
        policy = ADMINISTRATOR.format(partition=call.partition)
        moto_managed_policies.seed(policy, account)
        backend.attach_role_policy(policy, name)


def _organization(account: str) -> Any:
    """Moto's backend of the organization that an account manages or is a member of."""
    models = sys.modules.get("moto.organizations.models")
    if models is None:  # nobody has called the service, so there is none
        return None
    backends: Any = models.organizations_backends
    master, partition = backends.master_accounts.get(account, (account, "aws"))
    found = backend_of(backends, master, partition)
    return found if found is not None and found.org is not None else None


def _path(organization: Any, account: str) -> list[Any]:
    """The root, the organizational units and the account, in this order."""
    nodes = {str(one.id): one for one in (*organization.ou, *organization.accounts)}
    path, node = [], nodes.get(account)
    while node is not None:
        path.append(node)
        node = nodes.get(str(node.parent_id))
    return path[::-1]
