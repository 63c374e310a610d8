# SPDX-License-Identifier: Apache-2.0
"""An HTTP or HTTPS server that writes down all that it is told.

One JSON object a line goes to LOG: "listening" at start, "connection" for each
accepted TCP connection, "failed" for one that broke off in TLS, "request" with
everything that was in it.  The honest server and the attacker's differ in name,
address and certificate only.
"""
import argparse
import json
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HANDSHAKE_SECONDS = 5
BODY_MAX = 1 << 20


class Log:
    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8")
        self.lock = threading.Lock()

    def write(self, what, **fields):
        with self.lock:
            self.file.write(json.dumps({"what": what, **fields}) + "\n")
            self.file.flush()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        self.where = {
            "client": self.client_address[0],
            "address": self.request.getsockname()[0],
        }
        self.server.log.write("connection", **self.where)
        if self.server.tls:
            self.request.settimeout(HANDSHAKE_SECONDS)
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def answer(self):
        size = min(int(self.headers.get("Content-Length") or 0), BODY_MAX)
        self.server.log.write(
            "request",
            **self.where,
            method=self.command,
            path=self.path,
            headers=dict(self.headers.items()),
            body=self.rfile.read(size).decode("utf-8", "replace"),
            certificate=self.certificate(),
        )
        text = json.dumps({"server": self.server.label}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = answer

    def certificate(self):
        """The common name in the client's certificate, or None."""
        if not self.server.tls:
            return None
        subject = (self.request.getpeercert() or {}).get("subject", ())
        return dict(pair for rdn in subject for pair in rdn).get("commonName")

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    address_family = socket.AF_INET6
    daemon_threads = True

    def server_bind(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        # HTTPServer asks DNS for its own name here; nobody wants it.
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = self.label, self.server_address[1]

    def __init__(self, options, port, tls, log):
        self.label, self.tls, self.log = options.name, tls, log
        super().__init__(("::", port), Handler)

    def handle_error(self, request, client_address):
        self.log.write("failed", client=client_address[0])


def tls_context(options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.cert, options.key)
    if options.client_ca:
        context.load_verify_locations(options.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--log", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--http", type=int, help="port for plain HTTP")
    parser.add_argument("--https", type=int, help="port for HTTPS")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--client-ca", help="clients must show a certificate of it")
    options = parser.parse_args()

    log = Log(options.log)
    servers = []
    if options.http:
        servers.append(Server(options, options.http, None, log))
    if options.https:
        servers.append(Server(options, options.https, tls_context(options), log))
    for server in servers:
        threading.Thread(target=server.serve_forever).start()
    log.write("listening")


main()
