// SPDX-License-Identifier: GPL-2.0
// tcptrace_floor OBJECT: attaches every program of a BPF object, says "ready", and waits to be
// ended.
#include <bpf/libbpf.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

int main(int argc, char** argv) {
  bpf_object* object = argc == 2 ? bpf_object__open(argv[1]) : nullptr;
  if (object == nullptr || bpf_object__load(object) != 0) {
    std::fprintf(stderr, "tcptrace_floor: cannot load the object: %s\n", std::strerror(errno));
    return 1;
  }
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object) {
    if (bpf_program__attach(program) == nullptr) {
      std::fprintf(stderr, "tcptrace_floor: cannot attach %s: %s\n", bpf_program__name(program),
                   std::strerror(errno));
      return 1;
    }
  }
  std::puts("ready");
  std::fflush(stdout);
  ::pause();
  return 0;
}
