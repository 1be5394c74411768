#!/usr/bin/env bash
# Inside a container (in_container.py): says what it is like; then weston draws there as anywhere else.
# usage: container.sh CLIENT REFERENCE.png    with plugboard in PATH
set -eu
client=$1 reference=$2

echo "uid $(id -u)"
sed -n 's/^\(CapEff\|NoNewPrivs\|Seccomp\):\t/\1 /p' /proc/self/status
echo "writable" $(awk '$4 ~ /^rw/ { print $2 }' /proc/self/mounts | sort)
echo "interfaces" $(sed -n 's/^ *\([^ ]*\):.*/\1/p' /proc/net/dev)
(exec 3<>/dev/tcp/127.0.0.1/9) 2>&1 | grep -q "Network is unreachable" && echo "lo is down"
df --output=size /dev/shm | sed -n '2s/ */\/dev\/shm KiB /p'
# kcmp(2) of a process with itself, which anybody may call where no list forbids it.
python3 -c 'import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
print("kcmp", libc.syscall(312, os.getpid(), os.getpid(), 0, 0, 0), os.strerror(ctypes.get_errno()))'
ls /dev/dri 2>/dev/null || echo "no /dev/dri"

plugboard doctor >/tmp/doctor 2>&1 || { cat /tmp/doctor; exit 1; }
echo "plugboard doctor: ok"
plugboard run --require-open -- modetest -M vkms -c | grep -c Virtual-1 | sed 's/$/ screen by modetest/'

cat >/tmp/weston.ini <<END
[core]
idle-time=0
[shell]
startup-animation=none
panel-position=none
[autolaunch]
path=$client
END
touch /tmp/weston.log
plugboard run -b box --check-leaks -- weston --backend=drm-backend.so --use-pixman --continue-without-input \
    --config=/tmp/weston.ini >/tmp/weston.log 2>/tmp/run.log &
run=$!
until grep -q "drawn 1024x768" /tmp/weston.log; do
    kill -0 "$run" 2>/dev/null || { cat /tmp/weston.log /tmp/run.log; exit 1; }
    sleep 0.05
done
plugboard wait flips=30 -b box --timeout 30s
plugboard screenshot Virtual-1 /tmp/shot.png --diff "$reference" -b box && echo "the picture is the client's"
kill "$run"
wait "$run" || { echo "weston's run ended with $?"; cat /tmp/weston.log; }
cat /tmp/run.log
