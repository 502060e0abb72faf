#include "lab/explain.h"

#include "base/assets.h"
#include "base/strings.h"
#include "lab/explain_rules.h"

namespace lab {

using document::Value;

namespace {

// "core.v1.PodSpec" of the tables is "io.k8s.api.core.v1.PodSpec" in the published schemas.
std::string lineOf(std::string_view table, const std::string& key) {
    const std::string wanted = key + "\t";
    for (std::size_t at = table.find(wanted); at != std::string_view::npos; at = table.find(wanted, at + 1)) {
        const std::size_t begin = table.rfind('\n', at) + 1; // npos + 1 is 0
        if (at != begin && table[at - 1] != '.') continue;
        const std::size_t end = std::min(table.find('\n', at), table.size());
        return std::string(table.substr(at + wanted.size(), end - at - wanted.size()));
    }
    return {};
}

} // namespace

Text describeField(std::string_view type, std::string_view field) {
    const std::string key = std::string(type) + "." + std::string(field);
    return {lineOf(base::asset("kinds/descriptions.en.tsv"), key), lineOf(base::asset("kinds/descriptions.es.tsv"), key)};
}

std::vector<Explanation> explainFailure(const Value& failure, std::string_view host, std::string_view command,
                                        cluster::Cluster& cluster) {
    constexpr std::size_t kMost = 4;
    ExplainContext context{failure, cluster, ManifestView::of(failure, host, command, cluster), {}};
    for (const Value& status : failure["statuses"].items()) explainStatus(context, status);
    if (context.found.empty()) explainText(context, failure["text"].asString());
    if (context.found.size() > kMost) context.found.resize(kMost);
    return std::move(context.found);
}

} // namespace lab
