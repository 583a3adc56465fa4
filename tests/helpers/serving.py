"""A `kmslab serve` in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys


def plain_environment() -> dict[str, str]:
    """Nothing of AWS's and nothing of ours: neither credentials nor an endpoint that lies about here."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "KMSLAB_"))}


class Serving:
    """A gateway that is ready at `url`; over moto, or over the endpoint given."""

    def __init__(self, upstream: str = "", port: int = 0) -> None:
        command = [sys.executable, "-m", "pytest_kmslab.cli.main", "serve", "--port", str(port)]
        self.process = subprocess.Popen(
            command + (["--upstream", upstream] if upstream else []),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=plain_environment(),
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline().startswith("kmslab serve: ready on "), "it did not start"
        self.url = self.process.stdout.readline().strip().removeprefix("export AWS_ENDPOINT_URL=")
        self.port = int(self.url.rpartition(":")[2])

    def kill(self) -> None:
        """As the system does to a process that takes too much memory."""
        self.process.kill()
        self.process.wait(60)

    def stop(self) -> int:
        """As a person does; its exit status."""
        self.process.terminate()
        return self.process.wait(60)
