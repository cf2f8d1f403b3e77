# shellcheck shell=bash
# Incus 7.0 LTS beside the machine's own Incus 6: its packages exist for newer systems only, so it runs in a root file system of
# Debian sid, in a mount namespace where everything else is the machine's own (processes, links, /tmp, /home, checkouts, ...).
# The root takes one to two minutes to build, is kept under LAB_CACHE for every lab of the machine, and is never written to: what
# a lab changes of it (/etc, mostly) lies in memory and goes with the lab.
#
# Not all of it is sid's:
# - liblxc of Debian 13, since that of 7 refuses a machine that has both versions of control groups mounted
# - nft of the machine's own release: an older nft crashes on rules that a newer one has written, and then no Incus 6 of the
#   machine could make a bridge any more

INCUS7_PACKAGES=incus-base,incus-client,btrfs-progs,busybox-static,ca-certificates,dnsmasq-base,iproute2,liblxc-common,liblxc1t64,nftables,skopeo,squashfs-tools,umoci,xz-utils

# Writes the root of Incus 7 into the new directory $2/root, for a machine of release $1, with work files in $2.
build_incus7() {
    local address release log=$2/log
    address=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $1" | head -n 1)
    [ -n "$address" ] || die "apt on this machine has no source for Debian $1, so the address of Debian sid is unknown."
    {
        printf 'Package: *\nPin: release n=trixie\nPin-Priority: 100\n\n'
        printf 'Package: liblxc1t64 liblxc-common\nPin: release n=trixie\nPin-Priority: 1001\n\n'
        [ "$1" = trixie ] || printf 'Package: *\nPin: release n=%s\nPin-Priority: 90\n\n' "$1"
        printf 'Package: nftables libnftables1 libnftnl11\nPin: release n=%s\nPin-Priority: 1001\n' "$1"
    } >"$2/preferences"
    # What it mounts is seen by it alone, and ends with it. A mirror of sid may be a little behind.
    # shellcheck disable=SC2016  # for mmdebstrap's shell
    if ! for release in sid trixie "$1"; do printf 'deb %s %s main\n' "$address" "$release"; done | sort -u |
        TMPDIR=$2 unshare --mount mmdebstrap --mode=root --variant=apt --include="$INCUS7_PACKAGES" \
            --aptopt='Apt::Install-Recommends "false"' --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Retries "3"' \
            --dpkgopt=force-unsafe-io --setup-hook='mkdir -p "$1/etc/apt/preferences.d"' \
            --setup-hook="copy-in '$2/preferences' /etc/apt/preferences.d" sid "$2/root" - >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        die "The root of Incus 7 could not be built." "The last lines of mmdebstrap are above. Usual causes: no way to the package archive, a full disk, or sid being rebuilt just now."
    fi
}

# Sets INCUS7_ROOT to the directory of the root, and builds that first where the cache has none of this recipe. Two labs may
# ask at once: one builds, the other waits. What a killed build left is not the cache's, and goes.
ensure_incus7() {
    local release recipe building cache=$LAB_CACHE/incus7 INCUS7_LOCK=''
    release=$(. /etc/os-release && [ "${ID:-}" = debian ] && echo "${VERSION_CODENAME:-}")
    [ -n "$release" ] || die "Incus 7 is put together from Debian's packages, and this machine's apt is that of $(. /etc/os-release && echo "${PRETTY_NAME:-another system}")." \
        "Use a machine with Debian 12 or 13."
    recipe=$({ declare -f build_incus7; echo "$INCUS7_PACKAGES"; } | sha256sum)
    INCUS7_ROOT=$cache/$release-$(uname -m)-${recipe:0:12}
    lock_dir INCUS7_LOCK "$cache"
    if [ ! -e "$INCUS7_ROOT" ]; then
        install_needed mmdebstrap:mmdebstrap
        building=$cache/building
        rm -rf --one-file-system "$building"
        mkdir "$building"
        say "building the root of Incus 7 from Debian sid, once for this machine (one to two minutes)"
        build_incus7 "$release" "$building"
        mv "$building/root" "$INCUS7_ROOT"
        rm -rf --one-file-system "$building"
    fi
    # Those of older recipes and releases go when nothing has asked for them in a month.
    touch "$INCUS7_ROOT"
    find "$cache" -mindepth 1 -maxdepth 1 -name '*-*' -mtime +30 -exec rm -rf --one-file-system {} +
    unlock_dir INCUS7_LOCK
}

# root_pid NAME [MEMBER]: the id of the process that holds the daemon's root file system, if it has one of its own.
root_pid() { held_pid "$1" "$(of_member root "${2:-}")"; }

# hold_root NAME [MEMBER]: gives the daemon the root of Incus 7, within the network that it has. `lab host` runs the machine's
# own programs beside it, and what these mount is seen by the daemon, as it is where both have one root.
hold_root() {
    local dir
    dir=$(dir_of "$1")/$(of_member root "${2:-}")
    mkdir "$dir"
    holder_pid "$1" "${2:-}" >/dev/null ||
        hold "$1" "$(of_member holder "${2:-}")" "${2:-}" setsid unshare --mount sh -ec 'mount --make-rshared /; exec sleep infinity'
    # shellcheck disable=SC2016  # for the inner shell
    hold "$1" "$(of_member root "${2:-}")" "${2:-}" nsenter --target "$(holder_pid "$1" "${2:-}")" --net --mount \
        setsid unshare --mount --propagation slave sh -ec '
        root=$1/new
        mount -t tmpfs lab "$1"
        mkdir "$root" "$1/upper" "$1/work"
        mount -t overlay lab -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" "$root"
        shift 2
        for file in resolv.conf hosts hostname; do cp "/etc/$file" "$root/etc/"; done
        # The machine shows through where the root has nothing of its own.
        for own in /*; do
            case $own in /bin | /boot | /etc | /lib* | /sbin | /usr | /var | /run) continue ;; esac
            [ -d "$own" ] && [ ! -L "$own" ] || continue
            mkdir -p "$root$own"
            mount --rbind "$own" "$root$own"
        done
        mount -t tmpfs run "$root/run"
        for own in /var/tmp "$@"; do
            [ -e "$root$own/." ] && [ "$root$own/." -ef "$own/." ] && continue
            mkdir -p "$root$own"
            mount --rbind "$own" "$root$own"
        done
        mkdir "$root/run/machine"
        cd "$root"
        pivot_root . run/machine
        exec sleep infinity' - "$dir" "$INCUS7_ROOT" "$LAB_ROOT" "$LAB_CACHE"
}
