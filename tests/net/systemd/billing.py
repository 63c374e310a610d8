# SPDX-License-Identifier: Apache-2.0
"""A service that connects as its first act: what is refused, what is granted."""
import socket
import time


def knock(address):
    try:
        socket.create_connection((address, 9000), timeout=3)
        return "ok"
    except OSError as error:
        return str(error.errno)


with open("/run/t/acts", "a", encoding="ascii") as acts:
    print(knock("127.0.0.2"), knock("127.0.0.1"), file=acts)
time.sleep(1000)
