# shellcheck shell=bash
# Starting and stopping the daemon of a lab.

# die_with_log NAME WHAT [MEMBER]: says what went wrong, then the last lines of the daemon's log, and ends.
die_with_log() {
    local log
    log=$(dir_of "$1")/$(of_member incusd.log "${3:-}")
    printf 'lab: error: %s\n' "$2" >&2
    if [ -s "$log" ]; then
        printf 'The last lines of %s:\n' "$log" >&2
        tail -n 20 "$log" | sed 's/^/    /' >&2
    fi
    printf 'lab: Usual causes: %s %s\n' \
        "no rights to make containers or bridges here (inside a container without nesting?), a full disk," "or a missing package (\`lab install\` tells)." >&2
    exit 1
}

# start_daemon NAME [MEMBER...]: starts the daemon and returns when it answers. Members of a cluster answer only when enough of
# them run, so they are started together.
start_daemon() {
    local name=$1 member pid waiter first result
    local -A daemon=() ready=()
    shift
    [ $# -gt 0 ] || set -- m1
    for member in "$@"; do
        launch_daemon "$name" "$member"
        daemon[$member]=$!
        # Not through a function: the process must be the one that $! names, to be ended when the start is given up.
        incus_for "$name" "$member"
        "${INCUS[@]}" admin waitready --timeout="$LAB_TIMEOUT" >/dev/null 2>&1 &
        ready[$member]=$!
    done
    for member in "$@"; do
        pid=${daemon[$member]} waiter=${ready[$member]}
        # Whichever ends first: the wait, or the daemon because it failed.
        wait -n -p first "$waiter" "$pid"
        result=$?
        if [ "$first" = "$pid" ]; then
            kill "${ready[@]}" 2>/dev/null
            die_with_log "$name" "The Incus daemon $(of_lab "$name" "$member") ended with status $result." "$member"
        fi
        [ "$result" = 0 ] || die_with_log "$name" "The Incus daemon $(of_lab "$name" "$member") was not ready within $LAB_TIMEOUT s." "$member"
        disown "$pid"
    done
}

# How messages name a daemon: of lab NAME, or of a member of it.
of_lab() { if [ -n "$(lab_value "$1" members)" ]; then echo "of $2 in lab $1"; else echo "of lab $1"; fi; }

# launch_daemon NAME MEMBER: starts the daemon as a job of this shell.
launch_daemon() {
    local dir incus
    dir=$(dir_of "$1")
    incus=$(incus_dir_of "$1" "$2")
    mkdir -p "$incus" "$dir/conf"
    # A clean environment: an INCUS_* of the user must not reach it; a proxy for image servers may.
    local keep=("PATH=$PATH" "HOME=/root" "LANG=C.UTF-8" "INCUS_DIR=$incus") v
    for v in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
        [ -z "${!v:-}" ] || keep+=("$v=${!v}")
    done
    local ENTER
    enter_for "$1" "$2"
    # It must not inherit the locks, or it would hold them for life.
    (
        unlock_lab
        unlock_root
        exec "${ENTER[@]}" env -i "${keep[@]}" setsid "$(if [ "$(lab_value "$1" incus)" = 7 ]; then echo /usr/libexec/incus/incusd; else incusd_path; fi)" --group root
    ) </dev/null >>"$dir/$(of_member incusd.log "$2")" 2>&1 &
    set_value "$1" "$(of_member pid "$2")" "$!"
}

# hold_network NAME [MEMBER]: gives the lab links, addresses and ports of its own: a process that does nothing holds them, for
# every daemon that the lab or the member will have. Links are seen in /sys too, where each network needs its own view.
hold_network() {
    local sys
    sys=$(dir_of "$1")/$(of_member sys "${2:-}")
    mkdir "$sys"
    # shellcheck disable=SC2016  # for the inner shell
    hold "$1" "$(of_member holder "${2:-}")" "${2:-}" setsid unshare --net --mount sh -ec '
        mount -t sysfs sysfs "$1"
        mount --bind "$1/class/net" /sys/class/net
        mount --bind "$1/devices/virtual/net" /sys/devices/virtual/net
        ip link set lo up
        [ "$2" != 7 ] || mount --make-rshared /
        exec sleep infinity' - "$sys" "$(lab_value "$1" incus)"
}

# hold NAME KEY MEMBER COMMAND...: runs a command that makes namespaces, becomes `sleep`, and so holds them.
hold() {
    local name=$1 key=$2 member=$3
    shift 3
    (
        unlock_lab
        unlock_root
        exec "$@"
    ) </dev/null >>"$(dir_of "$name")/$(of_member incusd.log "$member")" 2>&1 &
    set_value "$name" "$key" "$!:$(start_of "$!")"
    disown "$!"
    # It is ready when it has become what it does.
    while [ "$(program_of "$(held_pid "$name" "$key")")" != sleep ]; do
        held_pid "$name" "$key" >/dev/null || die_with_log "$name" "Lab $name could not be given namespaces of its own." "$member"
        timeout 0.05 tail -f /dev/null || :
    done
}

# end_unnoted NAME [MEMBER]: ends the helpers (dnsmasq, proxies) that the daemon had started and not noted yet when it was killed: they hold
# their ports for ever, and nothing that a client can ask for ends them.
end_unnoted() {
    local dir pid lan
    dir=$(incus_dir_of "$1" "${2:-}")
    lan=$(lan_pid "$1")
    for pid in $(lab_processes "$dir"); do
        [ "$pid" != "$lan" ] || continue
        tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qE '^[^ ]*dnsmasq | forkproxy ' || continue
        grep -qsx "pid: $pid" "$dir"/networks/*/dnsmasq.pid "$dir"/devices/*/proxy.* || end_processes "$pid"
    done
}

# Starts the daemon of lab $1 again, with every network up: one does not come up where a link of another lab vanishes while
# Incus looks at it, and Incus would try again in a minute only.
bring_up() {
    local attempt pid
    for attempt in 1 2 3 4 5 6 7 8 9 10; do
        # Each time: what a killed daemon was just about to run becomes a helper a moment after its end.
        end_unnoted "$1"
        start_daemon "$1"
        lab_incus "$1" query '/1.0/networks?recursion=1' | grep -q '"status": "Unavailable"' || return 0
        pid=$(daemon_pid "$1") || continue
        kill -TERM "$pid"
        wait_gone "$pid"
    done
    die_with_log "$1" "The networks of lab $1 did not come up, $attempt times."
}

# The settings of a fresh daemon: its pool, its bridge and its default profile.
settings() {
    local name=$1 config='' pool cluster=''
    [ -z "$(lab_value "$name" https)" ] || config="core.https_address: $(lab_value "$name" https)"
    [ -z "$(lab_value "$name" members)" ] || cluster='cluster: {server_name: m1, enabled: true}'
    pool="driver: $(lab_value "$name" pool)"
    [ -z "$(lab_value "$name" pool_size)" ] || pool+=", config: {size: $(lab_value "$name" pool_size)}"
    cat <<EOF
config:
  images.auto_update_interval: "0"
  $config
storage_pools:
- {name: default, $pool}
networks:
- name: $(lab_value "$name" bridge)
  type: bridge
  config: {ipv4.address: $(lab_value "$name" gateway)/24, ipv4.nat: "true", ipv6.address: none}
profiles:
- name: default
  devices:
    root: {type: disk, path: /, pool: default}
    eth0: {type: nic, name: eth0, network: $(lab_value "$name" bridge)}
$cluster
EOF
}

initialise() {
    local name=$1 deadline=$((SECONDS + LAB_TIMEOUT)) message
    while ! message=$(settings "$name" | lab_incus "$name" admin init --preseed 2>&1); do
        # While it makes a bridge, Incus 6.0 looks at every link of the machine, one by one, and fails when one that another lab
        # has just removed is gone. It leaves nothing half made: the next attempt may be luckier.
        if [[ $message != *'bridge children interfaces'*'does not exist'* ]] || [ "$SECONDS" -ge "$deadline" ]; then
            printf '%s\n' "$message" >&2
            die_with_log "$name" "Incus did not accept the settings of lab $name."
        fi
    done
}

# Stops the instances and the daemon of lab $1 in good order, if it answers.
shut_down() {
    local pid
    # The last members of a cluster would wait for those that have ended: all of it is swept instead.
    [ -z "$(lab_value "$1" members)" ] || return 0
    pid=$(daemon_pid "$1") || return 0
    incus_for "$1"
    if timeout "$LAB_TIMEOUT" "${INCUS[@]}" admin shutdown --force >/dev/null 2>&1; then
        wait_gone "$pid"
    fi
}
