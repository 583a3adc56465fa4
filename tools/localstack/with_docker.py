"""LocalStack's image, where a Docker engine answers."""

from __future__ import annotations

import shutil
import subprocess
import time

from emulator import PAUSE, START_SECONDS, Emulator, SetupError, answers, url_of

IMAGE = "localstack/localstack:4.14"
"""The last that starts without an account's token."""

ENGINE_SECONDS = 30
"""For longer a client waits only for an engine that is elsewhere and does not answer."""


def engine_answers() -> bool:
    """Whether there is a Docker client, and an engine that it reaches."""
    if shutil.which("docker") is None:
        return False
    authorization = ["docker", "info", "--format", "{{.ServerVersion}}"]
    try:
        asked = subprocess.run(
            authorization, capture_output=True, text=True, check=False, timeout=ENGINE_SECONDS
        )
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0 and bool(asked.stdout.strip())


class LocalStackImage(Emulator):
    """A container, published on loopback."""

    name = "localstack-image"

    def start(self) -> None:
        """Start the container and return when it answers."""
        self.work.mkdir(parents=True, exist_ok=True)
        publish = f"127.0.0.1:{self.port}:4566"
        self._docker("run", "--rm", "--detach", "--name", self._container, "--publish", publish, IMAGE)
        deadline = time.monotonic() + START_SECONDS
        while not answers(url_of(self.port)):
            if time.monotonic() > deadline:
                self.stop()
                raise SetupError(f"{IMAGE} did not answer within {START_SECONDS} s")
            time.sleep(PAUSE)
        self.wake()

    def stop(self) -> bool:
        """Stop the container, which removes itself; its log is kept."""
        logs = subprocess.run(
            ["docker", "logs", self._container], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        if logs.returncode != 0:
            return False
        self.log.write_bytes(logs.stdout)
        self._docker("stop", self._container)
        return True

    @property
    def _container(self) -> str:
        return f"kmslab-localstack-{self.port}"

    def _docker(self, *arguments: str) -> None:
        done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SetupError(f"`docker {arguments[0]}` failed: {done.stderr.strip()}")
