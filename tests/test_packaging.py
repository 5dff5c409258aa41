"""What installs the warehouse as a service: each file is read as the program that it is for reads it."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from orchestration.__main__ import HEALTH_PORT, PAGE_PORT, _parser
from orchestration.settings import REPOSITORY, load_settings

PACKAGING = REPOSITORY / "orchestration" / "packaging"
CHECKOUT, HOME, USER = "/opt/nps-warehouse", "/var/lib/nps-warehouse", "nps"
SERVICES = ("nps-warehouse", "nps-warehouse-nightly", "nps-warehouse-health")
# Without any of them a unit may do what it need not.
HARDENED = {
    "user": USER,
    "group": USER,
    "umask": "0077",
    "protectsystem": "strict",
    "protecthome": "true",
    "privatetmp": "true",
    "privatedevices": "true",
    "nonewprivileges": "true",
    "capabilityboundingset": "",
    "restrictsuidsgid": "true",
    "environmentfile": "/etc/nps-warehouse.env",
    "workingdirectory": CHECKOUT,
}


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=True, interpolation=None, comment_prefixes=("#", ";"))
    parser.read_string((PACKAGING / name).read_text(encoding="utf-8"))
    return parser


def settings_known() -> set[str]:
    text = (REPOSITORY / "orchestration" / "settings.py").read_text(encoding="utf-8")
    return set(re.findall(r'"(NPS_[A-Z_]+)"', text))


def verb_of(command: str) -> str:
    """The verb of a command line of ours, which the command line itself has read."""
    arguments = shlex.split(command.partition("-m orchestration ")[2])
    return str(_parser().parse_args(arguments).verb)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_may_do_what_it_needs_and_no_more(name: str) -> None:
    service = unit(f"{name}.service")["Service"]
    assert {key: service.get(key) for key in HARDENED} == HARDENED
    assert service["ExecStart"].startswith(f"{CHECKOUT}/.venv/bin/python -m orchestration ")
    writes = name != "nps-warehouse-health"
    assert service.get("ReadWritePaths" if writes else "ReadOnlyPaths") == HOME
    assert writes or service.get("ReadWritePaths") is None


def test_each_unit_runs_a_verb_of_ours() -> None:
    verbs = {name: verb_of(unit(f"{name}.service")["Service"]["ExecStart"]) for name in SERVICES}
    assert verbs == dict(zip(SERVICES, ("serve", "nightly", "health"), strict=True))
    assert "nps-warehouse-nightly.timer" in unit("nps-warehouse.service")["Unit"]["Conflicts"]
    timer = unit("nps-warehouse-nightly.timer")
    assert timer["Timer"]["Persistent"] == "true"
    assert timer["Install"]["WantedBy"] == "timers.target"


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        # The tests above read what it would.
        return
    for path in PACKAGING.glob("nps-warehouse*.[st]*i*e*"):
        content = path.read_text(encoding="utf-8").replace(CHECKOUT, str(REPOSITORY))
        (tmp_path / path.name).write_text(content, encoding="utf-8")
    units = sorted(map(str, tmp_path.iterdir()))
    assert len(units) == 4
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "nps-warehouse" in line]
    assert (done.returncode, ours) == (0, [])


def test_the_line_of_cron_and_the_shell_read_the_same_settings(tmp_path: Path) -> None:
    lines = (PACKAGING / "nps-warehouse.cron").read_text(encoding="utf-8").splitlines()
    (line,) = [line for line in lines if line and not line.startswith("#") and "=" not in line.split()[0]]
    *when, user, command = line.split(maxsplit=6)
    assert load_settings({"NPS_SCHEDULE": " ".join(when)}).schedule == "0 2 * * *"
    assert user == USER
    assert verb_of(command) == "nightly"

    file = PACKAGING / "nps-warehouse.env"
    shown = subprocess.run(
        ["sh", "-c", f"set -a && . {shlex.quote(str(file))} && env"], env={}, capture_output=True, text=True, check=True
    )
    found = dict(line.split("=", 1) for line in shown.stdout.splitlines() if line.startswith("NPS_"))
    assert found["NPS_HOME"] == HOME
    assert load_settings(found).schedule == "0 2 * * *"
    named = set(re.findall(r"^#? ?(NPS_[A-Z_]+)=", file.read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert named - settings_known() == set()


def instructions() -> list[tuple[str, str]]:
    text = (PACKAGING / "Dockerfile").read_text(encoding="utf-8")
    lines = re.sub(r"\\\n\s*", "", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines.splitlines() if line)]


def test_the_image_is_made_by_the_same_steps_and_runs_as_the_same_user() -> None:
    names = [name for name, _ in instructions()]
    found = dict(instructions())
    assert set(names) <= {"FROM", "RUN", "COPY", "ARG", "WORKDIR", "ENV", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK",
                          "ENTRYPOINT", "CMD"}  # fmt: skip
    assert names.index("COPY") < names.index("USER") < names.index("ENTRYPOINT")
    assert [rest for name, rest in instructions() if name == "USER"] == [USER]
    assert any(
        f"{CHECKOUT}/orchestration/packaging/install.sh" in rest for name, rest in instructions() if name == "RUN"
    )
    assert found["VOLUME"] == HOME and f"NPS_HOME={HOME}" in found["ENV"]
    assert found["EXPOSE"] == f"{PAGE_PORT} {HEALTH_PORT}"
    assert f":{HEALTH_PORT}/healthz" in found["HEALTHCHECK"]
    entry, command = (yaml.safe_load(found[name]) for name in ("ENTRYPOINT", "CMD"))
    assert verb_of(shlex.join([*entry, *command])) == "serve"
    # Nothing that would be downloaded where it is run, and no version that is another tomorrow.
    assert re.fullmatch(r"python:3\.1[12]-slim-bookworm", found["FROM"])


def test_the_steps_are_a_script_that_a_shell_reads() -> None:
    script = PACKAGING / "install.sh"
    assert script.stat().st_mode & 0o111
    subprocess.run(["sh", "-n", str(script)], check=True)
    text = script.read_text(encoding="utf-8")
    assert f"NPS_USER:-{USER}" in text and f"NPS_HOME:-{HOME}" in text
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    assert all(f"\n.venv/{name}:" in makefile for name in ("run", "notify", "postgres"))


def test_the_container_may_write_its_home_alone_and_lets_in_this_machine_alone() -> None:
    compose = yaml.safe_load((PACKAGING / "compose.yml").read_text(encoding="utf-8"))
    service = compose["services"]["warehouse"]
    assert service["user"] == USER and service["read_only"] is True
    assert service["cap_drop"] == ["ALL"] and service["security_opt"] == ["no-new-privileges:true"]
    assert (PACKAGING / service["build"]["context"]).resolve() == REPOSITORY
    assert (REPOSITORY / service["build"]["dockerfile"]).samefile(PACKAGING / "Dockerfile")
    raw, home = service["volumes"]
    assert raw.endswith(f":{service['environment']['NPS_RAW']}:ro")
    assert home == f"home:{HOME}" and "home" in compose["volumes"]
    assert service["ports"] == [f"127.0.0.1:{port}:{port}" for port in (PAGE_PORT, HEALTH_PORT)]
    assert set(service["environment"]) - settings_known() == set()
    defaults = {
        name: re.sub(r"\$\{\w+:-(.*)\}", r"\1", value)
        for name, value in service["environment"].items()
        if name not in ("NPS_RAW", "NPS_HOME")
    }
    # What is not said is what it is without a container.
    assert load_settings(defaults) == load_settings({})
