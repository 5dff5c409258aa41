"""A Spark cluster on this machine, on loopback alone: master, two workers, and the Thrift server that dbt speaks to."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from orchestration.findings import BuildError, Finding
from orchestration.settings import Settings, process_environment
from orchestration.spark.configuration import LOOPBACK, check_installed, write_configuration

MASTER_PORT = 7077
DEFAULT_SERVER = f"{LOOPBACK}:10000"
N_WORKERS = 2
WORKER_MEMORY = "2g"
START_SECONDS = 120
STOP_SECONDS = 30
MASTER = "org.apache.spark.deploy.master.Master"
WORKER = "org.apache.spark.deploy.worker.Worker"
THRIFT_SERVER = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"


def commands(settings: Settings) -> dict[str, list[str]]:
    """The command of each process, in the order in which they start; a web page takes any free port of loopback."""
    home = spark_home() / "bin"
    master = f"spark://{LOOPBACK}:{MASTER_PORT}"
    listening = ["--host", LOOPBACK, "--webui-port", "0"]
    worker = [str(home / "spark-class"), WORKER, *listening, "--cores", "1", "--memory", WORKER_MEMORY]
    _, _, port = _server(settings).partition(":")
    return {
        "master": [str(home / "spark-class"), MASTER, *listening, "--port", str(MASTER_PORT)],
        **{
            f"worker-{number}": [*worker, "--work-dir", str(process_folder(settings) / f"worker-{number}"), master]
            for number in range(1, N_WORKERS + 1)
        },
        "thrift-server": [
            *(str(home / "spark-submit"), "--class", THRIFT_SERVER, "--master", master),
            *("--conf", "spark.executor.memory=1g", "--conf", f"spark.sql.shuffle.partitions={N_WORKERS}"),
            # The master's page leads to that of the server, where the last jobs can be watched.
            *("--conf", "spark.ui.enabled=true", "--conf", "spark.ui.port=0"),
            *("--conf", "spark.ui.retainedJobs=100", "--conf", "spark.ui.retainedStages=100"),
            *("spark-internal", "--hiveconf", f"hive.server2.thrift.bind.host={LOOPBACK}"),
            *("--hiveconf", f"hive.server2.thrift.port={port}"),
        ],
    }


def spark_home() -> Path:
    """Spark itself, which comes inside the package pyspark."""
    found = find_spec("pyspark")
    assert found is not None and found.origin is not None
    return Path(found.origin).parent


def _with_server(settings: Settings) -> Settings:
    return settings if settings.spark_server else replace(settings, spark_server=DEFAULT_SERVER)


def _server(settings: Settings) -> str:
    return settings.spark_server or DEFAULT_SERVER


def process_folder(settings: Settings) -> Path:
    """Logs, work and process numbers of the cluster."""
    return _with_server(settings).spark_folder / "processes"


def up(settings: Settings) -> str:
    """Start the cluster and wait until it answers; where it listens."""
    check_installed()
    settings = _with_server(settings)
    running = _running(settings)
    if running:
        raise BuildError(
            Finding(
                "cluster_is_up",
                "Spark",
                f"{', '.join(running)} of {process_folder(settings)} run already.",
                next_step="Use it, or stop it first (make spark-down).",
            )
        )
    for address in (f"{LOOPBACK}:{MASTER_PORT}", _server(settings)):
        if _is_listening(address):
            raise BuildError(
                Finding(
                    "port_is_taken",
                    "Spark",
                    f"somebody else listens at {address}.",
                    next_step="Stop it, or set NPS_SPARK_SERVER to another port of 127.0.0.1.",
                )
            )
    # A new cluster has an empty catalog; files of an old one would be in the way of its tables.
    shutil.rmtree(settings.spark_folder, ignore_errors=True)
    process_folder(settings).mkdir(parents=True)
    environment = process_environment() | {
        "SPARK_HOME": str(spark_home()),
        "SPARK_CONF_DIR": str(write_configuration(settings)),
        "SPARK_LOCAL_IP": LOOPBACK,
        "SPARK_NO_DAEMONIZE": "1",
    }
    for name, command in commands(settings).items():
        _start(settings, name, command, environment)
        if name == "master":
            _wait_for(settings, name, f"{LOOPBACK}:{MASTER_PORT}")
    _wait_for(settings, "thrift-server", _server(settings))
    return _server(settings)


def web_page(settings: Settings) -> str | None:
    """Where the master of a cluster that is up shows its workers and what they do; None if its log does not say."""
    log = process_folder(settings) / "master.log"
    found = re.search(r"MasterWebUI.*(http://\S+)", log.read_text(encoding="utf-8", errors="replace"))
    return found[1] if found else None


def down(settings: Settings) -> Sequence[str]:
    """Stop what runs of the cluster, the Thrift server first; what was stopped."""
    settings = _with_server(settings)
    running = _running(settings)
    for name in reversed(running):
        os.killpg(_process(settings, name), signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _running(settings) and time.monotonic() < deadline:
        time.sleep(0.2)
    for name in _running(settings):
        os.killpg(_process(settings, name), signal.SIGKILL)
    return running


def _start(settings: Settings, name: str, command: Sequence[str], environment: dict[str, str]) -> None:
    folder = process_folder(settings)
    with (folder / f"{name}.log").open("w") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
    (folder / f"{name}.pid").write_text(str(process.pid))


def _process(settings: Settings, name: str) -> int:
    return int((process_folder(settings) / f"{name}.pid").read_text())


def _running(settings: Settings) -> list[str]:
    """Which processes of the cluster live. A number that now belongs to another process is not ours."""
    return [
        name
        for name, command in commands(settings).items()
        if (process_folder(settings) / f"{name}.pid").is_file()
        and next(part for part in (MASTER, WORKER, THRIFT_SERVER) if part in command)
        in _command_line(_process(settings, name))
    ]


def _command_line(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _is_listening(address: str) -> bool:
    host, _, port = address.partition(":")
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, int(port))) == 0


def _wait_for(settings: Settings, name: str, address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    n_missed = 0
    while not _is_listening(address):
        # Between two programs of one process (a shell script that becomes Java) the system shows no command line.
        n_missed = 0 if name in _running(settings) else n_missed + 1
        if n_missed > 1 or time.monotonic() > deadline:
            log = process_folder(settings) / f"{name}.log"
            last = log.read_text(errors="replace").strip().splitlines()[-1:]
            down(settings)
            raise BuildError(
                Finding(
                    "cluster_does_not_start",
                    "Spark",
                    f"its {name} does not answer at {address}.",
                    None,
                    tuple(last),
                    f"See {log}.",
                )
            )
        time.sleep(0.2)
