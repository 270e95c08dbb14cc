# What the scripts here share; sourced, not run. Afterwards the checkout is the working directory, `programs` is where the programs
# are, `folder` is a new folder, and at the end of the script everything that `launch` started is killed and the folder is gone.
set -euo pipefail
name=$(basename "$0")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
programs=$PWD/target/release
folder=$(mktemp -d)
started=()

cleanup() {
    local pid
    # Killed and waited for in one breath, or the shell tells of each that it was killed.
    for pid in "${started[@]}"; do
        { kill -9 "$pid" && wait "$pid"; } 2>/dev/null || true
    done
    rm -rf "$folder"
}
trap cleanup EXIT

launch() { # COMMAND... in the background; its id in `launched`
    "$@" &
    launched=$!
    started+=("$launched")
}

wait_for() { # FILE that is not empty, ten seconds at most
    for _ in $(seq 200); do [ -s "$1" ] && return; sleep 0.05; done
    echo "$name: $1 did not come; $(cat "$folder"/*.log "$folder"/*/*.log 2>/dev/null | tail -5)" >&2
    exit 1
}

stop() { # ID: asks it to end, waits; its exit code
    kill -TERM "$1" && wait "$1"
}

number() { # KEY < JSON
    grep -o "\"$1\": *[0-9.]*" | head -1 | tr -d ' ' | cut -d: -f2
}
