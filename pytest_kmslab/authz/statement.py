"""One statement of a policy, read once and asked often.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_kmslab.authz.condition import RESOURCE_ALIASES, Condition, parse_conditions
from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.decision import Effect
from pytest_kmslab.authz.json_text import as_list
from pytest_kmslab.authz.pattern import Matcher, compile_any
from pytest_kmslab.authz.principal import Identity, PrincipalMatch, Principals, parse_principals
from pytest_kmslab.authz.resource import Resources, parse_resources
from pytest_kmslab.errors import PolicyError

_PAIRS = (("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal"))
_ELEMENTS = ("Sid", "Effect", "Condition", *(name for pair in _PAIRS for name in pair))


@dataclass(frozen=True, slots=True)
class Actions:
    """An Action or NotAction element."""

    patterns: tuple[str, ...]
    """The actions as written."""
    negated: bool
    """Whether it is a NotAction."""
    matcher: Matcher = field(compare=False, repr=False)
    """Matches an action, in lower case, that one of the patterns names."""

    def covers(self, action: str) -> bool | None:
        """Whether an action, in lower case, is meant; None for a NotAction without any action."""
        if self.negated and not self.patterns:
            return None
        return self.matcher(action) is not self.negated


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement. An element that is not there is None.

    Where it cannot be told whether the statement applies, it counts against the caller: an Allow does not
    apply, a Deny does.
    """

    name: str
    """Its Sid, or `Statement[n]`, counted from 0."""
    denies: bool
    """Whether its Effect is Deny."""
    actions: Actions | None
    """Its Action or NotAction."""
    resources: Resources | None
    """Its Resource or NotResource."""
    principals: Principals | None
    """Its Principal."""
    not_principals: Principals | None
    """Its NotPrincipal."""
    conditions: tuple[Condition, ...]
    """Its Condition, an entry for each operator and key; all must hold."""
    source: Mapping[str, Any] = field(compare=False, repr=False)
    """The statement as it was written."""
    everywhere: bool = field(init=False, compare=False, repr=False)
    """Whether its Resource is `*`."""
    plain: bool = field(init=False, compare=False, repr=False)
    """Whether it is about every resource and has no condition."""
    attachable: bool = field(init=False, compare=False, repr=False)
    """Whether it has an effect in a policy attached to a principal: an Allow that names principals has none
    there, because IAM refuses it."""
    asks_for_aliases: bool = field(init=False, compare=False, repr=False)
    """Whether a condition asks for `kms:ResourceAliases`."""

    def __post_init__(self) -> None:
        everything = self.resources is not None and self.resources.everything
        aliases = any(condition.folded_key == RESOURCE_ALIASES for condition in self.conditions)
        # Worked out once, when the policy is read: every decision asks for these.
        object.__setattr__(self, "everywhere", everything)
        object.__setattr__(self, "plain", everything and not self.conditions)
        object.__setattr__(self, "attachable", self.denies or self.principals is None)
        object.__setattr__(self, "asks_for_aliases", aliases)

    def covers_action(self, action: str) -> bool:
        """Whether the statement is about an action, given in lower case.

        Without Action a statement of a key policy has no effect; IAM refuses one, so that there it counts
        against the caller. https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
        """
        if self.actions is None:
            return self.denies and not self._names_principals
        covered = self.actions.covers(action)
        return self.denies if covered is None else covered

    def applies(self, resource: str, service: str, context: Context) -> bool:
        """Whether resource and conditions are met."""
        if not self.everywhere and not self.covers_resource(resource, service, context):
            return False
        return not self.conditions or self.conditions_hold(context)

    def covers_resource(self, resource: str, service: str, context: Context) -> bool:
        """Whether the statement is about a resource.

        Without Resource a statement of a key policy has no effect, and one of a role's trust policy
        means the role; elsewhere AWS refuses one, so that it counts against the caller.
        """
        if self.resources is None:
            if self._names_principals and service in ("kms", "sts"):
                return service == "sts"
            return self.denies
        covered = self.resources.covers(resource, context)
        return self.denies if covered is None else covered

    def conditions_hold(self, context: Context) -> bool:
        """Whether every condition holds."""
        folded = context.folded
        for condition in self.conditions:
            holds = condition.holds(folded)
            if not (self.denies if holds is None else holds):
                return False
        return True

    def match_unnamed(self, identity: Identity, *, bounded: bool) -> PrincipalMatch:
        """How a statement without Principal, of a policy that names principals, reaches a caller;
        `bounded`: the caller has a permissions boundary.

        A Deny with NotPrincipal denies everybody who has a boundary, whoever is listed:
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
        """
        if self.not_principals is not None:
            exempt = self.not_principals.exempts(identity) and not bounded
            return PrincipalMatch.NONE if exempt else PrincipalMatch.EXACT
        return PrincipalMatch.EXACT if self.denies else PrincipalMatch.NONE

    @property
    def _names_principals(self) -> bool:
        """Whether it is of a resource-based policy, as only those name principals."""
        return self.principals is not None or self.not_principals is not None


def parse_statement(element: Any, index: int, version: str) -> Statement:
    """Read one statement; raises PolicyError, whose message begins with the place in the statement."""
    if not isinstance(element, Mapping):
        raise PolicyError(" is not an object")
    _check_elements(element)
    # A service that takes `allow` stores `Allow`: no other spelling is to be met here.
    effect = element.get("Effect")
    if effect not in (Effect.ALLOW.value, Effect.DENY.value):
        raise PolicyError(f".Effect is `{effect}`: write `Allow` or `Deny`")
    denies = effect == Effect.DENY.value
    if "NotPrincipal" in element and not denies:
        raise PolicyError(".NotPrincipal works with Deny only: AWS does not support it with Allow")
    return Statement(
        name=element.get("Sid") or f"Statement[{index}]",
        denies=denies,
        actions=_parse_actions(element),
        resources=_parse_resources(element, version, denies=denies),
        principals=_parse_principals(element, "Principal"),
        not_principals=_parse_principals(element, "NotPrincipal"),
        conditions=_parse_conditions(element, version),
        source=element,
    )


def _check_elements(element: Mapping[str, Any]) -> None:
    """Refuse an element that is unknown, of the wrong kind, or there both plain and negated."""
    unknown = [name for name in element if name not in _ELEMENTS]
    if unknown:
        raise PolicyError(f".{unknown[0]}: unknown element: write one of {', '.join(_ELEMENTS)}")
    for name, negated in _PAIRS:
        if name in element and negated in element:
            raise PolicyError(f" has both {name} and {negated}: keep one")
    if not isinstance(element.get("Sid", ""), str):
        raise PolicyError(".Sid is not text")


def _parse_actions(element: Mapping[str, Any]) -> Actions | None:
    for name in ("Action", "NotAction"):
        if name in element:
            patterns = _texts(element[name], name)
            for pattern in patterns:
                _check_action(pattern, name)
            # Actions compare without case, and the request's is folded once a decision.
            matcher = compile_any([pattern.lower() for pattern in patterns])
            return Actions(tuple(patterns), name == "NotAction", matcher)
    return None


def _check_action(pattern: str, name: str) -> None:
    """Refuse what is no action. AWS takes a wildcard in the operation, but none in the service."""
    if pattern == "*":
        return
    service, colon, operation = pattern.partition(":")
    if not (service and colon and operation):
        raise PolicyError(f".{name}: `{pattern}` is not `service:Operation` and not `*`")
    if "*" in service or "?" in service:
        raise PolicyError(f".{name}: `{pattern}` has a wildcard in its service: name each service")


def _parse_resources(element: Mapping[str, Any], version: str, *, denies: bool) -> Resources | None:
    for name in ("Resource", "NotResource"):
        if name in element:
            patterns = _texts(element[name], name)
            # Only identity-based policies take an incomplete ARN; those of resources name a Principal.
            negated, completes = name == "NotResource", "Principal" not in element
            try:
                return parse_resources(patterns, version, negated=negated, denies=denies, completes=completes)
            except PolicyError as error:
                raise PolicyError(f".{name}: {error}") from None
    return None


def _parse_principals(element: Mapping[str, Any], name: str) -> Principals | None:
    if name not in element:
        return None
    try:
        return parse_principals(element[name])
    except PolicyError as error:
        raise PolicyError(f".{name}{error}") from None


def _parse_conditions(element: Mapping[str, Any], version: str) -> tuple[Condition, ...]:
    if "Condition" not in element:
        return ()
    try:
        return parse_conditions(element["Condition"], version)
    except PolicyError as error:
        raise PolicyError(f".{error}") from None


def _texts(element: Any, name: str) -> Sequence[str]:
    """The texts of an element that is one text or a list of them."""
    texts = as_list(element)
    for text in texts:
        if not isinstance(text, str) or not text:
            raise PolicyError(f".{name}: a value is not text")
    return texts
