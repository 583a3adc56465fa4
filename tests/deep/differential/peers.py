"""The independent engines, each an outside process: JSON lines in, JSON lines out.

Neither is a dependency of the project: both are installed, at exact versions with their hashes, into
a work folder when they are needed. iam-simulate is AGPL software: it is run, and nothing of it is copied.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from deep.differential.generator import Case

DRIVERS = Path(__file__).parent / "drivers"
BATCH = 200
"""Cases sent before answers are read: few enough that their answers fit into a pipe."""


class PeerError(Exception):
    """A peer that cannot be installed, or that does not answer."""


@dataclass(frozen=True)
class Peer:
    """An independent engine: what to install, how to start it, and which cases it sets out to decide."""

    name: str
    needs: str
    install: Sequence[str]
    start: Sequence[str]
    covers: Callable[[Case], bool]


class Running:
    """A peer at work. Use it in a `with` statement."""

    def __init__(self, peer: Peer, process: subprocess.Popen[str]) -> None:
        self.peer = peer
        self._process = process

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        _open(self._process.stdin).close()
        self._process.wait(timeout=30)
        _open(self._process.stdout).close()

    def authorization(self, cases: Sequence[Case], *, loops: int = 0) -> Iterator[dict[str, Any]]:
        """The peer's answer to each case, in order: `decision` or `error`; `microseconds` with `loops`."""
        for at in range(0, len(cases), BATCH):
            batch = cases[at : at + BATCH]
            lines = [json.dumps({"case": case, "loops": loops}) + "\n" for case in batch]
            stdin = _open(self._process.stdin)
            stdin.writelines(lines)
            stdin.flush()
            for _ in batch:
                yield self._read()

    def decide(self, case: Case) -> str:
        """The peer's decision on one case, or its error."""
        (answer,) = self.authorization([case])
        return said(answer)

    def _read(self) -> dict[str, Any]:
        line = _open(self._process.stdout).readline()
        if not line:
            raise PeerError(f"{self.peer.name} stopped answering: its own words are above")
        answer: dict[str, Any] = json.loads(line)
        return answer


def said(answer: dict[str, Any]) -> str:
    """A peer's answer as one text."""
    return str(answer.get("decision") or f"error: {answer.get('error')}")


def start(peer: Peer, work: Path) -> Running:
    """Install a peer below `work`, if it is not there yet, and start it. Raises PeerError."""
    for program in (peer.install[0], peer.start[0]):
        if shutil.which(program) is None:
            raise PeerError(f"`{program}` is not on this machine: {peer.name} needs {peer.needs}")
    folder = work / peer.name
    pins = "".join((DRIVERS / name).read_text() for name in ("package-lock.json", "requirements.txt"))
    stamp = folder / "installed"
    if not stamp.is_file() or stamp.read_text() != pins:
        _install(peer, folder)
        stamp.write_text(pins)
    command = [part.format(folder=folder, drivers=DRIVERS) for part in peer.start]
    return Running(
        peer,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1 << 16),
    )


def _install(peer: Peer, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("package.json", "package-lock.json", "requirements.txt"):
        shutil.copy(DRIVERS / name, folder)
    command = [part.format(folder=folder, drivers=DRIVERS) for part in peer.install]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PeerError(
            f"{peer.name} could not be installed: `{' '.join(command)}` said:\n{done.stdout}{done.stderr}"
        )


def _open(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise PeerError("the peer was started without pipes")
    return stream


def _no_grants(case: Case) -> bool:
    return not case.get("grants")


_MADE_UP = ("aws:currenttime", "aws:epochtime", "aws:resourceaccount", "aws:principalorgid")
_MADE_UP_IF_ABSENT = ("aws:requestedregion", "aws:sourceip", "aws:securetransport")


def _ministack_covers(case: Case) -> bool:
    """Ministack says of itself: identity and resource policies, boundary and session policies.

    It has no policies of an organization or endpoint, lets root do anything, leaves NotPrincipal
    unsupported, reads trust policies elsewhere, and has no variables. Some condition keys it fills in by
    itself, whatever the request says.
    """
    policies, request = case["policies"], case["request"]
    text = json.dumps(policies).lower()
    given = {name.lower() for name in request.get("context", {})}
    return (
        _no_grants(case)
        and not any(kind in policies for kind in ("service_control", "resource_control", "vpc_endpoint"))
        and not request["principal"].endswith(":root")
        and not request["action"].startswith("sts:")
        and "${" not in text
        and '"notprincipal"' not in text
        and not any(f'"{key}"' in text for key in _MADE_UP)
        and not any(f'"{key}"' in text and key not in given for key in _MADE_UP_IF_ABSENT)
    )


IAM_SIMULATE = Peer(
    name="iam-simulate",
    needs="node and npm",
    install=("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"),
    start=("node", "{drivers}/iam_simulate.mjs", "{folder}"),
    covers=_no_grants,
)
MINISTACK = Peer(
    name="ministack",
    needs="pip",
    install=(
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--require-hashes",
        "--target",
        "{folder}/packages",
        "-r",
        "requirements.txt",
    ),
    start=(sys.executable, "{drivers}/ministack_iam.py", "{folder}/packages"),
    covers=_ministack_covers,
)
PEERS = (IAM_SIMULATE, MINISTACK)
