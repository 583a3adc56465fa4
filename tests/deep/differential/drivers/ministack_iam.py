"""Answers authorization cases with ministack's IAM evaluator: one JSON object a line in, one out.

    python ministack_iam.py <folder that holds ministack>

{"case": …} is answered {"decision": …}; with "loops": n also {"microseconds": …}, the CPU time of
one decision with the policies parsed, over n of them. What cannot be answered is {"error": …}.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

sys.path.insert(0, sys.argv[1])

from ministack.core.iam_evaluator import (  # type: ignore[import-not-found]
    EvalContext,
    combine_resource_policy,
    evaluate,
    parse_policy_document,
)

DECISIONS = {"Allow": "allowed", "Deny": "explicitDeny", "ImplicitDeny": "implicitDeny"}
TYPES = {
    "user": "User",
    "role": "AssumedRole",
    "assumed-role": "AssumedRole",
    "federated-user": "FederatedUser",
}


def text(value: Any) -> Any:
    if isinstance(value, list):
        return [text(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


def context_of(request: dict[str, Any]) -> Any:
    """The request as the evaluator takes it; what it would make up for an absent key is made absent."""
    keys = {name.lower(): text(value) for name, value in request.get("context", {}).items()}
    principal = request["principal"].split(":", 5)
    return EvalContext(
        principal_arn=request["principal"],
        principal_type=TYPES.get(principal[5].partition("/")[0], ""),
        principal_account=principal[4],
        action=request["action"],
        resource_arn=request["resource"],
        region=keys.get("aws:requestedregion"),
        source_ip=keys.get("aws:sourceip"),
        secure_transport=keys.get("aws:securetransport"),
        service_context={"aws:tagkeys": None, **keys},
    )


def evaluation(case: dict[str, Any]) -> Callable[[], Any]:
    """The decision as a function without arguments, with everything read that can be read before."""
    request, policies = case["request"], case["policies"]
    context = context_of(request)
    identity = [parse_policy_document(policy["document"]) for policy in policies.get("identity", [])]
    limits = []
    if "permissions_boundary" in policies:
        limits.append([parse_policy_document(policies["permissions_boundary"])])
    if policies.get("session"):
        limits.append([parse_policy_document(document) for document in policies["session"]])
    resource = policies.get("resource")
    if request["resource"] == "*":
        return lambda: evaluate(context, identity, *limits)
    owner = request.get("resource_account") or request["resource"].split(":")[4]
    required = request["action"].startswith("kms:")

    def decide() -> Any:
        decided = evaluate(context, identity, *limits)
        return combine_resource_policy(
            decided, context, resource, owner, required=required, limits=tuple(limits)
        )

    return decide


def answer(line: str) -> dict[str, Any]:
    given = json.loads(line)
    try:
        decide = evaluation(given["case"])
        answered = {"decision": DECISIONS[decide().decision]}
    except Exception as error:  # whatever it is, it is this peer's answer to this case
        return {"error": f"{type(error).__name__}: {error}"}
    if loops := given.get("loops"):
        start = time.process_time()
        for _ in range(loops):
            decide()
        answered["microseconds"] = (time.process_time() - start) * 1e6 / loops
    return answered


for line in sys.stdin:
    sys.stdout.write(json.dumps(answer(line)) + "\n")
    sys.stdout.flush()
