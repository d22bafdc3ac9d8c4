// SPDX-License-Identifier: GPL-2.0
// Records per second that one core renders. The nlohmann DOM builds the same line: the ratio is the
// reason for output/json_writer.h.
#include <string>

#include <benchmark/benchmark.h>
#include <nlohmann/json.hpp>

#include "output/json.h"
#include "output/text.h"
#include "support/samples.h"

namespace tcptrace {
namespace {

template <typename Render>
void run(benchmark::State& state, Render render) {
  std::string line;
  for (auto _ : state) {
    line.clear();
    render(line);
    benchmark::DoNotOptimize(line.data());
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(line.size()));
}

void render_json(benchmark::State& state, const model::Record& record) {
  const output::Context context = samples::context();
  run(state, [&](std::string& line) { output::append_json(line, record, context); });
}

void render_text(benchmark::State& state, const model::Record& record) {
  const output::Context context = samples::context();
  output::TextTable table;
  run(state, [&](std::string& line) { table.append(line, record, context); });
}

// Field by field, as code that fills a DOM would do it.
nlohmann::json rebuild(const nlohmann::json& from) {
  nlohmann::json object;
  for (const auto& [key, value] : from.items()) {
    object[key] = value.is_object() ? rebuild(value) : value;
  }
  return object;
}

void render_nlohmann(benchmark::State& state, const model::Record& record) {
  std::string rendered;
  output::append_json(rendered, record, samples::context());
  const auto values = nlohmann::json::parse(rendered);
  run(state, [&](std::string& line) { line = rebuild(values).dump(); });
}

#define TCPTRACE_RENDER(name, record)               \
  BENCHMARK_CAPTURE(render_json, name, record);     \
  BENCHMARK_CAPTURE(render_nlohmann, name, record); \
  BENCHMARK_CAPTURE(render_text, name, record)

TCPTRACE_RENDER(reset, samples::reset_sent());
TCPTRACE_RENDER(retransmit, samples::retransmit());
TCPTRACE_RENDER(state, samples::state_change());

}  // namespace
}  // namespace tcptrace
