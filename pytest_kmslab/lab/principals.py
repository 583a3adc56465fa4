"""Everybody whom a lab can act as."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol

from pytest_kmslab.lab.kinds.user import IamUser
from pytest_kmslab.lab.policy_simulation import own_policies_say
from pytest_kmslab.lab.sessions import PROBE_CALLS, PrincipalSession, Sessions

if TYPE_CHECKING:
    from pytest_kmslab.backends.protocol import Credentials


class Actor(Protocol):
    """Somebody who can sign requests: a user of the lab, or something of your own."""

    @property
    def credentials(self) -> Credentials:
        """What to sign with."""


class Principals:
    """The sessions of a lab's principals, kept for the lab's lifetime; and its users, who are `Probers`.

    `iam` gives the administrator's client of IAM.
    """

    def __init__(self, sessions: Sessions, iam: Callable[[], Any]) -> None:
        self._make = sessions
        self._iam = iam
        self._sessions: dict[str, PrincipalSession] = {}
        self._users: dict[str, IamUser] = {}

    def keep(self, credentials: Credentials, session: PrincipalSession) -> None:
        """Use this session from now on to act as whose credentials these are."""
        self._sessions[credentials.access_key_id] = session

    def add(self, user: IamUser) -> None:
        """Note a user that the lab has made."""
        self._users[user.arn] = user

    def session(self, actor: Actor) -> PrincipalSession:
        """The session of somebody."""
        credentials = actor.credentials
        if credentials.access_key_id not in self._sessions:
            self._sessions[credentials.access_key_id] = self._make.of(credentials, self._may_do(actor))
        return self._sessions[credentials.access_key_id]

    def arns(self) -> Iterable[str]:
        """The users that the lab has made, deleted ones too."""
        return tuple(self._users)

    def client(self, arn: str, service: str) -> Any:
        """A client of one of these users."""
        return self.session(self._users[arn]).client(service)

    def own_policies_say(self, arn: str, action: str, resource: str) -> str | None:
        """What the policies of one of these users decide; None where IAM does not say."""
        return own_policies_say(self._iam(), arn, [action], resource).get(action)

    def reconnect(self) -> None:
        """Let the next call of each client that was handed out open a new connection."""
        for session in self._sessions.values():
            session.reconnect()

    def _may_do(self, actor: Actor) -> Callable[[], Iterable[str]]:
        """Which of the harmless calls the policies of a user of the lab allow; of others nothing is known."""
        if not isinstance(actor, IamUser) or actor.arn not in self._users:
            return tuple
        actions = [call.action for call in PROBE_CALLS.values() if call.action]
        arn = actor.arn

        def ask() -> Iterable[str]:
            said = own_policies_say(self._iam(), arn, actions)
            return [action for action, decision in said.items() if decision == "allowed"]

        return ask
