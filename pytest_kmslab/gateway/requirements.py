"""What a gateway needs beside a plain install: an extra, which a run without a gateway does well without.

Nothing here imports any of it, so that what is missing can be told before an import fails.
"""

from __future__ import annotations

from importlib.util import find_spec

from pytest_kmslab.errors import BackendError

PACKAGES = {"cheroot": "cheroot", "flask": "flask", "flask_cors": "flask-cors"}
"""Modules of the extra `gateway` in pyproject.toml, and what an index calls them. cheroot is the HTTP server;
moto's server imports the others: calls of services that are not decided are handed to it."""

INSTALL = 'python -m pip install "pytest-kmslab[gateway]"'


def check_requirements() -> None:
    """Return where a gateway can be opened; raises BackendError, which says what to install."""
    missing = [name for module, name in PACKAGES.items() if find_spec(module) is None]
    if missing:
        raise BackendError(
            f"a gateway (`kmslab serve`, fixture `kmslab_endpoint`) needs {' and '.join(missing)}, which a "
            f"plain install leaves out: run `{INSTALL}`"
        )
