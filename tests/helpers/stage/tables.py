"""The table of a case."""

from __future__ import annotations

from helpers.account import REGION
from helpers.stage.clients import Clients
from helpers.stage.dynamodb_calls import INDEX, NEW_TABLE
from helpers.stage.script import Script

_INDEXED = {
    "AttributeDefinitions": [
        *NEW_TABLE["AttributeDefinitions"],
        {"AttributeName": "author", "AttributeType": "S"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": INDEX,
            "KeySchema": [{"AttributeName": "author", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}
_STREAMED = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}}


class Tables:
    """Makes tables as the root user, who may do everything under a default key policy."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def make(self, script: Script, key_id: str) -> str:
        """The table that the call needs, if it needs one, under the key where DynamoDB is to ask KMS for
        it. Answers a shard iterator of its stream, if the case is about one: made by hand, as moto does
        not serve streams to a botocore of today."""
        if not _needs_table(script):
            return ""
        params = dict(NEW_TABLE)
        if "/index/" in script.resource:
            params |= _INDEXED
        if "/stream/" in script.resource:
            params |= _STREAMED
        if key_id and script.through_dynamodb:
            params["SSESpecification"] = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key_id}
        tags = [{"Key": name, "Value": value} for name, value in script.tags("aws:ResourceTag").items()]
        client = self._clients.root("dynamodb", _region(script))
        made = client.create_table(TableName=script.scene.table_name, Tags=tags, **params)
        if "/stream/" not in script.resource:
            return ""
        script.replace(script.resource, made["TableDescription"]["LatestStreamArn"])
        return f"{script.resource}|1|opaque"

    def put_policy(self, script: Script) -> None:
        """The resource policy of a table, or of its stream, which has one of its own."""
        if ":table/" not in script.resource:
            return
        for _, text in script.policies("resource"):
            client = self._clients.root("dynamodb", _region(script))
            streams = "/stream/" in script.resource
            client.put_resource_policy(
                ResourceArn=script.resource if streams else script.scene.table,
                Policy=text,
                ConfirmRemoveSelfResourceAccess=True,
            )


def _needs_table(script: Script) -> bool:
    if script.through_dynamodb:
        return script.action == "kms:Decrypt"
    return ":table/" in script.resource and script.action != "dynamodb:CreateTable"


def _region(script: Script) -> str:
    return script.resource.split(":")[3] if ":table/" in script.resource else REGION
