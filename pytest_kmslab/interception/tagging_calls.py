"""Calls of botocore's clients to the Resource Groups Tagging API of an endpoint."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_kmslab.calls.tagging_api import FAILED, OPERATIONS, SIGNED_FOR
from pytest_kmslab.enforcement.resource_tagging import ResourceTagging
from pytest_kmslab.gateway.upstreams.http import HttpUpstream
from pytest_kmslab.interception.signers import signing_credentials, signing_region

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from pytest_kmslab.enforcement.pipeline import Pipeline


class TaggingCalls:
    """Decides the part of such calls that is about keys and tables, and does it."""

    def __init__(self, pipeline: Pipeline, endpoint: str) -> None:
        self._pipeline = pipeline
        self._tagging = ResourceTagging(pipeline, HttpUpstream(endpoint).send)

    def answer(
        self, model: OperationModel, params: dict[str, Any], signer: Any, context: dict[Any, Any]
    ) -> dict[str, Any] | None:
        """What such a call is answered; None for one that goes on, with its part about other resources.

        Raises ServiceError where nobody known calls.
        """
        if model.name not in OPERATIONS:
            return None
        credentials, region = signing_credentials(signer, context), signing_region(signer, context)
        authenticate = partial(self._pipeline.caller, credentials, SIGNED_FOR)
        tagged = self._tagging.tag(model.name, json.loads(params["body"]), region, authenticate)
        if tagged is None:
            return None
        if tagged.rest is None:
            return {FAILED: tagged.failed}
        params["body"] = json.dumps(tagged.rest).encode()
        context[self] = tagged.failed
        return None

    def add_failed(self, parsed: dict[str, Any], context: dict[Any, Any]) -> None:
        """Tell in the answer to a call that went on what of the rest was not tagged."""
        failed = context.pop(self, None)
        if failed:
            parsed[FAILED] = {**parsed.get(FAILED, {}), **failed}
