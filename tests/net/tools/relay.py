#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""relay.py LISTEN SERVER LOG ZONE: a DNS server that asks SERVER and hands its
answers on, by UDP, and measures who asks it.

Of each question below ZONE a line goes to LOG: seconds (monotonic), name, type,
and how many names of ZONE were asked about and not answered at that moment.
What it does is read from the file LOG.mode, at each question:
  pass SECONDS    answer after that time (the first is 0)
  fail            answer SERVFAIL at once
  silent          do not answer
"""
import heapq
import itertools
import selectors
import socket
import sys
import time

QUESTION = 12
SERVFAIL = 2


def name_of(packet):
    """The name and the type in the question of PACKET."""
    at, labels = QUESTION, []
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("ascii", "replace").lower())
        at += 1 + packet[at]
    return ".".join(labels), int.from_bytes(packet[at + 1:at + 3], "big"), at + 5


class Relay:
    def __init__(self, listen, server, log, zone):
        self.ours = self.udp(listen)
        self.theirs = self.udp(None)
        self.theirs.connect((server, 53))
        self.mode_file, self.zone = log + ".mode", zone
        self.log = open(log, "w", buffering=1)
        self.asked = {}  # our id -> (client, its id, key)
        self.open = {}  # name -> questions about it without an answer
        self.ids = itertools.cycle(range(65536))
        self.later, self.order = [], itertools.count()

    @staticmethod
    def udp(address):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        if address:
            sock.bind((address, 53))
        sock.setblocking(False)
        return sock

    def mode(self):
        with open(self.mode_file, encoding="ascii") as file:
            return file.read().split()

    def question(self):
        packet, client = self.ours.recvfrom(65535)
        name, kind, end = name_of(packet)
        mode = self.mode()
        if name.endswith(self.zone):
            self.open[name] = self.open.get(name, 0) + 1
            self.log.write(f"{time.monotonic():.4f} {name} {kind} {len(self.open)}\n")
        if mode[0] == "silent":
            self.answered(name)
        elif mode[0] == "fail":
            self.answered(name)
            flags = bytes([packet[2] | 0x80, 0x80 | SERVFAIL])
            self.ours.sendto(packet[:2] + flags + b"\0\1" + bytes(6) + packet[QUESTION:end], client)
        else:
            number = next(self.ids)
            self.asked[number] = client, packet[:2], name, float(mode[1])
            self.theirs.send(number.to_bytes(2, "big") + packet[2:])

    def answered(self, name):
        if name in self.open:
            self.open[name] -= 1
            if not self.open[name]:
                del self.open[name]

    def answer(self):
        packet = self.theirs.recv(65535)
        client, number, name, delay = self.asked.pop(int.from_bytes(packet[:2], "big"))
        heapq.heappush(self.later, (time.monotonic() + delay, next(self.order),
                                    number + packet[2:], client, name))

    def send_due(self):
        while self.later and self.later[0][0] <= time.monotonic():
            _, _, packet, client, name = heapq.heappop(self.later)
            self.answered(name)
            self.ours.sendto(packet, client)

    def run(self):
        wait = selectors.DefaultSelector()
        wait.register(self.ours, selectors.EVENT_READ, self.question)
        wait.register(self.theirs, selectors.EVENT_READ, self.answer)
        print("listening", flush=True)
        while True:
            due = self.later[0][0] - time.monotonic() if self.later else None
            for key, _ in wait.select(None if due is None else max(due, 0)):
                try:
                    while True:
                        key.data()
                except BlockingIOError:
                    pass
            self.send_due()


if __name__ == "__main__":
    Relay(*sys.argv[1:]).run()
