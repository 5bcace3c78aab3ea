#!/bin/sh
# Drops a model from another machine over ssh, waits, and fetches the result:
#   submit.sh HOST:ROOT NAME.h5 NAME.yaml DESTINATION
# rsync writes under a hidden name and renames at the end, so the daemon never sees half a file; the spec goes last.
set -eu
remote=$1 model=$2 spec=$3 destination=$4
host=${remote%%:*} root=${remote#*:}
name=$(basename "$model" .h5)
rsync -t "$model" "$remote/inbox/$name.h5"
rsync -t "$spec" "$remote/inbox/$name.yaml"
echo "dropped $name, waiting"
while :; do
    # The delivery appears whole, by one rename.
    for folder in "$name" "$name.failed"; do
        if ssh "$host" test -d "$root/outbox/$folder"; then
            rsync -rt "$remote/outbox/$folder/" "$destination/$folder/"
            (cd "$destination/$folder" && sha256sum --quiet -c SHA256SUMS)
            echo "$destination/$folder"
            [ "$folder" = "$name" ] && exit 0
            cat "$destination/$folder/failure.md" >&2
            exit 1
        fi
    done
    sleep "${POLL:-10}"
done
