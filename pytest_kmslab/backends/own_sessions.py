"""Sessions of botocore's that the lab itself calls with: no block of `environ` changes as whom, and nothing
of a person's AWS settings how.

botocore reads settings when a client is made, which may be in a test that has set some for its own clients.
"""

from __future__ import annotations

import os
from typing import Any

OF_FILES = ("config_file", "credentials_file")
MARK = "kmslab_keeps_credentials"


def keep_credentials(session: Any) -> Any:
    """Let the clients of a session act as whoever it has found; answers the session."""
    setattr(session, MARK, True)
    return session


def keeps_credentials(session: Any) -> bool:
    """Whether the clients of a session act as whoever it has found."""
    return getattr(session, MARK, False)


def own_session(*, keeps_settings: bool = False, **named: Any) -> Any:
    """A new session that reads no settings, of the environment or of files; `named` is what Session takes.

    With `keeps_settings` it leaves out the profile alone: whoever calls AWS itself may need a CA bundle.
    """
    from botocore.session import Session

    session: Any = Session(**named)
    for name, (_, _, default, conversion) in list(Session.SESSION_VARIABLES.items()):
        if name == "profile" or not keeps_settings:
            session.session_var_map[name] = (
                None,
                None,
                os.devnull if name in OF_FILES else default,
                conversion,
            )
    return session


def pin_profile(session: Any) -> None:
    """Let a session stay with the profile that it has found, or with none."""
    session.session_var_map["profile"] = (None, None, session.profile, None)
