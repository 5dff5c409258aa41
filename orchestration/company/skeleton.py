"""The folder of a new company, as it is written: commented files, and empty folders for the rest."""

from __future__ import annotations

import shutil
from pathlib import Path

from orchestration.company.folder import CompanyError

FILES = Path(__file__).parent / "skeleton"
FOLDERS = ("raw", "reference", "models/staging", "models/intermediate", "models/marts")


def write_skeleton(folder: Path) -> None:
    """Make the folder of a company; CompanyError where something lies there already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CompanyError(f"{folder} is not empty, and nothing in it was changed; say a new folder.")
    for name in FOLDERS:
        (folder / name).mkdir(parents=True)
    for file in FILES.iterdir():
        # A .gitignore among the project's own files would be obeyed here.
        shutil.copyfile(file, folder / (".gitignore" if file.name == "gitignore" else file.name))
