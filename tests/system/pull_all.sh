#!/usr/bin/env bash
# Inside a run with gpu0 and gpu1: pulls gpu0 at each stop point of each ioctl while gpu1 flips.
#   pull_all.sh PULL_AT FLIPS
set -u
pull_at=$1 flips=$2
waiting=" WAIT_VBLANK MODE_ATOMIC MODE_SETCRTC MODE_SETPLANE "
status=0

"$flips" 100000 /dev/dri/card1 >"$PLUGBOARD_BOARD/flips.out" 2>&1 &
other=$!

one() {
    "$pull_at" "$1" "$2" || { status=1; echo "not ok - pull_at $1 $2 failed"; }
    "$PLUGBOARD_COMMAND" plug gpu0 >/dev/null || { status=1; echo "not ok - plug gpu0"; }
}
for row in $("$pull_at" --list); do
    one "$row" entry
    one "$row" copy
    case "$waiting" in *" $row "*) one "$row" wait ;; esac
done

kill -INT "$other"
wait "$other"
cat "$PLUGBOARD_BOARD/flips.out"
exit $status
