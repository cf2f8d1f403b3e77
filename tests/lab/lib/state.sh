# shellcheck shell=bash
# Where labs live, who may touch them, and what is known about each.
#
# $LAB_ROOT/NAME/
#   lab.conf   what this lab claims (number, boot, port, ...): written before anything is made, so that a crash can be swept
#   env        the lines of `lab env`: written last; without it the lab never came up
#   killed     the daemon was ended by `lab kill`, and is to be brought back by `lab restart`
#   incus/     INCUS_DIR    conf/  INCUS_CONF    incusd.log
# What a cluster keeps for a further member bears its name: incus.m2/, incusd.log.m2, killed.m2, and pid.m2 in lab.conf.
#
# The locks are on the directories themselves, so that they leave no files: the root's while names are handed out, a lab's
# while it is started, stopped or swept. The root's may be held while a lab's is tried, never while it is waited for.

dir_of() { echo "$LAB_ROOT/$1"; }

# The process that owns the boot: after a reboot no process, mount or link of an old lab can be left.
boot_id() { cat /proc/sys/kernel/random/boot_id; }

# lab_value NAME KEY: a value from lab.conf, empty when there is none.
lab_value() { sed -n "s/^$2=//p" "$(dir_of "$1")/lab.conf" 2>/dev/null; }

# The daemons of lab $1: the members of a cluster, or the only one.
members_of() {
    local members
    members=$(lab_value "$1" members)
    echo "${members:-m1}"
}

# of_member WORD [MEMBER]: the name under which WORD is kept for a member. The first one's is plain, since most labs have no other.
of_member() { [ "${2:-m1}" = m1 ] && echo "$1" || echo "$1.$2"; }

# incus_dir_of NAME [MEMBER]
incus_dir_of() { echo "$(dir_of "$1")/$(of_member incus "${2:-}")"; }

lab_names() {
    local d
    for d in "$LAB_ROOT"/*/; do
        [ ! -d "$d" ] || basename "$d"
    done
}

# lock_dir VARIABLE DIRECTORY [-n]: flocks the directory, makes it first if need be, opens it as VARIABLE; with -n fails at once.
lock_dir() {
    local -n lock_fd=$1
    while :; do
        mkdir -p "$2"
        exec {lock_fd}<"$2" || continue
        flock ${3:+"$3"} "$lock_fd" || { unlock_dir "$1"; return 1; }
        # Whoever held it before may have removed it: then this is the lock of nothing.
        [ ! "/proc/self/fd/$lock_fd" -ef "$2" ] || return 0
        unlock_dir "$1"
    done
}

# Gives up the lock that VARIABLE holds, if it holds one.
unlock_dir() {
    local -n unlock_fd=$1
    [ -n "${unlock_fd:-}" ] || return 0
    exec {unlock_fd}<&-
    unlock_fd=''
}

ROOT_LOCK='' LAB_LOCK='' CLAIMS_LOCK=''
lock_root() { [ -n "$ROOT_LOCK" ] || lock_dir ROOT_LOCK "$LAB_ROOT"; }
unlock_root() { unlock_dir ROOT_LOCK; }
lock_lab() { lock_dir LAB_LOCK "$(dir_of "$1")" "${2:-}"; }
unlock_lab() { unlock_dir LAB_LOCK; }

# The name of a process's program; fails for one that has ended, collected or not.
program_of() {
    local exe
    exe=$(readlink "/proc/$1/exe" 2>/dev/null) && basename "${exe% (deleted)}"
}

has_incus_dir() { { tr '\0' '\n' <"/proc/$1/environ" | grep -qxF "INCUS_DIR=$2"; } 2>/dev/null; }

# daemon_pid NAME [MEMBER]: the id of the lab's daemon, if it runs.
daemon_pid() {
    local pid
    pid=$(lab_value "$1" "$(of_member pid "${2:-}")")
    [ -n "$pid" ] && [ "$(program_of "$pid")" = incusd ] && has_incus_dir "$pid" "$(incus_dir_of "$1" "${2:-}")" && echo "$pid"
}

# The first member of lab $1 whose daemon runs.
running_member() {
    local member
    for member in $(members_of "$1"); do
        ! daemon_pid "$1" "$member" >/dev/null || { echo "$member"; return; }
    done
    return 1
}

# A process's start in clock ticks since the boot: with its id it names the process for good.
start_of() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }

# holder_pid NAME [MEMBER]: the id of the process that holds the network of the lab's own, if it has one.
holder_pid() { held_pid "$1" "$(of_member holder "${2:-}")"; }

# held_pid NAME KEY: the id of the process that lab.conf names as KEY, if it is still there.
held_pid() {
    local holder
    holder=$(lab_value "$1" "$2")
    [ -n "$holder" ] && [ "$(start_of "${holder%:*}")" = "${holder#*:}" ] && echo "${holder%:*}"
}

# enter_for NAME [MEMBER]: sets ENTER to what a command begins with that runs where the daemon does.
enter_for() {
    local pid
    ENTER=()
    if pid=$(root_pid "$1" "${2:-}"); then
        # shellcheck disable=SC2016  # for the inner shell
        ENTER=(nsenter --target "$pid" --net --mount sh -c 'cd "$0" 2>/dev/null; exec "$@"' "$PWD")
    elif pid=$(holder_pid "$1" "${2:-}"); then
        ENTER=(nsenter --target "$pid" --net --mount)
    fi
}

owner_gone() {
    local owner
    owner=$(lab_value "$1" owner)
    [ -n "$owner" ] && [ "$(start_of "${owner%:*}")" != "${owner#*:}" ]
}

# running | killed | stale: stale is what a crash left, of the machine, of the daemon, of `lab start` or of the lab's owner.
# A cluster runs while a member does, as long as the others were ended by `lab kill`.
status_of() {
    local dir member status=killed
    dir=$(dir_of "$1")
    if [ ! -e "$dir/env" ] || [ "$(lab_value "$1" boot)" != "$(boot_id)" ] || owner_gone "$1"; then
        status=stale
    else
        for member in $(members_of "$1"); do
            if daemon_pid "$1" "$member" >/dev/null; then
                status=running
            elif [ ! -e "$dir/$(of_member killed "$member")" ]; then
                status=stale
                break
            fi
        done
    fi
    echo "$status"
}

# incus_for NAME [MEMBER]: sets INCUS to the incus command for it: whatever the caller's own environment says, it reaches no
# other daemon.
incus_for() {
    local dir ENTER=()
    dir=$(incus_dir_of "$1" "${2:-}")
    # A server's own client knows all that the server does.
    [ "$(lab_value "$1" incus)" != 7 ] || enter_for "$1" "${2:-}"
    INCUS=("${ENTER[@]}" env -u INCUS_PROJECT -u INCUS_REMOTE INCUS_DIR="$dir" INCUS_SOCKET="$dir/unix.socket" INCUS_CONF="$(dir_of "$1")/conf" incus)
}

# lab_incus NAME ARG...: of a cluster the first member that runs is asked.
lab_incus() {
    incus_for "$1" "$(running_member "$1")"
    shift
    "${INCUS[@]}" "$@"
}
