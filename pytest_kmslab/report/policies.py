"""`--kmslab-policies`: the smallest policies of everybody who acted in the tests, written to a folder."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_kmslab.authz.arn import parse_arn
from pytest_kmslab.privilege.least import LeastPrivilege, least_privilege
from pytest_kmslab.report.terminal import write_folded
from pytest_kmslab.report.uses import UseCollector

if TYPE_CHECKING:
    import pytest

    from pytest_kmslab.account.model import AccountView
    from pytest_kmslab.enforcement.entry import TrailEntry

IDENTITY_FILE = "identity-policy.json"
PROOF_FILE = "proof.json"
_KINDS = {"kms": "key-policy", "dynamodb": "table-policy", "iam": "trust-policy"}
_NOT_IN_A_FILE = re.compile(r"[^\w.@=+-]+")


class PolicyWriter:
    """Writes the policies when the run ends; a proof that does not hold fails it."""

    def __init__(self, uses: UseCollector, folder: Path) -> None:
        self._uses = uses
        self._folder = folder
        self._written: list[LeastPrivilege] = []
        self._problem = ""

    def look(self, view: AccountView, entries: Sequence[TrailEntry]) -> None:
        """Nothing to look at: only what is done counts."""

    def add(self, test: str, entries: Sequence[TrailEntry]) -> None:
        """The uses are collected once, for all who need them."""

    def data(self) -> Any:
        """Nothing of its own."""

    def take(self, data: Any) -> None:
        """Nothing of its own."""

    def finish(self) -> bool:
        """Write everything; whether each proof holds."""
        for actor, uses in self._uses.of_actors().items():
            self._written.append(least_privilege(actor, uses))
        try:
            for one in self._written:
                write_policies(self._folder, one)
        except OSError as error:
            self._problem = f"cannot write to `{self._folder}`: {error.strerror or error}"
        return not self._problem and all(one.proof.holds for one in self._written)

    def summarize(self, reporter: pytest.TerminalReporter) -> None:
        """Tell what was written, and loudly what does not hold."""
        failed = bool(self._problem) or not all(one.proof.holds for one in self._written)
        reporter.section("kmslab: least privilege", red=failed, bold=failed)
        for line in (self._problem,) if self._problem else self._lines():
            write_folded(reporter, line)

    def _lines(self) -> Iterator[str]:
        if not self._written:
            yield "nobody was allowed anything in the tests themselves: no policy is written"
        for one in self._written:
            proof = one.proof
            parts = f"and one denied without any of {proof.removals} parts"
            needs = parts if proof.removals else "for which no policy is needed"
            kept = f"{proof.decisions} requests allowed, {needs}"
            state = kept if proof.holds else f"THE PROOF FAILS: {', '.join((*proof.denied, *proof.idle))}"
            yield f"{self._folder / name_of(one.principal)}: {state}"


def write_policies(folder: Path, least: LeastPrivilege) -> None:
    """Write what one principal needs to a folder of its name; raises OSError.

    What an earlier run wrote there goes, so that no policy stays that is needed no more.
    """
    own = folder / name_of(least.principal)
    own.mkdir(parents=True, exist_ok=True)
    for old in own.glob("*.json"):
        if old.name in (IDENTITY_FILE, PROOF_FILE) or old.name.startswith(tuple(_KINDS.values())):
            old.unlink()
    if least.identity_policy is not None:
        _write(own / IDENTITY_FILE, least.identity_policy)
    for arn, document in least.resource_policies.items():
        _write(own / file_of(arn), document)
    told = {"principal": least.principal, "grants": list(least.grants)}
    _write(own / PROOF_FILE, {**told, **least.proof.as_json()})


def name_of(principal: str) -> str:
    """The folder of a principal: its name without its path."""
    return _NOT_IN_A_FILE.sub("-", principal.rpartition("/")[2])


def file_of(arn: str) -> str:
    """The file for the policy of a resource: `key-policy-orders.json`."""
    parsed = parse_arn(arn)
    kind = _KINDS.get(parsed.service, f"{parsed.service}-policy")
    return f"{kind}-{_NOT_IN_A_FILE.sub('-', parsed.resource.partition('/')[2] or parsed.resource)}.json"


def _write(file: Path, document: Any) -> None:
    file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
