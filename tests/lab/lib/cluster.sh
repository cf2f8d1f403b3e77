# shellcheck shell=bash
# A cluster: daemons m1, m2, ... each with its own INCUS_DIR, pool, and network of its own, since a bridge of Incus has the
# same name on every member. The members are joined by a switch, as machines in a rack are, and the host has an end at it too:
#   10.222.NUMBER.1 the host, .11 m1, .12 m2, ...
# The switch lies in a further network, so that of a whole cluster the host sees one link.

# Links have the lab's number in their name, like its bridge.
switch_link() { echo "clu$(lab_value "$1" number)"; }

# member_address NAME MEMBER: where the member listens.
member_address() { echo "10.222.$(lab_value "$1" number).1${2#m}:8443"; }

# Takes the switch of lab $1 away, if it has one. The host's end first: nobody knows when the kernel gets round to it.
drop_switch() {
    local link
    link=$(switch_link "$1")
    [ ! -e "/sys/class/net/$link" ] || ip link delete "$link"
    # shellcheck disable=SC2046  # one id or none
    end_processes $(holder_pid "$1" switch)
}

# Gives each member of lab $1 its network, and joins them.
make_switch() {
    local switch member holder prefix
    prefix=10.222.$(lab_value "$1" number)
    hold_network "$1" switch
    switch=$(holder_pid "$1" switch)
    (
        set -e
        nsenter --target "$switch" --net ip link add switch up type bridge
        ip link add "$(switch_link "$1")" type veth peer name host netns "$switch"
        ip address add "$prefix.1/24" dev "$(switch_link "$1")"
        ip link set "$(switch_link "$1")" up
        nsenter --target "$switch" --net ip link set host master switch up
    ) || die "The switch of lab $1 could not be made." "See the message above."
    for member in $(members_of "$1"); do
        hold_network "$1" "$member"
        holder=$(holder_pid "$1" "$member")
        (
            set -e
            nsenter --target "$switch" --net ip link add "$member" type veth peer name eth0 netns "$holder"
            nsenter --target "$switch" --net ip link set "$member" master switch up
            nsenter --target "$holder" --net ip address add "$prefix.1${member#m}/24" dev eth0
            nsenter --target "$holder" --net ip link set eth0 up
            nsenter --target "$holder" --net ip route add default via "$prefix.1"
        ) || die "Member $member of lab $1 could not be joined to its switch." "See the message above."
    done
}

# What makes a fresh daemon the member $2 of lab $1: $3 is its token. Pool and network are the cluster's.
member_settings() {
    cat <<EOF
cluster:
  enabled: true
  server_name: $2
  server_address: $(member_address "$1" "$2")
  cluster_token: $3
  member_config:
  - {entity: storage-pool, name: default, key: source, value: ""}
EOF
    [ -z "$(lab_value "$1" pool_size)" ] || echo "  - {entity: storage-pool, name: default, key: size, value: $(lab_value "$1" pool_size)}"
}

# Makes members of the daemons of lab $1 that are not the first, one after another as Incus wants it.
join_members() {
    local member token INCUS
    # As short as it may be: a member that was killed counts as gone after so many seconds. Before there is a cluster, the daemon
    # would crash on it.
    lab_incus "$1" config set cluster.offline_threshold=11 || die_with_log "$1" "Lab $1 did not become a cluster."
    for member in $(members_of "$1"); do
        [ "$member" != m1 ] || continue
        token=$(lab_incus "$1" cluster add "$member" --quiet) || die_with_log "$1" "The first member of lab $1 gave no token for $member."
        incus_for "$1" "$member"
        member_settings "$1" "$member" "$token" | "${INCUS[@]}" admin init --preseed ||
            die_with_log "$1" "Member $member could not join the cluster of lab $1." "$member"
    done
}

# await_members NAME MEMBER...: returns when every member that runs reaches those again, which it tries every ten seconds.
await_members() {
    local name=$1 deadline=$((SECONDS + LAB_TIMEOUT)) asked member INCUS
    shift
    for asked in $(members_of "$name"); do
        daemon_pid "$name" "$asked" >/dev/null || continue
        incus_for "$name" "$asked"
        for member in "$@"; do
            until "${INCUS[@]}" query "/1.0?target=$member" >/dev/null 2>&1; do
                [ "$SECONDS" -lt "$deadline" ] || die "Member $asked of lab $name did not reach $member within $LAB_TIMEOUT s."
                timeout 0.1 tail -f /dev/null || :
            done
        done
    done
}
