// ConfigMaps and Secrets from files and literals. Source: kustomize api/kv, api/internal/generators,
// api/hasher.
#include "base/strings.h"
#include "document/json.h"
#include "kubectl/commands/create_support.h"
#include "kubectl/kustomize/target.h"

#include <map>

namespace kubectl::kustomize {

using document::Value;

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string goStrings(const Value& list) {
    std::vector<std::string> out;
    for (const Value& item : list.items()) out.push_back(item.text());
    return "[" + base::join(out, " ") + "]";
}

base::Status fromEnvFile(const std::string& text, Pairs& out) {
    for (std::string line : base::splitLines(text)) {
        if (!line.empty() && line.back() == '\r') line.pop_back();
        const auto start = line.find_first_not_of(" \t");
        if (start == std::string::npos || line[start] == '#') continue;
        line.erase(0, start);
        const auto equals = line.find('=');
        const std::string key = line.substr(0, equals);
        if (key.empty() || key.find_first_of(" \t") != std::string::npos)
            return base::makeError(base::quoteGo(key) + " is not a valid key name: a valid environment variable name must consist "
                                   "of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. "
                                   "'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is "
                                   "'[-._a-zA-Z][-._a-zA-Z0-9]*')");
        out.emplace_back(key, equals == std::string::npos ? "" : line.substr(equals + 1));
    }
    return base::okStatus();
}

base::Status fromLiteral(const std::string& source, Pairs& out) {
    const auto equals = source.find('=');
    if (equals == 0 || equals == std::string::npos)
        return base::makeError("invalid literal source " + source + ", expected key=value");
    std::string value = source.substr(equals + 1);
    if (value.size() >= 2 && value.front() == value.back() && (value[0] == '"' || value[0] == '\''))
        value = value.substr(1, value.size() - 2);
    out.emplace_back(source.substr(0, equals), std::move(value));
    return base::okStatus();
}

base::Status fromFile(const std::string& source, const Loader& loader, Pairs& out) {
    const auto equals = source.find('=');
    std::string key = source.substr(source.rfind('/') == std::string::npos ? 0 : source.rfind('/') + 1), path = source;
    if (equals != std::string::npos) {
        key = source.substr(0, equals);
        path = source.substr(equals + 1);
        if (path.find('=') != std::string::npos)
            return base::makeError("source " + base::quoteGo(source) + " key name or file path contains '='");
        if (key.empty())
            return base::makeError("missing key name for file path " + base::quoteGo(path) + " in source " + base::quoteGo(source));
        if (path.empty())
            return base::makeError("missing file path for key name " + base::quoteGo(key) + " in source " + base::quoteGo(source));
    }
    BASE_TRY(std::string text, loader.load(path));
    out.emplace_back(std::move(key), std::move(text));
    return base::okStatus();
}

base::Error within(const std::string& prefix, const base::Error& error) {
    return base::makeError("loading KV pairs: " + prefix + ": " + error.message);
}

base::Result<Pairs> readPairs(const Value& args, const Loader& loader) {
    Pairs out;
    for (const Value& source : args["envs"].items()) {
        auto text = loader.load(source.text());
        const base::Status read = text.ok() ? fromEnvFile(text.value(), out) : base::Status(text.error());
        if (!read.ok()) return within("env source files: " + goStrings(args["envs"]), read.error());
    }
    for (const Value& source : args["literals"].items())
        if (auto read = fromLiteral(source.text(), out); !read.ok())
            return within("literal sources " + goStrings(args["literals"]), read.error());
    for (const Value& source : args["files"].items())
        if (auto read = fromFile(source.text(), loader, out); !read.ok())
            return within("file sources: " + goStrings(args["files"]), read.error());
    return out;
}

// In lines of 70 when there is more than one. Source: kyaml yaml/datamap.go.
std::string foldedBase64(const std::string& bytes) {
    const std::string plain = base::encodeBase64(bytes);
    if (plain.size() < 70) return plain;
    std::string out;
    for (std::size_t i = 0; i < plain.size(); i += 70) out += plain.substr(i, 70) + "\n";
    return out;
}

Value mergedOptions(const Value& local, const Value& global) {
    document::ObjectBuilder out(local.isObject() ? local : Value::object());
    for (const char* map : {"labels", "annotations"}) {
        document::ObjectBuilder all(global[map].isObject() ? global[map] : Value::object());
        for (const document::Member& member : local[map].members()) all.set(member.key, member.value);
        if (!all.empty()) out.set(map, std::move(all).build());
    }
    for (const char* flag : {"disableNameSuffixHash", "immutable"})
        if (global[flag].asBool()) out.set(flag, true);
    return std::move(out).build();
}

base::Result<Resource> generate(const Value& args, bool secret, const Value& options, const Loader& loader) {
    if (args["name"].asString().empty()) return base::makeError("a configmap must have a name");
    BASE_TRY(const Pairs pairs, readPairs(args, loader));
    document::ObjectBuilder data, binary, metadata;
    std::map<std::string, bool> seen;
    for (const auto& [key, value] : pairs) {
        if (const std::string problem = keyProblem(key); !problem.empty())
            return base::makeError(base::quoteGo(key) + " is not a valid key name: " + problem);
        if (seen[key]) return base::makeError("configmap " + args["name"].text() + " illegally repeats the key `" + key + "`");
        seen[key] = true;
        if (secret) data.set(key, foldedBase64(value));
        else if (isUtf8(value)) data.set(key, value);
        else binary.set(key, foldedBase64(value));
    }
    metadata.set("name", args["name"]);
    if (!args["namespace"].asString().empty()) metadata.set("namespace", args["namespace"]);
    for (const char* map : {"labels", "annotations"})
        if (options[map].size() > 0) metadata.set(map, options[map]);
    document::ObjectBuilder object;
    object.set("apiVersion", "v1").set("kind", secret ? "Secret" : "ConfigMap").set("metadata", std::move(metadata).build());
    if (secret) object.set("type", args["type"].asString().empty() ? Value("Opaque") : args["type"]);
    if (!data.empty()) object.set("data", std::move(data).build());
    if (!binary.empty()) object.set("binaryData", std::move(binary).build());
    if (options["immutable"].asBool()) object.set("immutable", true);
    Resource out;
    out.object = std::move(object).build();
    out.needsHash = !options["disableNameSuffixHash"].asBool();
    out.behavior = behaviorOf(args["behavior"].asString());
    return out;
}

// The content that the hash is made of; the name has no part in it.
std::string hashedText(const Value& object) {
    const bool secret = object["kind"].asString() == "Secret";
    document::ObjectBuilder out;
    out.set("kind", object["kind"]).set("name", "");
    const auto orEmpty = [&](const char* field) { return object[field].isNull() ? Value("") : object[field]; };
    out.set("data", orEmpty("data"));
    if (secret) out.set("type", orEmpty("type"));
    const char* extra = secret ? "stringData" : "binaryData";
    if (object[extra].isObject()) out.set(extra, object[extra]);
    return document::writeJson(std::move(out).build(), true);
}

} // namespace

base::Status runGenerators(Resources& into, const Value& kustomization, const Loader& loader) {
    for (const char* field : {"configMapGenerator", "secretGenerator"}) {
        const bool secret = field[0] == 's';
        for (const Value& args : kustomization[field].items()) {
            const Value options = mergedOptions(args["options"], kustomization["generatorOptions"]);
            BASE_TRY(Resource made, generate(args, secret, options, loader));
            if (base::Status absorbed = into.absorb(std::move(made)); !absorbed.ok())
                return base::makeError("merging from generator " + args["name"].text() + ": " + absorbed.error().message);
        }
    }
    return base::okStatus();
}

void addHashes(Resources& resources) {
    for (Resource& resource : resources.list) {
        if (!resource.needsHash || resource.gone()) continue;
        resource.rememberId();
        resource.rename(resource.name() + "-" + contentHash(hashedText(resource.object)));
    }
}

} // namespace kubectl::kustomize
