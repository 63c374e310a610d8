# SPDX-License-Identifier: Apache-2.0
"""Which part may include which, and the homes of foreign headers, as data."""

# Headers whose modules hold no fd, no clock and no global: everybody above
# base may include them.  None: all of the module.
PURE = {
    "policy": None,
    "resolve": {"answer"},
    "verify": {"proof", "ladder", "findings", "message"},
    "events": {"decode", "format", "limit", "record"},
    "control": {"codec", "destination"},
}

# Which modules a module may include whole.
SEES = {
    "base": set(),
    "policy": set(),
    "resolve": set(),
    "verify": set(),
    "enforce": set(),
    "events": set(),
    "control": set(),
    "metrics": set(),
    "daemon": {"resolve", "verify", "enforce", "events", "control", "metrics"},
    "cli": {"resolve", "verify"},  # for the commands that need no daemon
}

# Single arrows beside these, each with its reason.
EXCEPTIONS = {
    # Resolver and prover are connected once, for the verifier and for
    # `verigress verify`, which does the same without a daemon.
    ("user/cli/", "daemon/lookup.h"),
    # `verigress run` makes a cgroup of its own before there is a daemon.
    ("user/cli/run_", "enforce/cgroup.h"),
}

# Our headers that belong to no module, and the modules that see them.
SHARED = {
    "verigress/abi.h": set(SEES),
    "verigress/control.h": {"control", "cli", "daemon"},
}

# A foreign header (regular expression) and the files that are its home.
HOMES = [
    (r"bpf/", ["user/enforce/", "user/events/ring.c", "bpf/"]),
    (r"unbound(-event)?\.h", ["user/resolve/cache.c"]),
    (r"ldns/", ["user/resolve/answer.c"]),
    (r"openssl/", ["user/verify/"]),
    (r"yaml\.h", ["user/policy/yaml.c"]),
    (r"event2/|event\.h", ["user/resolve/resolver.c", "user/control/server.c",
                           "user/metrics/http.c", "user/daemon/"]),
    (r"seccomp\.h", ["user/daemon/priv.c"]),
    (r"cap-ng\.h", ["user/daemon/priv.c", "user/cli/run_child.c"]),
    (r"sys/inotify\.h", ["user/enforce/watch.c"]),
    (r"linux/(sock|inet)_diag\.h", ["user/enforce/destroy"]),
    (r"cmocka\.h", []),
    (r"sqlite3\.h", []),
]
