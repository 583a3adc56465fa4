"""Which decisions of a trail an assertion is about."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_kmslab.arguments import HasArn, check_named, check_text, refusal_text, wrong_type
from pytest_kmslab.authz.arn import parts_of, resource_of
from pytest_kmslab.calls.error_codes import ACTION

if TYPE_CHECKING:
    from pytest_kmslab.enforcement.entry import TrailEntry


Named = str | HasArn
"""Something by its ARN, or by its name alone."""

REASON = "a policy type (`resource-based policy`), a Sid or `explicit deny`"
PRINCIPAL = "a user, role or session: the lab's object, an ARN or a name"

ROLE = re.compile(r"arn:([a-z-]+):iam::(\d{12}):role/(?:.*/)?([^/]+)")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The decisions that an assertion wants; what is None counts for all."""

    action: str | None = None
    """Compared without case."""
    by: Named | None = None
    """The principal; a role stands for each of its sessions."""
    on: Named | None = None
    """The resource."""
    via: str | None = None
    """The service that asked as the caller (`dynamodb`); empty for direct calls."""
    because: str | None = None
    """A policy type (`identity-based policy`), a Sid, or `explicit deny`."""

    def __post_init__(self) -> None:
        """Raises TypeError or ValueError for what can name nothing, as it would fit nothing, or all."""
        if self.by is not None:
            check_principal("by", self.by)
        if self.on is not None:
            check_named("on", self.on)
        if self.via is not None:
            _check_via(self.via)
        if self.because is not None:
            check_named("because", check_text("because", self.because, REASON), REASON)

    def among(self, entries: Iterable[TrailEntry]) -> list[TrailEntry]:
        """Those of the entries that are wanted, in their order."""
        return [entry for entry in entries if self.fits(entry)]

    def fits(self, entry: TrailEntry) -> bool:
        """Whether one entry is wanted."""
        request = entry.request
        return (
            (self.action is None or request.action.lower() == self.action.lower())
            and (self.by is None or self._is_by(request.principal, _text(self.by)))
            and (self.on is None or is_named(request.resource, _text(self.on)))
            and (self.via is None or entry.via == self.via)
            and (self.because is None or _is_because(entry, self.because))
        )

    @staticmethod
    def _is_by(principal: str, wanted: str) -> bool:
        # A role calls by its sessions only, whose ARNs leave out its path.
        role = ROLE.fullmatch(wanted)
        session = "" if role is None else f"arn:{role[1]}:sts::{role[2]}:assumed-role/{role[3]}/"
        return bool(session and principal.startswith(session)) or is_named(principal, wanted)

    def __str__(self) -> str:
        action = "anything" if self.action is None else f"`{self.action}`"
        via = self.via or None
        limits = [("by", self.by), ("on", self.on), ("via", via), ("because of", self.because)]
        # Without what every ARN of the lab begins with: a terminal is soon full.
        told = [(word, resource_of(_text(limit))) for word, limit in limits if limit is not None]
        rest = "".join(f" {word} `{limit}`" for word, limit in told)
        return f"{action}{' called directly' if self.via == '' else ''}{rest}"


def meant_reason(because: str) -> str:
    """Says which policy type may have been meant by a reason that nothing was decided for."""
    from difflib import get_close_matches

    from pytest_kmslab.authz.decision import PolicyType

    known = {one.value: one.value for one in PolicyType} | {"explicit deny": "explicit deny"}
    # Explanations call it so; AWS's texts do not.
    known["key policy"] = PolicyType.RESOURCE.value
    near = get_close_matches(because.lower(), known, 1, 0.75)
    return f"; did you mean `{known[near[0]]}`?" if near and known[near[0]] != because else ""


def check_action(action: str) -> str:
    """The action; raises ValueError where it is none that a decision can be about."""
    from pytest_kmslab.calls.operations import unknown_action_text

    if not isinstance(action, str):
        raise wrong_type("action", "one text such as `kms:Decrypt`", action)
    if re.fullmatch(ACTION, action) is None:
        text = f"`action`: `{action}` is not an action: write it as `service:Operation`, e.g. `kms:Decrypt`"
        raise ValueError(text)
    fault = unknown_action_text(action)
    if fault:
        raise ValueError(f"`action`: {fault}")
    return action


def check_principal(argument: str, principal: object) -> str:
    """The ARN or name of a principal; raises TypeError or ValueError for what can be none, such as a key."""
    text = check_named(argument, principal, PRINCIPAL)
    if text.startswith("arn:") and parts_of(text).service not in ("iam", "sts"):
        raise ValueError(refusal_text(argument, PRINCIPAL, text))
    return text


def _check_via(via: object) -> None:
    from pytest_kmslab.calls.dynamodb.sse.key_use import VIA

    # No other service calls KMS in the name of a caller here: another name would fit nothing.
    wanted = f'`{VIA}`, the service that calls KMS in the caller\'s name, or `""` for direct calls'
    if check_text("via", via, wanted) not in ("", VIA):
        raise ValueError(refusal_text("via", wanted, via))


def _text(named: Named) -> str:
    return named if isinstance(named, str) else named.arn


def is_named(resource: str, wanted: str) -> bool:
    """Whether an ARN is the one wanted, given whole, by its path (`user/ana`) or by a name in that."""
    if resource == wanted or wanted.startswith("arn:"):
        return resource == wanted
    path = resource.split(":", 5)[-1]
    # The first part is what it is (`user`, `key`), which would name all of them.
    return wanted == path or wanted in path.split("/")[1:]


def _is_because(entry: TrailEntry, wanted: str) -> bool:
    from pytest_kmslab.authz.decision import Effect, Outcome

    if wanted.lower() in ("explicit deny", Outcome.EXPLICIT_DENY.value.lower()):
        return entry.decision.decision is Outcome.EXPLICIT_DENY
    reasons = [reason for reason in entry.decision.reasons if reason.effect is not Effect.ALLOW]
    return any(wanted in (reason.policy_type.value, reason.policy, reason.statement) for reason in reasons)
