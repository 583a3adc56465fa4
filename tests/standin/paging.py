"""Lists of one: every list operation answers one element a page, by the service's own paging protocol."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore import xform_name
from botocore.exceptions import ClientError

from pytest_kmslab.apicall import ApiCall, ServiceError

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


def is_paged(call: ApiCall) -> bool:
    return call.operation in paginators(call.service) and call.name not in ITEMS


def unpaged(call: ApiCall) -> dict[str, Any]:
    """The parameters of a call, without those that say which page."""
    how = paginators(call.service)[call.operation]
    paging = {*_listed(how["input_token"]), how.get("limit_key")}
    return {name: value for name, value in call.params.items() if name not in paging}


def everything(call: ApiCall, params: Mapping[str, Any]) -> dict[str, Any]:
    """All that moto has to say, whatever page was asked for."""
    client = boto3.client(call.service, call.region, aws_access_key_id="test", aws_secret_access_key="test")  # type: ignore[call-overload]
    try:
        pages = client.get_paginator(xform_name(call.operation)).paginate(**params)
        return dict(pages.build_full_result())
    except ClientError as error:
        answer: Any = error.response
        status = answer["ResponseMetadata"]["HTTPStatusCode"]
        raise ServiceError(answer["Error"]["Code"], answer["Error"]["Message"], status) from error


def one_page(call: ApiCall, whole: Mapping[str, Any]) -> dict[str, Any]:
    """The page that a call asks for, with one element."""
    how = paginators(call.service)[call.operation]
    keys = [key for key in _listed(how["result_key"]) if key in whole]
    found = [(key, one) for key in keys for one in whole[key]]
    number = int(str(call.params.get(_listed(how["input_token"])[0], "0")).rpartition("-")[2])
    page = {name: value for name, value in whole.items() if name not in ("Marker", "IsTruncated")}
    page.update({key: [one for of, one in found[number : number + 1] if of == key] for key in keys})
    more = number + 1 < len(found)
    if more:
        page[_listed(how["output_token"])[0]] = f"{TOKEN}{number + 1}"
    if "more_results" in how:
        page[how["more_results"]] = more
    return page


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
