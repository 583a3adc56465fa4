"""An emulator as a process of ours: started, waited for, and stopped with all that it started."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

START_SECONDS = 300
"""Some ten on a machine that does nothing else."""

STOP_SECONDS = 20
PAUSE = 0.25
LOG_LINES = 15

PORTS = range(10_000, 32_000)
"""Below those that Linux (from 32768) and others (from 49152) give out."""


class SetupError(Exception):
    """It could not be installed, started or stopped; the message says why and what to do."""


def url_of(port: int) -> str:
    """The address of an emulator here."""
    return f"http://127.0.0.1:{port}"


def free_port() -> int:
    """A port that nobody listens on now, and that no system gives out by itself: an emulator takes its
    time before it listens, and whoever asks for any free port meanwhile must not get this one."""
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as listening, suppress(OSError):
            listening.bind(("127.0.0.1", port))
            return port
    raise SetupError(f"no port from {PORTS.start} to {PORTS.stop - 1} is free")


def answers(url: str) -> bool:
    """Whether anything answers HTTP there."""
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/_localstack/health", timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


class Emulator:
    """A process in a session of its own, so that a signal to its group reaches its children too."""

    name = "emulator"

    def __init__(self, work: Path, port: int) -> None:
        self.work = work
        self.port = port

    @property
    def log(self) -> Path:
        """Where it writes."""
        return self.work / f"{self.name}-{self.port}.log"

    @property
    def _pid_file(self) -> Path:
        return self.work / f"{self.name}-{self.port}.pid"

    def install(self) -> None:
        """Make it ready to be started; what is there already is taken."""

    def command(self) -> list[str]:
        """What starts it."""
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        """What it gets beside the environment that is here."""
        raise NotImplementedError

    def start(self) -> None:
        """Start it and return when it answers; raises SetupError with the end of its log."""
        self.work.mkdir(parents=True, exist_ok=True)
        self.install()
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                self.command(),
                env={**os.environ, **self.environment()},
                cwd=self.work,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._pid_file.write_text(str(process.pid))
        deadline = time.monotonic() + START_SECONDS
        while not answers(url_of(self.port)):
            if process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise SetupError(f"{self.name} did not start; the end of {self.log}:\n{self._end_of_log()}")
            time.sleep(PAUSE)
        self.wake()

    def wake(self) -> None:
        """Ask DynamoDB something: LocalStack starts it at its first call, for longer than clients wait."""
        scope = "Credential=test/20000101/us-east-1/dynamodb/aws4_request"
        headers = {
            "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0",
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": "DynamoDB_20120810.ListTables",
        }
        asked = urllib.request.Request(url_of(self.port), b"{}", headers)
        try:
            urllib.request.urlopen(asked, timeout=START_SECONDS).close()
        except OSError as error:
            self.stop()
            raise SetupError(f"{self.name} does not answer for DynamoDB: {error}; see {self.log}") from error

    def stop(self) -> bool:
        """Stop it, and what it started; False where it was not running."""
        try:
            pid = int(self._pid_file.read_text())
        except FileNotFoundError:
            return False
        self._pid_file.unlink()
        started = _descendants(pid)
        there = _signal(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while _runs(pid) and time.monotonic() < deadline:
            time.sleep(PAUSE)
        _signal(pid, signal.SIGKILL)
        for process in started:
            _kill(process)
        return there

    def _end_of_log(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LOG_LINES:])


def _descendants(pid: int) -> list[tuple[int, str]]:
    """The processes that it started, each with the time of its start: LocalStack puts DynamoDB Local in a
    session of its own, and leaves it there where it ends in a hurry."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,lstart="], capture_output=True, text=True, check=True
    )
    rows = [line.split(maxsplit=2) for line in listed.stdout.splitlines()]
    found, parents = [], {pid}
    while parents:
        children = [(int(one), begun) for one, parent, begun in rows if int(parent) in parents]
        found += children
        parents = {one for one, _ in children}
    return found


def _kill(process: tuple[int, str]) -> None:
    """Kill it, unless its number is another's by now."""
    pid, begun = process
    now = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    if now.stdout.strip() == begun.strip():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _signal(group: int, number: int) -> bool:
    with suppress(ProcessLookupError):
        os.killpg(group, number)
        return True
    return False


def _runs(pid: int) -> bool:
    """Whether it runs; our own child is waited for, so that it does not stay as a zombie."""
    with suppress(ChildProcessError):
        return os.waitpid(pid, os.WNOHANG) == (0, 0)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
