"""Every kind of resource that a lab can leave behind."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_kmslab.lab.kinds.alarm import ALARM
from pytest_kmslab.lab.kinds.existing import KEY_POLICY
from pytest_kmslab.lab.kinds.iam.credentials_file import CREDENTIALS_FILE
from pytest_kmslab.lab.kinds.iam.group import GROUP
from pytest_kmslab.lab.kinds.iam.policy import POLICY
from pytest_kmslab.lab.kinds.iam.role import ROLE
from pytest_kmslab.lab.kinds.iam.user import USER
from pytest_kmslab.lab.kinds.kms.key import KMS_KEY
from pytest_kmslab.lab.kinds.stacks.stack import STACK
from pytest_kmslab.lab.kinds.table import TABLE
from pytest_kmslab.lab.resource_kind import ResourceKind

IN_ORDER: tuple[ResourceKind, ...] = (
    CREDENTIALS_FILE,
    KEY_POLICY,
    STACK,
    ALARM,
    TABLE,
    KMS_KEY,
    ROLE,
    GROUP,
    USER,
    POLICY,
)
"""As they are removed. Stacks before what they leave. Users late: a key may leave its deletion to one of
them. Policies after whom they bound."""

KINDS: Mapping[str, ResourceKind] = {kind.name: kind for kind in IN_ORDER}
"""Each by the name that the ledger has."""

IN_ACCOUNT: tuple[ResourceKind, ...] = tuple(kind for kind in IN_ORDER if not kind.is_file)
"""Those that can be looked for in an account."""
