"""Run the tests of examples/ as somebody elsewhere does: from a copy, with the built wheel and no checkout.

    python tools/examples.py [NAME ...]    those of these folders; of all of them without a name

What an example needs is in its requirements.txt. Where this environment has all of it, the tests run here;
otherwise (aiobotocore pins botocore) in an environment of their own, with the wheel that tox names by
TOX_PACKAGE. The smallest policies of everybody who acts in them are written into the copy and proven. Exit 0
if all passed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
OURS = "pytest-kmslab"


def main(names: Sequence[str]) -> int:
    """Run the tests of each; tell how each went."""
    folders = [folder for folder in sorted(EXAMPLES.iterdir()) if (folder / "requirements.txt").is_file()]
    chosen = [folder for folder in folders if not names or folder.name in names]
    with tempfile.TemporaryDirectory() as work:
        failed = [folder.name for folder in chosen if not passes(folder, Path(work))]
    print(f"examples: {len(chosen) - len(failed)} of {len(chosen)} passed", *failed)
    return 1 if failed or not chosen else 0


def passes(folder: Path, work: Path) -> bool:
    """Whether the tests of an example pass, in a copy, and the proof of what each principal needs holds."""
    copy = work / folder.name
    shutil.copytree(folder, copy)
    needed = requirements(folder)
    missing = [one for one in needed if not is_here(one)]
    python = own_environment(work / f"{folder.name}-env", needed) if missing else sys.executable
    print(f"examples: {folder.name}, {'an environment of its own' if missing else 'here'}", flush=True)
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--kmslab-policies=least"]
    return subprocess.run(command, cwd=copy, env=clean(os.environ), check=False).returncode == 0


def requirements(folder: Path) -> list[Requirement]:
    """What an example needs."""
    lines = (folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]


def is_here(needed: Requirement) -> bool:
    """Whether this environment has a requirement, with what its extras bring."""
    if needed.marker is not None and not needed.marker.evaluate():
        return True
    try:
        found = distribution(needed.name)
    except PackageNotFoundError:
        return False
    of_extras = [Requirement(line) for line in found.requires or ()] if needed.extras else []
    brought = [
        one
        for one in of_extras
        if one.marker and any(one.marker.evaluate({"extra": extra}) for extra in needed.extras)
    ]
    return needed.specifier.contains(found.version, prereleases=True) and all(
        is_here(Requirement(str(one).partition(";")[0])) for one in brought
    )


def own_environment(place: Path, needed: Sequence[Requirement]) -> str:
    """Make one with the wheel and what is needed; its Python."""
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    python = place / ("Scripts" if os.name == "nt" else "bin") / "python"
    wanted = [of_wheel(one) if one.name == OURS else str(one) for one in needed]
    subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], check=True)
    return str(python)


def of_wheel(needed: Requirement) -> str:
    """Our own package, from the wheel that was built."""
    extras = f"[{','.join(sorted(needed.extras))}]" if needed.extras else ""
    return f"{OURS}{extras} @ {Path(os.environ['TOX_PACKAGE']).as_uri()}"


def clean(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment that says nothing to boto3, to pytest or to the plugin."""
    ours = ("AWS_", "KMSLAB_", "PYTEST_", "PYTHONPATH")
    return {name: value for name, value in environ.items() if not name.startswith(ours)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
