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
        --attach) mapfile -t COMPREPLY < <(compgen -W 'auto fentry tp kprobe' -- "$cur") ;;
        --color) mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur") ;;
        -o | --output | -w | --write) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        -P | --port | -L | --localport | -D | --remoteport | --addr | -d | --duration | -c | --count | \
            --ring-size | --max-connections) COMPREPLY=() ;;
        *) return 1 ;;
    esac
}

_tcptrace() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    local filters='--pid --comm --cgroup --netns --port --localport --remoteport --addr --ipv4 --ipv6 --events'
    local output='--count --json --output --no-header --color --verbose'
    local options="$filters --duration $output --write --attach --ring-size --max-connections --help --version"
    local words="trace replay check drill completion $options"
    COMPREPLY=()
    ((COMP_CWORD > 1)) && words=$options
    case ${COMP_WORDS[1]} in
        replay) ((COMP_CWORD > 1)) && words="$filters $output --help --version" ;;
        check) ((COMP_CWORD > 1)) && words='--json --attach --help --version' ;;
        drill)
            ((COMP_CWORD > 1)) && words="all $(tcptrace drill --list 2>/dev/null | cut -d' ' -f1) --list --json --verbose
                --attach --help --version"
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
    if ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[1]} == replay && $cur != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    else
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    fi
}

complete -F _tcptrace tcptrace
