"""What suites beside moto have: keys that are nobody's, so that no test reaches an account by mistake."""

import os

import pytest

FAKE = {
    f"AWS_{name}": "testing"
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SECURITY_TOKEN", "SESSION_TOKEN")
}

# For the clients that the application makes when it is imported.
os.environ.update(FAKE)


@pytest.fixture(autouse=True)
def aws_credentials(monkeypatch):
    """For the clients that it makes later."""
    for name, value in FAKE.items():
        monkeypatch.setenv(name, value)
