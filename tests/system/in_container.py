#!/usr/bin/python3
"""Runs a command as the least of containers would: in_container.py [--without-sys] [--see FOLDER]... COMMAND...

User 65534 without capabilities or new privileges, namespaces of its own (no network), all mounts read-only but
for /proc, an empty /tmp and 64 MiB of /dev/shm, a /dev of seven nodes, and the system calls of the list that container
engines share (golang-github-containers-common), less those that Docker's documentation says are refused. Without sys: /sys is an
empty folder. See: a folder that is there although it is below /tmp. Who may not make namespaces gets them in a user
namespace, where the host allows that."""
import argparse
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

# All is made ready in /mnt, for what is below /tmp and /dev is needed until then.
MOUNTS = """
mount --make-rprivate /
"$0" "$1" --read-only && mount -o remount,bind,rw /proc
mount -t tmpfs tmpfs /mnt && mkdir /mnt/dev /mnt/tmp
mount -t tmpfs -o mode=755 tmpfs /mnt/dev
for node in null zero full random urandom tty; do touch /mnt/dev/$node; mount --bind /dev/$node /mnt/dev/$node; done
mkdir /mnt/dev/shm && mount -t tmpfs -o size=64m,mode=1777 tmpfs /mnt/dev/shm
ln -s /proc/self/fd /mnt/dev/fd
mount -t tmpfs -o mode=1777 tmpfs /mnt/tmp
printf '%s' "$SEE" | while read -r folder; do
    case $folder in /tmp/*) mkdir -p "/mnt$folder"; mount --rbind "$folder" "/mnt$folder" ;; esac
done
mount --rbind /mnt/dev /dev && mount -o remount,bind,ro /dev
mount --rbind /mnt/tmp /tmp
umount -l /mnt
if [ "$SYS" = no ]; then mount -t tmpfs -o ro tmpfs /sys; fi
"""


def namespaces(*names: str) -> list[str]:
    return ["unshare", *names, "--mount", "--net", "--ipc", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"]


def start(options: argparse.Namespace) -> None:
    inside, become = namespaces(), ""
    if subprocess.run([*inside, "true"], stderr=subprocess.DEVNULL).returncode != 0:
        inside = namespaces("--map-root-user")
        become = f"unshare --map-user={NOBODY} --map-group={NOBODY}"
        if (tried := subprocess.run([*inside, "true"], stderr=subprocess.PIPE, text=True)).returncode != 0:
            sys.exit(f"in_container.py: no container can be made here: {tried.stderr}"
                     "  remedy: run it as root, or where user namespaces are allowed")
    os.environ.update(SYS="no" if options.without_sys else "yes", SEE="".join(f + "\n" for f in options.see))
    ours = [sys.executable, os.path.abspath(__file__), "--inside"]
    script = f'{MOUNTS}exec {become} "$0" "$@"'
    sys.exit(subprocess.call([*inside, "--", "sh", "-euc", script, *ours, *options.command]))


def make_all_read_only() -> None:
    class Attributes(ctypes.Structure):
        _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "userns")]

    libc = ctypes.CDLL(None, use_errno=True)
    read_only = Attributes(set=1)  # MOUNT_ATTR_RDONLY
    # mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, ...)
    if libc.syscall(442, -100, b"/", 0x8000, ctypes.byref(read_only), ctypes.sizeof(read_only)) != 0:
        sys.exit(f"in_container.py: mount_setattr(2): {os.strerror(ctypes.get_errno())}")


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
    if os.geteuid() != NOBODY:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


def run_inside(command: list[str]) -> None:
    drop_privileges()
    limit_system_calls()
    os.environ.update(HOME="/tmp", XDG_RUNTIME_DIR="")
    os.chdir("/tmp")
    os.execvp(command[0], command)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--without-sys", action="store_true")
    parser.add_argument("--see", metavar="FOLDER", action="append", default=[])
    parser.add_argument("--read-only", action="store_true", help=argparse.SUPPRESS)  # for itself, and --inside
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("command", metavar="COMMAND", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    if options.read_only:
        make_all_read_only()
    elif options.inside:
        run_inside(options.command)
    else:
        start(options)


main()
