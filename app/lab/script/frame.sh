#!/bin/sh
#: title
#
# The network of this journey in network namespaces of your own Linux machine.  Each command is what a component of a
# cluster does there, by command or by netlink; the line above says which component, and what for.  Read, then run:
#
#   sudo sh lab.sh              up, probe, down
#   sudo sh lab.sh up           build the machines, start their servers
#   sudo sh lab.sh probe        send what the journey sends, print what comes back
#   sudo sh lab.sh down         remove what `up` made, and nothing else
#
# Without root: `unshare -Urnm sh lab.sh`, or `unshare -Urnm` for a shell with a network of its own, and go on there.
# Between `up` and `down`, step into a machine with `ip netns exec NAME sh`, and look: `ip route`, `tcpdump -ni any`.
# It takes iproute2, iptables, procps and python3; the kernel's bridge, br_netfilter and vxlan where they are used.
set -eu

#: constants
LAB=/run/pj-lab # only root writes /run, so nobody else's files can be met there

# ── The machines ─────────────────────────────────────────────────────────────────────────────────────────────────────
# A network namespace is a network stack of one's own: devices, routes, neighbours, rules, sockets.  That is all that
# tells one machine from another here, and all that tells a pod from its node anywhere.

machines() {
    [ -e /proc/sys/net/bridge ] || modprobe br_netfilter
    for machine in $MACHINES; do
        ip netns add "$machine"
        echo "$machine" >>"$LAB/machines"
    done

#: sysctls
}

# ── The cables ───────────────────────────────────────────────────────────────────────────────────────────────────────

cables() {
#: cables
}

#: configuration
# ── The programs ─────────────────────────────────────────────────────────────────────────────────────────────────────

programs() {
    cat >"$LAB/ends.py" <<'PYTHON'
#: ends.py
PYTHON
}

# ── The servers ──────────────────────────────────────────────────────────────────────────────────────────────────────

servers() {
#: servers
}

serve() { # serve MACHINE WORD...: a server that listens when this returns
    machine=$1
    shift
    ip netns exec "$machine" python3 "$LAB/ends.py" serve "$@" >>"$LAB/servers"
}

#: breaks
# ── The probe ────────────────────────────────────────────────────────────────────────────────────────────────────────

probe() {
#: probes
}

ask() { # ask MACHINE tcp|udp|icmp ADDRESS PORT SECONDS: sends its input there, prints what comes back, or why nothing does
    machine=$1
    shift
    ip netns exec "$machine" python3 "$LAB/ends.py" ask "$@" || true
}

# ── Up and down ──────────────────────────────────────────────────────────────────────────────────────────────────────

up() {
    refuse_to_overwrite
    mkdir "$LAB"
    : >"$LAB/machines" >"$LAB/servers"
    trap down EXIT # half a network is none
    machines
    cables
    configuration
    settle
    programs
    servers
#: break
    trap - EXIT
}

refuse_to_overwrite() {
    for made in "$LAB" $(for machine in $MACHINES; do echo "/run/netns/$machine"; done); do
        if [ -e "$made" ]; then
            fail "$made is there already; if it is of an earlier run: sh $0 down"
        fi
    done
}

settle() { # a bridge forwards to a port only when the kernel's link watch has seen its carrier
    for machine in $MACHINES; do
        tries=500
        while ip -n "$machine" -brief link | grep LOWER_UP | grep -qvE ' (UP|UNKNOWN) '; do
            tries=$((tries - 1))
            [ "$tries" -gt 0 ] || fail "a device of $machine has no carrier"
            sleep 0.01
        done
    done
}

down() {
    if [ -d "$LAB" ]; then
        while read -r machine; do
            for process in $(ip netns pids "$machine"); do
                if grep -qx "$process" "$LAB/servers"; then # not somebody's shell
                    kill "$process"
                fi
            done
            ip netns delete "$machine"
        done <"$LAB/machines"
        rm -r "$LAB"
    fi
    if in_user_namespace; then
        umount -R /run
    fi
}

own_run() { # in a user namespace /run is somebody else's: cover it with one's own
    if in_user_namespace && ! grep -q '^lab /run ' /proc/self/mounts; then
        mount -n -t tmpfs lab /run
    fi
}

in_user_namespace() {
    ! grep -qE '^ *0 +0 +4294967295$' /proc/self/uid_map
}

fail() {
    echo "$0: $1" >&2
    exit 1
}

[ "$(id -u)" = 0 ] || fail "must be root, or have a network of its own: unshare -Urnm sh $0"
trap 'exit 130' INT
trap 'exit 143' TERM
case ${1-all} in
up)
    own_run
    up
    ;;
probe)
    [ -d "$LAB" ] || fail "there is nobody to ask yet: sh $0 up"
    probe
    ;;
down)
    own_run
    down
    ;;
all)
    own_run
    up
    trap down EXIT
    probe
    ;;
*)
    echo "usage: sh $0 [up | probe | down]" >&2
    exit 2
    ;;
esac
