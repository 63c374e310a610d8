#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""pauses.py VERIGRESS SERVICE RATE SECONDS: how long the daemon waits between
failures of SERVICE's one endpoint, in seconds of its time, which runs RATE times
faster; looks until SECONDS of that time have passed since the first.
"""
import json
import subprocess
import sys
import time


def failures(program, service):
    said = subprocess.run([program, "show", "-j", service], stdout=subprocess.PIPE, check=True)
    return json.loads(said.stdout)["endpoints"][0]["failures"]


def main(program, service, rate, seconds):
    rate, seen, at = int(rate), 0, []
    while not at or (time.monotonic() - at[0]) * rate < int(seconds):
        number = failures(program, service)
        if number > seen:
            # What was missed in between has no time of its own.
            at += [time.monotonic()] * (number - seen)
            seen = number
        time.sleep(0.01)
    print(*[round((b - a) * rate) for a, b in zip(at, at[1:])])


if __name__ == "__main__":
    main(*sys.argv[1:])
