"""What import-linter cannot say of the code: how long a file and a function may be, that the engine imports
nothing but the standard library, and that what shows how to use the package uses its public API only.

    python tools/check_architecture.py [root]

Prints one line for each breach, `path:line: what`, and exits 1 if there is any.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

FILE_LINES = 400
FUNCTION_LINES = 50
FOLDERS = ("pytest_kmslab", "tests", "tools", "docs", "examples", "benchmarks")

ENGINE = "pytest_kmslab/authz"
ENGINE_MAY_IMPORT = ("pytest_kmslab.authz", "pytest_kmslab.errors")

PACKAGE = "pytest_kmslab"
OUTSIDERS = ("tests/e2e/", "tests/compat/", "docs/examples/", "examples/")
"""What is written as a user would: with `from pytest_kmslab import …` and nothing below it."""


def sources(root: Path) -> list[Path]:
    """The Python files that the limits hold for."""
    return sorted(path for folder in FOLDERS for path in (root / folder).rglob("*.py"))


def long_file(text: str) -> Iterator[tuple[int, str]]:
    """The breach of a file of more lines than allowed."""
    lines = len(text.splitlines())
    if lines > FILE_LINES:
        yield FILE_LINES + 1, f"the file has {lines} lines, {FILE_LINES} are allowed: split it"


def long_functions(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """A breach for each function of more lines than allowed, from `def` to its last line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield node.lineno, f"`{node.name}` has {lines} lines, {FUNCTION_LINES} are allowed: split it"


def imported(node: ast.AST) -> list[str]:
    """The modules that a statement imports; a relative import stays within the engine's package."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return ["." * node.level + (node.module or "")]
    return []


def engine_may_import(module: str) -> bool:
    """Whether the engine may import a module."""
    if module.partition(".")[0] in sys.stdlib_module_names:
        return True
    return any(module == own or module.startswith(f"{own}.") for own in ENGINE_MAY_IMPORT)


def foreign_imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """A breach for each import of the engine that is neither its own nor the standard library's."""
    for node in ast.walk(tree):
        for module in imported(node):
            if not engine_may_import(module):
                yield node.lineno, f"`{module}` is imported, the engine may import the standard library only"


def private_imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """A breach for each import of a module below the public one; a name is public if `__all__` has it."""
    for node in ast.walk(tree):
        for module in imported(node):
            if module.startswith(f"{PACKAGE}."):
                yield node.lineno, f"`{module}` is imported, and only `{PACKAGE}` is public"


def breaches(root: Path) -> Iterator[str]:
    """Every breach below a project's root, as a line to print."""
    for path in sources(root):
        where = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text, filename=where)
        found = [*long_file(text), *long_functions(tree)]
        if where.startswith(f"{ENGINE}/"):
            found += foreign_imports(tree)
        if where.startswith(OUTSIDERS):
            found += private_imports(tree)
        yield from (f"{where}:{line}: {what}" for line, what in sorted(found))


def main(arguments: list[str]) -> int:
    """Check the project at the root given, or the one this file belongs to."""
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent
    if not sources(root):
        print(f"no Python file below `{root}`: nothing was checked")
        return 1
    found = list(breaches(root))
    print("\n".join(found) if found else f"{len(sources(root))} files are within the limits")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
