# shellcheck shell=bash
# Where labs live, who may touch them, and what is known about each.
#
# $LAB_ROOT/NAME/
#   lab.conf   what this lab claims (number, boot, port, ...): written before anything is made, so that a crash can be swept
#   env        the lines of `lab env`: written last; without it the lab never came up
#   killed     the daemon was ended by `lab kill`, and is to be brought back by `lab restart`
#   incus/     INCUS_DIR    conf/  INCUS_CONF    incusd.log
#
# The locks are on the directories themselves, so that they leave no files: the root's while names are handed out, a lab's
# while it is started, stopped or swept. The root's may be held while a lab's is tried, never while it is waited for.

dir_of() { echo "$LAB_ROOT/$1"; }

# The process that owns the boot: after a reboot no process, mount or link of an old lab can be left.
boot_id() { cat /proc/sys/kernel/random/boot_id; }

# lab_value NAME KEY: a value from lab.conf, empty when there is none.
lab_value() { sed -n "s/^$2=//p" "$(dir_of "$1")/lab.conf" 2>/dev/null; }

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

# The id of the lab's daemon, if it runs.
daemon_pid() {
    local pid
    pid=$(lab_value "$1" pid)
    [ -n "$pid" ] && [ "$(program_of "$pid")" = incusd ] && has_incus_dir "$pid" "$(dir_of "$1")/incus" && echo "$pid"
}

# A process's start in clock ticks since the boot: with its id it names the process for good.
start_of() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }

# The id of the process that holds the lab's own network, if it has one.
holder_pid() {
    local holder
    holder=$(lab_value "$1" holder)
    [ -n "$holder" ] && [ "$(start_of "${holder%:*}")" = "${holder#*:}" ] && echo "${holder%:*}"
}

owner_gone() {
    local owner
    owner=$(lab_value "$1" owner)
    [ -n "$owner" ] && [ "$(start_of "${owner%:*}")" != "${owner#*:}" ]
}

# running | killed | stale: stale is what a crash left, of the machine, of the daemon, of `lab start` or of the lab's owner.
status_of() {
    local dir
    dir=$(dir_of "$1")
    if [ ! -e "$dir/env" ] || [ "$(lab_value "$1" boot)" != "$(boot_id)" ] || owner_gone "$1"; then
        echo stale
    elif daemon_pid "$1" >/dev/null; then
        echo running
    elif [ -e "$dir/killed" ]; then
        echo killed
    else
        echo stale
    fi
}

# Sets INCUS to the incus command for lab $1: whatever the caller's own environment says, it reaches no other daemon.
incus_for() {
    local dir
    dir=$(dir_of "$1")
    INCUS=(env -u INCUS_PROJECT -u INCUS_REMOTE INCUS_DIR="$dir/incus" INCUS_SOCKET="$dir/incus/unix.socket" INCUS_CONF="$dir/conf" incus)
}

# lab_incus NAME ARG...
lab_incus() {
    incus_for "$1"
    shift
    "${INCUS[@]}" "$@"
}
