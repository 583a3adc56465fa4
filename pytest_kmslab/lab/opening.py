"""Opening a lab: with an administrator, and with a person's own AWS settings set aside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from pytest_kmslab.enforcement.entry import for_the_lab
from pytest_kmslab.lab.acting.environment import environment
from pytest_kmslab.lab.acting.principals import Principals
from pytest_kmslab.lab.context import LabContext
from pytest_kmslab.lab.creation import Creation
from pytest_kmslab.lab.kinds.iam.permissions import read_permissions
from pytest_kmslab.lab.kinds.iam.user import (
    ADMINISTRATOR_ACCESS,
    ExistingUser,
    IamUser,
    UserRequest,
    create_user,
)
from pytest_kmslab.lab.lab import Lab
from pytest_kmslab.lab.policies.sources import policy_of_option
from pytest_kmslab.lab.teardown.stack import TeardownStack

MakeAdministrator = Callable[[LabContext, TeardownStack], IamUser]
"""Makes the administrator of a lab, whom its teardown removes; or finds the one that several labs have."""


@contextmanager
def open_lab(
    context: LabContext,
    *,
    discards_account: bool = False,
    administrator: MakeAdministrator | None = None,
) -> Iterator[Lab]:
    """A lab with an administrator of its own, whom a plain `boto3.client()` acts as while it is open.

    Everything is removed at the end of the block; raises TeardownError if something could not be. Say with
    `discards_account` that the account itself is thrown away then, which saves all those calls.
    Its administrator is a new one, unless `administrator` finds another.

    One at a time on a context: its administrator's clients are kept for the next lab; `Lab.nested` gives
    more.
    """
    teardown = context.teardown()
    try:
        yield start_lab(context, teardown, administrator or make_administrator)
    finally:
        # What ends with the account is crossed off first, so that the rest alone is undone.
        if discards_account:
            teardown.forget_account()
        for_the_lab(teardown.unwind)()


@for_the_lab
def start_lab(context: LabContext, teardown: TeardownStack, administrator: MakeAdministrator) -> Lab:
    """A lab that `teardown` ends: a person's own AWS settings are set aside, there is an administrator."""
    surroundings = ExitStack()
    # Before anything is entered: whatever fails from here on, a person's settings come back.
    teardown.intend("environment", surroundings.close)
    backend = context.backend
    surroundings.enter_context(environment(backend.root, backend.region, context.endpoint_url))
    there = backend.administrator
    if there is None:
        admin = administrator(context, teardown)
        session = context.sessions.lasting("admin", admin.credentials)
    else:
        session = context.sessions.existing(there.session)
        admin = ExistingUser(there.name, there.arn, there.credentials, session.client("iam"))
    lab = Lab(context, teardown, admin, Principals(context.sessions, admin, session))
    surroundings.enter_context(lab.environ(admin))
    return lab


def make_administrator(context: LabContext, teardown: TeardownStack) -> IamUser:
    """Have the root user make a user, who makes all the rest."""
    root = context.sessions.lasting("root", context.backend.root)
    creation = Creation(context, teardown, root.client)
    policy = context.settings.admin_policy
    policy_source = policy_of_option(policy) if policy else ADMINISTRATOR_ACCESS
    permissions = read_permissions(creation, "user", policy_source, argument="--kmslab-admin-policy")
    return create_user(creation, context.settings.admin_name, UserRequest(permissions))
