// Source: kustomize kustomize/commands/build, as `kubectl kustomize`.
#include "base/strings.h"
#include "document/yaml.h"
#include "kubectl/commands/commands.h"
#include "kubectl/kustomize/kustomize.h"

namespace kubectl {

namespace {

base::Status checkFlags(const Flags& flags) {
    const std::string restrictor = flags.text("load-restrictor"), reorder = flags.text("reorder");
    if (restrictor != "LoadRestrictionsRootOnly" && restrictor != "LoadRestrictionsNone")
        return base::makeError("illegal flag value --load-restrictor " + restrictor +
                               "; legal values: [LoadRestrictionsRootOnly LoadRestrictionsNone]");
    if (reorder != "legacy" && reorder != "none")
        return base::makeError("illegal flag value --reorder " + reorder + "; legal values: [legacy none]");
    return base::okStatus();
}

// "apps_v1_deployment_web.yaml", below the folder.
std::string fileNameOf(const document::Value& object) {
    const auto gv = base::splitLimited(object["apiVersion"].asString(), '/', 2);
    std::string out = gv.size() > 1 ? gv[0] + "_" : "";
    out += gv.back() + "_" + object["kind"].text() + "_" + object.at("metadata", "name").text() + ".yaml";
    return base::toLower(out);
}

base::Status writeOutput(Session& session, const std::string& path, const std::vector<std::string>& texts) {
    ports::FileSystem& files = session.process.files();
    const std::string full = session.process.resolve(path);
    if (!files.isDirectory(full)) {
        if (base::Status written = files.write(full, base::join(texts, "---\n"), 0644); !written.ok())
            return base::makeError("open " + path + ": " + base::toLower(written.error().message));
        return base::okStatus();
    }
    for (const std::string& text : texts) {
        BASE_TRY(const document::Value object, document::readYaml(text));
        const std::string ns = object.at("metadata", "namespace").text();
        BASE_CHECK(files.write(full + "/" + (ns.empty() ? "" : base::toLower(ns) + "_") + fileNameOf(object), text, 0644));
    }
    return base::okStatus();
}

} // namespace

sim::Task<Outcome> runKustomize(Session& session) {
    const Flags& flags = session.flags;
    if (session.args.size() > 1) co_return base::makeError("specify one path to kustomization.yaml");
    BASE_CO_CHECK(checkFlags(flags));
    KustomizeOptions options;
    options.loadAnywhere = flags.text("load-restrictor") == "LoadRestrictionsNone";
    options.reorder = flags.text("reorder");
    options.managedByLabel = flags.on("enable-managedby-label");
    const std::string folder = session.args.empty() ? "." : session.args[0];
    auto built = kustomizeObjects(session, folder, options);
    if (!built.ok()) co_return built.error();
    const std::string output = flags.text("output");
    if (!output.empty()) BASE_CO_CHECK(writeOutput(session, output, built.value()));
    if (output.empty()) session.out(base::join(built.value(), "---\n"));
    co_return 0;
}

} // namespace kubectl
