"""An authorization request: may this principal do this action on this resource?"""

from __future__ import annotations

from typing import NamedTuple

from pytest_kmslab.authz.context import EMPTY, Context


class Request(NamedTuple):
    """What `authorize` decides about."""

    principal: str
    """The caller's ARN as AWS writes it (`arn:aws:iam::…:user/path/name`, `arn:aws:iam::…:root`,
    `arn:aws:sts::…:assumed-role/role/session`, `arn:aws:sts::…:federated-user/name`), or a service principal
    (`dynamodb.amazonaws.com`). Of a role session the ARN of the role itself, with its path, is the context
    key `aws:PrincipalArn`."""
    action: str
    """`service:Operation`."""
    resource: str
    """An ARN, or `*` for an action that has no resource."""
    context: Context = EMPTY
    """The condition keys of the request."""
    resource_account: str = ""
    """The account that owns the resource; left empty it is the account of the resource's ARN, and the
    principal's where that has none."""
    grant_id: str = ""
    """The grant to be retired, for `kms:RetireGrant` only."""
