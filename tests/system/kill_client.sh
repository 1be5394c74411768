#!/usr/bin/env bash
# Inside a run: a client is killed in the middle of an ioctl; the next one is master at once.
#   kill_client.sh WAITS FLIPS
set -u
mkfifo "$PLUGBOARD_BOARD/silence"
exec 7<>"$PLUGBOARD_BOARD/silence"
waits=$1 flips=$2
# `hang` waits in WAIT_VBLANK again and again, for ever.
"$waits" hang >"$PLUGBOARD_BOARD/hang.out" &
client=$!
for _ in $(seq 100); do
    grep -q hanging "$PLUGBOARD_BOARD/hang.out" && break
    read -rt 0.1 <&7 || :
done
kill -9 "$client"
wait "$client" 2>/dev/null
"$flips" 0.3 || { echo "not ok - the next client is not master"; exit 1; }
echo "ok - the next client is master at once"
exit 0
