"""Which addresses are AWS's own."""

from __future__ import annotations

from urllib.parse import urlsplit

DOMAINS = (
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "api.aws",
    "api.amazonwebservices.com.cn",
    "api.amazonwebservices.eu",
    "console.aws.amazon.com",
    "signin.aws.amazon.com",
    "c2s.ic.gov",
    "api.aws.ic.gov",
    "sc2s.sgov.gov",
    "api.aws.scloud",
    "cloud.adc-e.uk",
    "api.cloud-aws.adc-e.uk",
    "csp.hci.ic.gov",
    "api.aws.hci.ic.gov",
)
"""The DNS suffixes of every partition, as botocore's partitions.json has them, and the console's two."""

ENDPOINT_PREFIX = "AWS_ENDPOINT_URL"
"""How the environment variables begin that lead AWS clients elsewhere."""

NOWHERE = "http://see-kmslab-subprocess-environ.localhost:1"
"""An address where nobody is: what the environment names while the backend is in this process, so that a
process that inherits it does not call AWS. The clients of this process take no notice of it."""


def leads_to_aws(url: str) -> bool:
    """Whether a URL is one of AWS's own addresses."""
    return is_of_aws(urlsplit(url).hostname or "")


def is_plain_http(url: str) -> bool:
    """Whether a request to AWS's own address goes without TLS. Any other address stands for one of AWS's with
    it: emulators have no certificate."""
    return url.startswith("http:") and leads_to_aws(url)


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL: where its calls go."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def is_of_aws(host: str) -> bool:
    """Whether a host name is one of AWS's; case and a dot at its end do not matter."""
    name = host.rstrip(".").lower()
    return any(name == domain or name.endswith(f".{domain}") for domain in DOMAINS)
