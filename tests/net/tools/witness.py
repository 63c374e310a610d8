# SPDX-License-Identifier: Apache-2.0
"""Writes down every IP packet that arrives in its network namespace.

    witness.py LOG

Whatever the protocol or port, and whether or not anybody listens: a packet is
one line, "PROTO SOURCE SPORT DESTINATION DPORT HEX-OF-THE-PACKET".  Neighbour
discovery and multicast housekeeping, which the kernel does by itself, are left
out.  A line "listening" comes first.

A UDP datagram to port 9 is a marker of the laboratory: "marker TEXT".  Packets
are written in the order of their arrival, so that whoever sees his marker has
seen all that came before it.
"""
import socket
import struct
import sys

ETH_P_ALL, ETH_P_IP, ETH_P_IPV6 = 0x0003, 0x0800, 0x86DD
PACKET_OUTGOING = 4
MARKER_PORT = 9
ICMPV6, UDP, IGMP, HOP_BY_HOP = 58, 17, 2, 0
# Neighbour discovery and MLD, which may follow a hop-by-hop header.
HOUSEKEEPING_V6 = {130, 131, 132, 133, 134, 135, 136, 137, 143}


def parse4(packet):
    header = (packet[0] & 15) * 4
    source, destination = packet[12:16], packet[16:20]
    ends = [socket.inet_ntop(socket.AF_INET, a) for a in (source, destination)]
    return packet[9], ends, packet[header:]


def parse6(packet):
    proto, rest = packet[6], packet[40:]
    if proto == HOP_BY_HOP and len(rest) > 8:
        proto, rest = rest[0], rest[(rest[1] + 1) * 8 :]
    ends = [
        socket.inet_ntop(socket.AF_INET6, a) for a in (packet[8:24], packet[24:40])
    ]
    return proto, ends, rest


def line_for(ethertype, packet):
    """The line for a packet, or None when it is housekeeping."""
    proto, (source, destination), rest = (
        parse4(packet) if ethertype == ETH_P_IP else parse6(packet)
    )
    if proto == IGMP and ethertype == ETH_P_IP:
        return None
    if proto == ICMPV6 and rest[:1] and rest[0] in HOUSEKEEPING_V6:
        return None
    sport, dport = struct.unpack("!HH", rest[:4]) if len(rest) >= 4 else (0, 0)
    if proto == UDP and dport == MARKER_PORT:
        return "marker " + rest[8:].decode("ascii", "replace")
    return f"{proto} {source} {sport} {destination} {dport} {packet.hex()}"


def main():
    # Somebody must own the port, or each marker is answered by ICMP.
    sink = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sink.bind(("::", MARKER_PORT))
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
    with open(sys.argv[1], "w", encoding="ascii", buffering=1) as log:
        print("listening", file=log)
        while True:
            packet, where = tap.recvfrom(65535)
            ethertype, kind = where[1], where[2]
            if kind == PACKET_OUTGOING or ethertype not in (ETH_P_IP, ETH_P_IPV6):
                continue
            line = line_for(ethertype, packet)
            if line:
                print(line, file=log)


main()
