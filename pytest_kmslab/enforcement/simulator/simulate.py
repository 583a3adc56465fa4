"""IAM's policy simulator, answered by the engine: moto and LocalStack answer 501, or wrongly.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pytest_kmslab.account.model import AccountView, Caller, Levels
from pytest_kmslab.authz.arn import ACCOUNT_ID, SEGMENTS, parts_of
from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.decision import Decision, Effect, Outcome, PolicyType, Reason
from pytest_kmslab.authz.policy import NamedPolicy, Policies, named_policy, parse_policy
from pytest_kmslab.authz.request import Request
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.enforcement.simulator.positions import statement_positions
from pytest_kmslab.errors import PolicyError

SEVERITY = (Outcome.EXPLICIT_DENY, Outcome.IMPLICIT_DENY, Outcome.ALLOWED)
"""The most restrictive decision of several resources is the decision of the action."""

_TYPES = ("string", "numeric", "boolean", "ip", "binary", "date")
CONTEXT_KEY_TYPES = frozenset((*_TYPES, *(f"{name}List" for name in _TYPES)))
"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_ContextEntry.html"""

MATCHED_TYPES = (PolicyType.IDENTITY, PolicyType.RESOURCE)
"""Whose statements are told: not those of the organization and of a permissions boundary."""
SOURCE_TYPES = {PolicyType.RESOURCE: "Resource Policy"}
_NOT_EXCLUDED = "pytest-kmslab does not simulate without a policy of a user, group or role:"
DELEGATION = "kmslab: key policy taken to trust the account"
NOBODY = "simulated"
"""Who asks where no user is named: one of the account without policies of their own."""

EVERYTHING = named_policy(
    "everything",
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}',
)
ACTION = re.compile(r"[a-z0-9-]+:[a-z0-9]+", re.ASCII | re.IGNORECASE)
MARKER = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Simulation:
    """What is simulated: the policies, by whom, in which context; `texts` are the documents by name."""

    principal: str
    policies: Policies
    texts: Mapping[str, str]
    context: Context
    owner: str


def simulate(call: ApiCall, view: AccountView) -> dict[str, Any] | None:
    """The response of SimulateCustomPolicy or SimulatePrincipalPolicy; None for every other call.

    Raises ServiceError: `InvalidInput` for a policy that cannot be read, `NoSuchEntity` for a principal
    that is not there.
    """
    prepare = SIMULATORS.get(call.name)
    if prepare is None:
        return None
    simulation = prepare(call, view)
    resources = call.params.get("ResourceArns") or ["*"]
    # Each with its service, and without wildcards. The texts are inferred.
    for action in call.params["ActionNames"]:
        if ACTION.fullmatch(action) is None:
            raise ServiceError("InvalidInput", f"Invalid action name: {action}")
    # Each an ARN, in which wildcards may stand, or `*`.
    for resource in resources:
        if resource != "*" and not (resource.startswith("arn:") and resource.count(":") >= SEGMENTS - 1):
            raise ServiceError("InvalidInput", f"Invalid resource ARN: {resource}")
    results = [_result(simulation, action, resources) for action in call.params["ActionNames"]]
    start, most = _start(call.params, results), int(call.params.get("MaxItems") or len(results) or 1)
    page: dict[str, Any] = {"EvaluationResults": results[start : start + most], "IsTruncated": False}
    if start + most < len(results):
        page.update(IsTruncated=True, Marker=str(start + most))
    return page


def _custom(call: ApiCall, _view: AccountView) -> Simulation:
    """Of the policies given alone: whoever calls, root too, has no say in what they allow."""
    nobody = f"arn:{call.caller.arn.split(':', 2)[1]}:iam::{call.account}:user/{NOBODY}"
    return _simulation(call, _caller(call, "") or nobody, Policies(), {})


def _principal(call: ApiCall, view: AccountView) -> Simulation:
    source = str(call.params["PolicySourceArn"])
    kind = _entity(source)[1]
    policies = _without_excluded(policies_of_source(call, view), call.params.get("PolicyExclusionList"))
    caller = _caller(call, source if kind == "user" else "")
    return _simulation(call, caller or f"{source.rpartition(':')[0]}:user/{NOBODY}", policies, {})


def policies_of_source(call: ApiCall, view: AccountView) -> Policies:
    """The policies of the user, group or role that the call names; raises ServiceError NoSuchEntity."""
    source = str(call.params["PolicySourceArn"])
    account, kind, name = _entity(source)
    # A group is no principal, so it is looked for by its name.
    is_group_of = kind == "group" and view.iam_arn("group", name, account, call.partition) == source
    if not (is_group_of or (kind != "group" and view.principal_exists(source))):
        raise ServiceError("NoSuchEntity", f"The entity with ARN {source} cannot be found.", 404)
    return view.policies(Caller(source, account, source, "", "User"), "*")


def _entity(source: str) -> tuple[str, str, str]:
    """The account, kind and name of whose policies are simulated."""
    arn = parts_of(source)
    kind, _, path = arn.resource.partition("/")
    if arn.service != "iam" or kind not in ("user", "group", "role") or not path:
        text = f"Invalid Entity Arn: {source} does not clearly define entity type and name."
        raise ServiceError("InvalidInput", text)
    return arn.account, kind, path.rpartition("/")[2]


def _caller(call: ApiCall, default: str) -> str:
    """The simulated caller: an IAM user, whom a resource policy cannot do without. The codes are
    documented, the texts are inferred."""
    arn = str(call.params.get("CallerArn") or "")
    if arn and (parts_of(arn).service, parts_of(arn).kind) != ("iam", "user"):
        raise ServiceError("InvalidInput", f"Invalid CallerArn: {arn} is not the ARN of an IAM user.")
    if not arn and not default and call.params.get("ResourcePolicy"):
        raise ServiceError("InvalidInput", "CallerArn is required where a ResourcePolicy is included.")
    return arn or default


def _simulation(call: ApiCall, principal: str, own: Policies, texts: dict[str, str]) -> Simulation:
    params = call.params
    named_policies = given_policies("PolicyInputList", params.get("PolicyInputList"), texts)
    boundary = given_policies(
        "PermissionsBoundaryPolicyInputList", params.get("PermissionsBoundaryPolicyInputList"), texts
    )
    resource = given_policies(
        "ResourcePolicy", [params["ResourcePolicy"]] if params.get("ResourcePolicy") else None, texts
    )
    # The code is inferred.
    if len(boundary) > 1:
        raise ServiceError("InvalidInput", "You can input only one permissions boundary.")
    policies = Policies(
        identity=(*own.identity, *named_policies),
        resource=resource[0] if resource else None,
        permissions_boundary=boundary[0] if boundary else own.permissions_boundary,
        service_control=_given_levels(params, texts) or own.service_control,
    )
    # The account of resources that do not say whose they are: as the ARN of its root user, or as its id.
    owner = str(params.get("ResourceOwner") or "")
    owner = owner.split(":")[4] if owner.count(":") >= SEGMENTS - 1 else owner
    return Simulation(principal, policies, texts, _context(params), owner)


def _given_levels(params: Mapping[str, Any], texts: dict[str, str]) -> Levels:
    """The service control policies that a call gives, level by level from the organization's root."""
    levels = params.get("OrderedOrganizationPolicyInputList") or ()
    return tuple(
        given_policies(
            f"OrderedOrganizationPolicyInputList.{number}", level.get("ServiceControlPolicyInputList"), texts
        )
        for number, level in enumerate(levels, start=1)
    )


def _without_excluded(policies: Policies, excluded: Any) -> Policies:
    """What is left without the policies that PolicyExclusionList names by their type. Raises ServiceError
    InvalidInput for those of a user, group or role, which are not told apart here."""
    for one in excluded or ():
        kind = one.get("PolicyType")
        if kind == "permission-boundary":
            policies = policies._replace(permissions_boundary=None)
        elif kind == "scp":
            policies = policies._replace(service_control=())
        elif kind != "rcp":
            raise ServiceError("InvalidInput", f"{_NOT_EXCLUDED} {json.dumps(one)}")
    return policies


def given_policies(kind: str, documents: Any, texts: dict[str, str]) -> tuple[NamedPolicy, ...]:
    """The policies that a call gives, whose texts are put into `texts`; raises ServiceError InvalidInput."""
    policies = []
    for number, text in enumerate(documents or (), start=1):
        name = f"{kind}.{number}"
        try:
            policies.append(NamedPolicy(name, parse_policy(text)))
        except PolicyError as error:
            raise ServiceError("InvalidInput", f"Invalid policy document {name}: {error}") from None
        texts[name] = text
    return tuple(policies)


def _context(params: Mapping[str, Any]) -> Context:
    entries = params.get("ContextEntries") or ()
    for entry in entries:
        if not entry.get("ContextKeyName"):
            raise ServiceError("InvalidInput", "Invalid context entry: ContextKeyName is missing.")
        if entry.get("ContextKeyType", "string") not in CONTEXT_KEY_TYPES:
            raise ServiceError("InvalidInput", f"Invalid context key type: {entry['ContextKeyType']}")
    return Context({entry["ContextKeyName"]: tuple(entry.get("ContextKeyValues") or ()) for entry in entries})


def _result(simulation: Simulation, action: str, resources: list[str]) -> dict[str, Any]:
    """One result an action, aggregated over its resources, as the simulator answers since 2026."""
    decisions = [(resource, _decide(simulation, action, resource)) for resource in resources]
    worst = min(
        (decision for _, decision in decisions), key=lambda decision: SEVERITY.index(decision.decision)
    )
    result: dict[str, Any] = {
        "EvalActionName": action,
        "EvalResourceName": resources[0] if len(resources) == 1 else "*",
        "EvalDecision": worst.decision.value,
        "MatchedStatements": _matched(simulation, worst),
        "MissingContextValues": _missing(simulation) if resources == ["*"] else [],
    }
    boundary, service_control = simulation.policies.permissions_boundary, simulation.policies.service_control
    # Each is asked whether it allows the action by itself, on every resource.
    if boundary is not None:
        alone = _all_allowed(simulation, Policies(identity=(boundary,)), action, resources)
        result["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": alone}
    if service_control:
        # A service control policy allows nothing: it is asked what it leaves of everything.
        left = Policies(identity=(EVERYTHING,), service_control=service_control)
        alone = _all_allowed(simulation, left, action, resources)
        result["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": alone}
    if resources != ["*"]:
        result["EvalDecisionDetails"] = {}
        result["ResourceSpecificResults"] = [_of_resource(simulation, *decision) for decision in decisions]
    return result


def _of_resource(simulation: Simulation, resource: str, decision: Decision) -> dict[str, Any]:
    return {
        "EvalResourceName": resource,
        "EvalResourceDecision": decision.decision.value,
        "MatchedStatements": _matched(simulation, decision),
        "MissingContextValues": _missing(simulation),
        "EvalDecisionDetails": {},
    }


def _decide(simulation: Simulation, action: str, resource: str) -> Decision:
    request = Request(simulation.principal, action, resource, simulation.context, simulation.owner)
    return authorize(request, _as_simulated(simulation, action, resource))


def _as_simulated(simulation: Simulation, action: str, resource: str) -> Policies:
    policies = simulation.policies
    if policies.resource is not None or not action.lower().startswith("kms:") or resource == "*":
        return policies
    # The simulator knows no key policy but the one it is given: without one IAM alone decides, as under a
    # key policy that trusts its account.
    owners = (simulation.owner, resource.split(":")[4], simulation.principal.split(":")[4])
    account = next((owner for owner in owners if ACCOUNT_ID.fullmatch(owner)), "*")
    statement = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "kms:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    return Policies(
        identity=policies.identity,
        resource=NamedPolicy(DELEGATION, parse_policy(document)),
        permissions_boundary=policies.permissions_boundary,
        service_control=policies.service_control,
    )


def _matched(simulation: Simulation, decision: Decision) -> list[dict[str, Any]]:
    """The statements that decided: for a Deny only those that deny."""
    wanted = Effect.DENY if decision.decision is Outcome.EXPLICIT_DENY else Effect.ALLOW
    if decision.decision is Outcome.IMPLICIT_DENY:
        return []
    reasons = (
        reason
        for reason in decision.reasons
        if reason.effect is wanted and reason.policy_type in MATCHED_TYPES and reason.policy != DELEGATION
    )
    return [_statement(simulation, reason) for reason in reasons]


def _statement(simulation: Simulation, reason: Reason) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "SourcePolicyId": reason.policy,
        "SourcePolicyType": SOURCE_TYPES.get(reason.policy_type, "IAM Policy"),
    }
    text = simulation.texts.get(reason.policy)
    position = statement_positions(text).get(reason.statement) if text is not None else None
    if position is not None:
        statement["StartPosition"], statement["EndPosition"] = position
    return statement


def _missing(simulation: Simulation) -> list[str]:
    """Condition keys that the policies ask for and the request does not carry."""
    policies = simulation.policies
    read = (*policies.identity, policies.resource, policies.permissions_boundary)
    keys = (
        condition.key
        for policy in read
        if policy is not None
        for statement in policy.policy.statements
        for condition in statement.conditions
    )
    return [key for key in dict.fromkeys(keys) if key not in simulation.context]


def _all_allowed(simulation: Simulation, policies: Policies, action: str, resources: list[str]) -> bool:
    alone = replace(simulation, policies=policies)
    return all(_decide(alone, action, resource).allowed for resource in resources)


def _start(params: Mapping[str, Any], results: list[dict[str, Any]]) -> int:
    """Where a page begins; raises ValidationError for a Marker that none answered. The text is inferred."""
    marker = str(params.get("Marker") or 0)
    if not MARKER.fullmatch(marker) or int(marker) > len(results):
        raise ServiceError("ValidationError", "Invalid Marker.")
    return int(marker)


SIMULATORS: Mapping[str, Callable[[ApiCall, AccountView], Simulation]] = {
    "iam:SimulateCustomPolicy": _custom,
    "iam:SimulatePrincipalPolicy": _principal,
}
