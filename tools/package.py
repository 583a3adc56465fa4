"""What would be published, looked at before it is: `tox -e package`.

Builds the sdist and, from it, the wheel; lets twine hold both to what an index takes; and runs a share of the
tests from the unpacked sdist, with the package that is installed. Arguments go to pytest.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

ROOT = Path(__file__).parents[1]
SHARE = ("tests/e2e", "tests/unit/authz", "tests/unit/assertions", "tests/unit/project/test_readme.py")
BUILT_ONLY = {"PKG-INFO"}
"""What an sdist has and a checkout has not."""


def run(*command: str | Path, folder: Path = ROOT) -> str:
    """What a command prints; one that fails ends the check with its output."""
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{ran.stdout}{ran.stderr}")
    return ran.stdout


def build(into: Path) -> Path:
    """Build both and answer the sdist; the wheel is made from it, not from the checkout."""
    run(sys.executable, "-m", "build", "--outdir", into)
    run(sys.executable, "-m", "twine", "check", "--strict", *into.iterdir())
    [sdist] = into.glob("*.tar.gz")
    [wheel] = into.glob("*.whl")
    if pictures := re.findall(r"<img[^>]*>", description(wheel)):
        sys.exit(f"an index has no file for {pictures}: see hatch_build.py")
    return sdist


def description(wheel: Path) -> str:
    """What an index shows of a wheel, and what it knows of it."""
    with ZipFile(wheel) as files:
        [name] = [name for name in files.namelist() if name.endswith(".dist-info/METADATA")]
        return files.read(name).decode()


def unpack(sdist: Path, into: Path) -> Path:
    """Answer the folder in which its files are."""
    shutil.unpack_archive(sdist, into)
    return into / sdist.name.removesuffix(".tar.gz")


def left_out(unpacked: Path) -> set[str]:
    """The files of the repository that the sdist lacks; empty where this is no repository."""
    if not (ROOT / ".git").exists():
        return set()
    tracked = run("git", "ls-files").splitlines()
    return {name for name in tracked if not (unpacked / name).exists()} - BUILT_ONLY


def main(arguments: list[str]) -> int:
    """0 where the sdist is whole and its tests pass."""
    with TemporaryDirectory() as folder:
        sdist = build(Path(folder) / "dist")
        unpacked = unpack(sdist, Path(folder))
        if lacking := left_out(unpacked):
            sys.exit(f"the sdist lacks {sorted(lacking)}: name them in pyproject.toml")
        command = [
            Path(sys.executable).with_name("pytest"),
            "-q",
            "-p",
            "no:cacheprovider",
            *(arguments or SHARE),
        ]
        return subprocess.run(command, cwd=unpacked, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
