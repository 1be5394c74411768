#!/usr/bin/env bash
# Inside a run: modetest flips, its card is pulled. It never looks at what read() returns, so it spins
# from then on: that is modetest's own bug, shown here, not ours.
set -u
connector=$(modetest -M vkms -c | awk '$4 == "Virtual-1" { print $1 }')
mkfifo "$PLUGBOARD_BOARD/silence"  # nothing is ever written to it, and it has no end
exec 7<>"$PLUGBOARD_BOARD/silence"
modetest -M vkms -s "$connector:1024x768" -v <&7 >"$PLUGBOARD_BOARD/modetest.out" 2>&1 &
client=$!
# Wait until it flips: it prints a line a second.
for _ in $(seq 100); do
    grep -q freq "$PLUGBOARD_BOARD/modetest.out" && break
    read -rt 0.1 <&7 || :
done
"$PLUGBOARD_COMMAND" unplug gpu0 || exit 1
ticks() { awk '{ print $14 + $15 }' "/proc/$client/stat"; }
before=$(ticks)
read -rt 1 <&7 || :
after=$(ticks)
kill -0 "$client" || { echo "modetest has ended"; exit 1; }
if [ $((after - before)) -gt 30 ]; then
    echo "modetest burns a processor: $((after - before)) of 100 ticks in a second"
else
    echo "modetest sleeps: $((after - before)) ticks"
fi
kill -9 "$client"
wait "$client" 2>/dev/null
exit 0
