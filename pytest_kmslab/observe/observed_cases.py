"""Authorization cases of what AWS was seen to decide."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace

from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.decision import Outcome
from pytest_kmslab.authz.policy import Policies, print_policy
from pytest_kmslab.cases.case import Case, Expectation
from pytest_kmslab.cases.write import case_as_json
from pytest_kmslab.enforcement.entry import TrailEntry
from pytest_kmslab.observe.aws_outcome import AwsOutcome
from pytest_kmslab.observe.comparison import Finding, Prediction, each_policy

PAIRS = "kms:encryptioncontext"
OF_DYNAMODB = "kms:encryptioncontext:aws:dynamodb:"
WORDS = {
    Outcome.ALLOWED: "is allowed",
    Outcome.IMPLICIT_DENY: "is not allowed",
    Outcome.EXPLICIT_DENY: "is denied",
}


def agreed_cases(expected: Prediction, answer: AwsOutcome, date: str) -> Iterator[Case]:
    """What an answer that was expected proves: that all questions were allowed, or the last one denied."""
    # Of a denial only the last is proven: AWS tells nothing of what it allowed before.
    if expected.denied is None:
        for entry in expected.entries:
            yield case_of(entry, Outcome.ALLOWED, _source(entry, answer), date)
    else:
        denied = expected.denied
        yield case_of(denied, answer.decision or denied.decision.decision, _source(denied, answer), date)


def disagreed_case(answer: AwsOutcome, finding: Finding, date: str) -> Case | None:
    """What AWS decided otherwise; None where it asked for something that the engine does not ask."""
    if finding.entry is None or finding.decision is None:
        return None
    return case_of(finding.entry, finding.decision, _source(finding.entry, answer), date)


def case_of(entry: TrailEntry, decision: Outcome, source: str, date: str) -> Case:
    """The case of one question, with no more of its context than can bear on the decision."""
    policies = entry.policies or Policies()
    whole = Case("", entry.request, policies, entry.grants, Expectation(decision), source, date)
    texts = "\n".join(print_policy(policy.policy) for policy in each_policy(policies)).lower()
    constrained = any(
        grant.encryption_context_equals is not None or grant.encryption_context_subset is not None
        for grant in entry.grants
    )
    context = Context(
        {
            name: values
            for name, values in entry.request.context.pairs()
            if _bears(name.lower(), texts, constrained=constrained)
        }
    )
    least = replace(whole, request=entry.request._replace(context=context))
    # What is left out must not bear on the decision: a policy may go by a key in a way not known here.
    chosen = least if least.decide().decision is whole.decide().decision else whole
    return named(chosen)


def named(case: Case) -> Case:
    """The case under the name that says what it shows, which no other case has."""
    decision = case.expect.decision if case.expect is not None else Outcome.ALLOWED
    through = "".join(case.request.context.get("kms:ViaService", ())).partition(".")[0]
    via = f" through {through}" if through else ""
    return replace(
        case, name=f"{case.request.action}{via} {WORDS[decision]}, as seen on AWS ({digest(case)})"
    )


def digest(case: Case) -> str:
    """Eight characters that are the same for the same question with the same expectation."""
    printed = case_as_json(case)
    # Not by the source or the date: the same question seen again is the same case.
    parts = {part: printed[part] for part in ("request", "policies", "grants", "expect") if part in printed}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:8]


def file_name(case: Case) -> str:
    """A name made of the action, the decision and the digest, in snake case."""
    expected = case.expect.decision.name if case.expect is not None else "undecided"
    action = "".join(f"_{letter}" if letter.isupper() else letter for letter in case.request.action)
    return f"{action.replace(':', '').lower()}_{expected.lower()}_{digest(case)}.json"


def _bears(key: str, texts: str, *, constrained: bool) -> bool:
    """Whether a context key can bear on a decision: KMS's own, and those that a policy or grant goes by.

    The values of others are what the caller sent, and are not kept. Key and texts are in lower case.
    """
    if key == "aws:principalarn" or key.startswith(OF_DYNAMODB):
        return True
    # Encryption contexts are the callers' own words, often with somebody's id in them.
    if key.startswith(PAIRS):
        return constrained or PAIRS in texts
    return key.startswith("kms:") or key in texts


def _source(entry: TrailEntry, answer: AwsOutcome) -> str:
    """Where the case is from, in one line, and what of it is not seen on AWS: that a call asks for something
    else too, and which denial it is where AWS does not say.
    """
    if answer.denied:
        said = " ".join(f"{answer.code}: {answer.message}".split())
        kind = (
            "" if answer.decision is not None else " (which does not say whether a Deny or no Allow decided)"
        )
        return f"recorded: AWS answered {entry.operation} with {said}{kind}"
    asked = entry.request.action
    taken = "" if asked == entry.operation else f", which is taken to ask {asked}"
    return f"recorded: AWS let {entry.operation} through{taken}"
