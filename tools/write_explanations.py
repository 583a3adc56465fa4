"""Write the golden `.explain.txt` beside every case of tests/corpus, and drop those without a case.

By hand only, after a change of wording, and then read as a diff: nothing but a person's eye says that the
new text is right. Tests compare; they never write.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "tests" / "corpus"
GOLDEN = ".explain.txt"


def main() -> int:
    """Write what differs, and say how much that was."""
    sys.path.insert(0, str(ROOT))
    from pytest_kmslab.authz.explain.explanation import explain
    from pytest_kmslab.cases.read import parse_case

    written = 0
    cases = sorted(CORPUS.rglob("*.json"))
    for path in cases:
        case = parse_case(path.read_text(encoding="utf-8"))
        text = explain(case.request, case.policies, case.grants, case.decide()) + "\n"
        written += _write(path.with_suffix(GOLDEN), text)
    orphans = [file for file in CORPUS.rglob(f"*{GOLDEN}") if not _case_of(file).exists()]
    for file in orphans:
        file.unlink()
    print(f"{len(cases)} cases: {written} explanations written, {len(orphans)} without a case removed")
    return 0


def _write(golden: Path, text: str) -> bool:
    if golden.exists() and golden.read_text(encoding="utf-8") == text:
        return False
    golden.write_text(text, encoding="utf-8", newline="\n")
    return True


def _case_of(golden: Path) -> Path:
    return golden.with_name(golden.name.removesuffix(GOLDEN) + ".json")


if __name__ == "__main__":
    sys.exit(main())
