"""The organization that an account is in, read from moto's own: its policies on every level, and its id.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.iam.models import iam_backends

from pytest_kmslab.account.model import Organization
from pytest_kmslab.authz.arn import COMMERCIAL, partition_of
from pytest_kmslab.authz.policy import NamedPolicy, named_policy
from pytest_kmslab.backends.moto import managed_policies as moto_managed_policies
from pytest_kmslab.backends.moto.lookup import backend_of
from pytest_kmslab.backends.moto.patches.replacing import Replaced, Replacement
from pytest_kmslab.backends.moto.patches.when_loaded import when_loaded
from pytest_kmslab.backends.moto.principals import by_name

ORGANIZATIONS = "moto.organizations.models"
"""Imported once somebody calls the service."""
SERVICE_CONTROL = "SERVICE_CONTROL_POLICY"
RESOURCE_CONTROL = "RESOURCE_CONTROL_POLICY"
ACCESS_ROLE = "OrganizationAccountAccessRole"
ADMINISTRATOR = "arn:{partition}:iam::aws:policy/AdministratorAccess"


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


@contextmanager
def access_roles_of_members() -> Iterator[None]:
    """While this is open, an account that is made in an organization has its access role.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html
    """
    with when_loaded(ORGANIZATIONS, _making_access_roles):
        yield


def _making_access_roles() -> Replaced:
    account = sys.modules[ORGANIZATIONS].FakeAccount
    make = account.__init__

    def make_account(made: Any, organization: Any, **given: Any) -> None:
        make(made, organization, **given)
        _open(made.id, partition_of(made.region).name, given.get("RoleName") or ACCESS_ROLE)

    return Replaced(Replacement(account, "__init__", make_account))


def _open(account: str, partition: str, name: str) -> None:
    """Give an account's access role its policy, in the partition that the account is of."""
    made: Any = by_name(iam_backends[account][COMMERCIAL.name].roles, name)
    backend = iam_backends[account][partition]
    if partition != COMMERCIAL.name:
        # moto makes all of them in `aws`.
        iam_backends[account][COMMERCIAL.name].roles.pop(made.id)
        trust = made.assume_role_policy_document.replace("arn:aws:", f"arn:{partition}:")
        backend.create_role(name, trust, "/", None, "", [], str(made.max_session_duration))
    policy = ADMINISTRATOR.format(partition=partition)
    moto_managed_policies.seed(policy, account)
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
