#include "kubectl/commands/pruning.h"

#include "base/strings.h"
#include "kubectl/commands/create_support.h"

namespace kubectl {

using document::Value;

namespace {

constexpr const char* kTypes[] = {
    "core/v1/ConfigMap", "core/v1/Endpoints", "core/v1/Namespace", "core/v1/PersistentVolumeClaim",
    "core/v1/PersistentVolume", "core/v1/Pod", "core/v1/ReplicationController", "core/v1/Secret", "core/v1/Service",
    "batch/v1/Job", "batch/v1/CronJob", "networking.k8s.io/v1/Ingress", "apps/v1/DaemonSet", "apps/v1/Deployment",
    "apps/v1/ReplicaSet", "apps/v1/StatefulSet"};

base::Result<std::vector<Mapping>> allowedKinds(Session& session, const Mapper& mapper) {
    std::vector<std::string> types(std::begin(kTypes), std::end(kTypes));
    if (session.flags.changed("prune-allowlist")) types = session.flags.list("prune-allowlist");
    std::vector<Mapping> out;
    for (const std::string& type : types) {
        auto parts = base::split(type, '/');
        if (parts.size() != 3)
            return base::makeError("invalid GroupVersionKind format: " + type + ", please follow <group/version/kind>");
        if (parts[0] == "core") parts[0].clear();
        const Mapping* mapping = mapper.findKind(parts[0], parts[1], parts[2]);
        if (mapping == nullptr)
            return base::makeError("no matches for kind " + base::quoteGo(parts[2]) + " in version " +
                                   base::quoteGo(parts[0].empty() ? parts[1] : parts[0] + "/" + parts[1]));
        out.push_back(*mapping);
    }
    return out;
}

sim::Task<base::Status> addPrunable(Session& session, Mapping mapping, std::string ns, std::set<std::string> uids,
                                    std::vector<Prunable>* out) {
    ports::Query query;
    const std::string selector = session.flags.text("selector");
    if (!selector.empty()) query.set("labelSelector", selector);
    auto list = co_await session.get(mapping.path(ns), query);
    if (!list.ok()) co_return list.error();
    for (const Value& item : list.value()["items"].items()) {
        const Value& metadata = item["metadata"];
        if (!metadata["annotations"].has(kLastApplied) || uids.contains(metadata["uid"].text())) continue;
        out->push_back({mapping, ns, item.with("kind", mapping.kind).with("apiVersion", mapping.apiVersion())});
    }
    co_return base::okStatus();
}

} // namespace

sim::Task<base::Status> checkAllowlist(Session& session) {
    auto mapper = co_await session.mapper();
    if (!mapper.ok()) co_return mapper.error();
    auto kinds = allowedKinds(session, *mapper.value());
    if (!kinds.ok()) co_return kinds.error();
    co_return base::okStatus();
}

sim::Task<base::Result<std::vector<Prunable>>> prunable(Session& session, std::set<std::string> namespaces,
                                                        std::set<std::string> uids) {
    auto mapper = co_await session.mapper();
    if (!mapper.ok()) co_return mapper.error();
    auto mappings = allowedKinds(session, *mapper.value());
    if (!mappings.ok()) co_return mappings.error();
    std::vector<Prunable> out;
    for (const std::string& ns : namespaces)
        for (const Mapping& mapping : mappings.value())
            if (mapping.namespaced) BASE_CO_CHECK(co_await addPrunable(session, mapping, ns, uids, &out));
    for (const Mapping& mapping : mappings.value())
        if (!mapping.namespaced) BASE_CO_CHECK(co_await addPrunable(session, mapping, "", uids, &out));
    co_return out;
}

// Source: k8s.io/kubectl pkg/util/prune/prune.go.
void warnOfPruning(Session& session) {
    if (session.flags.changed("prune-allowlist")) return;
    session.err(klogLine(session, 'W', "prune.go:71",
                         "Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used with the "
                         "--namespace flag in a future release. To preserve the current behaviour, list the resources you want to "
                         "target explicitly in the --prune-allowlist flag."));
}

} // namespace kubectl
