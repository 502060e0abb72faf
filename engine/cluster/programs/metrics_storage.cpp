#include "cluster/programs/metrics_storage.h"

#include "api/quantity.h"
#include "base/strings.h"

#include <cmath>
#include <cstdlib>

namespace cluster::metrics {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000, kFreshContainer = 10 * kSecond;

// The value of NAME in `{a="1",NAME="x"}`.
std::string labelOf(std::string_view labels, std::string_view name) {
    const std::string mark = std::string(name) + "=\"";
    std::size_t at = 0;
    while ((at = labels.find(mark, at)) != std::string_view::npos) {
        const bool whole = at == 0 || labels[at - 1] == '{' || labels[at - 1] == ',';
        const std::size_t begin = at + mark.size(), end = labels.find('"', begin);
        if (whole && end != std::string_view::npos) return std::string(labels.substr(begin, end - begin));
        at = begin;
    }
    return {};
}

struct Sample {
    std::string_view family, labels;
    double value = 0;
    std::int64_t at = 0;
};

std::optional<Sample> readSample(std::string_view line, std::int64_t now) {
    if (line.empty() || line[0] == '#') return std::nullopt;
    Sample sample;
    std::size_t end = line.find_first_of("{ ");
    if (end == std::string_view::npos) return std::nullopt;
    sample.family = line.substr(0, end);
    if (line[end] == '{') {
        const std::size_t close = line.find('}', end);
        if (close == std::string_view::npos) return std::nullopt;
        sample.labels = line.substr(end, close - end);
        end = close + 1;
    }
    const auto words = base::splitFields(line.substr(end));
    if (words.empty()) return std::nullopt;
    sample.value = std::strtod(words[0].c_str(), nullptr);
    sample.at = words.size() > 1 ? base::parseInt(words[1]).value_or(0) * 1'000'000 : now;
    return sample;
}

std::optional<Usage> between(const Point& last, const Point& previous) {
    if (last.startedAt < previous.startedAt || last.at <= previous.at || last.cpuSeconds < previous.cpuSeconds)
        return std::nullopt;
    Usage usage;
    usage.at = last.at;
    usage.window = last.at - previous.at;
    const double nanocores = (last.cpuSeconds - previous.cpuSeconds) / (static_cast<double>(usage.window) / 1e9) * 1e9;
    const auto whole = static_cast<std::int64_t>(std::llround(nanocores));
    usage.cpu = whole == 0 ? "0" : std::to_string(whole) + "n";
    usage.memory = api::Quantity::fromValue(last.memory, api::Quantity::Format::BinarySI).text();
    return usage;
}

} // namespace

void readResourceMetrics(std::string_view node, std::string_view text, std::int64_t now, Batch& batch) {
    for (const std::string& line : base::splitLines(text)) {
        const auto sample = readSample(line, now);
        if (!sample) continue;
        Point* point = nullptr;
        if (sample->family.starts_with("node_")) {
            point = &batch.nodes[std::string(node)];
        } else if (sample->family.starts_with("container_")) {
            const std::string key = labelOf(sample->labels, "namespace") + "/" + labelOf(sample->labels, "pod");
            point = &batch.pods[key][labelOf(sample->labels, "container")];
        }
        if (point == nullptr) continue;
        if (sample->family.ends_with("_cpu_usage_seconds_total")) {
            point->cpuSeconds = sample->value;
            point->at = sample->at;
        } else if (sample->family.ends_with("_memory_working_set_bytes")) {
            point->memory = static_cast<std::int64_t>(sample->value);
        } else if (sample->family == "container_start_time_seconds") {
            point->startedAt = static_cast<std::int64_t>(sample->value * 1e9);
        }
    }
}

void Storage::store(Batch batch) {
    storeNodes(std::move(batch.nodes));
    storePods(std::move(batch.pods));
}

void Storage::storeNodes(std::map<std::string, Point> nodes) {
    std::map<std::string, Point> previous;
    for (const auto& [name, point] : nodes) {
        const auto last = last_.nodes.find(name);
        if (last == last_.nodes.end()) continue;
        const auto before = previous_.nodes.find(name);
        if (point.at > last->second.at) previous[name] = last->second;
        else if (before != previous_.nodes.end() && before->second.at < point.at) previous[name] = before->second;
    }
    last_.nodes = std::move(nodes);
    previous_.nodes = std::move(previous);
}

void Storage::storePods(std::map<std::string, Containers> pods) {
    std::map<std::string, Containers> previous;
    for (const auto& [key, containers] : pods) {
        for (const auto& [name, point] : containers) {
            const std::int64_t age = point.at - point.startedAt;
            if (point.startedAt < point.at && age < resolution_ && age >= kFreshContainer) {
                // A young container is measured from its start.
                Point start = point;
                start.at = point.startedAt;
                start.cpuSeconds = 0;
                previous[key][name] = start;
                continue;
            }
            const auto pod = last_.pods.find(key);
            if (pod == last_.pods.end()) continue;
            const auto last = pod->second.find(name);
            // One that has restarted begins anew.
            if (last == pod->second.end() || point.startedAt >= last->second.at) continue;
            if (point.at > last->second.at) {
                previous[key][name] = last->second;
                continue;
            }
            const auto before = previous_.pods.find(key);
            if (before == previous_.pods.end()) continue;
            const auto kept = before->second.find(name);
            if (kept != before->second.end() && kept->second.at < point.at) previous[key][name] = kept->second;
        }
    }
    last_.pods = std::move(pods);
    previous_.pods = std::move(previous);
}

std::optional<Usage> Storage::node(const std::string& name) const {
    const auto last = last_.nodes.find(name), previous = previous_.nodes.find(name);
    if (last == last_.nodes.end() || previous == previous_.nodes.end()) return std::nullopt;
    return between(last->second, previous->second);
}

std::map<std::string, Usage> Storage::pod(const std::string& key) const {
    std::map<std::string, Usage> out;
    const auto last = last_.pods.find(key), previous = previous_.pods.find(key);
    if (last == last_.pods.end() || previous == previous_.pods.end()) return out;
    for (const auto& [name, point] : last->second) {
        const auto before = previous->second.find(name);
        if (before == previous->second.end()) return {};
        const auto usage = between(point, before->second);
        if (!usage) return {};
        out[name] = *usage;
    }
    return out;
}

} // namespace cluster::metrics
