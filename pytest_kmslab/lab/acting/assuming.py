"""Assuming roles: as the lab's administrator, as a principal that is given, or as a service would.

There is no way around the trust policy: each of them is decided by it like any other call of AssumeRole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from pytest_kmslab.arguments import check_text, check_texts, refusal_text
from pytest_kmslab.authz.arn import Arn, name_in, parse_arn, partition_of, root_arn
from pytest_kmslab.authz.json_text import as_list
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.error_codes import DENIAL_CODES, error_code
from pytest_kmslab.enforcement.entry import for_the_lab
from pytest_kmslab.errors import ArnError, PolicyError, ResourceError
from pytest_kmslab.lab.arguments import Requests
from pytest_kmslab.lab.kinds.iam.permissions import check_taken
from pytest_kmslab.lab.kinds.iam.role import Assumer, RoleSession
from pytest_kmslab.lab.policies.sources import ManagedPolicy, PolicySources, read_policies
from pytest_kmslab.lab.resource_kind import Client, tag_list
from pytest_kmslab.lab.waiting.waiters import PROPAGATION_LIMIT, Passing

if TYPE_CHECKING:
    from pytest_kmslab.lab.context import LabContext

SESSION_NAME = "kmslab"

_OWN_POLICY = re.compile(r"\b(?:no|an?) (identity-based policy|permissions boundary|session policy)\b")
"""Who assumes a role is limited by policies of their own, whatever the trust policy says."""
_SERVICE = re.compile(r"[\w-]+(\.[\w-]+)+", re.ASCII)


@dataclass(frozen=True, slots=True)
class RoleAssumption:
    """How the roles of a lab are assumed."""

    context: LabContext
    client: Client
    """Gives the administrator's clients."""
    client_of: Callable[[Any, str], Any]
    """Gives the client of somebody else for a service."""

    def parameters(
        self,
        role_arn: str,
        name: str | None,
        policy: PolicySources,
        tags: Mapping[str, str] | None,
        duration: int | None,
    ) -> dict[str, Any]:
        """What AssumeRole is called with; raises PolicyError for a session policy that STS does not take."""
        session_name = SESSION_NAME if name is None else name
        parameters: dict[str, Any] = {"RoleArn": role_arn, "RoleSessionName": session_name}
        backend, arns = self.context.backend, []
        partition = partition_of(backend.region).name
        for source in read_policies("policy", policy):
            if isinstance(source, ManagedPolicy):
                arn = self.context.managed_policies.arn(self.client("iam"), source, partition)
                arns.append({"arn": arn})
            elif "Policy" in parameters:
                raise PolicyError("`policy` has two documents: STS takes one, beside managed policies")
            else:
                check_taken(source, partition)
                parameters["Policy"] = source.text
        if arns:
            parameters["PolicyArns"] = arns
        member = {"RoleArn": role_arn, "RoleSessionName": SESSION_NAME}
        requests = Requests("sts", "AssumeRole", backend.region, backend.account, member)
        if name is not None:
            requests.check("name", RoleSessionName=name)
        if session_tags := check_texts("tags", tags):
            parameters["Tags"] = tag_list(session_tags)
            requests.check("tags", Tags=parameters["Tags"])
        if duration is not None:
            parameters["DurationSeconds"] = duration
            requests.check("duration", DurationSeconds=duration)
        return parameters

    def assume(self, parameters: Mapping[str, Any], assumer: Assumer) -> RoleSession:
        """A new session; raises ResourceError where the trust policy lets nobody in who was tried."""
        check_assumer(assumer)
        if assumer.service is not None:
            return self._as_service(parameters, assumer.service, assumer.source_arn)
        if assumer.via is not None:
            who = getattr(assumer.via, "arn", "whose credentials `via` gives")
            return self._tried(self.client_of(assumer.via, "sts"), parameters, f"`{who}`")
        services = self._trusted_services(parameters["RoleArn"])
        if not services:
            # The test did not say who assumes it: the lab does, and that call is its own.
            assume = for_the_lab(self._tried)
            return assume(self.client("sts"), parameters, "the lab's administrator")
        if len(services) > 1:
            raise ResourceError(
                f"role `{parameters['RoleArn']}` trusts {', '.join(services)}: say with "
                "`service=` which of them assumes it"
            )
        return self._as_service(parameters, services[0], assumer.source_arn)

    def _tried(self, sts: Any, parameters: Mapping[str, Any], who: str) -> RoleSession:
        """Assume as somebody; on AWS a new role is waited for."""
        try:
            # STS denies a role that it does not know yet as it denies one whose trust policy says no.
            answer = self.context.waiter.while_refused(
                lambda: sts.assume_role(**parameters),
                Passing(DENIAL_CODES),
                f"role `{parameters['RoleArn']}` to be assumed",
                PROPAGATION_LIMIT,
            )
        except ClientError as error:
            if error_code(error) not in DENIAL_CODES:
                raise
            raise self._not_let(parameters["RoleArn"], who, str(error)) from error
        return session_of(parameters, answer)

    @for_the_lab
    def _as_service(self, parameters: Mapping[str, Any], service: str, source_arn: str | None) -> RoleSession:
        role, assume = parameters["RoleArn"], self.context.assume_as_service
        if assume is None:
            admin = self.client("sts").get_caller_identity()["Arn"]
            why = f"nobody can be a service here: let `{admin}` assume it too"
            raise self._not_let(role, f"`{service}`", why)
        backend = self.context.backend
        partition, prefix = partition_of(backend.region).name, service.split(".", maxsplit=1)[0]
        # A resource of the service, of which nothing is known but that it is in this account and Region.
        some = Arn(partition, prefix, backend.region, backend.account, "kmslab")
        source = str(some) if source_arn is None else source_arn
        keys = {"aws:SourceAccount": backend.account, "aws:SourceArn": source}
        try:
            return session_of(parameters, assume(service, parameters, keys))
        except ServiceError as error:
            if error.code not in DENIAL_CODES:
                raise
            condition_keys = ", ".join(f"{name} `{value}`" for name, value in keys.items())
            raise self._not_let(role, f"`{service}` ({condition_keys})", error.message) from error

    def _not_let(self, role: str, who: str, why: str) -> ResourceError:
        account, partition = self.context.backend.account, partition_of(self.context.backend.region).name
        # AWS's text says which type of policy it was; of a trust policy it calls it resource-based.
        own = _OWN_POLICY.search(why)
        advice = (
            f"Whoever assumes it has to be allowed `sts:AssumeRole` by their own {own[1]} too"
            if own
            else f"Its trust policy has to allow `sts:AssumeRole` to whoever assumes it "
            f"(`{root_arn(partition, account)}` leaves that to IAM policies); or say by `via=` who is to, or "
            "by `service=` and `source_arn=` as which service"
        )
        return ResourceError(f"role `{role}` cannot be assumed as {who}: {why}. {advice}")

    @for_the_lab
    def _trusted_services(self, role: str) -> list[str]:
        """The services that are the only ones that a trust policy lets in; none if it lets in others too."""
        record = self.client("iam").get_role(RoleName=name_in(role))["Role"]
        every = as_list(record["AssumeRolePolicyDocument"].get("Statement", []))
        allowed = [statement.get("Principal") for statement in every if statement.get("Effect") == "Allow"]
        if not all(isinstance(principal, Mapping) and set(principal) == {"Service"} for principal in allowed):
            return []
        services = [principal["Service"] for principal in allowed]
        return sorted({name for some in services for name in as_list(some)})


def check_assumer(assumer: Assumer) -> None:
    """Raise TypeError or ResourceError for what is no service that a trust policy can name, or no ARN."""
    if assumer.service is not None:
        wanted = "the principal of a service, such as `lambda.amazonaws.com`"
        if not _SERVICE.fullmatch(check_text("service", assumer.service, wanted)):
            raise ResourceError(refusal_text("service", wanted, assumer.service))
    if assumer.source_arn is not None:
        wanted = "the ARN of the resource for which the service acts"
        try:
            parse_arn(check_text("source_arn", assumer.source_arn, wanted))
        except ArnError:
            raise ResourceError(refusal_text("source_arn", wanted, assumer.source_arn)) from None


def session_of(parameters: Mapping[str, Any], answer: Mapping[str, Any]) -> RoleSession:
    """The session that AssumeRole answers."""
    made = answer["Credentials"]
    credentials = Credentials(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
    name, expires = parameters["RoleSessionName"], made["Expiration"]
    return RoleSession(answer["AssumedRoleUser"]["Arn"], name, credentials, expires)
