"""Bodies: read whole for an enforced service, looked into for the others only where they are forms."""

from __future__ import annotations

from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.wire.credential_scope import plain_scope
from pytest_kmslab.wire.http_message import Environ, WireRequest
from pytest_kmslab.wire.routing import Fields

MAX_BODY = 32 << 20
"""Bytes of a request of an enforced service at most; the largest that AWS takes there are 16 MB of items."""

MAX_FORM = 64 << 20
"""Bytes of a form for another service at most, save S3, whose bodies are data and not looked into."""

_IN_MEMORY = 1 << 20
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def read_body(environ: Environ) -> bytes:
    """The whole body; raises ServiceError for one that is longer than any service takes."""
    # One byte more than the limit is read at most: a length that a client claims fills no memory.
    data = _read(environ, _length(environ, MAX_BODY))
    if len(data) > MAX_BODY:
        raise _too_large(MAX_BODY)
    body: bytes = data
    return body


def peeked_body(environ: Environ) -> bytes:
    """The same, which is left to be read again."""
    body = read_body(environ)
    # Whole from here on: the upstream reads it by its length, in chunks or not as it came.
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(body), str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ.pop("wsgi.input_terminated", None)
    return body


def _read(environ: Environ, size: int) -> Any:
    try:
        # The server raises it for chunks that have two readings.
        return environ["wsgi.input"].read(size)
    except ValueError as error:
        raise ServiceError("MalformedInput", str(error)) from None


def form_fields(environ: Environ) -> Fields:
    """The fields of a form in the body, which is left to be read again; none where the body is no form.

    Some backends look for an `Action` in any form, however the request is signed.
    """
    if not _is_form(environ.get("CONTENT_TYPE", ""), environ.get("HTTP_AUTHORIZATION", "")):
        return ()
    copy = _copied(environ)
    try:
        return _fields(copy, environ.get("CONTENT_TYPE", ""))
    finally:
        copy.seek(0)
        environ["wsgi.input"] = copy


def form_of(request: WireRequest) -> Fields:
    """The same of a request that was read whole."""
    if not _is_form(request.header("content-type"), request.header("authorization")):
        return ()
    return _fields(BytesIO(request.body), request.header("content-type"))


def _is_form(content_type: str, authorization: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind in _FORMS and plain_scope(authorization.strip()) != "s3"


def _copied(environ: Environ) -> IO[bytes]:
    copy: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - the application reads it later
    left = _length(environ, MAX_FORM)
    while left > 0:
        piece = _read(environ, min(left, 1 << 16))
        if not piece:
            break
        copy.write(piece)
        left -= len(piece)
    if copy.tell() > MAX_FORM:
        raise _too_large(MAX_FORM)
    environ["CONTENT_LENGTH"] = str(copy.tell())
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ.pop("wsgi.input_terminated", None)
    copy.seek(0)
    return copy


def _fields(stream: IO[bytes], content_type: str) -> Fields:
    from werkzeug.formparser import FormDataParser
    from werkzeug.http import parse_options_header

    kind, options = parse_options_header(content_type)
    parser = FormDataParser(silent=False, max_form_memory_size=MAX_FORM)
    try:
        _, form, files = parser.parse(stream, kind.lower(), None, options)
    except Exception as error:  # werkzeug's parsers raise whatever fits: what cannot be read is not passed on
        raise ServiceError("MalformedInput", f"the body is not the form it says it is: {error}") from error
    pairs: list[tuple[str, Any]] = list(form.items(multi=True))
    return tuple(pairs + [(name, "") for name in files])


def _length(environ: Environ, limit: int) -> int:
    """How much to read: the Content-Length, or one byte more than the limit where it is longer or unknown."""
    length = environ.get("CONTENT_LENGTH")
    # A body in chunks tells its length only by its end.
    if environ.get("wsgi.input_terminated") or environ.get("HTTP_TRANSFER_ENCODING"):
        return limit + 1
    return min(int(length or 0), limit + 1)


def _too_large(limit: int) -> ServiceError:
    return ServiceError(
        "RequestEntityTooLarge", f"the body is longer than {limit} bytes, which no service takes", 413
    )
