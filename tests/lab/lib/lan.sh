# shellcheck shell=bash
# A LAN beside the lab's bridge: a veth pair whose far end lies in a network of its own with a DHCP server, as a router would
# be. A macvlan NIC on the near end is a machine of that LAN, which the host does not reach, as on real hardware.

# The id of the DHCP server, in whose network the LAN is; it ends with it.
lan_pid() {
    local lan
    lan=$(lab_value "$1" lan)
    [ -n "$lan" ] && [ "$(start_of "${lan%:*}")" = "${lan#*:}" ] && echo "${lan%:*}"
}

# Links have the lab's number in their name, like its bridge.
lan_link() { echo "lan$(lab_value "$1" number)"; }

# No lab has these on a bridge, and the host has no address in them.
lan_prefix() { echo "10.221.$(lab_value "$1" number)"; }

# Gives lab $1 its LAN, if it has none.
make_lan() {
    local dir pid near=$$ prefix
    ! lan_pid "$1" >/dev/null || return 0
    dir=$(dir_of "$1")/lan
    prefix=$(lan_prefix "$1")
    [ -z "$(lab_value "$1" holder)" ] || near=$(holder_pid "$1")
    rm -rf "$dir"
    mkdir "$dir"
    # With the lab's INCUS_DIR it is one of the lab's processes for the sweep, whatever happens here.
    # shellcheck disable=SC2016  # for the inner shell
    (
        unlock_lab
        unlock_root
        INCUS_DIR=$(dir_of "$1")/incus exec setsid unshare --net sh -ec '
            near=$1 link=$2 prefix=$3
            ip link set lo up
            ip link add eth0 type veth peer name "$link" netns "$near"
            nsenter --target "$near" --net ip link set "$link" up
            ip address add "$prefix.1/24" dev eth0
            ip link set eth0 up
            cd "$4"
            # Option 3 without a value: it is no way out.
            exec dnsmasq --conf-file= --keep-in-foreground --user=root --pid-file="$4/pid" --log-facility="$4/log" \
                --interface=eth0 --bind-interfaces --no-resolv --no-hosts --domain=lan --no-ping --dhcp-authoritative \
                --dhcp-range="$prefix.100,$prefix.250" --dhcp-option=3 --dhcp-leasefile="$4/leases"' - \
            "$near" "$(lan_link "$1")" "$prefix" "$dir"
    ) </dev/null >"$dir/errors" 2>&1 &
    pid=$!
    set_value "$1" lan "$pid:$(start_of "$pid")"
    disown "$pid"
    # It writes its id when it listens.
    until [ -s "$dir/pid" ]; do
        lan_pid "$1" >/dev/null || die "Lab $1 could not be given a LAN: $(cat "$dir/errors" "$dir/log" 2>/dev/null)"
        timeout 0.05 tail -f /dev/null || :
    done
    write_env "$1"
}
