"""Everybody whom a lab can act as, and what their own policies say."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

from pytest_kmslab.lab.kinds.iam.user import IamUser
from pytest_kmslab.lab.sessions import PROBE_CALLS, PrincipalSession, Sessions

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient

    from pytest_kmslab.backends.protocol import Credentials


class Actor(Protocol):
    """Somebody who can sign requests: a user of the lab, or something of your own."""

    @property
    def credentials(self) -> Credentials:
        """What to sign with."""


class Principals:
    """The sessions of a lab's principals, kept for the lab's lifetime; and its users, who are `Probers`."""

    def __init__(self, sessions: Sessions, admin: IamUser, admin_session: PrincipalSession) -> None:
        self._make = sessions
        self._admin_session = admin_session
        # By all of the credentials: who has the access key and another secret is nobody.
        self._sessions: dict[Credentials, PrincipalSession] = {admin.credentials: admin_session}
        self._users: dict[str, IamUser] = {}

    def add(self, user: IamUser) -> None:
        """Note a user that the lab has made."""
        self._users[user.arn] = user

    def session(self, actor: Actor) -> PrincipalSession:
        """The session of somebody."""
        credentials = actor.credentials
        if credentials not in self._sessions:
            # Of others than the lab's own users nobody knows what they are certainly allowed.
            probes = None
            if isinstance(actor, IamUser) and actor.arn in self._users:
                # Kept: IAM is asked once, when it matters.
                probes = cache(partial(allowed_probes, self._admin_session, actor.arn))
            self._sessions[credentials] = self._make.of(credentials, probes)
        return self._sessions[credentials]

    def arns(self) -> Iterable[str]:
        """The users that the lab has made, deleted ones too."""
        return tuple(self._users)

    def client(self, arn: str, service: str) -> Any:
        """A client of one of these users."""
        return self.session(self._users[arn]).client(service)

    def own_policies_say(self, arn: str, action: str, resource: str) -> str | None:
        """What the policies of one of these users decide; None where IAM does not say."""
        return own_policies_say(self._admin_session.client("iam"), arn, [action], resource).get(action)

    def reconnect(self) -> None:
        """Let the next call of each client that was handed out open a new connection."""
        for session in self._sessions.values():
            session.reconnect()


def allowed_probes(admin_session: PrincipalSession, arn: str) -> frozenset[str]:
    """The actions of `PROBE_CALLS` that a user's own policies allow."""
    asked = [call.action for call in PROBE_CALLS.values() if call.action]
    decisions = own_policies_say(admin_session.client("iam"), arn, asked)
    return frozenset(action for action, decision in decisions.items() if decision == "allowed")


def own_policies_say(
    iam: IAMClient, principal_arn: str, actions: Iterable[str], resource: str = "*"
) -> dict[str, str]:
    """The decision for each action by a user's or role's own policies, as IAM spells it.

    IAM's policy simulator is asked: nothing is done, nothing is charged. Empty where it does not say: for
    want of a permission to ask, or of the principal.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
    """
    paginator = iam.get_paginator("simulate_principal_policy")
    pages = paginator.paginate(
        PolicySourceArn=principal_arn, ActionNames=list(actions), ResourceArns=[resource]
    )
    try:
        results = [result for page in pages for result in page["EvaluationResults"]]
    except ClientError:
        # Nobody may have let the administrator ask, and a new principal may not show yet: neither says "no".
        return {}
    return {result["EvalActionName"]: result["EvalDecision"] for result in results}
