#include "lab/explain.h"

#include "lab/explain_rules.h"

namespace lab {

using document::Value;

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
