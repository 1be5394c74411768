#!/usr/bin/env python3
"""Prints when a processor has not run what was ready on it: START END, in ns of CLOCK_MONOTONIC.

A thread on each sleeps for 2 ms again and again; who is woken over 8 ms late was kept waiting."""
import os
import threading
import time


def watch(processor: int) -> None:
    os.sched_setaffinity(0, {processor})
    last = time.monotonic_ns()
    while True:
        time.sleep(0.002)
        now = time.monotonic_ns()
        if now - last > 10_000_000:
            os.write(1, f"{last} {now}\n".encode())  # whole lines, whichever thread
        last = now


for processor in os.sched_getaffinity(0):
    threading.Thread(target=watch, args=(processor,)).start()
