"""The process: threads of numeric libraries, cores, and native output on standard error."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from zlib import crc32

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_WEAK_BYTES = 1 << 30
"""Memory of the largest machine that counts as weak: enough for base and little else (by hand)."""


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit numeric libraries that are loaded within the block, also by child processes, to one thread each."""
    before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def native_chatter_dropped() -> Iterator[None]:
    """Discard messages that native libraries print to standard error without Python, as TFLite does when it loads."""
    try:
        kept = os.dup(2)
    except OSError:  # there is no standard error
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def available_cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def is_weak() -> bool:
    """Return whether this machine has very little memory, as a Raspberry Pi Zero or 3 has.

    Returns
    -------
    bool
        False if the memory is unknown.
    """
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") <= _WEAK_BYTES
    except (AttributeError, ValueError, OSError):
        return False


def is_loopback(host: str) -> bool:
    """Tell whether only programs of this machine can connect to an address.

    Parameters
    ----------
    host : str
        A name or an address.

    Returns
    -------
    bool
        True only for addresses of the loopback interface, and its usual name.
    """
    from ipaddress import ip_address

    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # another name
        return False


@cache
def this_machine() -> str:
    """Name the machine, and the container on it, within which process numbers are unique.

    Returns
    -------
    str
        Eight hexadecimal digits.
    """
    name = os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")
    try:
        room = os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        room = 0
    return f"{crc32(f'{name} {room}'.encode(errors='replace')):08x}"


def is_running(process: int) -> bool:
    """Return whether a process of this machine is running; True if this is unknown.

    Parameters
    ----------
    process : int
        The process number.

    Returns
    -------
    bool
        False if it is certainly not running.
    """
    if os.name == "nt":  # there, to ask would be to end it
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
