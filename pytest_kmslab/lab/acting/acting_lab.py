"""How a lab lets you act as somebody: by clients, in this process, and in processes that a test starts."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_kmslab.arguments import check_text, refusal_text
from pytest_kmslab.authz.arn import ACCOUNT_ID
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.errors import BackendError
from pytest_kmslab.lab.acting.assuming import SESSION_NAME, RoleAssumption, check_assumer
from pytest_kmslab.lab.acting.environment import environment, subprocess_environment
from pytest_kmslab.lab.acting.given_actors import actor_of
from pytest_kmslab.lab.kinds.iam.role import Assumer, IamRole, RoleSession

if TYPE_CHECKING:
    from pytest_kmslab.lab.acting.principals import Actor, Principals
    from pytest_kmslab.lab.context import LabContext
    from pytest_kmslab.lab.kinds.iam.user import IamUser
    from pytest_kmslab.lab.sessions import PrincipalSession
    from pytest_kmslab.lab.teardown.stack import TeardownStack

MARGIN = 60
"""Seconds before its end at which a session is followed by another: a call that is on its way arrives."""

Whoever = Any
"""Anybody whom `actor_of` takes, or a role."""


class ActingLab:
    """The part of a lab that acts as its principals, and as others whose credentials are given."""

    def __init__(
        self, context: LabContext, teardown: TeardownStack, admin: IamUser, principals: Principals
    ) -> None:
        self.admin = admin
        """The IAM administrator: a user with AdministratorAccess, on AWS the caller."""
        self._context = context
        self._teardown = teardown
        self._principals = principals
        self._assumption = RoleAssumption(context, principals.session(admin).client, self._client_of_assumer)
        self._role_sessions: dict[tuple[str, Assumer], RoleSession] = {}
        self._gateway_url: str | None = None

    @property
    def region(self) -> str:
        """The Region the lab works in."""
        return self._context.backend.region

    def as_(
        self,
        actor: Whoever,
        *,
        via: Whoever | None = None,
        service: str | None = None,
        source_arn: str | None = None,
    ) -> PrincipalSession:
        """Act as somebody: `lab.as_(user).client("dynamodb")`. Clients are kept for the lab's lifetime.

        That is a user, a role or its session, boto3's credentials or session, what AssumeRole answers, or the
        name of a profile.

        A role is assumed once for each way, as `IamRole.session` does it.
        """
        return self._principals.session(self._acting(actor, Assumer(via, service, source_arn)))

    def environ(
        self,
        actor: Whoever,
        *,
        via: Whoever | None = None,
        service: str | None = None,
        source_arn: str | None = None,
    ) -> AbstractContextManager[None]:
        """Have a plain `boto3.client()` act as somebody for as long as the block lasts.

        So does a client that was made before, unless it was given credentials or a profile in code.
        The credentials are in the environment, for processes started in the block too. Where changes take
        time to act, the services are waited for as `as_` does, each once.

        A role's session that ends in the block is followed by another, as botocore does it for a role of a
        profile. A session that was given ends when it ends, and so do the credentials of processes.
        """
        assumer, context = Assumer(via, service, source_arn), self._context
        acting = self._acting(actor, assumer)
        # What a role's session signs with is asked for again at each call: it may have ended meanwhile.
        renew = (lambda: self._acting(actor, assumer).credentials) if isinstance(actor, IamRole) else None
        # Code under test makes its clients itself, and they wait for nothing.
        self.as_(acting).wait_until_ready()
        return environment(acting.credentials, self.region, context.endpoint_url, context.blocks, renew)

    def subprocess_environ(
        self,
        actor: Whoever,
        *,
        via: Whoever | None = None,
        service: str | None = None,
        source_arn: str | None = None,
    ) -> dict[str, str]:
        """The environment for a process that is to act as somebody: `subprocess.run(…, env=…)`.

        It is this process's, with the credentials of that one and the address of a gateway to this lab, which
        is opened when it is first needed and closed with the lab. What the process calls is decided here
        and stands in the trail of this test. In an AWS account the process calls AWS itself. Raises
        BackendError where what the gateway needs is not installed.
        """
        actor = self._acting(actor, Assumer(via, service, source_arn))
        self.as_(actor).wait_until_ready()
        backend = self._context.backend
        # A real account decides by itself: the process calls AWS, and no gateway is needed.
        endpoint = backend.endpoint_url if backend.capabilities.enforces else self._gateway()
        return subprocess_environment(os.environ, actor.credentials, self.region, endpoint)

    def root_of(self, account: str) -> Credentials:
        """The credentials of the root user of another account, for `as_`, who makes what is wanted there.

        moto, LocalStack and ministack have every account. On moto what is made in it goes with the lab,
        elsewhere it is for `at_end`. Raises ValueError for what is no other account, BackendError where there
        is none.
        """
        wanted, backend = "the 12 digits of another account's id", self._context.backend
        if not ACCOUNT_ID.fullmatch(check_text("account", account, wanted)) or account == backend.account:
            raise ValueError(refusal_text("account", wanted, account))
        if backend.capabilities.enforces:
            raise BackendError("`root_of`: AWS gives no such credentials: act as a profile of that account")
        if backend.view.credential(account) is None:
            raise BackendError(f"`root_of`: the endpoint keeps the account `{backend.account}` alone")
        return Credentials(account, backend.root.secret_access_key)

    def _acting(self, actor: Any, assumer: Assumer) -> Actor:
        """Whose credentials to sign with; a role's session is kept until it has ended by the lab's clock."""
        if not isinstance(actor, IamRole):
            _refuse_ways(actor, assumer)
            return actor_of(actor)
        via = assumer.via
        if via is not None and not isinstance(via, IamRole):
            via = actor_of(via, "via")
            assumer = replace(assumer, via=via)
        check_assumer(assumer)
        # By credentials: an object of somebody else's that has them need not be one for a key of a dict.
        known_by = via.arn if isinstance(via, IamRole) else None if via is None else via.credentials
        key = actor.arn, replace(assumer, via=known_by)
        kept = self._role_sessions.get(key)
        if kept is None or self._has_ended(kept):
            parameters = {"RoleArn": actor.arn, "RoleSessionName": SESSION_NAME}
            self._role_sessions[key] = self._assumption.assume(parameters, assumer)
        return self._role_sessions[key]

    def _has_ended(self, session: RoleSession) -> bool:
        """Whether a session is over by the lab's clock, or its role was deleted, which AWS tells nobody."""
        if session.expires.timestamp() <= self._context.clock.now() + MARGIN:
            return True
        backend = self._context.backend
        if backend.capabilities.enforces:
            return False
        # There may be another role of its ARN by now.
        known = backend.view.credential(session.credentials.access_key_id)
        return known is None or not known.active

    def _client_of_assumer(self, via: Any, service: str) -> Any:
        """The client of whoever is to assume a role."""
        return self.as_(via if isinstance(via, IamRole) else actor_of(via, "via")).client(service)

    def _gateway(self) -> str:
        """The URL of the gateway to this lab, opened once."""
        if self._gateway_url is None:
            opened = ExitStack()
            self._gateway_url = opened.enter_context(self._context.open_gateway())
            self._teardown.intend("gateway", opened.close)
        return self._gateway_url


def _refuse_ways(actor: Any, assumer: Assumer) -> None:
    """Raise TypeError for a way to assume a role, given with somebody who is none."""
    ways = {"via": assumer.via, "service": assumer.service, "source_arn": assumer.source_arn}
    named = [f"`{name}=`" for name, way in ways.items() if way is not None]
    if named:
        raise TypeError(
            f"{', '.join(named)} says how a role is assumed, and `{actor!r}` is no role of the lab"
        )
