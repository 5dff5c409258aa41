"""Read by Python when a process of a trial starts (it lies on PYTHONPATH): a fault happens there at a named step.

The variable FAULT says which, as JSON:

process  "night" or "dbt"
step     "module:function" or "module:class.method": at a call of it
call     rename, sync, write, link, remove, mkdir: at such a call of the system, on a path that contains ``path``
nth      at which of these calls, 1 being the first; ``lasts``: at all later ones, too
does     the name of an error of the system (ENOSPC), which the call raises; of a signal (SIGKILL), which the process
         gets, with its children (``group``) or instead of its parent (``parent``); or MemoryError
after    whether the step is done first
marker   a file that is made when it happens; with "count", the number of calls is written there at the end
hours    by how much the clock is wrong
"""

from __future__ import annotations

import atexit
import builtins
import errno
import functools
import importlib.util
import io
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

FAULT: dict[str, Any] = json.loads(os.environ.get("FAULT", "{}"))
CALLS = {
    "rename": ("rename", "replace"),
    "sync": ("fsync",),
    "write": ("open",),
    "link": ("symlink", "link"),
    "remove": ("unlink", "rmdir", "remove"),
    "mkdir": ("mkdir",),
}
open_file = os.open
n_calls = 0


def is_meant() -> bool:
    arguments = sys.orig_argv
    is_night = "orchestration" in arguments
    is_dbt = any(argument.endswith("/dbt") for argument in arguments[:2])
    return is_night if FAULT.get("process", "night") == "night" else is_dbt


def happen(path: str = "") -> None:
    os.close(open_file(FAULT["marker"], os.O_WRONLY | os.O_CREAT))
    does = FAULT["does"]
    if does == "MemoryError":
        raise MemoryError
    if does.startswith("SIG"):
        number = signal.Signals[does]
        if FAULT.get("group"):
            os.killpg(0, number)
        else:
            os.kill(os.getppid() if FAULT.get("parent") else os.getpid(), number)
        return
    code = getattr(errno, does)
    raise OSError(code, os.strerror(code), path)


def is_time() -> bool:
    global n_calls
    n_calls += 1
    nth = FAULT.get("nth", 1)
    return bool(n_calls == nth or (n_calls > nth and FAULT.get("lasts")))


def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        is_now = is_time()
        if is_now and not FAULT.get("after"):
            happen()
        done = function(*arguments, **options)
        if is_now and FAULT.get("after"):
            happen()
        return done

    return call


def counted(call: Callable[..., Any]) -> Callable[..., Any]:
    """A call of the system: it happens if the path, or the one of the open file, is meant."""

    def faulty(*arguments: Any, **options: Any) -> Any:
        # Of a link, the name that it gets.
        target = arguments[FAULT["call"] == "link"]
        path = str(Path(f"/proc/self/fd/{target}").readlink()) if isinstance(target, int) else os.fsdecode(target)
        if FAULT.get("path", "") in path and path != FAULT["marker"] and is_time():
            happen(path)
        return call(*arguments, **options)

    return faulty


def writing(call: Callable[..., Any]) -> Callable[..., Any]:
    """A call that opens a file: only those to write."""
    faulty = counted(call)

    def opened(file: Any, how: Any = "r", *arguments: Any, **options: Any) -> Any:
        is_to_write = bool(how & (os.O_WRONLY | os.O_RDWR)) if isinstance(how, int) else set("wax+") & set(how)
        is_file = isinstance(file, (str, bytes, os.PathLike))
        return (faulty if is_to_write and is_file else call)(file, how, *arguments, **options)

    return opened


class Wrapper(MetaPathFinder):
    """Replaces a function as soon as its module was imported, before others take it from there."""

    def __init__(self, module: str, replace: Callable[[ModuleType], None]) -> None:
        self._module = module
        self._replace = replace

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._module:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        assert spec is not None and spec.loader is not None
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            self._replace(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def wrap_step(module: ModuleType) -> None:
    holder: Any = module
    *outer, name = FAULT["step"].partition(":")[2].split(".")
    for part in outer:
        holder = getattr(holder, part)
    setattr(holder, name, wrapped(getattr(holder, name)))


def set_clock(module: ModuleType) -> None:
    now = module.now
    module.now = lambda: now() + timedelta(hours=FAULT["hours"])  # type: ignore[attr-defined]


def write_count() -> None:
    descriptor = open_file(FAULT["marker"], os.O_WRONLY | os.O_CREAT)
    os.write(descriptor, str(n_calls).encode())
    os.close(descriptor)


if FAULT and is_meant():
    if "step" in FAULT:
        sys.meta_path.insert(0, Wrapper(FAULT["step"].partition(":")[0], wrap_step))
    if "hours" in FAULT:
        sys.meta_path.insert(0, Wrapper("orchestration.settings", set_clock))
    if "call" in FAULT:
        for name in CALLS[FAULT["call"]]:
            setattr(os, name, (writing if name == "open" else counted)(getattr(os, name)))
        if FAULT["call"] == "write":
            io.open = builtins.open = writing(io.open)
    if FAULT["does"] == "count":
        FAULT["nth"] = 0
        atexit.register(write_count)
