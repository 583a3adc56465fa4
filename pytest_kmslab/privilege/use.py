"""One request that was allowed, with all that it is decided from: what a smallest policy is made of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pytest_kmslab.authz.arn import name_in, parts_of, table_arn_of
from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.policy import NamedPolicy, Policies, Policy, parse_policy
from pytest_kmslab.authz.principal import Identity, identify
from pytest_kmslab.authz.request import Request
from pytest_kmslab.authz.variables import VERSION

Document = dict[str, Any]
"""A policy document, as `json.dumps` takes it."""

NEW_KEY = ":key/*"
"""How the resource of a key ends that is about to be made. It is asked under the policy that the call itself
brings, so that no other stands in its place."""


def policy_owner(resource: str) -> str:
    """The ARN of what has the resource-based policy that is about a resource."""
    arn = parts_of(resource)
    # The policy of a table is about its indexes too.
    return table_arn_of(resource) if (arn.kind, arn.part) == ("table", "index") else resource


def identity_of(request: Request) -> Identity:
    """Who asked."""
    # Of a session only this key tells the role with its path; two values of it tell nothing.
    arns = request.context.get("aws:PrincipalArn") or ("",)
    return identify(request.principal, arns[0] if len(arns) == 1 else "")


def actor_of(request: Request) -> str:
    """The ARN of the user or role behind a request; of others the principal as the request names it."""
    identity = identity_of(request)
    return identity.entity or identity.arn


@dataclass(frozen=True, slots=True)
class Use:
    """A request that was allowed."""

    request: Request
    """Who asked for what."""
    policies: Policies
    """The policies that it was allowed under."""
    grants: tuple[Grant, ...] = ()
    """The grants that it was allowed under."""
    test: str = ""
    """The test that led to it, by its node id; empty where that does not matter."""

    @property
    def actor(self) -> str:
        """The ARN of the user or role behind it; of others the principal as the request names it."""
        return actor_of(self.request)

    @property
    def identity(self) -> Identity:
        """Who asked."""
        return identity_of(self.request)

    @property
    def brings_its_policy(self) -> bool:
        """Whether its resource's policy is part of the call, and stays whatever replaces the others."""
        return self.request.resource.endswith(NEW_KEY)

    @property
    def emptied_resource(self) -> NamedPolicy | None:
        """Its resource's policy with nothing in it; a key without any policy lets nobody in by a grant."""
        if self.brings_its_policy or self.policies.resource is None:
            return self.policies.resource
        return NamedPolicy(self.request.resource, Policy(VERSION, "", ()))

    def is_allowed_by(self, policies: PolicySet) -> bool:
        """Whether it is allowed where these are all identity-based and resource-based policies there are.

        What limits the caller (boundary, session policies, the organization's policies) and grants stay.
        """
        resource = policies.resources.get(policy_owner(self.request.resource), self.emptied_resource)
        replaced = self.policies._replace(identity=policies.identity, resource=resource)
        return authorize(self.request, replaced, self.grants).allowed


@dataclass(frozen=True, slots=True)
class PolicySet:
    """The policies that a request is decided under in place of those that there were."""

    identity: tuple[NamedPolicy, ...] = ()
    """The identity-based policies of the caller."""
    resources: Mapping[str, NamedPolicy] = field(default_factory=dict)
    """The policies of resources, by the resource's ARN; another resource has none."""

    @classmethod
    def of(cls, identity: Document | None, resources: Mapping[str, Document]) -> PolicySet:
        """Made of documents; raises PolicyError for one that is no policy."""
        return cls(
            () if identity is None else (parsed("identity", identity),),
            {arn: parsed(arn, document) for arn, document in resources.items()},
        )


def parsed(name: str, document: Document) -> NamedPolicy:
    """A document as a policy."""
    return NamedPolicy(name, parse_policy(json.dumps(document)))


def all_allowed(uses: Iterable[Use], policies: PolicySet) -> bool:
    """Whether every request is allowed under these policies."""
    return all(use.is_allowed_by(policies) for use in uses)


# A name of nobody must not pass for somebody who needs nothing.


def only_actor(name: str, of_that_name: Iterable[Request], acted: Iterable[Request]) -> str:
    """The ARN of the user or role of a name; raises ValueError where nobody of that name acted, or several.

    `acted` is all that was asked for, `of_that_name` what of it this name fits.
    """
    actors = sorted({actor_of(request) for request in of_that_name})
    if len(actors) > 1:
        raise ValueError(f"`{name}` is a name of {', '.join(actors)}: give the ARN of one")
    if not actors:
        raise ValueError(f"`{name}` asked for nothing in this test: {_meant(name, acted)}")
    return actors[0]


def _meant(name: str, acted: Iterable[Request]) -> str:
    """Who may have been meant, else who acted at all."""
    known = dict.fromkeys(actor_of(request) for request in acted)
    names = {name_in(arn): arn for arn in known}
    near = get_close_matches(name_in(name), names, n=1)
    if near:
        meant = names[near[0]] if name.startswith("arn:") else near[0]
        return f"did you mean `{meant}`?"
    listed = ", ".join(f"`{one}`" for one in names)
    return f"who did is {listed}" if listed else "nobody did, as what the lab does for itself does not count"
