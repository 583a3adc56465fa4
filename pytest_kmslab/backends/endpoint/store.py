"""What all processes that share an endpoint must know, and the endpoint itself does not keep or tell.

Kept on the endpoint, as JSON objects in an S3 bucket with a name of ours: LocalStack and ministack both have
S3, a bucket has no limit that a session's policies could reach, and what the endpoint forgets is
forgotten with it. The secrets of access keys are in there readable for everybody who can reach the
endpoint: they are secrets of an emulator, which checks no signature itself.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any, Protocol

from pytest_kmslab.authz.arn import ACCOUNT_ID
from pytest_kmslab.backends.endpoint.cache import ReadCache
from pytest_kmslab.backends.endpoint.clients import EndpointClients, unless_refused
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.calls.error_codes import error_code

BUCKET = "pytest-kmslab-shared"
HOME = "us-east-1"
"""Buckets are made in one Region, whichever the lab works in: the store is the account's."""

OWNER = Credentials("test", "test")

NOT_THERE = frozenset({"NoSuchKey", "NoSuchBucket", "404"})

Record = dict[str, Any]


class Store(Protocol):
    """Records by name."""

    def lasting(self, name: str) -> Record | None:
        """A record that nobody ever changes; None where there is none (yet)."""

    def get(self, name: str) -> Record | None:
        """A record, None where there is none."""

    def put(self, name: str, record: Record) -> None:
        """Write a record in place of the one that is there."""

    def delete(self, name: str) -> None:
        """Remove a record; one that is gone is no error."""


class SharedStore:
    """Records by name (`credentials/AKIA…`). A write is seen by everybody at once."""

    def __init__(self, clients: EndpointClients, cache: ReadCache) -> None:
        self._clients = clients
        self._cache = cache
        self._lasting: dict[str, Record] = {}

    def lasting(self, name: str) -> Record | None:
        """A record that nobody ever changes, read once; None where there is none (yet)."""
        if name not in self._lasting:
            record = self.get(name)
            if record is None:
                return None
            self._lasting[name] = record
        return self._lasting[name]

    def get(self, name: str) -> Record | None:
        """A record, None where there is none."""
        return self._cache.get(("record", name), lambda: self._read(name))

    def put(self, name: str, record: Record) -> None:
        """Write a record in place of the one that is there."""
        from botocore.exceptions import ClientError

        body = json.dumps(record).encode()
        try:
            self._s3.put_object(Bucket=BUCKET, Key=name, Body=body)
        except ClientError as error:
            if error_code(error) != "NoSuchBucket":
                raise
            # Two processes may do it at once.
            made_by_another = ("BucketAlreadyOwnedByYou", "BucketAlreadyExists")
            unless_refused(made_by_another, lambda: self._s3.create_bucket(Bucket=BUCKET), None)
            self._s3.put_object(Bucket=BUCKET, Key=name, Body=body)
        self._cache.drop()

    def delete(self, name: str) -> None:
        """Remove a record; one that is gone is no error."""
        unless_refused(NOT_THERE, lambda: self._s3.delete_object(Bucket=BUCKET, Key=name), None)
        self._cache.drop()

    @cached_property
    def _s3(self) -> Any:
        # One bucket for all accounts: where one was chosen, it is the default account's.
        if ACCOUNT_ID.fullmatch(self._clients.root.access_key_id):
            return self._clients.with_credentials("s3", OWNER, HOME)
        return self._clients.of("s3", HOME)

    def _read(self, name: str) -> Record | None:
        def read() -> Record | None:
            record: Record = json.load(self._s3.get_object(Bucket=BUCKET, Key=name)["Body"])
            return record

        return unless_refused(NOT_THERE, read, None)
