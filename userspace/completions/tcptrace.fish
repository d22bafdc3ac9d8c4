# SPDX-License-Identifier: GPL-2.0
# fish completion for tcptrace(8).

set -l commands trace replay check drill completion
set -l printing "not __fish_seen_subcommand_from check drill completion"
set -l tracing "not __fish_seen_subcommand_from replay check drill completion"
set -l hooked "not __fish_seen_subcommand_from replay completion"
set -l json "not __fish_seen_subcommand_from completion"

complete -c tcptrace -f
complete -c tcptrace -n "not __fish_seen_subcommand_from $commands" -a trace -d 'Show events as they happen'
complete -c tcptrace -n "not __fish_seen_subcommand_from $commands" -a replay -d 'Print what a trace recorded'
complete -c tcptrace -n "not __fish_seen_subcommand_from $commands" -a check -d 'Say what this kernel offers'
complete -c tcptrace -n "not __fish_seen_subcommand_from $commands" -a completion -d 'Print a completion script'
complete -c tcptrace -n "not __fish_seen_subcommand_from $commands" -a drill -d 'Make causes happen and see what is said of them'
complete -c tcptrace -n "__fish_seen_subcommand_from drill" -a "all (tcptrace drill --list 2>/dev/null | cut -d' ' -f1)" -d 'Drill'
complete -c tcptrace -n "__fish_seen_subcommand_from drill" -s l -l list -d 'Every drill'
complete -c tcptrace -n "__fish_seen_subcommand_from completion" -a 'bash zsh fish'
complete -c tcptrace -n "__fish_seen_subcommand_from replay" -F
complete -c tcptrace -s h -l help -d 'Help'
complete -c tcptrace -s V -l version -d 'Version'

complete -c tcptrace -n $printing -s p -l pid -x -a '(__fish_complete_list , __fish_complete_pids)' -d 'Connections of these processes'
complete -c tcptrace -n $printing -l comm -x -a '(cat /proc/*/comm 2>/dev/null | sort -u)' -d 'Connections of processes with this name'
complete -c tcptrace -n $printing -l cgroup -x -a '(__fish_complete_directories)' -d 'Connections of processes in this cgroup'
complete -c tcptrace -n $printing -l netns -x -a '(path basename /run/netns/*; echo pid:)' -d 'Connections in this network namespace'
complete -c tcptrace -n $printing -s P -l port -x -d 'Either port: 80,443,8000-8100'
complete -c tcptrace -n $printing -s L -l localport -x -d 'The local port'
complete -c tcptrace -n $printing -s D -l remoteport -x -d 'The remote port'
complete -c tcptrace -n $printing -l addr -x -d 'Either address: 10.0.0.0/8'
complete -c tcptrace -n $printing -s 4 -l ipv4 -d 'IPv4 only'
complete -c tcptrace -n $printing -s 6 -l ipv6 -d 'IPv6 only'
complete -c tcptrace -n $printing -s e -l events -x -a '(__fish_append , reset retransmit failure accept connect close state all)' -d 'Types of event'
complete -c tcptrace -n $tracing -s d -l duration -x -d 'End after this time: 10, 500ms, 1.5m, 2h'
complete -c tcptrace -n $printing -s c -l count -x -d 'End after this many events'
complete -c tcptrace -n $json -s J -l json -d 'JSON Lines'
complete -c tcptrace -n $printing -s o -l output -r -F -d 'Write to this file'
complete -c tcptrace -n $tracing -s w -l write -r -F -d 'Record to this file too'
complete -c tcptrace -n $printing -s H -l no-header -d 'No line with the names of the columns'
complete -c tcptrace -n $printing -l color -x -a 'auto always never' -d 'When to use colours'
complete -c tcptrace -n $printing -s v -l verbose -d 'Say more'
complete -c tcptrace -n $hooked -l attach -x -a 'auto fentry tp kprobe' -d 'Use these hooks only'
complete -c tcptrace -n $tracing -l ring-size -x -d 'Buffer between kernel and tcptrace: 64K to 1G'
complete -c tcptrace -n $tracing -l max-connections -x -d 'Connections that are remembered'
