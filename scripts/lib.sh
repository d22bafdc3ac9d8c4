# SPDX-License-Identifier: GPL-2.0
# What the scripts share: where things are, packages, the build. Sourced by bash; runs nothing by itself.
# Everything here is silent while there is nothing to do, and speaks on stderr.
# shellcheck shell=bash disable=SC2034
set -euo pipefail

TT_ROOT=$(dirname "$(dirname "$(realpath "${BASH_SOURCE[0]}")")")

build_packages=(
  g++ cmake ninja-build pkg-config clang bpftool libbpf-dev libelf-dev zlib1g-dev libzstd-dev
  libfmt-dev nlohmann-json3-dev libcli11-dev libboost-dev libncurses-dev
)
test_packages=(
  libgtest-dev libgmock-dev libbenchmark-dev libvalijson-dev clang-format clang-tidy-16 python3 shellcheck
  iproute2 nftables man-db binutils
)
server_packages=(
  nginx libnginx-mod-http-echo libnginx-mod-stream haproxy openssl wrk redis-server redis-tools postgresql nodejs
)
host_packages=(
  iproute2 util-linux python3 tmux chromium
)
kernel_packages=(
  qemu-system-x86 busybox-static cpio kmod xz-utils zstd iproute2 nftables python3 dpkg-dev
)
lint_packages=(
  libclang-16-dev llvm-16-dev
)
bench_packages=(
  libbpf-tools mount util-linux iproute2 python3-psutil wrk apache2-utils hey
)
bench_servers=(
  nginx
)

say() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die() {
  say "$@"
  exit 1
}

need_root() {
  [[ $EUID -eq 0 ]] || die "$1 needs root: run it with sudo"
}

# quietly WHAT COMMAND...: runs COMMAND, and shows what it printed only if it fails.
quietly() {
  local what=$1 log
  shift
  log=$(mktemp)
  if "$@" >"$log" 2>&1; then
    rm -f "$log"
    return 0
  fi
  cat "$log" >&2
  rm -f "$log"
  say "$what failed"
  return 1
}

missing_packages() {
  local installed
  # dpkg-query fails when it does not know a package, which is an answer here.
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)
  installed=$(sed -n 's/^installed //p' <<<"$installed")
  printf '%s\n' "$@" | sort -u | grep -vxF -e "${installed:-none}" || true
}

apt_install() {
  DEBIAN_FRONTEND=noninteractive apt-get -y -q --no-install-recommends install "$@"
}

# The package lists of a fresh machine are missing or stale, those of others are fine: update only when it is needed.
install_or_update() {
  apt_install "$@" || { apt-get -q update && apt_install "$@"; }
}

install_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]})) || return 0
  need_root "installing ${missing[*]}"
  say "installing ${missing[*]}"
  quietly "apt-get install ${missing[*]}" install_or_update "${missing[@]}"
}

enabled_services() {
  find /etc/systemd/system/multi-user.target.wants -mindepth 1 -printf '%f\n' 2>/dev/null | sort || true
}

# What fetches the plotting library of the report's page. Whoever has a Node.js of their own keeps it: Debian's npm brings
# hundreds of packages with it.
need_npm() {
  command -v npm >/dev/null && command -v node >/dev/null && return 0
  install_packages npm
}

# For packages of which Debian makes services: none is started, neither now nor at the next boot.
install_without_services() (
  policy=/usr/sbin/policy-rc.d
  [[ $(missing_packages "$@") ]] || exit 0
  before=$(enabled_services)
  if [[ ! -e $policy ]]; then
    # What invoke-rc.d and deb-systemd-invoke ask first; 101: it is forbidden.
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  install_packages "$@" || exit 1
  mapfile -t added < <(enabled_services | comm -13 <(echo "$before") -)
  ((${#added[@]} == 0)) || systemctl --quiet disable "${added[@]}" 2>/dev/null || say "still enabled: ${added[*]}"
)

# Whether DIR is configured, with each of the given -DKEY=VALUE.
configured() {
  local dir=$1 option key
  shift
  [[ -f $dir/build.ninja ]] || return 1
  for option in "$@"; do
    key=${option%%=*}
    grep -q "^${key#-D}:[A-Z]*=${option#*=}\$" "$dir/CMakeCache.txt" || return 1
  done
}

# build DIR TYPE [-DKEY=VALUE...] [-- TARGET...]: brings DIR (relative to build/) up to date.
build() {
  local dir=$TT_ROOT/build/$1 type=$2 options=(-DTCPTRACE_WERROR=ON)
  shift 2
  while (($#)) && [[ $1 != -- ]]; do
    options+=("$1")
    shift
  done
  (($#)) && shift
  need_npm || return 1
  mkdir -p "$dir"
  # Two of us at once would build into each other.
  exec {build_lock}>"$dir/.lock"
  flock "$build_lock"
  if ! configured "$dir" "-DCMAKE_BUILD_TYPE=$type" "${options[@]}"; then
    say "configuring build/${dir##*/}"
    quietly "cmake" cmake -G Ninja -S "$TT_ROOT" -B "$dir" "-DCMAKE_BUILD_TYPE=$type" "${options[@]}" || return 1
  fi
  say "building build/${dir##*/}"
  quietly "the build" ninja --quiet -C "$dir" "$@" || return 1
  exec {build_lock}>&-
}
