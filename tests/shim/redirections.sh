#!/bin/bash
# Redirections of a shell write inside libc, past the shim. They may not hang, and what can take
# text takes it.
set -u
made=0
failed=0
check() {  # check NAME COMMAND...: the command holds
    made=$((made + 1))
    local name=$1
    shift
    if "$@"; then echo "ok $made - $name"; else
        echo "not ok $made - $name"
        failed=1
    fi
}
shell() { timeout 20 bash -c "$1" 2>/dev/null; }
fails_at_once() {
    shell "$1"
    local status=$?
    [ $status -ne 0 ] && [ $status -lt 124 ]
}

debug=/sys/kernel/debug
check "a CRC source is taken" shell "echo auto > $debug/dri/0/crtc-0/crc/control"
check "a wrong CRC source does not hang" shell "echo other > $debug/dri/0/crtc-0/crc/control"
check "a node takes no text" fails_at_once "echo x > /dev/dri/card0"
check "nor by an open descriptor" fails_at_once "exec 7<>/dev/dri/card0; echo x >&7"
check "nor does sw_sync" fails_at_once "echo x > $debug/sync/sw_sync"
check "nor does a plain attribute" fails_at_once "echo junk > /sys/class/drm/card0/dev"
check "which stays as it is" [ "$(cat /sys/class/drm/card0/dev)" = 226:0 ]
check "the shell goes on" [ "$(shell 'echo x > /dev/dri/card0; echo on')" = on ]
check "a shell can go to a folder of the board" \
    [ "$(shell 'cd /sys/class/drm && pwd && /bin/pwd && cat card0/dev')" = \
      "$(printf '/sys/class/drm\n/sys/class/drm\n226:0')" ]
check "and back" [ "$(shell 'cd /sys/class/drm && cd .. && pwd -P')" = /sys/class ]
check "and glob there" [ "$(shell 'cd /sys/class/drm && echo card?')" = card0 ]
check "ls follows a link with a slash behind" shell 'ls /sys/class/drm/card0/ | grep -q uevent'
check "ls finds the host's devices beside ours" \
    [ "$(shell 'ls -d /dev/null /dev/dri; ls /dev | grep -cxE "null|dri"')" = \
      "$(printf '/dev/dri\n/dev/null\n2')" ]
echo "1..$made"
exit $failed
