#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What an operator does, in the order of the README's first service, and what
# may happen then.  Writes NAME=VALUE to /run/t/said.
PATH=/opt/verigress/bin:/opt/verigress/sbin:$PATH
said() { echo "$1=$2" >>/run/t/said; }
acts() { # N: the N-th act of the service, as soon as it was done
    for _ in $(seq 100); do
        [ "$(wc -l </run/t/acts)" -lt "$1" ] || break
        sleep 0.1
    done
    sed -n "$1p" /run/t/acts
}

cp /opt/verigress/lib/systemd/system/verigressd.service /etc/systemd/system/
systemd-sysusers /opt/verigress/lib/sysusers.d/verigress.conf
touch /run/t/acts
chmod 666 /run/t/acts
cat >/etc/verigress/policy.d/billing.yaml <<'EOF'
service: billing
cgroup: system.slice/billing.service
mode: audit
endpoints:
  - address: 127.0.0.1
    ports: [9000/tcp]
EOF
cat >/etc/systemd/system/billing.service <<'EOF'
[Service]
User=nobody
ExecStart=/usr/bin/python3 /run/t/billing.py
Restart=on-failure
RestartSec=0.1
StartLimitIntervalSec=0
EOF
python3 -c '
import socket
server = socket.create_server(("0.0.0.0", 9000))
while True:
    server.accept()[0].close()' &
server=$!

systemctl daemon-reload
systemctl start verigressd
said start $?
said layers "$(verigress status -j | jq -r '[.layers[].state] | unique | join(" ")')"
mkdir /etc/systemd/system/billing.service.d
cp /opt/verigress/share/doc/verigress/examples/hold.conf \
    /etc/systemd/system/billing.service.d/verigress.conf
systemctl daemon-reload
systemctl restart billing
said audit_start $?
said audit_act "$(acts 1)"

sed -i s/audit/enforce/ /etc/verigress/policy.d/billing.yaml
systemctl reload verigressd
said reload $?
systemctl restart billing
said enforce_start $?
said enforce_act "$(acts 2)"
systemctl kill -s KILL billing
said restarted_act "$(acts 3)"

systemctl kill -s KILL verigressd
sleep 3
said daemon "$(systemctl is-active verigressd)"
systemctl restart billing
said again_start $?
said again_act "$(acts 4)"
su verigress -s /bin/sh -c "/opt/verigress/bin/verigress list"
said reader $?
su nobody -s /bin/sh -c "/opt/verigress/bin/verigress list"
said stranger $?
said denials "$(verigress watch -j --service billing | grep -c '"event":"deny"')"
said users "$(ps -o user= -C verigressd | sort | xargs)"

# Nobody is there to confine it.
systemctl stop billing verigressd
rm /etc/systemd/system/verigressd.service
systemctl daemon-reload
systemctl start billing
said alone_start $?
systemctl stop billing
said acts "$(wc -l </run/t/acts)"
journalctl -b --no-pager -o cat -u verigressd -u billing >/run/t/journal
kill $server
