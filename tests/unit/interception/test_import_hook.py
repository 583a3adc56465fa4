import subprocess
import sys
import textwrap

import pytest

from pytest_kmslab.interception.import_hook import AfterImport, Registration


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_handlers_reach_a_botocore_that_is_imported_later() -> None:
    assert (
        run("""
            from pytest_kmslab.interception.import_hook import Registration
            seen = []
            Registration(lambda: [("before-call", lambda **_: seen.append(1))]).install()
            import boto3
            from botocore.awsrequest import AWSResponse
            client = boto3.client("sts", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
            client.meta.events.register("before-call", lambda **_: (AWSResponse("", 200, {}, None), {}))
            client.get_caller_identity()
            print(len(seen))
        """)
        == "1"
    )


def test_installing_imports_neither_boto3_nor_botocore_nor_moto() -> None:
    assert (
        run("""
            import sys
            from pytest_kmslab.config.options import Settings
            from pytest_kmslab.session.run import Run
            Run(Settings()).install()
            print([name for name in ("boto3", "botocore", "moto") if name in sys.modules])
        """)
        == "[]"
    )


def test_a_removed_registration_leaves_botocore_as_it_was() -> None:
    import botocore.handlers

    before = list(botocore.handlers.BUILTIN_HANDLERS)
    registration = Registration(lambda: [("before-call", print)])
    registration.install()
    assert ("before-call", print) in botocore.handlers.BUILTIN_HANDLERS
    registration.remove()
    assert before == botocore.handlers.BUILTIN_HANDLERS


def test_a_registration_that_never_met_botocore_leaves_no_hook_behind() -> None:
    assert (
        run("""
            import sys
            from pytest_kmslab.interception.import_hook import Registration
            before = list(sys.meta_path)
            registration = Registration(lambda: [])
            registration.install()
            registration.remove()
            print(sys.meta_path == before)
        """)
        == "True"
    )


def test_waiting_ends_while_the_interpreter_shuts_down(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = AfterImport("no_such_module", lambda _module: None)
    waiting.install()
    assert waiting in sys.meta_path
    waiting.remove()
    with monkeypatch.context() as shutting_down:
        shutting_down.setattr(sys, "meta_path", None)
        waiting.remove()
    assert waiting not in sys.meta_path
