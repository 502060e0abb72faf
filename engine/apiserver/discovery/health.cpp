// Health, version, metrics. Source: apiserver pkg/server/healthz and pkg/server/routes.
#include "apiserver/core.h"
#include "base/strings.h"

#include <algorithm>

namespace apiserver {

using document::Value;

namespace {

constexpr const char* kChecks[] = {"ping", "log", "etcd", "poststarthook/start-apiserver-admission-initializer",
    "poststarthook/generic-apiserver-start-informers", "poststarthook/priority-and-fairness-config-consumer",
    "poststarthook/priority-and-fairness-filter", "poststarthook/storage-object-count-tracker-hook",
    "poststarthook/start-apiextensions-informers", "poststarthook/start-apiextensions-controllers",
    "poststarthook/crd-informer-synced", "poststarthook/start-system-namespaces-controller",
    "poststarthook/start-cluster-authentication-info-controller",
    "poststarthook/start-kube-apiserver-identity-lease-controller",
    "poststarthook/start-kube-apiserver-identity-lease-garbage-collector",
    "poststarthook/start-legacy-token-tracking-controller",
    "poststarthook/start-service-ip-repair-controllers", "poststarthook/rbac/bootstrap-roles",
    "poststarthook/scheduling/bootstrap-system-priority-classes",
    "poststarthook/priority-and-fairness-config-producer", "poststarthook/bootstrap-controller",
    "poststarthook/start-kubernetes-service-cidr-controller",
    "poststarthook/aggregator-reload-proxy-client-cert", "poststarthook/start-kube-aggregator-informers",
    "poststarthook/apiservice-status-local-available-controller",
    "poststarthook/apiservice-status-remote-available-controller",
    "poststarthook/apiservice-registration-controller", "poststarthook/apiservice-discovery-controller",
    "poststarthook/kube-apiserver-autoregistration", "autoregister-completion",
    "poststarthook/apiservice-openapi-controller", "poststarthook/apiservice-openapiv3-controller"};

// What a caller leaves out counts as fine; a name that is no check is remarked upon.
ports::Response healthAnswer(Core& core, const Context& context, const std::string& name) {
    std::vector<std::string> excluded = context.request.query.all("exclude");
    const bool verbose = context.request.query.has("verbose");
    std::string text;
    bool healthy = true;
    for (const std::string& check : healthChecks(name)) {
        const auto left = std::find(excluded.begin(), excluded.end(), check);
        const bool needsEtcd = check == "etcd" || check == "etcd-readiness";
        if (left != excluded.end()) {
            excluded.erase(left);
            text += "[+]" + check + " excluded: ok\n";
        } else if (!needsEtcd || core.etcd->reach().ok()) {
            text += "[+]" + check + " ok\n";
        } else {
            healthy = false;
            text += "[-]" + check + " failed: reason withheld\n";
        }
    }
    if (healthy && !verbose) return respondText(200, "ok");
    if (!excluded.empty()) {
        for (std::string& one : excluded) one = base::quoteGo(one);
        text += "warn: some health checks cannot be excluded: no matches for " + base::join(excluded, ", ") + "\n";
    }
    text += name + (healthy ? " check passed\n" : " check failed\n");
    return respondText(healthy ? 200 : 500, text);
}

// Indented and in the order of the type, as the real answer is.
std::string version(const Core& core) {
    const auto parts = base::split(core.config.gitVersion.substr(1), '.');
    const std::string minor = parts.size() > 1 ? parts[1] : "0";
    const std::int64_t number = base::parseInt(minor).value_or(0);
    const std::pair<const char*, std::string> fields[] = {
        {"major", parts[0]},
        {"minor", minor},
        {"emulationMajor", parts[0]},
        {"emulationMinor", minor},
        {"minCompatibilityMajor", parts[0]},
        {"minCompatibilityMinor", std::to_string(number - 1)},
        {"gitVersion", core.config.gitVersion},
        {"gitCommit", "0123456789abcdef0123456789abcdef01234567"},
        {"gitTreeState", "clean"},
        {"buildDate", "2026-04-14T00:00:00Z"},
        {"goVersion", "go1.26.8"},
        {"compiler", "gc"},
        {"platform", "linux/amd64"}};
    std::string out = "{\n";
    for (const auto& [key, value] : fields) {
        if (out.size() > 2) out += ",\n";
        out += "  " + base::quoteGo(key) + ": " + base::quoteGo(value);
    }
    return out + "\n}";
}

std::string metrics(Core& core) {
    std::string out;
    const auto gauge = [&](const char* name, const char* help, std::int64_t value) {
        out += std::string("# HELP ") + name + " " + help + "\n# TYPE " + name + " gauge\n" + name + " " +
               std::to_string(value) + "\n";
    };
    gauge("apiserver_registered_watchers",
          "[ALPHA] Number of currently registered watchers for a given resources",
          static_cast<std::int64_t>(core.hub.size()));
    auto store = core.store();
    if (store.ok()) {
        gauge("etcd_mvcc_revision", "Current revision of the store", store.value()->revision());
        gauge("apiserver_storage_objects_total", "Number of stored keys",
              static_cast<std::int64_t>(store.value()->count("/registry/", "/registry0")));
    }
    return out;
}

} // namespace

std::vector<std::string> healthChecks(std::string_view root) {
    std::vector<std::string> checks(std::begin(kChecks), std::end(kChecks));
    if (root == "readyz") {
        const auto etcd = std::find(checks.begin(), checks.end(), "etcd");
        checks.insert(etcd + 1, {"etcd-readiness", "informer-sync"});
        checks.emplace_back("shutdown");
    }
    return checks;
}

std::optional<ports::Response> serveHealth(Core& core, Context& context) {
    std::string path = context.info.path;
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    if (path == "/version") return respondText(200, version(core), "application/json");
    if (path == "/healthz" || path == "/livez" || path == "/readyz")
        return healthAnswer(core, context, path.substr(1));
    if (path == "/metrics") return respondText(200, metrics(core), "text/plain; version=0.0.4; charset=utf-8");
    for (const char* root : {"/healthz/", "/livez/", "/readyz/"}) {
        if (!path.starts_with(root)) continue;
        const std::string name = path.substr(std::string_view(root).size());
        for (const std::string& check : healthChecks(std::string_view(root).substr(1, std::string_view(root).size() - 2)))
            if (name == check) {
                const bool ok = (name != "etcd" && name != "etcd-readiness") || core.etcd->reach().ok();
                return ok ? respondText(200, "ok") : respondText(500, "internal server error: etcd failed: reason withheld\n");
            }
        return respondText(404, "404 page not found\n");
    }
    return {};
}

} // namespace apiserver
