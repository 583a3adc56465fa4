"""Sessions of botocore's that the lab itself calls with: no block of `environ` changes as whom."""

from __future__ import annotations

from typing import Any

MARK = "kmslab_keeps_credentials"


def keep_credentials(session: Any) -> Any:
    """Let the clients of a session act as whoever it has found; answers the session."""
    setattr(session, MARK, True)
    return session


def keeps_credentials(session: Any) -> bool:
    """Whether the clients of a session act as whoever it has found."""
    return getattr(session, MARK, False)
