"""pytest's side of the stand-in: `-p deep.standin.plugin --real-aws` runs a suite against it.

The process is started once, by the first pytest that has none; xdist's workers find it in the environment,
and so do runs that a test starts. `STANDIN_SEED` is its seed. With `STANDIN_WITHOUT_WAITS` the package waits
for nothing, to see that the stand-in minds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator

import pytest
from deep.standin import PACE

from pytest_kmslab.session.backend_specs import STAND_IN, StandIn

URL = "STANDIN_URL"
SEED = "STANDIN_SEED"
WITHOUT_WAITS = "STANDIN_WITHOUT_WAITS"


@pytest.hookimpl(wrapper=True)  # before pytest-kmslab begins its run in this hook
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    if URL not in os.environ:
        start(early_config)
    early_config.stash[STAND_IN] = StandIn(os.environ[URL], 0 if WITHOUT_WAITS in os.environ else PACE)
    return (yield)


def start(config: pytest.Config) -> None:
    """Start the stand-in, and be its operator, with nothing of a person's own AWS configuration."""
    command = [sys.executable, "-m", "deep.standin.account", "--seed", os.environ.get(SEED, "1")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    config.add_cleanup(process.wait)
    config.add_cleanup(process.terminate)
    assert process.stdout is not None
    found = json.loads(process.stdout.readline())
    os.environ.update(
        {
            URL: found["url"],
            "AWS_ACCESS_KEY_ID": found["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": found["SecretAccessKey"],
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
    )
