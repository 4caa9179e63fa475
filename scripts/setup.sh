# Sourced by the scripts that build: what they need before they can.
# Everything here speaks on stderr; stdout belongs to the program that is run afterwards.

repository=$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")

fail() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    exit 1
}

# Swift cannot be installed by apt-get, so its absence is the one thing that the user has to mend.
require_swift() {
    local wanted='install Swift 6.2 or later from https://www.swift.org/install/linux/ and put it on PATH'
    command -v swift >/dev/null || fail "swift was not found: $wanted"
    local said
    said=$(swift --version 2>&1 </dev/null) || true
    [[ $said =~ Swift\ version\ ([0-9]+)\.([0-9]+) ]] || fail "swift does not tell its version: $wanted"
    local major=${BASH_REMATCH[1]} minor=${BASH_REMATCH[2]}
    if ((major < 6 || (major == 6 && minor < 2))); then
        fail "swift is version $major.$minor: $wanted"
    fi
}

# Names the Debian packages that are not there. The arguments are further commands that are wanted,
# each as COMMAND, or as COMMAND:PACKAGE where the package has another name.
missing_packages() {
    local further
    if ! command -v pkg-config >/dev/null; then
        # Nobody can be asked about the libraries; apt-get passes over those that are installed.
        printf '%s\n' pkg-config libsqlite3-dev libzstd-dev
    else
        pkg-config --exists sqlite3 || echo libsqlite3-dev
        pkg-config --exists libzstd || echo libzstd-dev
    fi
    for further; do
        command -v "${further%:*}" >/dev/null || echo "${further#*:}"
    done
}

# Installs what is missing; does nothing, and asks for no rights, when all is there.
require_packages() {
    local missing=()
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]})) || return 0

    local by_hand="install by hand: apt-get install ${missing[*]}"
    command -v apt-get >/dev/null || fail "apt-get was not found: $by_hand"
    local as_root=()
    if ((EUID != 0)); then
        command -v sudo >/dev/null || fail "neither root nor sudo: $by_hand"
        as_root=(sudo)
    fi

    echo "${0##*/}: installing ${missing[*]}" >&2
    local said
    # A source list that cannot be refreshed may still know the packages: only the install decides.
    "${as_root[@]}" apt-get update -qq >/dev/null 2>&1 </dev/null || true
    if ! said=$("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" 2>&1 </dev/null); then
        fail "apt-get failed (${said##*$'\n'}): $by_hand"
    fi
}

# Runs `swift build` with the given arguments. On a terminal its progress is shown; elsewhere it is
# silent, and its output appears only if it fails.
build() {
    if [[ -t 2 ]]; then
        swift build "$@" >&2 </dev/null || fail 'the build failed: see above'
        return
    fi
    local said
    if ! said=$(swift build "$@" 2>&1 </dev/null); then
        printf '%s\n' "$said" >&2
        fail 'the build failed: see above'
    fi
}

# Builds the program that people use, .build/release/holdfast: Swift's runtime is in it.
build_program() {
    require_swift
    require_packages
    # An archive of the source has no commit.
    HOLDFAST_COMMIT=$(git -C "$repository" describe --always --dirty --abbrev=12 --exclude='*' 2>/dev/null || true)
    export HOLDFAST_COMMIT
    build --package-path "$repository" -c release --static-swift-stdlib --disable-local-rpath --product holdfast
}
