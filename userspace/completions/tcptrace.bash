# SPDX-License-Identifier: GPL-2.0
# bash completion for tcptrace(8).

# Completes the last item of a comma-separated list from the words given. Not by compgen -W, which expands its words:
# a process can call itself $(reboot).
_tcptrace_list() {
    local prefix= item=${cur##*,} word quoted
    [[ $cur == *,* ]] && prefix=${cur%,*},
    COMPREPLY=()
    for word in "$@"; do
        if [[ $word == "$item"* ]]; then
            printf -v quoted %q "$word"
            COMPREPLY+=("$prefix$quoted")
        fi
    done
    compopt -o nospace
}

_tcptrace_value() {
    local words
    case $1 in
        -p | --pid)
            mapfile -t words < <(cd /proc && printf '%s\n' [0-9]*)
            _tcptrace_list "${words[@]}"
            ;;
        --comm)
            mapfile -t words < <(cat /proc/[0-9]*/comm 2>/dev/null | sort -u)
            _tcptrace_list "${words[@]}"
            ;;
        --netns)
            mapfile -t words < <(ls /run/netns 2>/dev/null)
            _tcptrace_list "${words[@]}" pid:
            ;;
        --cgroup) mapfile -t COMPREPLY < <(compgen -d -- "${cur:-/sys/fs/cgroup/}") ;;
        -e | --events) _tcptrace_list reset retransmit failure accept connect close state all ;;
        --state)
            _tcptrace_list established syn_sent syn_recv fin_wait1 fin_wait2 time_wait close close_wait last_ack \
                listen closing
            ;;
        --source)
            # Of stress they are addresses.
            COMPREPLY=()
            [[ ${COMP_WORDS[1]} == stress ]] || mapfile -t COMPREPLY < <(compgen -W 'auto iter netlink' -- "$cur")
            ;;
        --profile) mapfile -t COMPREPLY < <(compgen -W 'web proxy low-memory' -- "$cur") ;;
        --root) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
        --attach) mapfile -t COMPREPLY < <(compgen -W 'auto fentry tp kprobe' -- "$cur") ;;
        -m | --mode)
            if [[ ${COMP_WORDS[1]} == generate ]]; then
                mapfile -t COMPREPLY < <(compgen -W 'http tcp' -- "$cur")
            else
                mapfile -t COMPREPLY < <(compgen -W 'echo discard http' -- "$cur")
            fi
            ;;
        --proxy-protocol) mapfile -t COMPREPLY < <(compgen -W 'send accept both' -- "$cur") ;;
        --close) mapfile -t COMPREPLY < <(compgen -W 'fin rst half-close' -- "$cur") ;;
        --color) mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur") ;;
        -o | --output | -w | --write | --config) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        -P | --port | -L | --localport | -D | --remoteport | --addr | -d | --duration | -c | --count | \
            --ring-size | --max-connections | --history | --history-interval | --history-memory | \
            -i | --interval | -t | --threads | --body | --backlog | --accept-delay | --read-rate | --respond-delay | \
            --idle-timeout | --close-after | --fail-rate | --timeout | --send | --http | \
            -n | --total | -r | --rate | --connections | --payload | --requests | --hold | --connect-timeout | \
            --keepalive | --user-timeout | \
            --backend | --backend-keepalive | --probe-limit | --watch-backends | --health-check | --keepalive-pool | \
            --pool-idle | --listen | --client-idle | --response-timeout | --retries | --top) COMPREPLY=() ;;
        --exec) mapfile -t COMPREPLY < <(compgen -c -- "$cur") ;;
        *) return 1 ;;
    esac
}

_tcptrace() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    local filters='--pid --comm --cgroup --netns --port --localport --remoteport --addr --ipv4 --ipv6'
    local output='--json --output --no-header --color --verbose'
    local options="$filters --events --duration --count $output --write --attach --ring-size --max-connections
        --history --history-interval --history-memory --source --help --version"
    local words="trace replay snapshot check drill stress serve probe analyze pools monitor report tune generate
        completion $options"
    COMPREPLY=()
    ((COMP_CWORD > 1)) && words=$options
    case ${COMP_WORDS[1]} in
        replay) ((COMP_CWORD > 1)) && words="$filters --events --count $output --help --version" ;;
        snapshot)
            ((COMP_CWORD > 1)) && words="$filters --state --listen $output --source --help --version"
            ;;
        check) ((COMP_CWORD > 1)) && words='--json --attach --help --version' ;;
        drill)
            ((COMP_CWORD > 1)) && words="all $(tcptrace drill --list 2>/dev/null | cut -d' ' -f1) --list --json --verbose
                --attach --help --version"
            ;;
        serve)
            ((COMP_CWORD > 1)) && words='--mode --body --threads --backlog --duration --interval --json --accept-delay
                --read-rate --respond-delay --idle-timeout --close-after --close-unread --linger0 --fail-rate --half-open
                --help --version'
            ;;
        probe)
            ((COMP_CWORD > 1)) && words='--count --interval --timeout --json --ipv4 --ipv6 --resolve-each --all-addresses
                --first-byte --send --http --help --version'
            ;;
        stress)
            ((COMP_CWORD > 1)) && words='--connections --rate --total --duration --threads --trace --yes --http --payload --requests
                --hold --close --connect-timeout --timeout --ipv4 --ipv6 --source --keepalive --user-timeout --nodelay --json
                --output --color --quiet --verbose --help --version'
            ;;
        analyze)
            ((COMP_CWORD > 1)) && words='--netns --interval --top --source --json --output --color --verbose --help --version'
            ;;
        pools)
            ((COMP_CWORD > 1)) && words="$filters --interval --duration --once $output --source --help --version"
            ;;
        monitor)
            ((COMP_CWORD > 1)) && words="--interval --duration --once --plain --netns --config --exec $output --source
                --no-trace --help --version"
            ;;
        report)
            ((COMP_CWORD > 1)) && words="$filters --events --duration --output --text --json --color --help --version"
            ;;
        tune)
            ((COMP_CWORD > 1)) && words='--dry-run --apply --restore --profile --live-only --root --json --output --color
                --verbose --help --version'
            ;;
        generate)
            ((COMP_CWORD > 1)) && words='haproxy nginx --backend --backend-keepalive --probe-backends --probe-limit
                --watch-backends --health-check --no-health-check --keepalive-pool --pool-idle --listen --mode --tls-passthrough --proxy-protocol
                --client-idle --max-connections --connect-timeout --response-timeout --retries --output --help --version'
            ;;
        completion) ((COMP_CWORD > 1)) && words='bash zsh fish --help --version' ;;
    esac
    # "--pid=8": bash takes the "=" for a word.
    if [[ $cur == = ]]; then
        cur=
    elif [[ $prev == = ]] && ((COMP_CWORD > 1)); then
        prev=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    _tcptrace_value "$prev" && return
    if ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[1]} == @(replay|report) && $cur != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    else
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    fi
}

complete -F _tcptrace tcptrace
