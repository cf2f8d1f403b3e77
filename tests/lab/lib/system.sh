# shellcheck shell=bash
# The system image: a Debian with systemd, cloud-init, sshd and Python, from the machine's own package sources. Its root file
# system takes a minute to build and is kept under LAB_CACHE, for every lab of the machine.
LAB_CACHE=$(readlink -m -- "${LAB_CACHE:-/var/cache/incus-compose-lab}")

# Prints the lines of this machine's apt sources for release $1: the release itself, its updates and its security updates.
sources_of() {
    apt-get indextargets --format '$(CODENAME) deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        sed -nE "s/^$1(-updates|-security)? (deb .* main)$/\2/p" | sort -u
}

# Writes the root file system of release $1 to the file $2, with work files in directory $3.
build_system() {
    local sources log=$3/log packages
    sources=$(sources_of "$1")
    grep -q . <<<"$sources" || die "apt on this machine has no source for Debian $1, which the system image is built from." \
        "Add the release to /etc/apt/sources.list.d and run this again."
    packages=$(paste -sd , "$LAB_HOME/system/packages")
    # What it mounts is seen by it alone, and ends with it.
    if ! TMPDIR=$3 unshare --mount mmdebstrap --mode=root --variant=apt --include="$packages" \
        --aptopt='Apt::Install-Recommends "false"' --dpkgopt=force-unsafe-io --customize-hook='rm "$1"/etc/ssh/ssh_host_*' \
        --customize-hook="copy-in '$LAB_HOME/system/90_lab.cfg' /etc/cloud/cloud.cfg.d" \
        "$1" "$3/rootfs" - <<<"$sources" >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        die "The system image could not be built." "The last lines of mmdebstrap are above. Usual causes: no way to the package archive, or a full disk."
    fi
    # shellcheck disable=SC2015  # the last two: either says why
    mksquashfs "$3/rootfs" "$2" -comp zstd -Xcompression-level 3 -noappend -no-progress >"$log" 2>&1 && [ -s "$2" ] ||
        { tail -n 20 "$log" >&2; die "The system image could not be packed." "The last lines of mksquashfs are above."; }
}

# Sets SYSTEM_ROOTFS to the file with the root file system, and builds that first where the cache has none of this recipe.
# Two labs may ask at once: one builds, the other waits. What a killed build left is not the cache's, and goes.
ensure_system() {
    local release recipe building
    release=$(. /etc/os-release && [ "${ID:-}" = debian ] && echo "${VERSION_CODENAME:-}")
    [ -n "$release" ] || die "The system image is made of Debian's packages, and this machine's apt is that of $(. /etc/os-release && echo "${PRETTY_NAME:-another system}")." \
        "Use a machine with Debian 12 or 13."
    recipe=$({ declare -f build_system; cat "$LAB_HOME/system/packages" "$LAB_HOME/system/90_lab.cfg"; } | sha256sum)
    SYSTEM_ROOTFS=$LAB_CACHE/$release-$(uname -m)-${recipe:0:12}.squashfs
    lock_dir CACHE_LOCK "$LAB_CACHE"
    if [ ! -e "$SYSTEM_ROOTFS" ]; then
        install_needed mmdebstrap:mmdebstrap mksquashfs:squashfs-tools
        building=$LAB_CACHE/building
        rm -rf --one-file-system "$building"
        mkdir "$building"
        say "building the system image from Debian $release, once for this machine (about a minute)"
        build_system "$release" "$building/rootfs.squashfs" "$building"
        mv "$building/rootfs.squashfs" "$SYSTEM_ROOTFS"
        rm -rf --one-file-system "$building"
    fi
    # Those of older recipes and releases go when nothing has asked for them in a month.
    touch "$SYSTEM_ROOTFS"
    find "$LAB_CACHE" -maxdepth 1 -name '*.squashfs' -mtime +30 -delete
    unlock_dir CACHE_LOCK
}

# Writes the metadata of the image $2 into directory $1, as metadata.tar. All its forms have the root file system in common.
write_system_metadata() {
    local tree=$1/metadata file
    mkdir "$tree"
    {
        printf 'architecture: %s\ncreation_date: 1735689600\nproperties:\n  description: Debian with cloud-init, for tests\n  os: debian\n' "$(uname -m)"
        echo 'templates:'
        printf '  /etc/hostname:\n    when: [create, copy, rename]\n    template: hostname.tpl\n'
        for file in user-data vendor-data meta-data network-config; do
            printf '  /var/lib/cloud/seed/nocloud-net/%s:\n    when: [create, copy]\n    template: %s.tpl\n' "$file" "$file"
        done
        [ "$2" != debian-broken ] || printf '  /etc/cloud/cloud.cfg.d/99_broken.cfg:\n    when: [create]\n    template: broken.tpl\n'
    } >"$tree/metadata.yaml"
    mkdir "$tree/templates"
    cp "$LAB_HOME"/system/*.tpl "$tree/templates"
    tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@1735689600 -C "$tree" -cf "$1/metadata.tar" metadata.yaml templates
}

# Imports the image $2 (debian or debian-broken) into lab $1 by that name, unless it is there.
import_system() {
    local work status SYSTEM_ROOTFS CACHE_LOCK=''
    ! lab_incus "$1" image info "$2" >/dev/null 2>&1 || return 0
    ensure_system
    work=$(mktemp -d "$(dir_of "$1")/image.XXXXXX")
    write_system_metadata "$work" "$2"
    lab_incus "$1" image import "$work/metadata.tar" "$SYSTEM_ROOTFS" --alias "$2" --public >/dev/null
    status=$?
    rm -rf "$work"
    return "$status"
}
