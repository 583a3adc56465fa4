"""What time does to keys that moto never looks at: it is asked for where a test moves the clock on.

https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys-import-key-material.html#importing-keys-expiration
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from moto.kms.models import kms_backends

from pytest_kmslab.backends.moto.fixups.kms.imports import expire
from pytest_kmslab.backends.moto.fixups.kms.materials import replicas
from pytest_kmslab.backends.moto.fixups.kms.metadata import LONGEST_WAIT, WINDOW
from pytest_kmslab.backends.moto.fixups.kms.rotations import rotate_by_schedule


def pass_time(now: float) -> None:
    """Let imported material expire and schedules rotate, as if it were `now`, in seconds since the epoch."""
    moment = datetime.fromtimestamp(now, timezone.utc)
    for regions in list(kms_backends.values()):
        for backend in list(regions.values()):
            for key in list(backend.keys.values()):
                expire(key, moment)
                rotate_by_schedule(key, moment)
                # The waiting period of a primary key begins when its last replica is gone.
                if key.key_state == "PendingReplicaDeletion" and not any(replicas(key)):
                    until = moment + timedelta(days=getattr(key, WINDOW, LONGEST_WAIT))
                    key.key_state, key.deletion_date = "PendingDeletion", until.replace(tzinfo=None)
