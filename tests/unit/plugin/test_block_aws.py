"""Nothing leaves for AWS in a run that is not for a real account."""

from __future__ import annotations

import pytest

ATTEMPTS = """
    import socket
    import urllib.request

    import boto3
    import pytest

    CLIENT = boto3.client("s3", "us-east-1", aws_access_key_id="AKIANOBODY", aws_secret_access_key="no")

    def test_boto3():
        with pytest.raises(Exception, match="`s3.amazonaws.com` would leave .* --real-aws"):
            CLIENT.list_buckets()

    def test_something_else():
        with pytest.raises(Exception, match="`kms.eu-west-1.amazonaws.com` would leave"):
            urllib.request.urlopen("https://kms.eu-west-1.amazonaws.com")

    @pytest.mark.parametrize("host", ["sts.amazonaws.com.", b"KMS.us-east-1.api.aws"])
    def test_a_look_up(host):
        with pytest.raises(Exception, match="would leave this machine for AWS"):
            socket.getaddrinfo(host, 443)

    def test_this_machine():
        assert socket.getaddrinfo("localhost", 443)

    def test_a_proxy(monkeypatch):
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
        client = boto3.client("sts", "us-east-1", aws_access_key_id="AKIANOBODY", aws_secret_access_key="no")
        with pytest.raises(Exception, match="`sts.us-east-1.amazonaws.com` would leave"):
            client.get_caller_identity()
"""


def test_whoever_calls_is_stopped(project: pytest.Pytester) -> None:
    project.makepyfile(ATTEMPTS)
    project.makeini("[pytest]\nkmslab_block_aws = always")
    project.runpytest_subprocess().assert_outcomes(passed=6)


TELLS_THE_GUARD = """
    import socket

    import pytest

    HOST = "kms.us-east-1.amazonaws.com"

    def test_without_a_lab(pytestconfig):
        from pytest_kmslab.session.run import RUN

        assert not pytestconfig.stash[RUN].aws_is_closed

    def test_with_a_lab(kmslab):
        with pytest.raises(Exception, match="would leave this machine for AWS"):
            socket.getaddrinfo(HOST, 443)
"""


def test_it_can_be_open_for_others_and_is_never_open_for_a_lab(project: pytest.Pytester) -> None:
    project.makepyfile(TELLS_THE_GUARD)
    project.runpytest_subprocess().assert_outcomes(passed=2)


def test_a_run_takes_its_guard_along_when_it_ends(project: pytest.Pytester) -> None:
    import socket

    before = socket.getaddrinfo
    project.makepyfile("def test_it(): pass")
    project.runpytest_inprocess().assert_outcomes(passed=1)
    assert socket.getaddrinfo is before
