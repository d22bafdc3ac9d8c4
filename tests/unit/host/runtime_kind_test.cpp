// SPDX-License-Identifier: GPL-2.0
#include "host/runtime_kind.h"

#include <elf.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "unit/host/fake_root.h"

namespace tcptrace::host {
namespace {

using model::RuntimeKind;

constexpr std::uint32_t kPid = 812;

class RuntimeOfAProcess : public testing::Test {
 protected:
  void exe(std::string_view target) { root_.link("proc/812/exe", target); }
  void maps(std::string_view text) { root_.file("proc/812/maps", text); }
  void command_line(std::string_view text) { root_.file("proc/812/cmdline", text); }
  [[nodiscard]] RuntimeKind kind() const { return runtime_of(root_.path(), kPid); }

  FakeRoot root_;
};

TEST(RuntimeByExecutable, IsToldByItsNameAndAnyVersion) {
  for (const auto& [path, kind] : std::vector<std::pair<const char*, RuntimeKind>>{
           {"/usr/lib/jvm/java-17-openjdk-amd64/bin/java", RuntimeKind::kJava},
           {"/usr/bin/node", RuntimeKind::kNodejs},
           {"/usr/bin/nodejs", RuntimeKind::kNodejs},
           {"/usr/bin/python3.11", RuntimeKind::kPython},
           {"/usr/sbin/php-fpm8.2", RuntimeKind::kPhpFpm},
           {"/usr/bin/php8.2", RuntimeKind::kPhp},
           {"/usr/bin/ruby3.1", RuntimeKind::kRuby},
           {"/usr/share/dotnet/dotnet", RuntimeKind::kDotnet},
           {"/usr/bin/perl5.36.0", RuntimeKind::kPerl},
           {"/usr/lib/erlang/erts-13.1.5/bin/beam.smp", RuntimeKind::kErlang},
           {"/usr/sbin/nginx", RuntimeKind::kNginx},
           {"/usr/sbin/nginx (deleted)", RuntimeKind::kNginx},
           {"/usr/sbin/haproxy", RuntimeKind::kHaproxy},
           {"/usr/local/bin/envoy", RuntimeKind::kEnvoy},
           {"/usr/sbin/apache2", RuntimeKind::kApache},
           {"/usr/lib/postgresql/15/bin/postgres", RuntimeKind::kPostgresql},
           {"/usr/sbin/mariadbd", RuntimeKind::kMysql},
           {"/usr/bin/redis-server", RuntimeKind::kRedis},
           {"/usr/bin/redis-check-rdb", RuntimeKind::kUnknown},
           {"/usr/bin/python-config", RuntimeKind::kUnknown},
           {"/usr/bin/nodeworker", RuntimeKind::kUnknown},
           {"/usr/bin/curl", RuntimeKind::kUnknown},
           {"", RuntimeKind::kUnknown}}) {
    const FakeRoot root;
    root.link("proc/812/exe", *path == '\0' ? "/" : path);
    EXPECT_EQ(runtime_of(root.path(), kPid), kind) << path;
  }
}

TEST_F(RuntimeOfAProcess, IsToldByTheLibraryOfItsRuntime) {
  exe("/opt/shop/shop");
  maps(
      "7f00-7f01 r--p 00000000 08:01 42   /usr/lib/x86_64-linux-gnu/libc.so.6\n"
      "7f02-7f03 r-xp 00000000 08:01 43   /opt/shop/jre/lib/server/libjvm.so\n");
  EXPECT_EQ(kind(), RuntimeKind::kJava);
  for (const auto& [library, expected] : std::vector<std::pair<std::string, RuntimeKind>>{
           {"/opt/x/libcoreclr.so", RuntimeKind::kDotnet},
           {"/usr/lib/libpython3.11.so.1.0", RuntimeKind::kPython},
           {"/usr/lib/libnode.so.108", RuntimeKind::kNodejs},
           {"/usr/lib/libruby-3.1.so.3.1", RuntimeKind::kRuby},
           {"/usr/lib/python3/dist-packages/x.so", RuntimeKind::kUnknown},
           {"/srv/libpython.txt", RuntimeKind::kUnknown},
           {"/srv/notlibjvm.so", RuntimeKind::kUnknown},
           {"[heap]", RuntimeKind::kUnknown}}) {
    maps("7f02-7f03 r-xp 00000000 08:01 43   " + library + "\n");
    EXPECT_EQ(kind(), expected) << library;
  }
}

TEST_F(RuntimeOfAProcess, IsNotSoughtInEndlessMaps) {
  exe("/opt/shop/shop");
  maps(std::string(2U << 20, 'x') + "\n7f02-7f03 r-xp 0 08:01 43 /opt/libjvm.so\n");
  EXPECT_EQ(kind(), RuntimeKind::kUnknown);
}

TEST_F(RuntimeOfAProcess, OfAnotherUserIsToldByWhatItCallsItself) {
  for (const auto& [line, expected] : std::vector<std::pair<std::string, RuntimeKind>>{
           {std::string("/usr/bin/java\0-jar\0x.jar\0", 25), RuntimeKind::kJava},
           {"nginx: worker process", RuntimeKind::kNginx},
           {"php-fpm: pool www", RuntimeKind::kPhpFpm},
           {"postgres: app db 10.0.0.5(41822) idle", RuntimeKind::kPostgresql},
           {std::string("vim\0python3", 11), RuntimeKind::kUnknown},
           {std::string(1U << 20, '/'), RuntimeKind::kUnknown},
           {"\x1b[31m\xff", RuntimeKind::kUnknown}}) {
    command_line(line);
    EXPECT_EQ(kind(), expected) << line.substr(0, 40);
  }
  command_line("");
  root_.file("proc/812/comm", "node\n");
  EXPECT_EQ(kind(), RuntimeKind::kNodejs);
}

TEST_F(RuntimeOfAProcess, ThatIsGoneIsUnknown) { EXPECT_EQ(kind(), RuntimeKind::kUnknown); }

// A file of header, names and sections, in this order.
template <typename Header, typename Section>
struct Elf {
  Header header{};
  std::string names = std::string("\0.text\0.go.buildinfo\0", 21);
  std::vector<Section> sections = std::vector<Section>(3);

  explicit Elf(unsigned char elf_class) {
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = elf_class;
    header.e_shentsize = sizeof(Section);
    header.e_shnum = 3;
    header.e_shstrndx = 2;
    header.e_shoff = static_cast<decltype(header.e_shoff)>(sizeof(Header) + names.size());
    sections[0].sh_name = 1;
    sections[1].sh_name = 7;
    sections[2].sh_offset = sizeof(Header);
    sections[2].sh_size = static_cast<decltype(sections[2].sh_size)>(names.size());
  }
  [[nodiscard]] std::string bytes() const {
    std::string out(reinterpret_cast<const char*>(&header), sizeof(header));
    out += names;
    out.append(reinterpret_cast<const char*>(sections.data()), sections.size() * sizeof(Section));
    return out;
  }
};
using Elf64 = Elf<Elf64_Ehdr, Elf64_Shdr>;

class GoBinary : public testing::Test {
 protected:
  [[nodiscard]] bool go(const std::string& bytes) const {
    root_.file("file", bytes);
    return built_by_go(root_.path() / "file");
  }

  FakeRoot root_;
};

TEST_F(GoBinary, HasASectionOfGo) {
  EXPECT_TRUE(go(Elf64(ELFCLASS64).bytes()));
  EXPECT_TRUE((go(Elf<Elf32_Ehdr, Elf32_Shdr>(ELFCLASS32).bytes())));
  Elf64 note(ELFCLASS64);
  note.names.replace(7, 13, ".note.go.buil");
  EXPECT_FALSE(go(note.bytes())) << "a part of the name";
  Elf64 other(ELFCLASS64);
  other.sections[1].sh_name = 1;
  EXPECT_FALSE(go(other.bytes()));
}

TEST_F(GoBinary, MayHoldAnything) {
  const std::string whole = Elf64(ELFCLASS64).bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(go(whole.substr(0, size))) << size;
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const char value : {'\0', '\x7f', '\xff'}) {
      std::string broken = whole;
      broken[at] = value;
      (void)go(broken);
    }
  }
  EXPECT_FALSE(go("#!/bin/sh\n"));
  EXPECT_FALSE(built_by_go(root_.path() / "missing"));
  EXPECT_FALSE(built_by_go(root_.path()));
}

TEST_F(GoBinary, WithNumbersThatCannotBeIsNone) {
  Elf64 elf(ELFCLASS64);
  elf.header.e_shoff = UINT64_MAX;
  EXPECT_FALSE(go(elf.bytes()));
  elf = Elf64(ELFCLASS64);
  elf.header.e_shnum = UINT16_MAX;
  EXPECT_FALSE(go(elf.bytes()));
  elf = Elf64(ELFCLASS64);
  elf.header.e_shstrndx = 3;
  EXPECT_FALSE(go(elf.bytes()));
  elf = Elf64(ELFCLASS64);
  elf.sections[2].sh_size = UINT64_MAX;
  EXPECT_FALSE(go(elf.bytes())) << "names beyond the end of the file";
  elf = Elf64(ELFCLASS64);
  elf.sections[1].sh_name = UINT32_MAX;
  EXPECT_FALSE(go(elf.bytes()));
}

TEST_F(RuntimeOfAProcess, IsGoWhereGoHasBuiltIt) {
  root_.file("opt/server", Elf64(ELFCLASS64).bytes());
  exe((root_.path() / "opt/server").native());
  EXPECT_EQ(kind(), RuntimeKind::kGo);
}

}  // namespace
}  // namespace tcptrace::host
