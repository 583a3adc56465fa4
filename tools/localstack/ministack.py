"""ministack, from the environment that runs this."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from emulator import Emulator


class Ministack(Emulator):
    """Its own authorization is off: what it is tested with is ours."""

    name = "ministack"

    def command(self) -> list[str]:
        """As its own script does."""
        return [sys.executable, "-m", "ministack"]

    def environment(self) -> Mapping[str, str]:
        """Loopback only, nothing kept."""
        return {
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": "127.0.0.1",
            "AUTH": "false",
            "S3_DATA_DIR": str(self.work / f"ministack-{self.port}-s3"),
            "TMPDIR": str(self.work),
        }
