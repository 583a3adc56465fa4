"""Runs the Python of the pages: each block as a test file, all of them in one pytest with the plugin."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import indent
from xml.etree import ElementTree

import pytest
from sybil import Document, Example

from documents.scratch import ROOT
from pytest_kmslab import fixtures

FIXTURES = {name for name in vars(fixtures) if type(getattr(fixtures, name)) is type(fixtures.kmslab)}
HEAD = "import boto3, pytest\nfrom pytest_kmslab import access_matrix, allowed, denied, eventually\n\n"
"""What a block without tests of its own may take for granted: it is a part of a test."""


def run_python(example: Example) -> None:
    """The block is a file of tests, or the body of one test with the fixtures that it names.

    It passes, unless the comment above it says that it fails, and how.
    """
    wrong, expected = outcomes()[module_of(example)], example.region.lexemes["fails"]
    if bool(wrong) != bool(expected) or expected not in wrong:
        pytest.fail(wrong or f"it passed, and should fail: {expected}", pytrace=False)


def module_of(example: Example) -> str:
    """The name of the test file that a block becomes."""
    page = Path(example.path).relative_to(ROOT).with_suffix("")
    return f"test_{'_'.join(page.parts)}_{example.line}".replace("-", "_").lower()


@cache
def outcomes() -> dict[str, str]:
    """What went wrong in each block of each page, by its test file; empty where nothing did."""
    files = {module_of(block): as_tests(block) for page in pages() for block in blocks_of(page)}
    with TemporaryDirectory() as folder:
        for beside in (ROOT / "docs" / "examples").glob("*.json"):
            shutil.copy(beside, folder)
        for name, code in files.items():
            (Path(folder) / f"{name}.py").write_text(code, encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junit-xml=out.xml", "."]
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert (Path(folder) / "out.xml").is_file(), ran.stdout + ran.stderr
        cases = list(ElementTree.parse(Path(folder) / "out.xml").iter("testcase"))
    return {name: failures_of(name, cases, ran.stdout) for name in files}


def pages() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks_of(page: Path) -> list[Example]:
    """The blocks of a page that are Python."""
    from documents.blocks import read_blocks

    document = Document.parse(str(page), read_blocks)
    return [block for block in document if block.region.evaluator is run_python]


def as_tests(block: Example) -> str:
    """A file of tests made of a block."""
    before, code = block.region.lexemes["before"], block.parsed
    tree = ast.parse(before + code)
    if any(has_tests(node) for node in tree.body):
        return before + code
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    wanted = sorted(used & (FIXTURES | {"tmp_path", "monkeypatch"}))
    return f"{HEAD}def test_part({', '.join(wanted)}):\n{indent(before + code, '    ')}"


def has_tests(node: ast.stmt) -> bool:
    """Whether it is a test, coroutines too, or a class of tests."""
    if isinstance(node, ast.ClassDef):
        return any(map(has_tests, node.body))
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")


def failures_of(module: str, cases: list[ElementTree.Element], printed: str) -> str:
    """The failures of one block's tests; that none was found is one too."""
    ours = [case for case in cases if module in (*case.get("classname", "").split("."), case.get("name"))]
    wrong = [kind.text or "" for case in ours for kind in case if kind.tag in ("failure", "error", "skipped")]
    return "\n".join(wrong) if ours else f"no test of the block was run:\n{printed}"
