#!/usr/bin/env bash
# A real S3 server for tests: Ceph's RADOS gateway on one monitor and one storage daemon in memory, all on loopback.
#
#   ceph-rgw.sh up FOLDER S3_PORT MONITOR_PORT   starts it (about 12 s); FOLDER is made anew and holds everything
#   ceph-rgw.sh down FOLDER                      stops what `up` started there
#
# Three users: `testkey`/`testsecret`, `otherkey`/`othersecret` and `tenantkey`/`tenantsecret`. Region us-east-1, path
# style. Needs Debian's packages radosgw, ceph-osd, ceph-mon and ceph-common. Nothing survives `down`.
set -euo pipefail
command=${1:?up or down}
folder=${2:?a folder}
START_LIMIT_S=60

# Killed and not asked: a storage daemon in memory would write all it holds to the disk before it ends.
down() {
  local file pid
  for file in "$folder"/run/*.pid; do
    if [ -f "$file" ]; then
      pid=$(cat "$file")
      kill -KILL "$pid" 2>/dev/null || true
      while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
      rm -f "$file"
    fi
  done
}
if [ "$command" = down ]; then
  down
  exit 0
fi

s3_port=${3:?the port of S3}
monitor_port=${4:?the port of the monitor}
rm -rf "$folder"
mkdir -p "$folder"/{mon,osd,run,log,rgw}
folder=$(cd "$folder" && pwd)
conf=$folder/ceph.conf
fsid=$(cat /proc/sys/kernel/random/uuid)
cat >"$conf" <<CONF
[global]
fsid = $fsid
mon host = v1:127.0.0.1:$monitor_port
auth cluster required = none
auth service required = none
auth client required = none
public addr = 127.0.0.1
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd crush chooseleaf type = 0
mon allow pool size one = true
mon allow pool delete = true
mon data avail crit = 0
mon data avail warn = 0
run dir = $folder/run
log file = $folder/log/\$name.log
admin socket = $folder/run/\$name.asok
pid file = $folder/run/\$name.pid
[mon.a]
mon data = $folder/mon
mon cluster log file = $folder/log/cluster.log
[osd.0]
osd objectstore = memstore
memstore device bytes = 8589934592
osd data = $folder/osd
[client.rgw.a]
rgw frontends = beast endpoint=127.0.0.1:$s3_port
rgw data = $folder/rgw
rgw dns name = localhost
rgw crypt require ssl = false
CONF

exec 3>"$folder/log/setup.log"
fail() {
  echo "Ceph did not start: $1" >&2
  tail -n 20 "$folder/log/setup.log" >&2
  down
  exit 1
}
quietly() { "$@" >&3 2>&3; }

# For what may be done twice: a monitor that has just begun refuses the one or the other (EPERM), and the storage daemon
# sometimes asks it before it has learned the cluster's id, is refused, and ends.
repeatedly() {
  local try
  for try in 1 2 3 4 5 6 7 8 9 10; do
    if quietly "$@"; then return 0; fi
    echo "try $try failed: $*" >&3
    sleep 0.5
  done
  return 1
}
answers() { curl -sf "http://127.0.0.1:$s3_port/" >/dev/null; }

quietly monmaptool --create --fsid "$fsid" --addv a "[v1:127.0.0.1:$monitor_port]" "$folder/monmap" || fail 'monitor map'
quietly ceph-mon -c "$conf" -i a --mkfs --monmap "$folder/monmap" || fail 'monitor data'
quietly ceph-mon -c "$conf" -i a || fail monitor
osd_id=$(cat /proc/sys/kernel/random/uuid)
repeatedly ceph -c "$conf" osd create "$osd_id" || fail 'storage entry'
quietly ceph-osd -c "$conf" -i 0 --mkfs --osd-uuid "$osd_id" || fail 'storage data'
repeatedly ceph -c "$conf" osd crush add osd.0 1.0 host=localhost root=default || fail 'storage map'
repeatedly ceph-osd -c "$conf" -i 0 || fail 'storage daemon'
quietly radosgw -c "$conf" -n client.rgw.a || fail 'S3 server'
for _ in $(seq $((START_LIMIT_S * 4))); do
  if answers; then break; fi
  sleep 0.25
done
answers || fail 'no answer from the S3 server'
for user in test other tenant; do
  quietly radosgw-admin -c "$conf" -n client.rgw.a user create --uid="$user" --display-name="$user" \
    --access-key="${user}key" --secret="${user}secret" || fail "user $user"
done
