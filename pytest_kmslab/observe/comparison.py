"""Compares what the engine expected of a call with what AWS answered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from pytest_kmslab.authz.decision import Outcome, PolicyType
from pytest_kmslab.authz.policy import NamedPolicy, Policies
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.enforcement.entry import TrailEntry
from pytest_kmslab.observe.aws_outcome import WORDED_EXPLICIT, AwsOutcome

UNREAD_POLICIES = WORDED_EXPLICIT | {PolicyType.VPC_ENDPOINT.value}
"""Kinds of policy that nothing here reads."""

UNKNOWN_KEYS = (
    "aws:calledvia",
    "aws:federatedprovider",
    "aws:multifactorauth",
    "aws:principalorg",
    "aws:referer",
    "aws:resourceorg",
    "aws:rolesessionname",
    "aws:sourceidentity",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:tokenissuetime",
    "aws:useragent",
    "aws:vpcsourceip",
)
"""Condition keys that AWS knows and nothing here does; beginnings, in lower case."""


class FindingKind(str, Enum):
    """What a comparison comes to."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    UNJUDGED = "not judged"


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the engine expects of one call: its questions with their answers; if one is denied, the last.

    `refused` is the code of an error that is no denial and that the service is expected to answer;
    `inconclusive` says why nothing can be expected.
    """

    operation: str
    call: ApiCall | None = None
    entries: tuple[TrailEntry, ...] = ()
    refused: str = ""
    inconclusive: str = ""

    @property
    def denied(self) -> TrailEntry | None:
        """The question that is answered with no."""
        return self.entries[-1] if self.entries and not self.entries[-1].decision.allowed else None


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of a comparison. `entry` is the question that AWS and the engine answer differently,
    `decision` what AWS decided of it; `why` says what hinders a judgement.
    """

    kind: FindingKind
    why: str = ""
    entry: TrailEntry | None = None
    decision: Outcome | None = None


AGREES = Finding(FindingKind.AGREES)


def compare(expected: Prediction, answer: AwsOutcome) -> Finding:
    """Compare; what cannot be compared is not judged, and never an agreement."""
    inconclusive_reason = expected.inconclusive or answer.why or _inconclusive_reason(expected, answer)
    if inconclusive_reason:
        return Finding(FindingKind.UNJUDGED, inconclusive_reason)
    denied = expected.denied
    if not answer.denied:
        return AGREES if denied is None else Finding(FindingKind.DISAGREES, "", denied, Outcome.ALLOWED)
    if denied is None:
        # The question that AWS answered with no: of several about the action the one whose resource it names.
        about = [entry for entry in expected.entries if _same(entry, answer)]
        about_its_resource = [entry for entry in about if entry.request.resource in answer.message]
        asked = next(iter((*about_its_resource, *about)), None)
        return Finding(FindingKind.DISAGREES, "", asked, answer.decision or Outcome.IMPLICIT_DENY)
    # AWS denied something else: what was expected to be denied it has allowed, or never asked for.
    if not _same(denied, answer):
        return Finding(FindingKind.DISAGREES, "", denied, Outcome.ALLOWED)
    # A denial that does not say which it is agrees with both.
    if answer.decision in (None, denied.decision.decision):
        return AGREES
    return Finding(FindingKind.DISAGREES, "", denied, answer.decision)


def _inconclusive_reason(expected: Prediction, answer: AwsOutcome) -> str:
    if expected.refused:
        return f"the engine expects {expected.refused}, which is no decision"
    if answer.by in UNREAD_POLICIES:
        return f"a {answer.by} decided, and those are not read"
    is_session_known = any(entry.policies and entry.policies.session for entry in expected.entries)
    if answer.by == PolicyType.SESSION.value and not is_session_known:
        return "a session policy decided that was passed before the run"
    unknown = next((key for entry in expected.entries for key in _unknown_keys(entry)), "")
    if unknown:
        return f"a statement goes by {unknown}, which is not known here"
    if answer.denied and not answer.action and expected.denied is not None:
        return "AWS's denial names no action"
    return ""


def _same(entry: TrailEntry, answer: AwsOutcome) -> bool:
    return entry.request.action.lower() == answer.action.lower()


def _unknown_keys(entry: TrailEntry) -> Iterator[str]:
    """The condition keys that statements about the action go by, and that nothing here knows."""
    if entry.policies is None:
        return
    # Looked for in the statements' text: a key counts in any operator, and within a policy variable.
    context, action = entry.request.context.folded, entry.request.action.lower()
    outside = ":assumed-role/" in entry.request.principal
    for policy in each_policy(entry.policies):
        relevant = policy.policy.relevant(action)
        for statement in (*relevant.denies, *relevant.allows):
            text = json.dumps(dict(statement.source)).lower()
            for key in UNKNOWN_KEYS:
                if key in text and not any(known_key.startswith(key) for known_key in context):
                    yield key
            # Tags of a session are passed when it is made, and IAM tells them to nobody afterwards.
            if outside and "aws:principaltag/" in text:
                yield "aws:principaltag of a session"


def each_policy(policies: Policies) -> Iterable[NamedPolicy]:
    """Every policy, of every kind."""
    levels = (*policies.service_control, *policies.resource_control)
    single = (policies.resource, policies.permissions_boundary, policies.vpc_endpoint)
    return (
        *policies.identity,
        *policies.session,
        *(policy for level in levels for policy in level),
        *(policy for policy in single if policy is not None),
    )
