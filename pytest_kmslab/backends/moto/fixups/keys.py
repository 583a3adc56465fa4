"""Keys of several Regions, which moto takes for one, and keys that are due to be deleted."""

from __future__ import annotations

import time
from datetime import timezone
from typing import TYPE_CHECKING, Any

from moto.kms.models import kms_backends

from pytest_kmslab.authz.arn import partition_of
from pytest_kmslab.backends.moto import grants as moto_grants
from pytest_kmslab.backends.moto.fixups.kms.materials import separate
from pytest_kmslab.backends.moto.fixups.kms.metadata import key_metadata
from pytest_kmslab.backends.moto.principals import record_principals
from pytest_kmslab.backends.moto.reader import key_of
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.sts.sessions import moved_on

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader


def check_region(call: ApiCall) -> None:
    """Raise ValidationException for a replica in a Region that there is not in the call's partition."""
    region = str(call.params["ReplicaRegion"])
    if region not in kms_backends[call.account].regions or partition_of(region).name != call.partition:
        # Code and text are inferred.
        raise ServiceError("ValidationException", f"The Region {region} is not valid.")


def defer_primary_deletion(key: Any, response: dict[str, Any]) -> None:
    """A primary key is not deleted before its replicas.

    https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-delete.html
    """
    if key.multi_region and key.arn == key.multi_region_configuration["PrimaryKey"]["Arn"]:
        replicas = [replica["Arn"] for replica in key.multi_region_configuration["ReplicaKeys"]]
        # The waiting period begins when the last of them is gone.
        if any(key_of(arn, "", "") is not None for arn in replicas):
            key.key_state, key.deletion_date = "PendingReplicaDeletion", None
            response.pop("DeletionDate", None)


def separate_replica(view: MotoAccountReader, call: ApiCall, response: dict[str, Any]) -> None:
    """Make a replica a key of its own: key policy, grants, aliases, tags and description.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_ReplicateKey.html
    """
    params = call.params
    replica = view.moto_key(response["ReplicaKeyMetadata"]["Arn"], "", "")
    # moto shares them with the primary key, or drops them.
    replica.grants, replica.aliases = {}, {}
    replica.policy = params.get("Policy") or replica.generate_default_policy()
    replica.description, replica.creation_date = params.get("Description", ""), time.time()
    moto_grants.forget_index(replica)
    record_principals(replica, replica.policy)
    kms_backends[call.account][replica.region].tagger.tag_resource(replica.id, list(params.get("Tags") or ()))
    # It has its primary's material, save where that was imported: that has to be imported here too.
    if replica.origin == "EXTERNAL":
        separate(replica)
        replica.key_state, replica.enabled = "PendingImport", False
    # AWS answers before the replica is there.
    shown = {**key_metadata(replica), "KeyState": "Creating", "Enabled": False}
    shown.pop("CurrentKeyMaterialId", None)
    response["ReplicaKeyMetadata"] = shown
    response["ReplicaPolicy"] = replica.policy
    if params.get("Tags"):
        response["ReplicaTags"] = list(params["Tags"])


def change_primary(call: ApiCall) -> dict[str, Any]:
    """UpdatePrimaryRegion, which moto lacks: the replica there becomes the primary key, and this a replica.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_UpdatePrimaryRegion.html
    """
    old = key_of(str(call.params["KeyId"]), call.region, call.account)
    new = key_of(old.id, str(call.params["PrimaryRegion"]), call.account)
    related = old.multi_region_configuration
    # moto's copies of a key share one object, so the change shows at all of them.
    replicas = [replica for replica in related["ReplicaKeys"] if replica["Arn"] != new.arn]
    related["ReplicaKeys"] = [*replicas, {"Arn": old.arn, "Region": old.region}]
    related["PrimaryKey"] = {"Arn": new.arn, "Region": new.region}
    return {}


def delete_due_keys(now: float) -> None:
    """Delete every key whose deletion was scheduled for before a time, in seconds since the epoch.

    https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
    """
    for regions in list(kms_backends.values()):
        for backend in list(regions.values()):
            for key in list(backend.keys.values()):
                until = key.deletion_date if key.key_state == "PendingDeletion" else None
                # moto keeps the date without its time zone, which is UTC.
                if until is not None and until.replace(tzinfo=timezone.utc).timestamp() <= now:
                    backend.keys.pop(key.id, None)


def move_deletion(key: Any, call: ApiCall, response: dict[str, Any]) -> None:
    """ScheduleKeyDeletion: the date goes by the clock that the call goes by."""
    # A test may have moved that on; moto knows the wall clock only.
    if key.deletion_date is not None and moved_on(call):
        key.deletion_date += moved_on(call)
        response["DeletionDate"] = key.deletion_date.replace(tzinfo=timezone.utc)
