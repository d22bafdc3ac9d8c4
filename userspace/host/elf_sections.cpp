// SPDX-License-Identifier: GPL-2.0
// The names of an ELF file's sections, as far as they say that Go has built it. Every number in the
// file is doubted: so many sections, so many bytes of names, and no more.
#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "host/runtime_kind.h"

namespace tcptrace::host {
namespace {

constexpr std::size_t kMaxSections = 4096;
constexpr std::uint64_t kMaxNameBytes = 64U << 10;

// False: not all of it is there.
bool read_at(int fd, std::uint64_t offset, void* to, std::size_t size) {
  return offset <= INT64_MAX &&
         ::pread(fd, to, size, static_cast<off_t>(offset)) == static_cast<ssize_t>(size);
}

bool is_go_section(std::string_view name) {
  return name == ".go.buildinfo" || name == ".note.go.buildid";
}

template <typename Header, typename Section>
bool has_go_section(int fd) {
  Header header{};
  if (!read_at(fd, 0, &header, sizeof(header)) || header.e_shentsize != sizeof(Section) ||
      header.e_shnum > kMaxSections || header.e_shstrndx >= header.e_shnum) {
    return false;
  }
  std::vector<Section> sections(header.e_shnum);
  if (!read_at(fd, header.e_shoff, sections.data(), sections.size() * sizeof(Section))) {
    return false;
  }
  const Section& table = sections[header.e_shstrndx];
  std::string names(std::min<std::uint64_t>(table.sh_size, kMaxNameBytes), '\0');
  if (!read_at(fd, table.sh_offset, names.data(), names.size())) {
    return false;
  }
  return std::ranges::any_of(sections, [&](const Section& section) {
    return section.sh_name < names.size() && is_go_section(names.c_str() + section.sh_name);
  });
}

}  // namespace

bool built_by_go(const std::filesystem::path& file) {
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  unsigned char ident[EI_NIDENT] = {};
  if (!fd.valid() || !read_at(fd.get(), 0, ident, sizeof(ident)) ||
      std::memcmp(ident, ELFMAG, SELFMAG) != 0) {
    return false;
  }
  switch (ident[EI_CLASS]) {
    case ELFCLASS64:
      return has_go_section<Elf64_Ehdr, Elf64_Shdr>(fd.get());
    case ELFCLASS32:
      return has_go_section<Elf32_Ehdr, Elf32_Shdr>(fd.get());
  }
  return false;
}

}  // namespace tcptrace::host
