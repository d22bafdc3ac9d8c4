// SPDX-License-Identifier: GPL-2.0
#include "unit/recorded/recorded_host.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <span>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "host/netns.h"
#include "host/procfs.h"
#include "host/socket_owners.h"
#include "host/sysctl.h"
#include "kernel/sock_diag.h"
#include "monitor/findings.h"
#include "monitor/socket_census.h"
#include "tune/tune.h"

namespace tcptrace {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kDirectory = TCPTRACE_FIXTURES "/hosts";
constexpr int kHexadecimal = 16;

// Files by the hundred take a disk a tenth of a second.
fs::path in_memory() {
  const fs::path memory = "/dev/shm";
  return ::access(memory.c_str(), W_OK) == 0 ? memory : fs::temp_directory_path();
}

// Read once.
const Json& recording_of(const RecordingName& name) {
  static std::map<std::string, Json> recordings;
  const std::string file = fmt::format("{}/{}-{}.json", kDirectory, name.kernel, name.scene);
  const auto found = recordings.find(file);
  return found == recordings.end()
             ? recordings.emplace(file, Json::parse(std::ifstream(file))).first->second
             : found->second;
}

std::chrono::nanoseconds time_of(const Json& recording) {
  return std::chrono::nanoseconds(recording.at("boot_time_ns").get<std::int64_t>());
}

// The characters U+0000 to U+00FF as the bytes that they stand for.
std::string as_bytes(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto code = static_cast<unsigned char>(text[i]);
    bytes += code < 0x80 ? text[i]
                         : static_cast<char>((code & 0x03U) << 6U |
                                             (static_cast<unsigned char>(text.at(++i)) & 0x3fU));
  }
  return bytes;
}

std::vector<std::vector<std::byte>> datagrams_of(const Json& answer) {
  std::vector<std::vector<std::byte>> datagrams;
  for (const std::string text : answer) {
    std::vector<std::byte>& bytes = datagrams.emplace_back();
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
      unsigned value = 0;
      std::from_chars(&text[i], &text[i] + 2, value, kHexadecimal);
      bytes.push_back(static_cast<std::byte>(value));
    }
  }
  return datagrams;
}

// Calls `change` with each socket's message, which it may write to, and all bytes of it, to whose
// attributes it may.
template <typename Change>
void for_each_message(std::vector<std::byte>& datagram, const Change& change) {
  for (std::size_t at = 0; at + sizeof(nlmsghdr) <= datagram.size();) {
    nlmsghdr header{};
    std::memcpy(&header, &datagram[at], sizeof(header));
    if (header.nlmsg_type == TCPDIAG_GETSOCK) {
      inet_diag_msg message{};
      std::memcpy(&message, &datagram[at + sizeof(header)], sizeof(message));
      change(message, std::span(datagram).subspan(at, header.nlmsg_len));
      std::memcpy(&datagram[at + sizeof(header)], &message, sizeof(message));
    }
    at += NLMSG_ALIGN(header.nlmsg_len);
  }
}

void set_sequence(std::span<std::byte> message, std::uint32_t sequence) {
  std::memcpy(&message[offsetof(nlmsghdr, nlmsg_seq)], &sequence, sizeof(sequence));
}

// The TCP_INFO of a socket's message; empty: it has none.
std::span<std::byte> info_of(std::span<std::byte> message) {
  for (std::size_t at = sizeof(nlmsghdr) + sizeof(inet_diag_msg);
       at + sizeof(rtattr) <= message.size();) {
    rtattr header{};
    std::memcpy(&header, &message[at], sizeof(header));
    if (header.rta_type == INET_DIAG_INFO) {
      return message.subspan(at + sizeof(header), header.rta_len - sizeof(header));
    }
    at += RTA_ALIGN(header.rta_len);
  }
  return {};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  return {std::istream_iterator<std::string>(in), {}};
}

std::string joined(const std::vector<std::string>& words, char separator) {
  std::string text;
  for (const std::string& word : words) {
    text += word;
    text += separator;
  }
  return text;
}

std::size_t place_of(const std::vector<std::string>& words, std::string_view word) {
  const auto found = std::ranges::find(words, word);
  if (found == words.end()) {
    throw std::runtime_error(fmt::format("{} is not in this recording", word));
  }
  return static_cast<std::size_t>(found - words.begin());
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const RecordingName& name) {
  return out << name.kernel << " " << name.scene;
}

std::vector<RecordingName> recordings() {
  std::vector<RecordingName> names;
  for (const auto& entry : fs::directory_iterator(kDirectory)) {
    const std::string stem = entry.path().stem().native();
    const std::size_t dash = stem.find('-');
    names.push_back({.kernel = stem.substr(0, dash), .scene = stem.substr(dash + 1)});
  }
  std::ranges::sort(names, {},
                    [](const RecordingName& name) { return std::pair(name.kernel, name.scene); });
  return names;
}

std::vector<RecordingName> recordings(std::string_view scene) {
  std::vector<RecordingName> names = recordings();
  std::erase_if(names, [&](const RecordingName& name) { return name.scene != scene; });
  return names;
}

std::string test_name(const testing::TestParamInfo<RecordingName>& info) {
  return fmt::format("{}_{}", kernel_name(info), info.param.scene);
}

std::string kernel_name(const testing::TestParamInfo<RecordingName>& info) {
  std::string name = fmt::format("v{}", info.param.kernel);
  std::ranges::replace(name, '.', '_');
  return name;
}

RecordedHost::RecordedHost(const RecordingName& name)
    : root_(in_memory()),
      recording_(recording_of(name)),
      without_info_(datagrams_of(recording_.at("sock_diag").at("without_info"))),
      recorded_with_info_(datagrams_of(recording_.at("sock_diag").at("with_info"))) {
  for (const std::string& each : names()) {
    changed_.insert(each);
  }
  restore();
}

void RecordedHost::restore() {
  const Json& files = recording_.at("files");
  const Json& links = recording_.at("links");
  for (const std::string& name : changed_) {
    fs::remove(root() / name);
    if (files.contains(name)) {
      root_.file(name, as_bytes(files.at(name)));
    } else if (links.contains(name)) {
      root_.link(name, as_bytes(links.at(name)));
    }
  }
  changed_.clear();
  boot_time_ = time_of(recording_);
  with_info_ = recorded_with_info_;
}

void RecordedHost::rewind() {
  const Json& before = recording_.at("before");
  for (const auto& [name, text] : before.at("files").items()) {
    set_file(name, as_bytes(text));
  }
  boot_time_ = time_of(before);
}

std::vector<std::string> RecordedHost::names() const {
  std::vector<std::string> names;
  for (const char* const kind : {"files", "links"}) {
    for (const auto& [name, ignored] : recording_.at(kind).items()) {
      names.push_back(name);
    }
  }
  return names;
}

std::string RecordedHost::file(const std::string& name) const {
  return host::read_file(root() / name).value();
}

void RecordedHost::set_file(const std::string& name, std::string_view text) {
  changed_.insert(name);
  root_.file(name, text);
}

void RecordedHost::remove(const std::string& name) {
  changed_.insert(name);
  fs::remove(root() / name);
}

std::string RecordedHost::sysctl_file(std::string_view name) {
  return host::sysctl_path("", name)->relative_path();
}

void RecordedHost::set_sysctl(std::string_view name, std::string_view value) {
  set_file(sysctl_file(name), fmt::format("{}\n", value));
}

void RecordedHost::set_counter(std::string_view name, std::uint64_t value) {
  const std::size_t dot = name.find('.');
  const std::string row = fmt::format("{}:", name.substr(0, dot));
  for (const char* const file_name :
       {"proc/thread-self/net/snmp", "proc/thread-self/net/netstat"}) {
    std::vector<std::string> lines = lines_of(file(file_name));
    const auto names = std::ranges::find_if(
        lines, [&](const std::string& line) { return line.starts_with(row + " "); });
    if (names == lines.end()) {
      continue;
    }
    std::vector<std::string> values = words_of(*std::next(names));
    values[place_of(words_of(*names), name.substr(dot + 1))] = fmt::format("{}", value);
    *std::next(names) = joined(values, ' ');
    set_file(file_name, joined(lines, '\n'));
    return;
  }
  throw std::runtime_error(fmt::format("no counters of {}", row));
}

void RecordedHost::set_sockstat(std::string_view row, std::string_view column,
                                std::uint64_t value) {
  static constexpr const char* kName = "proc/thread-self/net/sockstat";
  std::vector<std::string> lines = lines_of(file(kName));
  for (std::string& line : lines) {
    if (line.starts_with(row)) {
      std::vector<std::string> words = words_of(line);
      words.at(place_of(words, column) + 1) = fmt::format("{}", value);
      line = joined(words, ' ');
    }
  }
  set_file(kName, joined(lines, '\n'));
}

void RecordedHost::set_interface(std::string_view name, std::size_t column, std::uint64_t value) {
  static constexpr const char* kName = "proc/thread-self/net/dev";
  std::vector<std::string> lines = lines_of(file(kName));
  for (std::string& line : lines) {
    std::vector<std::string> words = words_of(line);
    if (words.front() == fmt::format("{}:", name)) {
      words.at(column + 1) = fmt::format("{}", value);
      line = joined(words, ' ');
    }
  }
  set_file(kName, joined(lines, '\n'));
}

void RecordedHost::set_softnet(std::size_t column, std::uint32_t value) {
  static constexpr const char* kName = "proc/thread-self/net/softnet_stat";
  std::vector<std::string> lines = lines_of(file(kName));
  std::vector<std::string> words = words_of(lines.at(0));
  words.at(column) = fmt::format("{:08x}", value);
  lines[0] = joined(words, ' ');
  set_file(kName, joined(lines, '\n'));
}

void RecordedHost::set_conntrack(std::string_view column, std::uint32_t value) {
  static constexpr const char* kName = "proc/thread-self/net/stat/nf_conntrack";
  std::vector<std::string> lines = lines_of(file(kName));
  std::vector<std::string> words = words_of(lines.at(1));
  words.at(place_of(words_of(lines[0]), column)) = fmt::format("{:08x}", value);
  lines[1] = joined(words, ' ');
  set_file(kName, joined(lines, '\n'));
}

void RecordedHost::set_queue(std::uint16_t port, std::uint32_t backlog, std::uint32_t limit) {
  for (std::vector<std::byte>& datagram : with_info_) {
    for_each_message(datagram, [&](inet_diag_msg& message, std::span<std::byte>) {
      if (message.idiag_state == TCP_LISTEN && ntohs(message.id.idiag_sport) == port) {
        message.idiag_rqueue = backlog;
        message.idiag_wqueue = limit;
      }
    });
  }
}

void RecordedHost::set_count(model::TcpState state, std::size_t sockets) {
  std::size_t there = 0;
  std::vector<std::byte> pattern;
  for (std::vector<std::byte>& datagram : with_info_) {
    for_each_message(datagram, [&](inet_diag_msg& message, std::span<std::byte> bytes) {
      if (message.idiag_state != static_cast<std::uint8_t>(state)) {
        return;
      }
      if (++there > sockets) {
        // The parser passes over the answers to others.
        set_sequence(bytes, kernel::kDiagSequence + 1);
      }
      pattern.assign(bytes.begin(), bytes.end());
    });
  }
  if (pattern.empty()) {
    throw std::runtime_error("none in this state in this recording");
  }
  for (; there < sockets; ++there) {
    for_each_message(pattern, [&](inet_diag_msg& message, std::span<std::byte>) {
      message.id.idiag_dport = htons(static_cast<std::uint16_t>(there + 1));
    });
    with_info_.insert(with_info_.begin(), pattern);
  }
}

void RecordedHost::set_info(std::size_t offset, std::uint32_t value) {
  for (std::vector<std::byte>& datagram : with_info_) {
    for_each_message(datagram, [&](inet_diag_msg&, std::span<std::byte> bytes) {
      const std::span<std::byte> info = info_of(bytes);
      if (!info.empty()) {
        std::memcpy(&info[offset], &value, sizeof(value));
      }
    });
  }
}

void RecordedHost::set_huge() {
  for (std::vector<std::byte>& datagram : with_info_) {
    for_each_message(datagram, [&](inet_diag_msg& message, std::span<std::byte> bytes) {
      message.idiag_rqueue = message.idiag_wqueue = UINT32_MAX;
      message.idiag_expires = message.idiag_uid = message.idiag_inode = UINT32_MAX;
      message.idiag_retrans = UINT8_MAX;
      const std::span<std::byte> info = info_of(bytes);
      if (!info.empty()) {
        std::ranges::fill(info.subspan(offsetof(tcp_info, tcpi_rto)), std::byte{0xff});
      }
    });
  }
}

std::uint32_t RecordedHost::netns() const { return host::own_netns(root()).value(); }

std::vector<model::Socket> RecordedHost::sockets(bool with_info) const {
  std::vector<model::Socket> sockets;
  for (const std::vector<std::byte>& datagram : answer(with_info)) {
    const auto result =
        kernel::parse_sock_diag(datagram, kernel::kDiagSequence, netns(), boot_time_,
                                [&](model::Socket& socket) { sockets.push_back(socket); });
    EXPECT_EQ(result.malformed, 0U);
    EXPECT_EQ(result.error, 0);
    EXPECT_EQ(result.done, &datagram == &answer(with_info).back());
  }
  return sockets;
}

model::HostFacts RecordedHost::facts(const host::FactsWanted& wanted) const {
  auto namespaces = host::list_netns(root());
  std::erase_if(namespaces,
                [own = netns()](const host::NetNamespace& one) { return one.inode != own; });
  model::HostFacts facts = host::read_host_facts(root(), namespaces, wanted);
  facts.boot_time = boot_time_;
  return facts;
}

model::SocketCensus RecordedHost::census(const model::Sysctls& sysctls) const {
  monitor::CensusOptions options;
  options.settings.emplace(netns(), monitor::port_settings(sysctls));
  monitor::CensusBuilder census(options);
  for (const model::Socket& socket : sockets(true)) {
    census.add(socket);
  }
  model::SocketOwners owners;
  (void)host::read_socket_owners(root(), {}, owners);
  census.join(owners);
  return census.finish();
}

model::Sysctls RecordedHost::sysctls_of(const model::HostFacts& facts) {
  return facts.namespaces.empty() ? model::Sysctls{} : facts.namespaces.front().sysctls;
}

model::Analysis RecordedHost::analysis(const model::HostFacts* before) const {
  model::Analysis analysis;
  analysis.facts = facts();
  analysis.census = census(sysctls_of(analysis.facts));
  analysis.listed = analysis.facts.namespaces.size();
  analysis.counters = monitor::counters_that_matter(analysis.facts, before);
  analysis.findings =
      monitor::find({.census = analysis.census, .facts = analysis.facts, .before = before});
  if (before != nullptr) {
    analysis.interval = analysis.facts.boot_time - before->boot_time;
  }
  return analysis;
}

model::Sysctls RecordedHost::settings_of_tune(std::vector<model::UnreadFact>& unread) const {
  return host::read_sysctls(root(), tune::settings(), unread);
}

model::TunePlan RecordedHost::plan(model::TuneProfile profile, bool count_sockets) const {
  model::HostFacts facts = this->facts({.sysctls = false, .interfaces = false, .labels = true});
  model::NetnsFacts netns =
      facts.namespaces.empty() ? model::NetnsFacts{} : facts.namespaces.front();
  netns.sysctls = settings_of_tune(facts.unread);
  const model::SocketCensus census = this->census(netns.sysctls);
  return tune::advise({.host = facts,
                       .netns = netns,
                       .census = count_sockets ? &census : nullptr,
                       .profile = profile});
}

}  // namespace tcptrace
