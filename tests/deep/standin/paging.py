"""Short lists: a first page of one element, each further one of twice as many, by the service's own protocol.

Whoever reads the first page alone sees one element of any list, and a long list takes few calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore import UNSIGNED, xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

from pytest_kmslab.calls.api_call import ApiCall, ServiceError

ITEMS = frozenset({"dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan"})
"""Reads of items: their pages are of a megabyte, and a test that reads one item need not page."""

TOKEN = "page-of-the-stand-in-" + "0" * 20 + "-"
"""Before the number of the next page; longer than any service's shortest token."""


@cache
def paginators(service: str) -> Mapping[str, Any]:
    """botocore's description of how a service pages, by operation."""
    loader = botocore.session.get_session().get_component("data_loader")
    try:
        return dict(loader.load_service_model(service, "paginators-1")["pagination"])
    except botocore.exceptions.UnknownServiceError:
        return {}


def without_token(call: ApiCall) -> ApiCall:
    """A call as moto would get it, which knows no token but its own."""
    mine = [name for name, value in call.params.items() if str(value).startswith(TOKEN)]
    return call._replace(params={name: call.params[name] for name in call.params if name not in mine})


class Pages:
    """The lists that are being read, page by page; `own` answers what moto does not, None for the rest."""

    def __init__(self, own: Callable[[ApiCall], dict[str, Any] | None]) -> None:
        self._own = own
        self._lists: dict[str, dict[str, Any]] = {}
        self._clients: dict[tuple[str, str], Any] = {}

    def answer(self, call: ApiCall) -> dict[str, Any] | None:
        """The page that a call asks for; None for what is not a list."""
        how = paginators(call.service).get(call.operation)
        if how is None or call.name in ITEMS:
            return None
        asked = str(call.params.get(_listed(how["input_token"])[0], ""))
        if not asked.startswith(TOKEN):
            whole = self._everything(call._replace(params=_unpaged(call, how)))
            asked = f"{TOKEN}{len(self._lists)}-0"
        else:
            whole = self._lists.pop(asked)
        page, after = _one(how, whole, asked)
        if after:
            self._lists[after] = whole
        return page

    def _everything(self, call: ApiCall) -> dict[str, Any]:
        whole = self._own(call)
        return self._of_moto(call) if whole is None else whole

    def _of_moto(self, call: ApiCall) -> dict[str, Any]:
        where = call.service, call.region
        if where not in self._clients:
            unsigned = Config(signature_version=UNSIGNED, parameter_validation=False)
            self._clients[where] = boto3.client(*where, config=unsigned)  # type: ignore[call-overload]
        try:
            pages = self._clients[where].get_paginator(xform_name(call.operation)).paginate(**call.params)
            return dict(pages.build_full_result())
        except ClientError as error:
            answer: Any = error.response
            status = answer["ResponseMetadata"]["HTTPStatusCode"]
            raise ServiceError(answer["Error"]["Code"], answer["Error"]["Message"], status) from error


def _unpaged(call: ApiCall, how: Mapping[str, Any]) -> dict[str, Any]:
    paging = {*_listed(how["input_token"]), how.get("limit_key")}
    return {name: value for name, value in call.params.items() if name not in paging}


def _one(how: Mapping[str, Any], whole: Mapping[str, Any], asked: str) -> tuple[dict[str, Any], str]:
    """A page, and the token of the next one; empty for the last."""
    keys = [key for key in _listed(how["result_key"]) if key in whole]
    found = [(key, one) for key in keys for one in whole[key]]
    start = int(asked.rpartition("-")[2])
    end = 2 * start + 1
    page = {name: value for name, value in whole.items() if name not in ("Marker", "IsTruncated")}
    page.update({key: [one for of, one in found[start:end] if of == key] for key in keys})
    after = f"{asked.rpartition('-')[0]}-{end}" if end < len(found) else ""
    if after:
        page[_listed(how["output_token"])[0]] = after
    if "more_results" in how:
        page[how["more_results"]] = bool(after)
    return page, after


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
