"""The organization that an account is in, read from moto's own: its policies on every level, and its id.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
"""

from __future__ import annotations

import sys
from typing import Any

from moto.iam.models import iam_backends

from pytest_kmslab.account.model import Organization
from pytest_kmslab.authz.policy import NamedPolicy, named_policy
from pytest_kmslab.backends.moto import managed_policies as moto_managed_policies
from pytest_kmslab.backends.moto.lookup import backend_of, place_of
from pytest_kmslab.calls.api_call import ApiCall

ORGANIZATIONS = "moto.organizations.models"
"""Imported once somebody calls the service."""
SERVICE_CONTROL = "SERVICE_CONTROL_POLICY"
RESOURCE_CONTROL = "RESOURCE_CONTROL_POLICY"
ACCESS_ROLE = "OrganizationAccountAccessRole"
ADMINISTRATOR = "arn:{partition}:iam::aws:policy/AdministratorAccess"
OPENED = "kmslab_opened"
"""On moto's access role: that it was given its policy, which it may have lost again since."""


def organization_of(account: str, partition: str) -> Organization | None:
    """The organization that an account manages or is a member of.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    organization = _organization(account, partition)
    if organization is None:
        return None
    nodes = _path(organization, account)
    units = [str(node.id) for node in nodes if node.type != "ACCOUNT"]
    # The management account is held to no policy.
    levels = [] if organization.account_id == account else nodes
    return Organization(
        id=str(organization.org.id),
        path="/".join((str(organization.org.id), *units, "")),
        service_control=tuple(_policies(node, SERVICE_CONTROL) for node in levels),
        resource_control=tuple(_policies(node, RESOURCE_CONTROL) for node in levels),
    )


def _policies(node: Any, kind: str) -> tuple[NamedPolicy, ...]:
    attached = [policy for policy in node.attached_policies if policy.type == kind]
    return tuple([named_policy(str(policy.name), str(policy.content)) for policy in attached])


def open_account(call: ApiCall) -> None:
    """Give the role by which the management account enters a member its policy: it is an administrator.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html
    """
    role_arn = place_of(str(call.params["RoleArn"]))
    account, name = role_arn.account, role_arn.rest.removeprefix("role/")
    organization = _organization(account, call.partition) if name == ACCESS_ROLE else None
    backend = backend_of(iam_backends, account, call.partition)
    if organization is None or backend is None or organization.account_id == account:
        return
    role = next((candidate for candidate in list(backend.roles.values()) if candidate.name == name), None)
    if role is not None and not hasattr(role, OPENED):
        setattr(role, OPENED, True)
        policy = ADMINISTRATOR.format(partition=call.partition)
        moto_managed_policies.seed(policy, account)
        # moto gives the role nothing. Once only: somebody may have taken the policy away since.
        backend.attach_role_policy(policy, name)


def _organization(account: str, partition: str) -> Any:
    """Moto's backend of the organization that an account manages or is a member of."""
    models = sys.modules.get(ORGANIZATIONS)
    if models is None:  # nobody has called the service, so there is none
        return None
    backends: Any = models.organizations_backends
    # moto knows the partition of members; an account number may stand for an account in each.
    master, its_partition = backends.master_accounts.get(account, (account, partition))
    backend = backend_of(backends, master, partition) if its_partition == partition else None
    return backend if backend is not None and backend.org is not None else None


def _path(organization: Any, account: str) -> list[Any]:
    """The root, the organizational units and the account, in this order."""
    nodes = {str(known.id): known for known in (*organization.ou, *organization.accounts)}
    path, node = [], nodes.get(account)
    while node is not None:
        path.append(node)
        node = nodes.get(str(node.parent_id))
    return path[::-1]
