"""Files of the warehouse's own: written whole and durably, told by their content, set aside when damaged."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

# ioctl of Linux: let a file share the blocks of another until one of the two is written to.
FICLONE = 0x40049409


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Replace a file by the content, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        scratch.write_text(json.dumps(content, indent=2, default=str) + "\n", encoding="utf-8")
        sync(scratch)
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def readable_by_all() -> Iterator[None]:
    """Files and folders that are made meanwhile may be read by everybody, as what is published."""
    before = os.umask(0o022)
    try:
        yield
    finally:
        os.umask(before)


def file_hash(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def copied(source: Path, target: Path) -> str:
    """Copy a file's content; its SHA-256, which is computed meanwhile, on the other core."""
    with ThreadPoolExecutor(1) as pool:
        hashed = pool.submit(file_hash, source)
        copy_file(source, target)
        return hashed.result()


def copy_file(source: Path, target: Path) -> None:
    """Copy a file's content; at once where the file system lets two files share it until one of them changes."""
    with source.open("rb") as content, target.open("wb") as copy:
        try:
            fcntl.ioctl(copy.fileno(), FICLONE, content.fileno())
        except OSError:
            shutil.copyfile(source, target)


def set_aside(path: Path) -> Path:
    """Rename what is damaged, so that it is kept and not in the way; its new name, beside the old one."""
    for number in count(1):
        aside = path.with_name(f"{path.name}.damaged-{number}")
        if not os.path.lexists(aside):
            break
    return path.rename(aside)
