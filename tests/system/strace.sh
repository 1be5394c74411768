#!/bin/sh
# Inside a run: strace.sh LOG CMD... runs CMD on the board and logs its real system calls. strace itself is on no
# board: it would be told the board's names for files.
set -u
log=$1
shift
board=$PLUGBOARD_BOARD
PLUGBOARD_BOARD=/nowhere exec strace -E PLUGBOARD_BOARD="$board" -f -y -o "$log" -e trace=%file,%network,%desc -- "$@"
