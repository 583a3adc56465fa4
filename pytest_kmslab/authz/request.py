"""An authorization request: may this principal do this action on this resource?"""

from __future__ import annotations

from typing import NamedTuple

from pytest_kmslab.authz.context import EMPTY, Context


class Request(NamedTuple):
    """One question to `authorize`.

    `principal` is the caller's ARN as AWS writes it (`arn:aws:iam::…:user/path/name`,
    `arn:aws:iam::…:root`, `arn:aws:sts::…:assumed-role/role/session`,
    `arn:aws:sts::…:federated-user/name`) or a service principal (`dynamodb.amazonaws.com`).
    For a role session the ARN of the role itself, with its path, is the context key
    `aws:PrincipalArn`. `action` is `service:Operation`. `resource` is an ARN, or `*` for an action
    that has no resource. `resource_account` is the account that owns the resource; left empty it is
    the account of the resource's ARN, and the principal's where that has none. `grant_id` is, for
    `kms:RetireGrant` only, the grant to be retired.
    """

    principal: str
    action: str
    resource: str
    context: Context = EMPTY
    resource_account: str = ""
    grant_id: str = ""
