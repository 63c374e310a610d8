# SPDX-License-Identifier: Apache-2.0
"""Calls an application as its users do, and prints its answer as one line of JSON.

    ask.py [PORT]

The answer has "elapsed", in seconds, besides what the application said.
"""
import http.client
import json
import sys
import time


def main():
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    start = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/call")
    answer = json.loads(connection.getresponse().read())
    answer["elapsed"] = round(time.monotonic() - start, 3)
    print(json.dumps(answer))


main()
