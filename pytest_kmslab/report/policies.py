"""`--kmslab-policies`: the smallest policies of everybody who acted in the tests, written to a folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_kmslab.privilege.least import LeastPrivilege, least_privilege
from pytest_kmslab.report.collecting import Collector
from pytest_kmslab.report.policy_names import chosen, file_names, folder_names, is_of_a_resource, name_of
from pytest_kmslab.report.terminal import write_folded
from pytest_kmslab.report.uses import UseCollector

if TYPE_CHECKING:
    import pytest


IDENTITY_FILE = "identity-policy.json"
PROOF_FILE = "proof.json"


class PolicyWriter(Collector):
    """Writes the policies when the run ends; a proof that does not hold fails it."""

    def __init__(self, uses: UseCollector, folder: Path) -> None:
        self._uses = uses
        self._folder = folder
        self._written: dict[Path, LeastPrivilege] = {}
        self._problem = ""

    def finish(self) -> bool:
        """Write everything; whether each proof holds."""
        actors = self._uses.of_actors()
        folders = chosen(actors, folder_names)
        self._written = {
            self._folder / folders[who]: least_privilege(who, uses) for who, uses in actors.items()
        }
        try:
            for folder, one in self._written.items():
                write_policies(folder, one)
        except OSError as error:
            self._problem = f"cannot write to `{self._folder}`: {error.strerror or error}"
        return not self._problem and all(one.proof.holds for one in self._written.values())

    def summarize(self, reporter: pytest.TerminalReporter) -> None:
        """Tell what was written, and loudly what does not hold."""
        failed = bool(self._problem) or not all(one.proof.holds for one in self._written.values())
        reporter.section("kmslab: least privilege", red=failed, bold=failed)
        for line in (self._problem,) if self._problem else self._lines():
            write_folded(reporter, line)

    def _lines(self) -> Iterator[str]:
        if not self._written:
            yield "nobody was allowed anything in the tests themselves: no policy is written"
        for folder, one in self._written.items():
            yield f"{folder}: {_told(one)}"
            for what in one.proof.wider:
                yield f"  allowed besides, as no policy can say less: {what}"
        for actor, number in self._uses.only_denied().items():
            denied = f"{_counted(number, 'request')} denied"
            yield f"{name_of(actor)} was allowed nothing ({denied}): no policy is written"
        # What is in the folder of somebody who did nothing any more may be needed no more.
        folders = {file.parent for file in self._folder.glob(f"*/{PROOF_FILE}")}
        for old in sorted(folders - set(self._written)):
            yield f"{old} is of an earlier run: who it is for did nothing in this one"


def _told(least: LeastPrivilege) -> str:
    """What was proven of somebody's policies, as the end of a line."""
    proof = least.proof
    if not proof.holds:
        return f"THE PROOF FAILS: {', '.join((*proof.denied, *proof.idle))}"
    if not proof.removals:
        return f"no policy is needed for what it did ({_counted(proof.decisions, 'request')})"
    allowed = f"all it did is allowed ({_counted(proof.decisions, 'request')})"
    return f"{allowed}; nothing can be taken out ({_counted(proof.removals, 'part')} tried)"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def write_policies(folder: Path, least: LeastPrivilege) -> None:
    """Write what one principal needs to its folder; raises OSError.

    What an earlier run wrote there goes, so that no policy stays that is needed no more.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.json"):
        # Only what an earlier run can have written: somebody may keep files of their own there.
        if old.name in (IDENTITY_FILE, PROOF_FILE) or is_of_a_resource(old.name):
            old.unlink()
    if least.identity_policy is not None:
        _write(folder / IDENTITY_FILE, least.identity_policy)
    for arn, name in chosen(least.resource_policies, file_names).items():
        _write(folder / name, least.resource_policies[arn])
    told = {"principal": least.principal, "grants": list(least.grants)}
    _write(folder / PROOF_FILE, {**told, **least.proof.as_json()})


def _write(file: Path, document: Any) -> None:
    file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
