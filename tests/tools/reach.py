#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tries one way of sending and prints what it got: `ok`, or an errno's name.

    reach.py WAY [ARGS...]

Never waits for longer than three seconds.
"""
import ctypes
import errno
import socket
import struct
import sys
import time

WAYS = {}
LIMIT = 3
libc = ctypes.CDLL(None, use_errno=True)


def way(function):
    WAYS[function.__name__.replace("_", "-")] = function
    return function


def name_of(e):
    """A limit of ours has no errno; ETIMEDOUT is TCP's own word."""
    return errno.errorcode.get(e.errno, "timeout")


def make(host, kind, force6=False):
    v6 = force6 or ":" in host
    s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, kind)
    s.settimeout(LIMIT)
    return s


@way
def tcp(host, port):
    """connect, then one octet"""
    s = make(host, socket.SOCK_STREAM)
    s.connect((host, int(port)))
    s.send(b"x")


@way
def tcp_from(source, host, port):
    s = make(host, socket.SOCK_STREAM)
    s.bind((source, 0))
    s.connect((host, int(port)))


@way
def mptcp(host, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
    s.settimeout(LIMIT)
    s.connect((host, int(port)))


@way
def tcp_mapped(host, port):
    """the same address through an IPv6 socket"""
    s = make(host, socket.SOCK_STREAM, force6=True)
    s.connect(("::ffff:" + host, int(port)))
    s.send(b"x")


@way
def tcp_fastopen(host, port):
    s = make(host, socket.SOCK_STREAM)
    s.settimeout(None)
    s.sendto(b"x", 0x20000000, (host, int(port)))  # MSG_FASTOPEN


@way
def tcp_time(host, port):
    """whole milliseconds until the connect failed or not"""
    s = make(host, socket.SOCK_STREAM)
    s.settimeout(20)
    start = time.monotonic()
    try:
        s.connect((host, int(port)))
        result = "ok"
    except OSError as e:
        result = name_of(e)
    return "%s %d" % (result, (time.monotonic() - start) * 1000)


@way
def udp_connect(host, port):
    make(host, socket.SOCK_DGRAM).connect((host, int(port)))


@way
def udp_connected(host, port, again=None):
    """connect and send; then send with an address on the connected socket"""
    s = make(host, socket.SOCK_DGRAM)
    s.connect((host, int(port)))
    s.send(b"x")
    if again:
        s.sendto(b"x", (again, int(port)))


@way
def udp(host, port):
    make(host, socket.SOCK_DGRAM).sendto(b"x", (host, int(port)))


@way
def udp_mapped(host, port):
    make(host, socket.SOCK_DGRAM, force6=True).sendto(
        b"x", ("::ffff:" + host, int(port)))


@way
def udp_from_port(local, host, port):
    s = make(host, socket.SOCK_DGRAM)
    s.bind(("::" if ":" in host else "0.0.0.0", int(local)))
    s.sendto(b"x", (host, int(port)))


@way
def udp_unspec(host, port):
    """sendto with sa_family AF_UNSPEC, which IPv4 takes for AF_INET"""
    s = make(host, socket.SOCK_DGRAM)
    name = struct.pack("=HH4s8x", 0, socket.htons(int(port)),
                       socket.inet_aton(host))
    if libc.sendto(s.fileno(), b"x", 1, 0, name, len(name)) < 0:
        raise OSError(ctypes.get_errno(), "sendto")


class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_char_p), ("size", ctypes.c_size_t)]


class Msghdr(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("namelen", ctypes.c_uint32),
                ("iov", ctypes.POINTER(Iovec)), ("iovlen", ctypes.c_size_t),
                ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t),
                ("flags", ctypes.c_int)]


class Mmsghdr(ctypes.Structure):
    _fields_ = [("head", Msghdr), ("sent", ctypes.c_uint32)]


@way
def sendmmsg(first, second, port):
    """two datagrams in one call: how many went"""
    s = make(first, socket.SOCK_DGRAM)
    iov = Iovec(b"x", 1)
    messages = (Mmsghdr * 2)()
    for message, host in zip(messages, (first, second)):
        message.head.name = struct.pack(
            "=HH4s8x", socket.AF_INET, socket.htons(int(port)),
            socket.inet_aton(host))
        message.head.namelen = 16
        message.head.iov = ctypes.pointer(iov)
        message.head.iovlen = 1
    n = libc.sendmmsg(s.fileno(), messages, 2, 0)
    if n < 0:
        raise OSError(ctypes.get_errno(), "sendmmsg")
    return str(n)


@way
def reuse(first, second, port):
    """connect, disconnect by AF_UNSPEC, connect elsewhere; both results"""
    s = make(first, socket.SOCK_STREAM)
    s.connect((first, int(port)))
    s.send(b"x")
    name = struct.pack("=H14x", 0)
    if libc.connect(s.fileno(), name, len(name)) < 0:
        raise OSError(ctypes.get_errno(), "disconnect")
    s.connect((second, int(port)))
    s.send(b"x")


@way
def accept_reuse(local, port, host, hport):
    """accept, answer, disconnect that very socket, connect it elsewhere"""
    s = make(local, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((local, int(port)))
    s.listen(1)
    print("ready", flush=True)
    one = s.accept()[0]
    one.settimeout(LIMIT)
    one.send(one.recv(1))
    s.close()
    name = struct.pack("=H14x", 0)
    if libc.connect(one.fileno(), name, len(name)) < 0:
        raise OSError(ctypes.get_errno(), "disconnect")
    one.connect((host, int(hport)))
    one.send(b"x")


@way
def ping(host):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
    s.sendto(struct.pack("!BBHHH", 8, 0, 0, 0, 1), (host, 0))


@way
def ping6(host):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM,
                      socket.IPPROTO_ICMPV6)
    s.sendto(struct.pack("!BBHHH", 128, 0, 0, 0, 1), (host, 0))


@way
def raw(proto, host):
    """any IP protocol from a raw socket"""
    s = socket.socket(socket.AF_INET, socket.SOCK_RAW, int(proto))
    s.sendto(b"\0" * 32, (host, 0))


@way
def raw_tcp(host, port):
    """a SYN made by hand: same numbers as a granted connection"""
    s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
    s.sendto(struct.pack("!HHIIBBHHH", 1234, int(port), 0, 0, 0x50, 2, 1024,
                         0, 0), (host, 0))


@way
def udplite(host, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 136)
    s.connect((host, int(port)))
    s.send(b"x")


@way
def udp_options(host, port):
    """a record-route option: a header longer than five words"""
    s = make(host, socket.SOCK_DGRAM)
    s.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS,
                 b"\x07\x0b\x04" + b"\0" * 9)
    s.sendto(b"x", (host, int(port)))


@way
def udp_extension(host, port):
    """a destination-options header before UDP"""
    s = make(host, socket.SOCK_DGRAM)
    s.setsockopt(socket.IPPROTO_IPV6, 59, b"\x11\0\x01\x04\0\0\0\0")
    s.sendto(b"x", (host, int(port)))


@way
def udp_large(host, port):
    """more than the MTU: the first fragment carries the ports"""
    s = make(host, socket.SOCK_DGRAM)
    s.sendto(b"x" * 60000, (host, int(port)))


@way
def talk(host, port, *times):
    """connect, say `open`; for each line of stdin send an octet and read one
    back, and print the result"""
    s = make(host, socket.SOCK_STREAM)
    s.connect((host, int(port)))
    print("open", flush=True)
    for _ in sys.stdin:
        try:
            s.send(b"x")
            print("ok" if s.recv(1) else "EOF", flush=True)
        except OSError as e:
            print(name_of(e), flush=True)


@way
def talk_udp(host, port):
    s = make(host, socket.SOCK_DGRAM)
    s.connect((host, int(port)))
    print("open", flush=True)
    for _ in sys.stdin:
        try:
            s.send(b"x")
            print("ok", flush=True)
        except OSError as e:
            print(name_of(e), flush=True)


@way
def flood(host, port, times):
    """how many of so many UDP connects were refused"""
    refused = 0
    for _ in range(int(times)):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            s.connect((host, int(port)))
        except PermissionError:
            refused += 1
        s.close()
    return str(refused)


@way
def serve(host, port, udp_port=None):
    """an echo server for TCP, and UDP on the same port, until killed"""
    import selectors
    chooser = selectors.DefaultSelector()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((host, int(port)))
    s.listen(64)
    u = socket.socket(family, socket.SOCK_DGRAM)
    u.bind((host, int(udp_port or port)))
    for each in (s, u):
        chooser.register(each, selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        for key, _ in chooser.select():
            one = key.fileobj
            try:
                if one is s:
                    chooser.register(s.accept()[0], selectors.EVENT_READ)
                elif one is u:
                    data, peer = u.recvfrom(65535)
                    u.sendto(data, peer)
                else:
                    data = one.recv(65535)
                    if data:
                        one.send(data)
                    else:
                        raise ConnectionError
            except OSError:
                if one not in (s, u):
                    chooser.unregister(one)
                    one.close()


@way
def ask_udp(host, port):
    """send and wait for the answer"""
    s = make(host, socket.SOCK_DGRAM)
    s.settimeout(1)
    s.sendto(b"x", (host, int(port)))
    s.recvfrom(16)


@way
def ask_tcp(host, port):
    s = make(host, socket.SOCK_STREAM)
    s.settimeout(1)
    s.connect((host, int(port)))
    s.send(b"x")
    if not s.recv(1):
        return "EOF"


def main():
    try:
        print(WAYS[sys.argv[1]](*sys.argv[2:]) or "ok")
    except OSError as e:
        print(name_of(e))


main()
