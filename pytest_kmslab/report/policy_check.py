"""`--kmslab-check-policy`: a run is decided again under the policy of a file, and fails if it needs more."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_kmslab.authz.arn import resource_of
from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.decision import PolicyType
from pytest_kmslab.authz.evaluation import Evaluation
from pytest_kmslab.authz.policy import NamedPolicy, Policies, parse_policy
from pytest_kmslab.calls.written_policies import PolicyKind, refusal
from pytest_kmslab.cases.policy_file import line_of, read_text
from pytest_kmslab.errors import PolicyError
from pytest_kmslab.lab.policies.sources import read_document
from pytest_kmslab.privilege.use import Document, Use, policy_owner
from pytest_kmslab.report.collecting import Collector
from pytest_kmslab.report.policies import IDENTITY_FILE, PROOF_FILE
from pytest_kmslab.report.policy_names import file_names, folder_names, name_of
from pytest_kmslab.report.terminal import write_folded

if TYPE_CHECKING:
    import pytest

    from pytest_kmslab.report.uses import UseCollector


KINDS: Mapping[str, PolicyKind] = {
    "stream-policy": "stream",
    "table-policy": "table",
    "trust-policy": "trust",
}
"""How the names of files begin that hold the policies of resources; all others hold key policies."""


@dataclass(frozen=True, slots=True)
class CheckedPolicy:
    """The policies that a run is held to."""

    principal: str
    """The name of whom they are for, if anybody of that name acts; else they are for everybody."""
    identity: NamedPolicy | None
    """The identity-based policy."""
    resources: dict[str, NamedPolicy]
    """The policies of resources, by the names of their files."""

    def policies_for(self, use: Use) -> Policies:
        """What a request is decided under: the identity-based policy, and the resource's if it is given."""
        # Boundaries, session and service control policies stay as they were: these two are on trial.
        resource = self.resources.get(self._file_of(use))
        identity = () if self.identity is None else (self.identity,)
        return use.policies._replace(identity=identity, resource=resource or use.policies.resource)

    def unused(self, uses: Sequence[Use]) -> Iterator[str]:
        """What of the policies allowed no request: statements, or single actions and resources."""
        if self.identity is not None:
            yield from _unused(PolicyType.IDENTITY, self.identity, uses)
        for file, policy in self.resources.items():
            of_it = [use for use in uses if self._file_of(use) == file]
            yield from _unused(PolicyType.RESOURCE, policy, of_it)

    def _file_of(self, use: Use) -> str:
        """The file that holds the policy of what is asked for; empty where none does. Of several names the
        longest is its own alone."""
        arn = policy_owner(use.request.resource)
        names = reversed(file_names(arn)) if arn.startswith("arn:") else ()
        return next((name for name in names if name in self.resources), "")


def read_checked_policy(path: Path) -> CheckedPolicy:
    """The policy of a file, or those of a folder as `--kmslab-policies` writes it; raises PolicyError."""
    if not path.is_dir():
        name = path.parent.name if path.name == IDENTITY_FILE else path.stem
        return CheckedPolicy(name, _read(path), {})
    files = sorted(file for file in path.glob("*.json") if file.name not in (IDENTITY_FILE, PROOF_FILE))
    identity = path / IDENTITY_FILE
    if not files and not identity.is_file():
        raise PolicyError(f"`--kmslab-check-policy`: no policy is in the folder `{path}`")
    resources = {}
    for file in files:
        # By the name that `--kmslab-policies` gives a file.
        kinds = (kind for begin, kind in KINDS.items() if file.name.startswith(f"{begin}-"))
        kind: PolicyKind = next(kinds, "key")
        resources[file.name] = _read(file, kind)
    return CheckedPolicy(path.name, _read(identity) if identity.is_file() else None, resources)


def _read(file: Path, kind: PolicyKind = "identity") -> NamedPolicy:
    if not file.is_file():
        raise PolicyError(f"`--kmslab-check-policy`: `{file}` is no file that can be read")
    text = read_document("--kmslab-check-policy", file).text
    if why := refusal(kind, text):
        line = line_of(why, read_text("", file))
        where = f"`--kmslab-check-policy`, file `{file}`{f', line {line}' if line else ''}"
        raise PolicyError(f"{where}: {why}")
    return NamedPolicy(file.name, parse_policy(text))


class PolicyCheck(Collector):
    """Holds what the tests did to a policy. `administrator` is the lab's, who is held to it by name only."""

    def __init__(self, uses: UseCollector, policy: CheckedPolicy, administrator: str) -> None:
        self._uses = uses
        self._policy = policy
        self._administrator = administrator

    def finish(self) -> bool:
        """Whether the policy is enough, and anybody was held to it."""
        # A policy that nobody was held to was not checked.
        return bool(self._held()) and not any(self._missing())

    def summarize(self, reporter: pytest.TerminalReporter) -> None:
        """Name what it lacks and who needs it, then what nobody needs."""
        missing, held = list(self._missing()), self._held()
        failed = bool(missing) or not held
        reporter.section("kmslab: policy check", red=failed, bold=failed)
        if not held:
            write_folded(
                reporter,
                "nobody whom the policy could be for was allowed anything in the tests: this run failed",
            )
            return
        for line in missing:
            write_folded(reporter, f"a test needs more: {line}")
        for line in self._policy.unused(held):
            write_folded(reporter, f"no test used: {line}")
        whom = ", ".join(dict.fromkeys(name_of(use.actor) for use in held))
        state = "is not enough: this run failed" if missing else "is enough"
        write_folded(reporter, f"the policy {state} (held to it: {whom})")

    def _held(self) -> list[Use]:
        """The requests of whom the policy is for."""
        actors = self._uses.of_actors()
        named = {one: uses for one, uses in actors.items() if self._policy.principal in folder_names(one)}
        others = {actor: uses for actor, uses in actors.items() if name_of(actor) != self._administrator}
        return [use for uses in (named or others).values() for use in uses]

    def _missing(self) -> Iterator[str]:
        for use in self._held():
            if not authorize(use.request, self._policy.policies_for(use), use.grants).allowed:
                request, whom = use.request, name_of(use.actor)
                what = f"{request.action} on {resource_of(request.resource)}"
                yield f"{what}, by {whom} in {', '.join(self._uses.tests_of(use))}"


def _unused(kind: PolicyType, named: NamedPolicy, uses: Sequence[Use]) -> Iterator[str]:
    for statement in named.policy.statements:
        if statement.denies:
            continue
        whole = dict(statement.source)
        name = f"`{statement.name}` of {named.name}"
        if not _allows_any(kind, whole, uses):
            yield name
            continue
        for element in ("Action", "Resource"):
            values = whole.get(element)
            for value in values if isinstance(values, list) and len(values) > 1 else ():
                if not _allows_any(kind, {**whole, element: value}, uses):
                    yield f"`{value}` in {name}"


def _allows_any(kind: PolicyType, statement: Document, uses: Sequence[Use]) -> bool:
    policy = NamedPolicy("", parse_policy(json.dumps({"Version": "2012-10-17", "Statement": [statement]})))
    # Not bounded: asked is what the statement itself allows, whatever else limits the request.
    return any(Evaluation(use.request, bounded=False).allowing(kind, policy) for use in uses)
