"""The walls around a learner's Python, tried from inside."""

import errno
import os
import platform
import struct
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import numpy as np
import pytest
from downslope.grading import sandbox as module
from downslope.grading import syscalls
from downslope.grading.protocol import ProtocolError
from downslope.grading.sandbox import Died, Limits, Sandbox, SandboxError, TimedOut
from downslope.grading.syscalls import program
from quick import QUICK

pytestmark = pytest.mark.usefixtures("nothing_left")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def line(sandbox):
    line = sandbox.start()
    yield line
    line.kill()


def run(line, source, seconds=10):
    deadline = line.now() + seconds
    line.send({"do": "cell", "source": source, "name": "<cell 1>"}, deadline)
    return line.receive(deadline)


def test_it_starts_and_hangs_up(sandbox):
    line = sandbox.start()
    assert line.started_in < 20
    line.kill()
    assert line.process.returncode is not None
    with pytest.raises((Died, OSError)):
        run(line, "1")


def test_it_is_another_user_without_rights(line):
    source = (
        "import os\nprint(os.getuid() != 0, os.getgroups())\n"
        "for call in (lambda: os.setuid(0), lambda: os.chroot('/tmp'), lambda: os.nice(-5), lambda: os.kill(1, 9)):\n"
        "    try: call(); print('done')\n    except OSError: print('no')"
    )
    output = run(line, source)["output"].splitlines()
    if os.geteuid() == 0:
        assert output[0] == "True []"
        assert output[1:] == ["no"] * 4
    assert "done" not in output[1:3]


def test_only_the_private_tmp_can_be_written_to(line):
    source = (
        "import os\nfor path in ('/', '/tmp', '/grader', '/dev', '/usr/lib', '/etc', np_folder):\n"
        "    try:\n        open(os.path.join(path, 'x'), 'w').close(); print(path)\n    except OSError: pass"
    )
    assert run(line, f"np_folder = {str(Path(np.__file__).parent)!r}\n{source}")["output"] == "/tmp\n"


def test_nothing_else_than_python_and_numpy_can_be_imported(line):
    names = ["pytest", "hypothesis", "nbformat", "pip", "downslope.optim", "downslope.grading"]
    source = (
        f"import importlib\nfor name in {names!r}:\n"
        "    try: importlib.import_module(name); print(name)\n    except ImportError: pass"
    )
    assert run(line, source)["output"] == ""
    assert (
        run(line, "import numpy.linalg, json, math, statistics\nprint(numpy.linalg.norm([3, 4]))")["output"] == "5.0\n"
    )


def test_installed_packages_can_not_be_read_but_for_numpy(line):
    places = {sysconfig.get_path("purelib"), f"{sysconfig.get_path('stdlib')}/site-packages"}
    places |= {"/usr/lib/python3/dist-packages", str(Path(np.__file__).parent.parent)}
    source = f"import os\nprint(*(name for p in {places!r} if os.path.isdir(p) for name in os.listdir(p)))"
    assert set(run(line, source)["output"].split()) <= {"numpy", "numpy.libs"}


def test_the_environment_and_the_arguments_say_nothing(sandbox):
    os.environ["GRADERS_OWN"] = "secret"
    try:
        line = sandbox.start()
    finally:
        del os.environ["GRADERS_OWN"]
    output = run(line, "import os, sys\nprint(sorted(os.environ), sys.argv[1:], sys.flags.no_site)")["output"]
    line.kill()
    assert output == f"{sorted([*module.ENVIRONMENT, 'PWD'])} [] 1\n"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("x = bytearray(2 * 10**9)", "MemoryError"),
        ("open('/tmp/x', 'wb').write(b'x' * 2**21)", "OSError"),
        ("files = [open('/tmp/x', 'w') for _ in range(100)]", "OSError"),
        ("import os\nfor _ in range(100):\n    if os.fork() == 0: os.read(os.pipe()[0], 1)", "BlockingIOError"),
        ("import resource as r\nr.setrlimit(r.RLIMIT_AS, (-1, -1))", "ValueError"),
    ],
)
def test_limits_bind(line, source, says):
    assert run(line, source)["error"]["type"] == says


@pytest.mark.skipif(not program(platform.machine()), reason="no filter of system calls for this kind of machine")
def test_memory_that_no_limit_counts_and_namespaces_are_refused(line):
    clone = syscalls.CLONE[platform.machine() == "aarch64"]
    source = (
        "import ctypes\nc = ctypes.CDLL(None, use_errno=True)\n"
        "for call in (lambda: c.shmget(0, 2**20, 0o1600), lambda: c.semget(0, 9, 0o1600), lambda: c.msgget(0, 0o1600),"
        " lambda: c.memfd_create(b'x', 0), lambda: c.unshare(0x10000000), lambda: c.setns(0, 0),"
        f" lambda: c.syscall({clone}, 0x10000011, 0, 0, 0, 0)): print(call(), ctypes.get_errno(), end=' ')"
    )
    assert run(line, source)["output"].split() == ["-1", str(errno.EPERM)] * 7


@pytest.mark.parametrize(("machine", "code"), [("x86_64", 0xC000003E), ("aarch64", 0xC00000B7)])
def test_the_filter_refuses_what_is_listed_and_nothing_else(machine, code):
    refused = {number: syscalls.REFUSE | errno.EPERM for number, _ in syscalls.FORBIDDEN.values()}
    if machine == "aarch64":
        refused = {number: syscalls.REFUSE | errno.EPERM for _, number in syscalls.FORBIDDEN.values()}
    refused[435] = syscalls.REFUSE | errno.ENOSYS
    clone = 56 if machine == "x86_64" else 220
    for number in range(600):
        assert verdict(program(machine), code, number) == refused.get(number, syscalls.ALLOW)
    assert verdict(program(machine), code, clone, 0x10000011) == syscalls.REFUSE | errno.EPERM
    assert verdict(program(machine), 0x40000003, 3) == syscalls.KILL  # the calls of a machine of 32 bits
    assert verdict(program(machine), code, 0x40000000 + 29) == syscalls.KILL


def verdict(filter, machine, number, argument=0):
    """What the kernel would answer: its filters as linux/filter.h and seccomp_filter.rst describe them."""
    told = struct.pack("<IIQQ", number, machine, 0, argument)
    place, register = 0, 0
    while True:
        code, if_true, if_false, value = struct.unpack_from("<HBBI", filter, 8 * place)
        place += 1
        if code == 0x20:
            (register,) = struct.unpack_from("<I", told, value)
        elif code == 0x06:
            return value
        else:
            holds = {0x15: register == value, 0x35: register >= value, 0x45: register & value}[code]
            place += if_true if holds else if_false


def test_tmp_is_full_at_its_size(line):
    source = "for i in range(20):\n    with open(f'/tmp/{i}', 'wb') as file: file.write(b'x' * 500_000)"
    assert "No space left" in run(line, source)["error"]["message"]


def test_processor_time_ends():
    line = Sandbox(Limits(**{**vars(QUICK), "cpu_seconds": 1})).start()
    with pytest.raises(Died, match="processor time"):
        run(line, "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass")
    line.kill()


def test_one_sandbox_does_not_see_another(sandbox):
    one, other = sandbox.start(), sandbox.start()
    run(one, "open('/tmp/mine', 'w').write('x')\nimport os\npid = os.getpid()")
    output = run(other, "import os\nprint(os.listdir('/tmp'), os.getuid())")["output"]
    assert "mine" not in output
    if os.geteuid() == 0:
        assert run(one, "print(os.getuid())")["output"].strip() != output.split()[-1]
    one.kill()
    other.kill()


def test_everything_that_it_started_ends_with_it(line):
    fork = "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        while True: pass\n    os._exit(0)"
    assert run(line, f"import os\n{fork}")["error"] is None
    line.kill()  # and nothing_left looks


def test_it_ends_when_the_grader_is_killed():
    code = (
        "import sys, time\nfrom downslope.grading.sandbox import Sandbox\nline = Sandbox().start()\n"
        "line.send({'do': 'cell', 'source': 'while True: pass', 'name': '<cell>'}, time.monotonic() + 5)\n"
        "print('running', flush=True)\ntime.sleep(100)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as grader:
        assert grader.stdout.readline() == b"running\n"
        grader.kill()  # and nothing_left looks


def test_a_receiver_that_does_not_read_does_not_hold_up_the_grader(line):
    deadline = line.now() + 0.5
    line.send({"do": "cell", "source": "import time; time.sleep(100)", "name": "<cell>"}, deadline)
    with pytest.raises(TimedOut):
        line.send(np.zeros(10**6), deadline)
    assert line.now() >= deadline


def test_time_that_a_busy_machine_took_does_not_count():
    """One processor, and six others want it: a call that needs 0.8 s of it ends within a time-out of 1.2 s."""
    processors = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(processors)})
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(6)]
    try:
        line = Sandbox(QUICK, start_seconds=60).start()
        work = "import time\nwhile time.process_time() < before + 0.8: pass\nprint('done')"
        run(line, "import time; before = time.process_time()", 5)
        assert run(line, work, 1.2)["output"] == "done\n"
        with pytest.raises(TimedOut):
            run(line, "while True: pass", 0.2)
        line.kill()
    finally:
        for each in busy:
            each.kill()
            each.wait()
        os.sched_setaffinity(0, processors)


def test_what_is_not_plain_is_not_sent(line):
    with pytest.raises(ProtocolError):
        line.send({"do": {1}}, time.monotonic() + 1)


def test_without_bubblewrap_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    with pytest.raises(SandboxError, match="apt install bubblewrap"):
        Sandbox().check()


@pytest.mark.parametrize("command", [["no-such-program"], ["false"], ["echo", "hello"], ["sleep", "60"]])
def test_a_sandbox_command_that_does_not_work_is_told(command):
    with pytest.raises(SandboxError, match="can't be started"):
        Sandbox(command=command, start_seconds=0.5).check()


def test_another_sandbox_can_be_named(monkeypatch, tmp_path):
    """Here a script around `unshare`, which knows nothing of ours and has no folders to hide."""
    script = tmp_path / "walls"
    script.write_text(
        "#!/bin/sh\n"
        "exec unshare --user --map-root-user --net --ipc --uts --pid --fork --kill-child -- "
        f'{sys.executable} -s -B "$1/worker.py" "$2"\n',
        encoding="utf-8",
    )
    script.chmod(0o755)
    monkeypatch.setenv("DOWNSLOPE_SANDBOX", f"{script} {{folder}} {{config}}")
    line = Sandbox(QUICK, start_seconds=60).start()
    assert run(line, "import os, socket\nprint(os.getpid(), socket.if_nameindex())")["output"] == "1 [(1, 'lo')]\n"
    assert run(line, "x = bytearray(2 * 10**9)")["error"]["type"] == "MemoryError"
    line.kill()


FIRST = "import os, sys; os.setgroups([]); os.setresgid(61000, 61000, 61000); os.setresuid(61000, 61000, 61000)"


def as_ordinary_user(code):
    """Run Python code as somebody who is not root; returns what it prints."""
    command = [sys.executable, "-c", code]
    if os.geteuid() == 0:
        places = [sys.base_prefix, sys.prefix, str(ROOT)]
        above = {str(folder) for place in places for folder in Path(place).parents if not folder.stat().st_mode & 1}
        walls = [
            "--dev-bind",
            "/",
            "/",
            *(word for each in sorted(above) for word in ("--perms", "0755", "--tmpfs", each)),
        ]
        walls += module._open_to_all([word for each in places for word in ("--ro-bind", each, each)])
        rights = ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        become = [sys.executable, "-c", f"{FIRST}; os.execv(sys.executable, [sys.executable, '-c', sys.argv[1]])", code]
        command = ["bwrap", *rights, *walls, "--", *become]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("unsafe", [False, True])
def test_an_ordinary_user_can_grade_in_the_sandbox_and_unsafe(unsafe):
    limits = {**vars(QUICK), "processes": 10**5 if unsafe else QUICK.processes}  # there they count against the user
    code = (
        "import os, time\nfrom downslope.grading.sandbox import Limits, Sandbox\n"
        f"line = Sandbox(Limits(**{limits!r}), unsafe={unsafe}, start_seconds=60).start()\n"
        "line.send({'do': 'cell', 'source': 'import os; print(os.getuid(), os.path.exists(\"/proc\"))', 'name': 'c'},"
        " line.now() + 9)\n"
        "print(os.getuid(), line.receive(line.now() + 9)['output'])\nline.kill()"
    )
    user, inside, proc = as_ordinary_user(code).split()
    assert user == inside != "0"
    assert proc == str(unsafe)


def test_unsafe_is_refused_to_root(monkeypatch):
    monkeypatch.setattr(module.os, "geteuid", lambda: 0)
    with pytest.raises(SandboxError, match="never runs as root"):
        Sandbox(unsafe=True).check()
