// version, api-versions, api-resources. Source: k8s.io/kubectl pkg/cmd/version, pkg/cmd/apiresources.
#include "base/strings.h"
#include "document/json.h"
#include "document/yaml.h"
#include "kubectl/commands/commands.h"
#include "kubectl/printers/kyaml.h"
#include "kubectl/printers/printer.h"
#include "kubectl/printers/tab_writer.h"

#include <algorithm>
#include <set>

namespace kubectl {

using document::Value;

namespace {

Value clientVersion() {
    return Value::object({{"major", "1"}, {"minor", "35"}, {"gitVersion", "v1.35.4"},
                          {"gitCommit", "0123456789abcdef0123456789abcdef01234567"}, {"gitTreeState", "clean"},
                          {"buildDate", "2026-04-14T00:00:00Z"}, {"goVersion", "go1.26.8"}, {"compiler", "gc"},
                          {"platform", "linux/amd64"}});
}

// Keys in the order of Go's struct.
std::string orderedInfo(const Value& info) {
    std::string out;
    for (const char* key : {"major", "minor", "emulationMajor", "emulationMinor", "minCompatibilityMajor",
                            "minCompatibilityMinor", "gitVersion", "gitCommit", "gitTreeState", "buildDate",
                            "goVersion", "compiler", "platform"}) {
        if (info[key].isNull()) continue;
        out += std::string(out.empty() ? "" : ",") + "\"" + key + "\":" + base::quoteGo(info[key].asString());
    }
    return "{" + out + "}";
}

std::vector<const Mapping*> chosen(Session& session, const Mapper& mapper) {
    const Flags& flags = session.flags;
    std::vector<const Mapping*> out;
    for (const Mapping& m : mapper.all()) {
        if (!m.preferred) continue;
        if (flags.changed("api-group") && m.group != flags.text("api-group")) continue;
        if (flags.changed("namespaced") && m.namespaced != flags.on("namespaced")) continue;
        bool fits = !m.verbs.empty();
        for (const std::string& verb : flags.list("verbs")) fits = fits && m.hasVerb(verb);
        for (const std::string& category : flags.list("categories"))
            fits = fits && std::find(m.categories.begin(), m.categories.end(), category) != m.categories.end();
        if (fits) out.push_back(&m);
    }
    return out;
}

// The list that -o json and -o yaml print, with the keys of Go's struct in its order.
std::string resourceListText(const std::vector<const Mapping*>& list, const std::string& output) {
    const auto texts = [](const std::vector<std::string>& items) {
        std::vector<std::string> quoted;
        for (const std::string& item : items) quoted.push_back(base::quoteGo(item));
        return "[" + base::join(quoted, ",") + "]";
    };
    std::vector<std::string> items;
    for (const Mapping* m : list) {
        std::string item = "{\"name\":" + base::quoteGo(m->plural) + ",\"singularName\":" + base::quoteGo(m->singular) +
                           ",\"namespaced\":" + (m->namespaced ? "true" : "false");
        if (!m->group.empty()) item += ",\"group\":" + base::quoteGo(m->group);
        item += ",\"version\":" + base::quoteGo(m->version) + ",\"kind\":" + base::quoteGo(m->kind) + ",\"verbs\":" + texts(m->verbs);
        if (!m->shortNames.empty()) item += ",\"shortNames\":" + texts(m->shortNames);
        if (!m->categories.empty()) item += ",\"categories\":" + texts(m->categories);
        items.push_back(item + "}");
    }
    const std::string text = "{\"kind\":\"APIResourceList\",\"apiVersion\":\"v1\",\"groupVersion\":\"\",\"resources\":[" +
                             base::join(items, ",") + "]}";
    if (output == "json") return indentJsonText(text) + "\n";
    auto value = document::readJson(text);
    if (!value.ok()) return {};
    return output == "yaml" ? document::writeYaml(value.value()) : writeKyaml(value.value());
}

} // namespace

sim::Task<Outcome> runVersion(Session& session) {
    const std::string output = session.flags.text("output");
    if (!session.args.empty()) co_return base::makeError("extra arguments: [" + base::join(session.args, " ") + "]");
    if (!output.empty() && output != "yaml" && output != "json")
        co_return base::makeError("--output must be 'yaml' or 'json'");
    Value server;
    base::Error problem;
    if (!session.flags.on("client")) {
        ports::Query query;
        query.set("timeout", "32s");
        auto answer = co_await session.get("/version", query);
        if (answer.ok()) server = answer.value();
        else problem = answer.error();
    }
    if (output == "json") {
        std::string text = "{\"clientVersion\":" + orderedInfo(clientVersion()) + ",\"kustomizeVersion\":\"v5.7.1\"";
        if (!server.isNull()) text += ",\"serverVersion\":" + orderedInfo(server);
        session.out(indentJsonText(text + "}", "  ") + "\n");
    } else if (output == "yaml") {
        Value all = Value::object({{"clientVersion", clientVersion()}, {"kustomizeVersion", "v5.7.1"}});
        if (!server.isNull()) all = all.with("serverVersion", server);
        session.out(document::writeYaml(all));
    } else {
        session.out("Client Version: v1.35.4\nKustomize Version: v5.7.1\n");
        if (!server.isNull()) session.out("Server Version: " + server["gitVersion"].text() + "\n");
    }
    if (!problem.message.empty()) co_return problem;
    co_return 0;
}

sim::Task<Outcome> runApiVersions(Session& session) {
    if (!session.args.empty()) co_return session.usage("unexpected arguments: [" + base::join(session.args, " ") + "]");
    auto mapper = co_await session.refreshMapper();
    if (!mapper.ok()) co_return mapper.error();
    std::vector<std::string> versions = mapper.value()->groupVersions();
    std::sort(versions.begin(), versions.end());
    for (const std::string& version : versions) session.out(version + "\n");
    co_return 0;
}

sim::Task<Outcome> runApiResources(Session& session) {
    const Flags& flags = session.flags;
    const std::string output = flags.text("output"), sortBy = flags.text("sort-by");
    if (!session.args.empty()) co_return session.usage("unexpected arguments: [" + base::join(session.args, " ") + "]");
    static const std::set<std::string> kOutputs = {"", "wide", "name", "json", "yaml", "kyaml"};
    if (!kOutputs.contains(output))
        co_return base::makeError("unable to match a printer suitable for the output format " + base::quoteGo(output) +
                                  ", allowed formats are: json,kyaml,name,wide,yaml");
    if (!sortBy.empty() && sortBy != "name" && sortBy != "kind")
        co_return base::makeError("--sort-by accepts only name or kind");
    const bool cached = flags.on("cached");
    base::Result<const Mapper*> mapper = base::makeError("");
    if (cached) mapper = co_await session.mapper();
    else mapper = co_await session.refreshMapper();
    if (!mapper.ok()) co_return mapper.error();
    std::vector<const Mapping*> list = chosen(session, *mapper.value());
    std::stable_sort(list.begin(), list.end(), [&](const Mapping* a, const Mapping* b) {
        if (sortBy == "name" && a->plural != b->plural) return a->plural < b->plural;
        if (sortBy == "kind" && a->kind != b->kind) return a->kind < b->kind;
        if (!sortBy.empty()) return false;
        return a->group != b->group ? a->group < b->group : a->plural < b->plural;
    });
    if (output == "json" || output == "yaml" || output == "kyaml") {
        session.out(resourceListText(list, output));
        co_return 0;
    }
    std::string text;
    if (output != "name" && !flags.on("no-headers"))
        text += std::string("NAME\tSHORTNAMES\tAPIVERSION\tNAMESPACED\tKIND") + (output == "wide" ? "\tVERBS\tCATEGORIES" : "") + "\n";
    for (const Mapping* m : list) {
        if (output == "name") {
            session.out(m->groupResource() + "\n");
            continue;
        }
        std::string line = m->plural + "\t" + base::join(m->shortNames, ",") + "\t" + m->apiVersion() + "\t" +
                           (m->namespaced ? "true" : "false") + "\t" + m->kind;
        if (output == "wide") line += "\t" + base::join(m->verbs, ",") + "\t" + base::join(m->categories, ",");
        text += line + "\n";
    }
    session.out(alignTable(text));
    co_return 0;
}

} // namespace kubectl
