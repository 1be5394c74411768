#!/usr/bin/python3
"""Runs a command as the least of containers would: in_container.py [--without-sys] COMMAND...

User 65534 without capabilities or new privileges, namespaces of its own (no network), the root read-only but for an
empty /tmp, a /dev of seven nodes, 64 MiB of /dev/shm, and the system calls of the list that container engines share
(golang-github-containers-common), less those that Docker's documentation says are refused. Without sys: /sys is an
empty folder. Root only."""
import ctypes
import errno
import json
import os
import subprocess
import sys

import seccomp

NOBODY = 65534
PROFILE = "/usr/share/containers/seccomp.json"
# https://docs.docker.com/engine/security/seccomp, "Significant syscalls blocked by the default profile"
REFUSED = """acct add_key bpf clock_adjtime clock_settime create_module delete_module finit_module get_mempolicy init_module
ioperm iopl kcmp kexec_file_load kexec_load keyctl lookup_dcookie mbind mount move_pages nfsservctl open_by_handle_at
perf_event_open pivot_root query_module quotactl reboot request_key set_mempolicy setns settimeofday stime swapon swapoff
sysfs _sysctl umount umount2 unshare uselib userfaultfd ustat vm86 vm86old io_uring_setup io_uring_enter
io_uring_register fsopen fsconfig fsmount fspick move_mount open_tree""".split()
NEW_NAMESPACES = 0x7E020000  # of clone(2)'s flags

MOUNTS = """
mount --make-rprivate /
mkdir -p /tmp/dev && mount --bind /dev /tmp/dev
mount -t tmpfs -o mode=755 tmpfs /dev
for node in null zero full random urandom tty; do touch /dev/$node; mount --bind /tmp/dev/$node /dev/$node; done
mkdir /dev/shm && mount -t tmpfs -o size=64m,mode=1777 tmpfs /dev/shm
ln -s /proc/self/fd /dev/fd
mount -t tmpfs -o mode=1777 tmpfs /tmp
if [ "$SYS" = no ]; then mount -t tmpfs -o mode=755 tmpfs /sys; fi
mount -o remount,bind,ro /
exec "$@"
"""


def start(command: list[str]) -> None:
    os.environ["SYS"] = "no" if command[0] == "--without-sys" else "yes"
    if command[0] == "--without-sys":
        command = command[1:]
    inside = ["sh", "-ec", MOUNTS, "sh", sys.executable, os.path.abspath(__file__), "--inside", *command]
    names = ["--mount", "--net", "--ipc", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"]
    sys.exit(subprocess.call(["unshare", *names, "--", *inside]))


def is_for_us(rule: dict) -> bool:
    includes, excludes = rule.get("includes", {}), rule.get("excludes", {})
    return "caps" not in includes and "amd64" in includes.get("arches", ["amd64"]) and "amd64" not in excludes.get(
        "arches", [])


def limit_system_calls() -> None:
    profile = json.load(open(PROFILE))
    compare = {name: getattr(seccomp, name) for name in ("EQ", "NE", "LT", "LE", "GT", "GE")}
    filters = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
    for rule in filter(is_for_us, profile["syscalls"]):
        if rule["action"] != "SCMP_ACT_ALLOW":
            continue
        arguments = [
            seccomp.Arg(of["index"], compare[of["op"].removeprefix("SCMP_CMP_")], of["value"])
            for of in rule.get("args") or []
        ]
        for name in rule["names"]:
            if name in REFUSED or name in ("clone", "clone3"):
                continue
            try:
                filters.add_rule(seccomp.ALLOW, name, *arguments)
            except (RuntimeError, ValueError):
                pass  # a call that this architecture, or libseccomp, does not have
    filters.add_rule(seccomp.ALLOW, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, NEW_NAMESPACES, 0))
    filters.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
    filters.load()  # no_new_privs with it


def drop_privileges() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(64):
        libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def main() -> None:
    if sys.argv[1] != "--inside":
        start(sys.argv[1:])
    drop_privileges()
    limit_system_calls()
    os.environ.update(HOME="/tmp", XDG_RUNTIME_DIR="")
    os.chdir("/tmp")
    os.execvp(sys.argv[2], sys.argv[2:])


main()
