#include "kubectl/commands/create_support.h"

#include "api/kinds.h"
#include "base/strings.h"
#include "document/json.h"
#include "pki/certificate.h"

#include <algorithm>

namespace kubectl {

using document::Value;

base::Result<std::string> nameArgument(Session& session) {
    const std::size_t count = session.line.argsBeforeDash().size();
    if (count != 1)
        return session.usage("exactly one NAME is required, got " + std::to_string(count));
    return session.args[0];
}

base::Status checkCommonFlags(Session& session) {
    if (auto mode = dryRunOf(session); !mode.ok()) return mode.error();
    PrinterOptions options;
    options.operation = "created";
    if (auto printer = makePrinter(session, options); !printer.ok()) return printer.error();
    if (auto validation = validationOf(session); !validation.ok()) return validation.error();
    return base::okStatus();
}

Value makeObject(std::string_view apiVersion, std::string_view kind, std::string_view name) {
    return Value::object({{"apiVersion", apiVersion}, {"kind", kind},
                          {"metadata", Value::object({{"name", name}})}});
}

Value intOrString(std::string_view text) {
    if (auto number = base::parseInt(text); number && *number >= INT32_MIN && *number <= INT32_MAX)
        return Value(*number);
    return Value(text);
}

Value withLastApplied(const Value& object, bool typed) {
    Value bare = object["metadata"]["annotations"].has(kLastApplied)
                     ? object.withoutPath({"metadata", "annotations", kLastApplied})
                     : object;
    if (!typed && bare["metadata"]["annotations"].isNull())
        bare = bare.withPath({"metadata", "annotations"}, Value::object());
    const std::string text = (typed ? typedJson(filledByType(bare)) : document::writeJson(bare, true)) + "\n";
    return object.withPath({"metadata", "annotations", kLastApplied}, text);
}

Value refreshedLastApplied(const Value& object, bool asked) {
    const bool there = !object["metadata"]["annotations"][kLastApplied].asString().empty();
    return asked || there ? withLastApplied(object, false) : object;
}

sim::Task<Outcome> finishCreate(Session& session, Generated generated, std::string operation) {
    auto mode = dryRunOf(session);
    if (!mode.ok()) co_return mode.error();
    PrinterOptions options;
    options.operation = operation + dryRunSuffix(mode.value());
    options.typed = true;
    auto printer = makePrinter(session, options);
    if (!printer.ok()) co_return printer.error();
    auto validation = validationOf(session);
    if (!validation.ok()) co_return validation.error();
    auto ns = session.ns();
    if (!ns.ok()) co_return ns.error();

    Value object = generated.object;
    const auto gv = base::splitLimited(object["apiVersion"].asString(), '/', 2);
    const api::ResourceInfo* info = api::builtinKinds().findByKind(
        gv.size() > 1 ? gv[0] : "", gv.size() > 1 ? gv[1] : gv[0], object["kind"].asString());
    if (info == nullptr) co_return base::makeError("no kind " + base::quoteGo(object["kind"].asString()) + " is registered");
    if (info->namespaced && session.nsGiven()) object = object.withPath({"metadata", "namespace"}, ns.value());
    if (session.flags.known("save-config") && session.flags.on("save-config")) object = withLastApplied(object, true);
    if (mode.value() != DryRun::Client) {
        CallOptions call;
        if (mode.value() == DryRun::Server) call.query.set("dryRun", "All");
        if (session.flags.known("field-manager")) call.query.set("fieldManager", session.flags.text("field-manager"));
        if (session.flags.known("validate")) call.query.set("fieldValidation", validation.value());
        call.body = filledByType(object);
        auto made = co_await session.call("POST", mappingOf(*info).path(ns.value()), std::move(call));
        if (!made.ok()) {
            if (generated.failure.empty()) co_return made.error();
            co_return prefixed(generated.failure, made.error());
        }
        object = made.value();
    }
    auto text = printer.value()->print(object);
    if (!text.ok()) co_return text.error();
    session.out(text.value());
    co_return 0;
}

bool isUtf8(std::string_view bytes) {
    for (std::size_t i = 0; i < bytes.size();) {
        const auto c = static_cast<unsigned char>(bytes[i]);
        const std::size_t length = c < 0x80 ? 1 : c >= 0xC2 && c < 0xE0 ? 2 : c >= 0xE0 && c < 0xF0 ? 3
                                   : c >= 0xF0 && c < 0xF5 ? 4 : 0;
        if (length == 0 || i + length > bytes.size()) return false;
        for (std::size_t j = 1; j < length; ++j)
            if ((static_cast<unsigned char>(bytes[i + j]) & 0xC0) != 0x80) return false;
        i += length;
    }
    return true;
}

std::string keyProblem(std::string_view key) {
    if (key.size() > 253) return "must be no more than 253 characters";
    bool plain = !key.empty();
    for (const char c : key)
        plain = plain && (std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.');
    if (!plain)
        return "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. "
               "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is "
               "'[-._a-zA-Z0-9]+')";
    if (key == ".") return "must not be '.'";
    if (key == "..") return "must not be '..'";
    if (key.substr(0, 2) == "..") return "must not start with '..'";
    return {};
}

std::string contentHash(std::string_view json) {
    std::string out = base::encodeHex(pki::sha256(json)).substr(0, 10);
    // Source: kubectl pkg/util/hash: no vowels and no digits that look like them.
    for (char& c : out) {
        if (c == '0') c = 'g';
        else if (c == '1') c = 'h';
        else if (c == '3') c = 'k';
        else if (c == 'a') c = 'm';
        else if (c == 'e') c = 't';
    }
    return out;
}

namespace {

class DataReader {
public:
    DataReader(Session& session, bool secret, const std::string& owner)
        : session_(session), secret_(secret), owner_(owner) {}

    base::Result<std::vector<DataEntry>> run() {
        for (const std::string& source : session_.flags.list("from-file")) BASE_CHECK(addFile(source));
        for (const std::string& source : session_.flags.list("from-literal")) {
            const auto equals = source.find('=');
            if (equals == std::string::npos || equals == 0)
                return base::makeError("invalid literal source " + source + ", expected key=value");
            BASE_CHECK(add(source.substr(0, equals), source.substr(equals + 1)));
        }
        for (const std::string& source : session_.flags.list("from-env-file")) BASE_CHECK(addEnvFile(source));
        return std::move(entries_);
    }

private:
    base::Status add(std::string key, std::string bytes) {
        if (const std::string problem = keyProblem(key); !problem.empty())
            return base::makeError(base::quoteGo(key) + (secret_ ? " is not valid key name for a Secret " : " is not a valid key name for a ConfigMap: ") + problem);
        for (const DataEntry& entry : entries_) {
            if (entry.key != key) continue;
            if (secret_) return base::makeError("cannot add key " + key + ", another key by that name already exists");
            return base::makeError("cannot add key " + base::quoteGo(key) + ", another key by that name already exists in " +
                                   (isUtf8(entry.bytes) ? "Data" : "BinaryData") + " for ConfigMap " + base::quoteGo(owner_));
        }
        entries_.push_back({std::move(key), std::move(bytes)});
        return base::okStatus();
    }
    base::Error unreadable(const std::string& path, const base::Error& error) const {
        std::string why = error.message;
        if (!why.empty()) why[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(why[0])));
        return base::makeError("error reading " + path + ": " + why);
    }
    base::Status addFile(const std::string& source) {
        const auto count = std::count(source.begin(), source.end(), '=');
        std::string key, path = source;
        if (count == 1 && source.front() == '=') return base::makeError("key name for file path " + source.substr(1) + " missing");
        if (count == 1 && source.back() == '=') return base::makeError("file path for key name " + source.substr(0, source.size() - 1) + " missing");
        if (count > 1) return base::makeError("key names or file paths cannot contain '='");
        if (count == 1) {
            key = source.substr(0, source.find('='));
            path = source.substr(source.find('=') + 1);
        } else {
            key = path.substr(path.rfind('/') == std::string::npos ? 0 : path.rfind('/') + 1);
        }
        ports::FileSystem& files = session_.process.files();
        const std::string full = session_.process.resolve(path);
        auto stat = session_.stat(path);
        if (!stat.ok()) return unreadable(path, stat.error());
        if (stat->type == ports::FileType::Directory) {
            if (count == 1) return base::makeError("cannot give a key name for a directory path");
            auto entries = files.list(full);
            if (!entries.ok()) return base::makeError("error listing files in " + path + ": " + entries.error().message);
            for (const ports::DirectoryEntry& entry : entries.value()) {
                if (entry.type != ports::FileType::Regular) continue;
                BASE_TRY(std::string bytes, session_.readFile(path + "/" + entry.name));
                BASE_CHECK(add(entry.name, std::move(bytes)));
            }
            return base::okStatus();
        }
        BASE_TRY(std::string bytes, session_.readFile(path));
        return add(key, std::move(bytes));
    }
    base::Status addEnvFile(const std::string& path) {
        auto stat = session_.stat(path);
        if (!stat.ok()) return unreadable(path, stat.error());
        if (stat->type == ports::FileType::Directory)
            return base::makeError(secret_ ? "env secret file cannot be a directory" : "env config file cannot be a directory");
        BASE_TRY(const std::string text, session_.readFile(path));
        for (std::string line : base::splitLines(text)) {
            if (!line.empty() && line.back() == '\r') line.pop_back();
            const auto start = line.find_first_not_of(" \t\v\f\r");
            if (start == std::string::npos || line[start] == '#') continue;
            line = line.substr(start);
            const auto equals = line.find('=');
            const std::string key = line.substr(0, equals);
            if (const std::string problem = envNameProblem(key); !problem.empty())
                return base::makeError(base::quoteGo(key) + " is not a valid key name: " + problem);
            std::string value;
            if (equals != std::string::npos) value = line.substr(equals + 1);
            else if (auto found = session_.process.env().find(key); found != session_.process.env().end()) value = found->second;
            BASE_CHECK(add(key, value));
        }
        return base::okStatus();
    }
    static std::string envNameProblem(std::string_view name) {
        bool plain = !name.empty() && !std::isdigit(static_cast<unsigned char>(name[0]));
        for (const char c : name)
            plain = plain && (std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.');
        if (!plain)
            return "a valid environment variable name must consist of alphabetic characters, digits, '_', "
                   "'-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  "
                   "or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')";
        if (name == ".") return "must not be '.'";
        if (name == "..") return "must not be '..'";
        if (name.substr(0, 2) == "..") return "must not start with '..'";
        return {};
    }

    Session& session_;
    bool secret_;
    const std::string& owner_;
    std::vector<DataEntry> entries_;
};

} // namespace

base::Result<std::vector<DataEntry>> dataSources(Session& session, bool secret, const std::string& owner) {
    return DataReader(session, secret, owner).run();
}

namespace {

struct Generator {
    std::string_view command;
    base::Result<Value> (*generate)(Session&, std::string);
    std::string_view failure;
};

base::Result<Value> generateNamespace(Session&, std::string name) { return makeObject("v1", "Namespace", name); }
base::Result<Value> generateAccount(Session&, std::string name) { return makeObject("v1", "ServiceAccount", name); }

constexpr Generator kGenerators[] = {
    {"create deployment", generateDeployment, "failed to create deployment: "},
    {"create cronjob", generateCronJob, "failed to create cronjob: "},
    {"create configmap", generateConfigMap, "failed to create configmap: "},
    {"create secret generic", generateSecret, "failed to create secret "},
    {"create secret docker-registry", generateDockerSecret, "failed to create secret "},
    {"create secret tls", generateTlsSecret, "failed to create secret "},
    {"create service clusterip", generateService, "failed to create ClusterIP service: "},
    {"create service nodeport", generateService, "failed to create NodePort service: "},
    {"create service loadbalancer", generateService, "failed to create LoadBalancer service: "},
    {"create service externalname", generateService, "failed to create ExternalName service: "},
    {"create rolebinding", generateBinding, "failed to create rolebinding: "},
    {"create clusterrolebinding", generateBinding, "failed to create clusterrolebinding: "},
    {"create ingress", generateIngress, "failed to create ingress: "},
    {"create quota", generateQuota, "failed to create quota: "},
    {"create poddisruptionbudget", generateBudget, "failed to create poddisruptionbudgets: "},
    {"create priorityclass", generatePriorityClass, "failed to create priorityclass: "},
    {"create namespace", generateNamespace, ""},
    {"create serviceaccount", generateAccount, "failed to create serviceaccount: "},
};

} // namespace

sim::Task<Outcome> runCreateKind(Session& session) {
    auto name = nameArgument(session);
    if (!name.ok()) co_return name.error();
    BASE_CO_CHECK(checkCommonFlags(session));
    const std::string& path = session.command().path;
    Generated generated;
    if (path == "create job" || path == "create role" || path == "create clusterrole") {
        base::Result<Value> made = Value();
        if (path == "create job") made = co_await generateJob(session, name.value());
        else made = co_await generateRole(session, name.value());
        if (!made.ok()) co_return made.error();
        generated.object = made.value();
        if (path == "create job") generated.failure = "failed to create job: ";
        co_return co_await finishCreate(session, std::move(generated));
    }
    for (const Generator& generator : kGenerators) {
        if (generator.command != path) continue;
        auto made = generator.generate(session, name.value());
        if (!made.ok()) co_return made.error();
        generated.object = made.value();
        generated.failure = std::string(generator.failure);
        co_return co_await finishCreate(session, std::move(generated));
    }
    co_return session.usage("unknown command " + base::quoteGo(path));
}

} // namespace kubectl
