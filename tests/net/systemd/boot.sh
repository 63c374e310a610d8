#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot.sh DIR: a systemd of its own; for tests/net/test_systemd.sh, which calls
# it in new namespaces.  This machine's files, read-only, but for a new /etc,
# /var, /run, /tmp, /opt and /dev.  DIR is seen as /run/t, and what was installed
# below DIR/dest as if it were installed here.
set -eu
dir=$1
mount --make-rprivate /
mount --bind / "$dir/root"
cd "$dir/root"
mount -o remount,bind,ro .
for top in etc var run tmp opt dev; do mount -t tmpfs -o mode=755 tmpfs "$top"; done
cp -a /etc/. etc/
rm -rf etc/systemd/system
mkdir -p etc/systemd/system opt/verigress run/t var/log var/lib var/tmp
echo 0123456789abcdef0123456789abcdef >etc/machine-id
mount --bind "$dir" run/t
mount --bind "$dir/dest/opt/verigress" opt/verigress
cp -R "$dir/dest/etc/verigress" etc/
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t bpf -o mode=0700 bpffs sys/fs/bpf
for node in null zero full random urandom tty; do
    touch dev/$node
    mount --bind /dev/$node dev/$node
done
mkdir dev/pts dev/shm dev/mqueue dev/hugepages
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ip link set lo up
cat >etc/systemd/system/story.service <<'EOF'
[Unit]
After=basic.target
Requires=basic.target
[Service]
Type=oneshot
StandardOutput=file:/run/t/log
StandardError=inherit
ExecStart=/bin/bash /run/t/story.sh
ExecStopPost=/bin/systemctl --force exit 0
EOF
pivot_root . mnt
umount -l /mnt
exec env -i container=verigress PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --unit=story.service --log-target=null --show-status=0
