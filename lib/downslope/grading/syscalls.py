"""The system calls that no answer needs, as a filter that the kernel runs (seccomp), for bubblewrap to put in place.

Limits bind address space, processes and files. Shared memory of System V, semaphores, message queues and files in
memory belong to none of them: with these a program of one gigabyte could hold all memory of the machine. A user
namespace of its own would open parts of the kernel that are closed otherwise. The filter refuses both.

It forbids what is listed and allows the rest: a list of what is allowed would have to know each version of Python,
NumPy and the C library. Source of the numbers: asm/unistd_64.h and asm-generic/unistd.h of Linux; of the program:
linux/filter.h and the kernel's userspace-api/seccomp_filter.rst.
"""

from __future__ import annotations

import errno
import os
import platform
import struct

__all__ = ["open_filter", "program"]

MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # as the kernel tells the filter (linux/audit.h)
FORBIDDEN = {  # (on x86_64, on aarch64)
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "ptrace": (101, 117),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "perf_event_open": (298, 241),
    "io_uring_setup": (425, 425),
}
CLONE, CLONE3 = (56, 220), 435
NAMESPACES = 0x7E020000  # flags of clone: new user, mount, pid, network and other namespaces
OLD_ABI = 0x40000000  # x86_64 with short pointers counts its calls from here

LOAD, EQUAL, AT_LEAST, ANY_BIT, END = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, MACHINE, FIRST_ARGUMENT = 0, 4, 16  # places in what the filter is told
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000, 0x80000000


def program(machine: str) -> bytes:
    """The filter for a machine; empty for one whose numbers are not known here.

    >>> len(program("x86_64")) % 8, program("a typewriter")
    (0, b'')
    """
    if machine not in MACHINES:
        return b""
    column = list(MACHINES).index(machine)
    steps = [_step(LOAD, MACHINE), _step(EQUAL, MACHINES[machine], 1, 0), _step(END, KILL), _step(LOAD, NUMBER)]
    steps += [_step(AT_LEAST, OLD_ABI, 0, 1), _step(END, KILL)]
    steps += [_step(EQUAL, CLONE3, 0, 1), _step(END, REFUSE | errno.ENOSYS)]  # its flags can't be read; clone's can
    for numbers in FORBIDDEN.values():
        steps += [_step(EQUAL, numbers[column], 0, 1), _step(END, REFUSE | errno.EPERM)]
    steps += [_step(EQUAL, CLONE[column], 0, 3), _step(LOAD, FIRST_ARGUMENT)]
    steps += [_step(ANY_BIT, NAMESPACES, 0, 1), _step(END, REFUSE | errno.EPERM), _step(END, ALLOW)]
    return b"".join(steps)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """One instruction: what to do, with what, and how many to jump over."""
    return struct.pack("=HBBI", code, if_true, if_false, value)


def open_filter() -> int | None:
    """A file that holds the filter for this machine, to be closed by the caller; None where there is none."""
    content = program(platform.machine())
    if not content:
        return None
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    return reading
