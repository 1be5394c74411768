#!/usr/bin/env bash
# Inside a run: vbltest counts the vblanks of a screen that modetest has lit, for SECONDS.
set -u
seconds=$1
connector=$(modetest -M vkms -c | awk '$4 == "Virtual-1" { print $1 }')
# Both stop as soon as their input can be read.
mkfifo "$PLUGBOARD_BOARD/silence"
exec 7<>"$PLUGBOARD_BOARD/silence"
{
    read -rt "$((seconds + 1))" <&7
} | modetest -M vkms -s "$connector:1024x768" >/dev/null 2>&1 &
until grep -q ^enabled /sys/class/drm/card0-Virtual-1/enabled; do sleep 0.02; done
{ read -rt "$seconds" <&7; } | vbltest -M vkms 2>&1
wait
