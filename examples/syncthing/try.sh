#!/bin/sh
# Two Syncthing instances and a daemon on this machine: drop at A, the daemon is at B, the delivery comes back to A.
#   try.sh FOLDER MODEL SPEC DATA
set -eu
folder=$1 model=$2 spec=$3 data=$4
name=$(basename "$model" .h5)
mkdir -p "$folder/a/inbox" "$folder/a/outbox" "$folder/b/inbox" "$folder/b/outbox" "$folder/b/data"
cp "$data" "$folder/b/data/"
export STNODEFAULTFOLDER=1 STNOUPGRADE=1
for side in a b; do
    syncthing generate --home "$folder/$side.conf" --no-default-folder >/dev/null 2>&1
done
identity() { syncthing --home "$folder/$1.conf" --device-id; }
a=$(identity a) b=$(identity b)
shared() { # folder type
    printf '<folder id="%s" path="%s" type="%s" rescanIntervalS="5" fsWatcherEnabled="true" fsWatcherDelayS="1"><device id="%s"/><device id="%s"/></folder>' \
        "$1" "$folder/$side/$1" "$2" "$a" "$b"
}
for side in a b; do
    case $side in
    a) port=22101 gui=18101 outbox=receiveonly ;;
    *) port=22102 gui=18102 outbox=sendonly ;;
    esac
    cat >"$folder/$side.conf/config.xml" <<XML
<configuration version="36">
  $(shared inbox sendreceive)
  $(shared outbox "$outbox")
  <device id="$a" name="a"><address>tcp://127.0.0.1:22101</address></device>
  <device id="$b" name="b"><address>tcp://127.0.0.1:22102</address></device>
  <gui enabled="true" tls="false"><address>127.0.0.1:$gui</address><apikey>try</apikey></gui>
  <options><listenAddress>tcp://127.0.0.1:$port</listenAddress><globalAnnounceEnabled>false</globalAnnounceEnabled>
    <localAnnounceEnabled>false</localAnnounceEnabled><relaysEnabled>false</relaysEnabled><natEnabled>false</natEnabled>
    <urAccepted>-1</urAccepted><crashReportingEnabled>false</crashReportingEnabled><startBrowser>false</startBrowser></options>
</configuration>
XML
done
echo espalier.prom >"$folder/b/outbox/.stignore"
pids=""
trap 'kill $pids 2>/dev/null || true; wait' EXIT
for side in a b; do
    mkdir -p "$folder/$side/inbox/.stfolder" "$folder/$side/outbox/.stfolder"
    syncthing serve --home "$folder/$side.conf" --no-browser >"$folder/$side.log" 2>&1 &
    pids="$pids $!"
done
espalier serve --root "$folder/b" --poll 1s 2>"$folder/daemon.log" &
pids="$pids $!"
cp "$model" "$folder/a/inbox/$name.h5"
cp "$spec" "$folder/a/inbox/$name.yaml"
for _ in $(seq 300); do
    sleep 1
    [ -f "$folder/a/outbox/$name/SHA256SUMS" ] || continue
    (cd "$folder/a/outbox/$name" && sha256sum --quiet -c SHA256SUMS 2>/dev/null) || continue
    echo "delivered at the other machine, whole: $folder/a/outbox/$name"
    [ ! -e "$folder/a/inbox/$name.h5" ] && echo "and the drop is gone from its inbox"
    exit 0
done
echo "not delivered in five minutes" >&2
for log in "$folder"/*.log; do tail -n 8 "$log"; done >&2
exit 1
