"""The decision: one pure function."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_kmslab.authz.decision import Decision
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.policy import Policies
from pytest_kmslab.authz.request import Request


def authorize(request: Request, policies: Policies, grants: Sequence[Grant] = ()) -> Decision:
    """Decide one request from the policies and grants given."""
    raise NotImplementedError
