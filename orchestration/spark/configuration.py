"""What Spark is told, and whether it is installed."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from orchestration.findings import BuildError, Finding
from orchestration.settings import Settings, process_environment

TARGET = "spark"
LOOPBACK = "127.0.0.1"
MEBIBYTES = {"K": 1 / 1024, "M": 1, "G": 1024, "T": 1024 * 1024}
LOGGING = """\
rootLogger.level = error
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n
# It calls every schema that is there already an error.
logger.metastore.name = org.apache.hadoop.hive.metastore.RetryingHMSHandler
logger.metastore.level = off
# It says where the page of a cluster is.
logger.page.name = org.apache.spark.deploy.master.ui.MasterWebUI
logger.page.level = info
"""


def warehouse_folder(settings: Settings) -> Path:
    """Where Spark writes its tables, a folder <schema>.db/<table> each."""
    return settings.spark_folder / "warehouse"


def landed_folder(settings: Settings) -> Path:
    """What Spark is handed, a folder <schema>/<table> each (macro declare_landed_tables)."""
    return settings.spark_folder / "landed"


def configuration(settings: Settings, cores: int) -> dict[str, str]:
    """What a Spark on this machine is told, be it in dbt's process or behind a Thrift server.

    What the models rely on (time zone, kind of timestamp) stands in profiles.yml, because it holds on any cluster.
    """
    folder = settings.spark_folder
    return {
        "spark.master": f"local[{cores}]",
        "spark.driver.memory": java_memory(settings.memory_limit),
        "spark.driver.host": LOOPBACK,
        "spark.driver.bindAddress": LOOPBACK,
        "spark.driver.extraJavaOptions": f"-Dderby.system.home={folder}",
        "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:{folder / 'metastore'};create=true",
        "spark.local.dir": str(folder / "scratch"),
        "spark.log.level": "ERROR",
        "spark.master.rest.enabled": "false",
        # What a web page would show: of a hundred models, gigabytes of plans.
        "spark.sql.maxPlanStringLength": "1000",
        "spark.sql.ui.retainedExecutions": "1",
        "spark.ui.retainedJobs": "1",
        "spark.ui.retainedStages": "1",
        "spark.ui.retainedTasks": "1",
        # Few cores want few tasks: the default, 200, would have a hundred rows each.
        "spark.sql.shuffle.partitions": str(cores),
        "spark.sql.warehouse.dir": str(warehouse_folder(settings)),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }


def java_memory(amount: str) -> str:
    """An amount such as 4GB in the words of Java, in whole mebibytes."""
    number = amount.rstrip("iIbB")
    return f"{round(float(number[:-1]) * MEBIBYTES[number[-1].upper()])}m"


def write_configuration(settings: Settings) -> Path:
    """The folder of what a Spark on this machine is told (SPARK_CONF_DIR)."""
    folder = settings.spark_folder / "conf"
    folder.mkdir(parents=True, exist_ok=True)
    told = configuration(settings, os.cpu_count() or 1)
    (folder / "spark-defaults.conf").write_text("".join(f"{name} {value}\n" for name, value in told.items()))
    (folder / "log4j2.properties").write_text(LOGGING)
    return folder


def check_installed() -> None:
    """Raises unless the packages and a Java are there."""
    missing = {}
    if find_spec("pyspark") is None or find_spec("dbt.adapters.spark") is None:
        missing["pyspark and dbt-spark"] = "Install requirements-spark.lock (make .venv-spark/run)."
    environment = process_environment()
    java = Path(environment["JAVA_HOME"], "bin", "java") if environment.get("JAVA_HOME") else shutil.which("java")
    if java is None or not Path(java).is_file():
        missing["Java"] = "Install one (Debian: openjdk-17-jre-headless), or set JAVA_HOME to where it is."
    if missing:
        findings = (
            Finding("not_installed", "Spark", f"it needs {what}.", next_step=how) for what, how in missing.items()
        )
        raise BuildError(*findings)
