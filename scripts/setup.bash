# Sourced by scripts/fiberlab, scripts/test and .ci/run: installs what a build needs, and builds.
# All of it prints to stderr and reads nothing from stdin: both belong to the program that runs afterwards.

root=$(readlink -f -- "${BASH_SOURCE[0]}")
root=${root%/scripts/*}

readonly packages=(
    g++ cmake ninja-build ccache pkg-config
    libboost1.81-dev libboost-fiber1.81-dev libboost-context1.81-dev
    libcli11-dev libfmt-dev nlohmann-json3-dev libre2-dev libpcre2-dev libssl-dev
    libhiredis-dev libpqxx-dev libpq-dev
    redis-server postgresql
    doctest-dev rapidjson-dev
)

say() { printf 'fiberlab set-up: %s\n' "$*" >&2; }

# Our own failure, told apart from what the program ends with.
give_up() {
    say "$@"
    exit 125
}

# need_packages STAMP PACKAGE…: installs those that are missing, once; the stamp makes the next call free of charge.
need_packages() {
    local stamp=$root/build/$1
    shift
    if [[ -e $stamp && ! ${BASH_SOURCE[0]} -nt $stamp ]]; then
        return
    fi
    if [[ -n ${FIBERLAB_NO_INSTALL:-} ]]; then
        return
    fi
    local missing=()
    readarray -t missing < <(missing_packages "$@")
    if ((${#missing[@]} > 0)); then
        install_packages "${missing[@]}"
        readarray -t missing < <(missing_packages "$@")
        if ((${#missing[@]} > 0)); then
            give_up "still missing after apt-get: ${missing[*]}"
        fi
    fi
    mkdir -p -- "${stamp%/*}" || give_up "cannot write to ${stamp%/*}"
    touch -- "$stamp"
}

missing_packages() {
    if ! command -v dpkg-query >/dev/null; then
        printf '%s\n' "$@"
        return
    fi
    local package
    for package in "$@"; do
        if [[ $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null) != 'install ok installed' ]]; then
            printf '%s\n' "$package"
        fi
    done
}

install_packages() {
    local as_root=()
    if ((EUID != 0)); then
        as_root=(sudo)
    fi
    if ! command -v apt-get >/dev/null || { ((EUID != 0)) && ! command -v sudo >/dev/null; }; then
        say "cannot install packages here (that takes apt-get, and root or sudo)."
        say "install what these Debian 12 packages hold: $*"
        give_up "then run it again with FIBERLAB_NO_INSTALL=1, which builds with what is there"
    fi
    say "installing: $*"
    local status=0
    "${as_root[@]}" bash -s -- "$@" >&2 <<'ROOT' || status=$?
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
# Only the programs of the servers are wanted. While this file says so, installing them starts no service.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
    trap 'rm -f -- "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
apt=(apt-get -q -o DPkg::Lock::Timeout=300)
"${apt[@]}" update </dev/null
"${apt[@]}" install -y --no-install-recommends "$@" </dev/null
# Nor shall the next boot start one that was not here before.
for package in "$@"; do
    case $package in
        redis-server | postgresql) update-rc.d "$package" disable ;;
    esac
done
ROOT
    if ((status != 0)); then
        say "apt-get could not install: $*"
        give_up "Debian 12 is the reference; elsewhere FIBERLAB_NO_INSTALL=1 builds with what is there"
    fi
}

# build PRESET TARGET: installs what is missing, then builds. A second build in the same folder waits for the first.
build() {
    need_packages .packages "${packages[@]}"
    local folder=$root/build/$1
    mkdir -p -- "$folder" || give_up "cannot write to $folder"
    {
        flock 9
        touch -- "$folder/.started"
        if [[ ! -e $folder/build.ninja ]]; then
            say "configuring $folder"
            (cd -- "$root" && cmake --preset "$1") || give_up "the configure step failed"
        fi
        cmake --build "$folder" --target "$2" || give_up "the build failed"
        # As old as the start, so that a source saved during the build counts as newer.
        mv -- "$folder/.started" "$folder/.built"
    } 9>"$folder/.lock" >&2 </dev/null
}
