# shellcheck shell=bash
# What the lab needs from the distribution: Debian 12 (Incus comes from its backports), Debian 13, Ubuntu 24.04.

incusd_path() {
    local p
    for p in /usr/libexec/incus/incusd /usr/lib/incus/incusd /opt/incus/bin/incusd; do
        [ ! -x "$p" ] || { echo "$p"; return 0; }
    done
    command -v incusd
}

# Prints the packages that are missing, one a line. Judged by the programs, so that any origin of them will do.
missing_packages() {
    local pair
    incusd_path >/dev/null || echo incus-base
    for pair in incus:incus-client dnsmasq:dnsmasq-base ip:iproute2 nft:nftables unsquashfs:squashfs-tools xz:xz-utils \
        mkfs.btrfs:btrfs-progs busybox:busybox-static flock:util-linux setsid:util-linux losetup:util-linux "$@"; do
        command -v "${pair%%:*}" >/dev/null || echo "${pair#*:}"
    done | sort -u
    # A busybox that needs shared libraries cannot be the only file of an image.
    ! command -v busybox >/dev/null || ! ldd "$(command -v busybox)" 2>/dev/null | grep -q '=>' || echo busybox-static
}

# Debian 12 has Incus in its backports only: name that suite, at the address the machine's own sources use for bookworm.
add_backports() {
    local list=/etc/apt/sources.list.d/incus-compose-lab.sources keyring=/usr/share/keyrings/debian-archive-keyring.gpg address
    address=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)
    [ -n "$address" ] || die "apt on this machine has no source for Debian bookworm, so the address of its backports is unknown." \
        "Add the suite bookworm-backports to /etc/apt/sources.list.d and run this again."
    say "adding the suite bookworm-backports as $list (remove that file when you no longer want it)"
    {
        printf 'Types: deb\nURIs: %s\nSuites: bookworm-backports\nComponents: main\n' "$address"
        [ ! -e "$keyring" ] || printf 'Signed-By: %s\n' "$keyring"
    } >"$list"
}

has_candidate() { apt-cache policy "$1" 2>/dev/null | grep -q '^  Candidate: [^(]'; }

all_have_candidates() {
    local p
    for p in "$@"; do has_candidate "$p" || return 1; done
}

apt_quietly() {
    local log
    log=$(mktemp)
    if ! DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" >"$log" 2>&1; then
        tail -n 15 "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

# Installs what is missing; arguments are further program:package pairs. Returns at once when nothing is missing.
install_needed() {
    local missing pairs=("$@")
    missing=$(missing_packages "${pairs[@]}")
    [ -n "$missing" ] || return 0
    # shellcheck disable=SC2086  # a list of package names
    set -- $missing
    local what="These Debian packages are missing: $*"
    [ -z "${LAB_NO_INSTALL:-}" ] || die "$what" "LAB_NO_INSTALL is set, so nothing was installed. Install them, or unset it and run \`lab install\` as root."
    [ "$(id -u)" = 0 ] || die "$what" "Run \`sudo $LAB_HOME/lab install\`."
    command -v apt-get >/dev/null || die "$what" "This machine has no apt-get: install what they hold by its own means."
    # One installation at a time; a second caller finds everything there.
    local fd
    exec {fd}<"$LAB_HOME/lib/install.sh"
    flock "$fd"
    # shellcheck disable=SC2046
    set -- $(missing_packages "${pairs[@]}")
    if [ $# -gt 0 ]; then
        local p wanted=()
        if ! all_have_candidates "$@"; then
            apt_quietly update || die "apt-get update failed." "Its last lines are above."
        fi
        if [[ " $* " == *" incus-"* ]] && ! has_candidate incus-client && [ "$(. /etc/os-release && echo "${VERSION_CODENAME:-}")" = bookworm ]; then
            add_backports
            apt_quietly update || die "apt-get update failed." "Its last lines are above."
        fi
        for p in "$@"; do
            # Where the daemon has no package of its own it is part of incus.
            [ "$p" != incus-base ] || has_candidate incus-base || p=incus
            has_candidate "$p" || die "No source of this machine's apt has the package $p." \
                "The lab knows Debian 12 with backports, Debian 13 and Ubuntu 24.04 (universe): add a source that has it."
            wanted+=("$p")
        done
        say "installing ${wanted[*]}"
        apt_quietly install -y --no-install-recommends "${wanted[@]}" || {
            # Lists that are older than the archive point at files that are gone.
            apt_quietly update && apt_quietly install -y --no-install-recommends "${wanted[@]}"
        } || die "apt-get could not install: ${wanted[*]}" "Its last lines are above."
    fi
    exec {fd}<&-
    missing=$(missing_packages "${pairs[@]}")
    [ -z "$missing" ] || die "Still missing after the installation: ${missing//$'\n'/ }" "Look at the output of: apt-get install $missing"
}
