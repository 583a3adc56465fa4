"""What a `kmslab serve` in a process of its own gets of this process's environment."""

from __future__ import annotations

import os


def plain_environment() -> dict[str, str]:
    """Nothing of AWS's and nothing of ours: neither credentials nor an endpoint that lies about here."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "KMSLAB_"))}
