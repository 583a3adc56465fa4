"""Loaded by tox: the interpreters that pyenv installed are found, although its shims hide all but one.

`python toxfile.py` prints the search path with them in it, for a script that wants the same.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path


def pyenv_root() -> Path | None:
    """Where pyenv keeps what it installed, None where there is no pyenv."""
    if root := os.environ.get("PYENV_ROOT"):
        return Path(root)
    if shutil.which("pyenv") is None:
        return None
    asked = subprocess.run(["pyenv", "root"], capture_output=True, text=True, check=False)
    return Path(asked.stdout.strip()) if asked.returncode == 0 else None


def search_path() -> str:
    """PATH with pyenv's interpreters behind everything that is there already."""
    root = pyenv_root()
    folders = sorted(root.glob("versions/3.*/bin")) if root else []
    return os.pathsep.join([os.environ.get("PATH", os.defpath), *map(str, folders)])


if __name__ == "__main__":
    print(search_path())
else:
    os.environ["PATH"] = search_path()
