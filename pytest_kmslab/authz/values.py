"""Typed condition values (numbers, dates, booleans, IP addresses), read from text; times, as AWS writes them.

Each reader of a condition value answers None for a text that is not of its type.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_NUMBER = re.compile(r"[+-]?(\d{1,64}(\.\d{0,64})?|\.\d{1,64})([eE][+-]?\d{1,3})?", re.ASCII)
_BOOLEANS = {"true": True, "false": False}

# https://www.w3.org/TR/NOTE-datetime: to the year, month, day, minute, second or fraction of a second,
# and a time has a zone.
_TIME = r"T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)"
_DATE = re.compile(rf"(\d{{4}})(?:-(\d\d)(?:-(\d\d)(?:{_TIME})?)?)?", re.ASCII)
_EPOCH = re.compile(r"-?\d{1,13}(\.\d{1,9})?", re.ASCII)
_START = datetime(1970, 1, 1, tzinfo=timezone.utc)


def read_bool(text: str) -> bool | None:
    """`true` or `false`, in any case."""
    return _BOOLEANS.get(text.lower())


def read_number(text: str) -> Decimal | None:
    """An integer or decimal number."""
    if not _NUMBER.fullmatch(text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


@lru_cache(maxsize=1024)
def read_date(text: str) -> Decimal | None:
    """Seconds since 1970: a date of the W3C profile of ISO 8601, or the seconds themselves.

    Four digits are a year.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        return Decimal(text) if _EPOCH.fullmatch(text) else None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        moment = datetime(
            int(year),
            int(month or 1),
            int(day or 1),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            tzinfo=_zone(zone or "Z"),
        )
    except ValueError:
        return None
    elapsed = moment - _START
    return Decimal(elapsed.days * 86_400 + elapsed.seconds) + Decimal(f"0.{fraction or 0}")


def _zone(text: str) -> timezone:
    if text == "Z":
        return timezone.utc
    ahead = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-ahead if text[0] == "-" else ahead)


@lru_cache(maxsize=1024)
def read_address(text: str) -> IPv4Address | IPv6Address | None:
    """An IPv4 or IPv6 address. An IPv4 address mapped into IPv6 is the IPv4 address."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


@lru_cache(maxsize=1024)
def read_network(text: str) -> IPv4Network | IPv6Network | None:
    """A range in CIDR form, or one address. Bits beyond the prefix are ignored."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


_SECONDS = "%Y-%m-%dT%H:%M:%SZ"


def timestamp(moment: datetime | float) -> str:
    """A time (or seconds since the epoch) as AWS writes it: in UTC, to the second."""
    if not isinstance(moment, datetime):
        moment = datetime.fromtimestamp(moment, timezone.utc)
    return moment.astimezone(timezone.utc).strftime(_SECONDS)


def parse_time(text: str) -> datetime:
    """A time as `timestamp` writes it; raises ValueError."""
    return datetime.strptime(text, _SECONDS).replace(tzinfo=timezone.utc)
