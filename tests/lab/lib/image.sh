# shellcheck shell=bash
# The tiny image: Debian's busybox-static and the scripts in image/, in one tar file that Incus imports.

# Writes what every image of the lab is made of to $1/rootfs.
build_tree() {
    local tree=$1 applet
    rm -rf "$tree"
    mkdir -p "$tree"/rootfs/{bin,sbin,lib,etc,proc,sys,dev,tmp,run,root,srv/hello/cgi-bin,var/log}
    chmod 1777 "$tree/rootfs/tmp"
    install -m 0755 "$(command -v busybox)" "$tree/rootfs/bin/busybox"
    for applet in $(busybox --list); do
        [ "$applet" = busybox ] || ln -s busybox "$tree/rootfs/bin/$applet"
    done
    install -m 0755 "$LAB_HOME/image/init" "$tree/rootfs/sbin/init"
    install -m 0755 "$LAB_HOME/image/hotplug" "$LAB_HOME/image/dhcp" "$tree/rootfs/lib/"
    install -m 0755 "$LAB_HOME/image/kv" "$tree/rootfs/bin/kv"
    install -m 0755 "$LAB_HOME/image/hello.cgi" "$tree/rootfs/srv/hello/cgi-bin/index.cgi"
    printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$tree/rootfs/etc/passwd"
    printf 'root:x:0:\nnogroup:x:65534:\n' >"$tree/rootfs/etc/group"
    printf '127.0.0.1 localhost\n::1 localhost\n' >"$tree/rootfs/etc/hosts"
}

# Writes the image to $1/busybox.tar. The same busybox gives the same bytes, and so the same fingerprint.
build_image() {
    local tree=$1/busybox
    build_tree "$tree"
    cat >"$tree/metadata.yaml" <<EOF
architecture: $(uname -m)
creation_date: 1735689600
properties:
  description: busybox, for tests
  os: busybox
templates:
  /etc/hostname:
    when: [create, copy, start]
    template: hostname.tpl
EOF
    mkdir "$tree/templates"
    echo '{{ container.name }}' >"$tree/templates/hostname.tpl"
    tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@1735689600 -C "$tree" -cf "$1/busybox.tar" metadata.yaml templates rootfs
    rm -rf "$tree"
}

# Builds the image and imports it into lab $1 as `busybox`, unless it is there; anyone who reaches the lab may copy it.
import_image() {
    local dir status
    ! lab_incus "$1" image info busybox >/dev/null 2>&1 || return 0
    # In the lab's directory, so that it goes with the lab if this is the last thing that happens to it.
    dir=$(dir_of "$1")
    build_image "$dir"
    lab_incus "$1" image import "$dir/busybox.tar" --alias busybox --public >/dev/null
    status=$?
    rm -f "$dir/busybox.tar"
    return "$status"
}
