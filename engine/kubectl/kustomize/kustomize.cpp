#include "kubectl/kustomize/kustomize.h"

#include "base/strings.h"
#include "document/yaml.h"
#include "kubectl/core/session.h"
#include "kubectl/kustomize/schema.h"
#include "kubectl/kustomize/target.h"

#include <algorithm>
#include <map>

namespace kubectl {

namespace kustomize {

using document::Value;

namespace {

base::Error within(const std::string& prefix, const base::Error& error) {
    return base::makeError(prefix + ": " + error.message);
}

base::Result<std::string> kustomizationText(const Loader& loader) {
    std::vector<std::string> found;
    for (const char* name : {"kustomization.yaml", "kustomization.yml", "Kustomization"})
        if (auto text = loader.load(name); text.ok()) found.push_back(std::move(text).value());
    if (found.size() == 1) return found[0];
    if (found.empty())
        return base::makeError("unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in "
                               "directory '" + loader.root() + "'");
    return base::makeError("Found multiple kustomization files under: " + loader.root() + "\n");
}

// Fields that lead out of what this lab builds.
base::Status checkModelled(const Value& kustomization) {
    for (const char* field : {"vars", "crds", "configurations", "generators", "transformers", "validators", "helmCharts",
                              "helmChartInflationGenerator"})
        if (kustomization[field].size() > 0)
            return base::makeError("this lab does not model the field '" + std::string(field) + "' of a kustomization");
    return base::okStatus();
}

class Target {
public:
    Target(Session& session, Loader loader) : session_(session), loader_(std::move(loader)) {}

    base::Status load() {
        BASE_TRY(const std::string text, kustomizationText(loader_));
        BASE_TRY(const Value read, readKustomization(text));
        for (const std::string& warning : deprecations(read)) session_.err(warning + "\n");
        kustomization_ = modernized(read);
        BASE_CHECK(checkKustomization(kustomization_, loader_.root()));
        return checkModelled(kustomization_);
    }
    const Value& kustomization() const { return kustomization_; }

    // Adds to what a component finds already there.
    base::Status accumulate(Resources& into) {
        for (const Value& path : kustomization_["resources"].items())
            if (base::Status added = addPath(into, path.text()); !added.ok())
                return within("accumulating resources", added.error());
        BASE_CHECK(runGenerators(into, kustomization_, loader_));
        for (const Value& path : kustomization_["components"].items())
            if (base::Status added = addComponent(into, path.text()); !added.ok())
                return within("accumulating components", added.error());
        return runTransformers(into, kustomization_, loader_);
    }

private:
    base::Status addFile(Resources& into, const std::string& path) {
        const auto reading = [&](const base::Error& error) { return within("accumulating resources from '" + path + "'", error); };
        auto text = loader_.load(path);
        if (!text.ok()) return reading(text.error());
        auto read = readResources(text.value());
        if (!read.ok()) {
            const bool malformed = read.error().message.starts_with("MalformedYAMLError");
            return reading(malformed ? base::makeError(read.error().message + " in File: " + path) : read.error());
        }
        if (base::Status added = into.addAll(std::move(read).value()); !added.ok())
            return within("merging resources from '" + path + "'", added.error());
        return base::okStatus();
    }
    base::Status addPath(Resources& into, const std::string& path) {
        const base::Status asFile = addFile(into, path);
        if (asFile.ok()) return asFile;
        const std::string first = "accumulation err='" + asFile.error().message + "'";
        auto below = loader_.below(path);
        if (!below.ok()) {
            if (asFile.error().message.find("MalformedYAMLError") != std::string::npos) return asFile;
            return within(first, below.error());
        }
        if (base::Status added = addFolder(into, below.value(), false); !added.ok()) return within(first, added.error());
        return base::okStatus();
    }
    base::Status addComponent(Resources& into, const std::string& path) {
        auto below = loader_.below(path);
        if (!below.ok()) return base::makeError("loader.New " + base::quoteGo(below.error().message));
        if (base::Status added = addFolder(into, below.value(), true); !added.ok())
            return base::makeError("accumulateDirectory: " + base::quoteGo(added.error().message));
        return base::okStatus();
    }
    base::Status addFolder(Resources& into, const Loader& loader, bool component) {
        Target target(session_, loader);
        const std::string root = loader.root();
        if (base::Status loaded = target.load(); !loaded.ok())
            return within("couldn't make target for path '" + root + "'", loaded.error());
        const std::string kind = target.kustomization_["kind"].text();
        if (component && kind != "Component")
            return base::makeError("expected kind 'Component' for path '" + root + "' but got '" + kind + "'");
        if (!component && kind == "Component") return base::makeError("expected kind != 'Component' for path '" + root + "'");
        if (component) {
            if (base::Status done = target.accumulate(into); !done.ok())
                return within("recursed accumulation of path '" + root + "'", done.error());
            return base::okStatus();
        }
        Resources own;
        if (base::Status done = target.accumulate(own); !done.ok())
            return within("recursed accumulation of path '" + root + "'", done.error());
        if (base::Status added = into.addAll(std::move(own.list)); !added.ok())
            return within("recursed merging from path '" + root + "'", added.error());
        return base::okStatus();
    }

    Session& session_;
    Loader loader_;
    Value kustomization_;
};

std::string sortText(const ResourceId& id) {
    return (id.group.empty() ? "~G" : id.group) + "_" + (id.version.empty() ? "~V" : id.version) + "_" +
           (id.kind.empty() ? "~K" : id.kind);
}

base::Status sortObjects(Resources& resources, const Value& options, const std::string& reorder) {
    const std::string order = options["order"].text();
    if (options.isNull()) {
        if (reorder != "none") sortLegacy(resources, options);
        return base::okStatus();
    }
    if (order != "fifo" && order != "legacy")
        return base::makeError("the field 'sortOptions.order' must be one of [fifo, legacy]");
    if (order == "fifo" && !options["legacySortOptions"].isNull())
        return base::makeError("the field 'sortOptions.legacySortOptions' is set but the selected sort order is 'fifo', not 'legacy'");
    if (order == "legacy") sortLegacy(resources, options["legacySortOptions"]);
    return base::okStatus();
}

void dropLocal(Resources& resources) {
    std::erase_if(resources.list, [](const Resource& resource) {
        const Value& mark = resource.object.at("metadata", "annotations")["config.kubernetes.io/local-config"];
        return !mark.isNull() && mark.asString() != "false";
    });
}

base::Result<Resources> buildAll(Session& session, const std::string& folder, const KustomizeOptions& options) {
    BASE_TRY(Loader loader, Loader::open(session.process, folder, options.loadAnywhere));
    Target target(session, std::move(loader));
    BASE_CHECK(target.load());
    Resources out;
    BASE_CHECK(target.accumulate(out));
    addHashes(out);
    BASE_CHECK(updateReferences(out));
    dropLocal(out);
    BASE_CHECK(sortObjects(out, target.kustomization()["sortOptions"], options.reorder));
    bool managed = options.managedByLabel;
    for (const Value& item : target.kustomization()["buildMetadata"].items()) managed = managed || item.asString() == "managedByLabel";
    for (Resource& resource : out.list)
        if (managed)
            resource.object = resource.object.withPath({"metadata", "labels", "app.kubernetes.io/managed-by"}, "kustomize-v5.7.1");
    return out;
}

} // namespace

// Source: kustomize api/internal/builtins/SortOrderTransformer.go.
void sortLegacy(Resources& resources, const Value& options) {
    static constexpr const char* kFirst[] = {
        "Namespace", "ResourceQuota", "StorageClass", "CustomResourceDefinition", "ServiceAccount", "PodSecurityPolicy",
        "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ConfigMap", "Secret", "Endpoints", "Service",
        "LimitRange", "PriorityClass", "PersistentVolume", "PersistentVolumeClaim", "Deployment", "StatefulSet", "CronJob",
        "PodDisruptionBudget"};
    static constexpr const char* kLast[] = {"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"};
    std::vector<std::string> first(std::begin(kFirst), std::end(kFirst)), last(std::begin(kLast), std::end(kLast));
    if (!options.isNull()) {
        first.clear();
        last.clear();
        for (const Value& kind : options["orderFirst"].items()) first.push_back(kind.text());
        for (const Value& kind : options["orderLast"].items()) last.push_back(kind.text());
    }
    std::map<std::string, int> rank;
    for (std::size_t i = 0; i < first.size(); ++i) rank[first[i]] = static_cast<int>(i) - static_cast<int>(first.size());
    for (std::size_t i = 0; i < last.size(); ++i) rank[last[i]] = 1 + static_cast<int>(i);
    const auto before = [&](const Resource& a, const Resource& b) {
        const ResourceId x = a.id(), y = b.id();
        if (x.gvkText() != y.gvkText()) {
            const int left = rank.contains(x.kind) ? rank[x.kind] : 0, right = rank.contains(y.kind) ? rank[y.kind] : 0;
            return left != right ? left < right : sortText(x) < sortText(y);
        }
        const auto text = [](const ResourceId& id) {
            return (id.ns.empty() ? "~X" : id.ns) + "|" + (id.name.empty() ? "~N" : id.name);
        };
        return text(x) < text(y);
    };
    std::stable_sort(resources.list.begin(), resources.list.end(), before);
}

} // namespace kustomize

base::Result<std::vector<std::string>> kustomizeObjects(Session& session, const std::string& folder,
                                                        const KustomizeOptions& options) {
    BASE_TRY(const kustomize::Resources built, kustomize::buildAll(session, folder, options));
    std::vector<std::string> out;
    for (const kustomize::Resource& resource : built.list) out.push_back(document::writeYaml(resource.object));
    return out;
}

base::Result<std::string> kustomizeBuild(Session& session, const std::string& folder) {
    BASE_TRY(const auto texts, kustomizeObjects(session, folder, {}));
    return base::join(texts, "---\n");
}

} // namespace kubectl
