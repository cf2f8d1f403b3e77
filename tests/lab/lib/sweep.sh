# shellcheck shell=bash
# Taking away what a lab made, whatever state it is in: the same path for a stopped lab and for one that crashed.

# Prints the id of every process of the lab whose INCUS_DIR is $1: the daemon, its dnsmasq, proxies and container monitors.
# Judged by program and directory together: a shell that merely has the lab's environment is none of them.
lab_processes() {
    local proc program
    find /proc -maxdepth 2 -path '/proc/[0-9]*/exe' -printf '%h %l\n' 2>/dev/null | while read -r proc program; do
        case ${program% (deleted)} in
        */incusd | */dnsmasq | */docker-registry)
            if has_incus_dir "${proc#/proc/}" "$1" || { tr '\0' ' ' <"$proc/cmdline" | grep -qF -- "$1/"; } 2>/dev/null; then
                echo "${proc#/proc/}"
            fi
            ;;
        esac
    done
}

children_of() { cat /proc/"$1"/task/*/children 2>/dev/null; }

# Ends the processes $@ and waits until they are gone.
end_processes() {
    local pid
    [ $# -gt 0 ] || return 0
    kill -KILL "$@" 2>/dev/null
    for pid in "$@"; do wait_gone "$pid"; done
}

# Waits until a process that is not our child has ended; one that nobody has collected yet (it has no program) counts as ended.
wait_gone() {
    local deadline=$((SECONDS + LAB_TIMEOUT))
    while program_of "$1" >/dev/null; do
        [ "$SECONDS" -lt "$deadline" ] || die "Process $1 did not end within $LAB_TIMEOUT s, not even by SIGKILL."
        # tail waits for the id to vanish, which takes as long as somebody leaves it uncollected.
        timeout 0.2 tail -s 0.01 --pid "$1" -f /dev/null || :
    done
}

sweep_processes() {
    local incus_dir=$1 pid child cgroups='' inits=() pids
    # Containers first: the first child of a monitor is process 1 of a container, and takes all of the container with it.
    while :; do
        pids=$(lab_processes "$incus_dir")
        [ -n "$pids" ] || break
        # shellcheck disable=SC2086  # a list of ids
        cgroups+=$(for pid in $pids; do
            for child in $pid $(children_of "$pid"); do sed 's/^[0-9]*:[^:]*://' "/proc/$child/cgroup" 2>/dev/null; done
        done | grep '/lxc\.' | sort -u)$'\n'
        for pid in $pids; do
            if tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q '^\[lxc monitor\]'; then
                # shellcheck disable=SC2207
                inits+=($(children_of "$pid"))
            fi
        done
        # shellcheck disable=SC2086
        end_processes $pids "${inits[@]}"
    done
    # The groups that a monitor would have removed at its end.
    local group
    sort -u <<<"$cgroups" | while read -r group; do
        [ -n "$group" ] || continue
        find /sys/fs/cgroup -depth -type d -path "/sys/fs/cgroup*$group*" -exec rmdir {} + 2>/dev/null
    done
    return 0
}

sweep_mounts() {
    local point
    awk '{ print $5 }' /proc/self/mountinfo | while read -r point; do printf '%b\n' "$point"; done |
        awk -v under="$1/" 'index($0, under) == 1' | tac | while read -r point; do
        umount "$point" 2>/dev/null || umount -l "$point" 2>/dev/null
    done
    local device
    losetup --list --noheadings --raw --output NAME,BACK-FILE | while read -r device point; do
        case $(printf '%b' "$point") in "$1"/*) losetup --detach "$device" ;; esac
    done
    return 0
}

# The links are those of the lab's networks, and of containers that stopped while there was no daemon to take their cards
# away; the networks' rules sit in chains that end in the link's name.
sweep_links() {
    local link table chain
    # shellcheck disable=SC2013  # names without spaces
    for link in $(sed -n 's/^lxc\.net\.[0-9]*\.link = //p' "$1"/run/*/lxc.conf 2>/dev/null); do
        [ ! -e "/sys/class/net/$link" ] || ip link delete "$link"
    done
    for link in $(ls "$1/networks" 2>/dev/null) $2; do
        [ ! -e "/sys/class/net/$link" ] || ip link delete "$link"
        for table in "inet incus" "bridge incus"; do
            # shellcheck disable=SC2086  # family and name
            nft list table $table 2>/dev/null | sed -n "s/^\tchain \(.*\.$link\) {/\1/p" | while read -r chain; do
                nft delete chain $table "$chain"
            done
        done
    done
    return 0
}

# Gives the number of lab $1 back. After the last lab the tables go too, and what liblxc made for all of them.
drop_claim() {
    local number table
    number=$(lab_value "$1" number)
    [ -n "$number" ] || return 0
    lock_dir CLAIMS_LOCK "$CLAIMS"
    [ "$(readlink "$CLAIMS/$number")" != "$(dir_of "$1")" ] || rm "$CLAIMS/$number"
    if rmdir "$CLAIMS" 2>/dev/null; then
        # No lab has a number, so none can be adding rules just now. The machine's own Incus may have a table in use.
        for table in "inet incus" "bridge incus"; do
            # shellcheck disable=SC2086  # family and name
            if [ "$(nft list table $table 2>/dev/null)" = "table $table {"$'\n}' ]; then
                nft delete table $table
            fi
        done
        find /sys/fs/cgroup -maxdepth 2 -name lxc.pivot -exec rmdir {} + 2>/dev/null
    fi
    unlock_dir CLAIMS_LOCK
}

# Takes away everything of lab $1 but its directory, which is left empty. Needs the lab's lock.
sweep_lab() {
    local dir member
    dir=$(dir_of "$1")
    # Nothing but files outlives a reboot, and a link of an old name may be somebody else's now.
    if [ "$(lab_value "$1" boot)" = "$(boot_id)" ]; then
        drop_switch "$1"
        for member in $(members_of "$1"); do
            sweep_processes "$(incus_dir_of "$1" "$member")"
            # With it go the links, rules and mounts that only it could see.
            # shellcheck disable=SC2046  # ids, or none
            end_processes $(root_pid "$1" "$member") $(holder_pid "$1" "$member")
        done
        sweep_mounts "$dir"
        # The members of a cluster have all of theirs in networks of their own. What the machine has by a name that a lab has in
        # a network of its own is another lab's.
        [ -n "$(lab_value "$1" own_network)" ] || sweep_links "$dir/incus" "$(lab_value "$1" bridge) $(lan_link "$1")"
        rm -rf "/run/lxc/lock$dir"
        (cd /run/lxc/lock 2>/dev/null && rmdir -p ".$LAB_ROOT" 2>/dev/null)
    fi
    drop_claim "$1"
    # A mount that could not be taken away must not be emptied.
    find "$dir" -xdev -mindepth 1 -delete ||
        die "Lab $1 could not be taken away completely: $dir" "Something still holds it: see \`grep $dir /proc/mounts\` and \`fuser -vm $dir\`, then run \`lab stop $1\` again."
}

# Removes the empty directory of a lab that was swept, and the root after the last one. Needs the lab's lock, and gives it up.
drop_lab() {
    lock_root
    rmdir "$(dir_of "$1")"
    rmdir "$LAB_ROOT" 2>/dev/null
    unlock_lab
    unlock_root
}

# Sweeps every stale lab that nobody works on just now.
sweep_stale() {
    local name
    for name in $(lab_names); do
        [ "$(status_of "$name")" = stale ] || continue
        lock_lab "$name" -n || continue
        # Locked now: it may have changed since.
        if [ "$(status_of "$name")" = stale ]; then
            say "sweeping lab $name, left over from a crash"
            sweep_lab "$name"
            drop_lab "$name"
        else
            unlock_lab
        fi
    done
}
