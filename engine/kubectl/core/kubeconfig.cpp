#include "kubectl/core/kubeconfig.h"

#include "base/strings.h"
#include "document/text_error.h"
#include "document/yaml.h"
#include "kubectl/core/errors.h"

#include <cerrno>

namespace kubectl {
namespace {

using document::Value;

std::string folderOf(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, slash);
}

void readEntries(const Value& list, const char* member, const std::string& origin,
                 Kubeconfig::Entries& out) {
    for (const Value& item : list.items()) {
        Value body = item[member];
        if (body.isNull()) body = Value::object();
        out[item["name"].text()] = {body, origin};
    }
}

Value writeEntries(const Kubeconfig::Entries& entries, const char* member) {
    if (entries.empty()) return Value();
    std::vector<Value> items;
    for (const auto& [name, entry] : entries)
        items.push_back(Value::object({{member, entry.value}, {"name", name}}));
    return Value::array(std::move(items));
}

void mergeEntries(Kubeconfig::Entries& into, const Kubeconfig::Entries& from) {
    for (const auto& [name, entry] : from) into.emplace(name, entry);
}

} // namespace

Value Kubeconfig::toValue() const {
    document::ObjectBuilder out;
    out.set("apiVersion", "v1").set("kind", "Config");
    out.set("clusters", writeEntries(clusters, "cluster"));
    out.set("contexts", writeEntries(contexts, "context"));
    out.set("users", writeEntries(users, "user"));
    out.set("current-context", currentContext);
    out.setUnlessEmpty("preferences", preferences);
    out.setUnlessEmpty("extensions", extensions);
    return std::move(out).build();
}

KubeconfigPaths::KubeconfigPaths(ports::Process& process, const Flags& flags) : process_(process) {
    if (flags.changed("kubeconfig") && !flags.text("kubeconfig").empty()) {
        files_ = {flags.text("kubeconfig")};
        explicit_ = true;
        return;
    }
    auto& env = process.env();
    const auto given = env.find("KUBECONFIG");
    if (given != env.end() && !given->second.empty()) {
        for (std::string& path : base::split(given->second, ':')) {
            if (path.empty()) continue;
            bool known = false;
            for (const std::string& other : files_) known = known || other == path;
            if (!known) files_.push_back(std::move(path));
        }
        fromEnvironment_ = true;
        return;
    }
    const auto home = env.find("HOME");
    files_ = {(home == env.end() ? std::string{} : home->second) + "/.kube/config"};
}

std::string KubeconfigPaths::defaultFile() const {
    if (explicit_ || files_.size() == 1) return files_[0];
    // The last file that exists, else the last of the list.
    for (auto it = files_.rbegin(); it != files_.rend(); ++it)
        if (process_.files().exists(process_.resolve(*it))) return *it;
    return files_.empty() ? std::string{} : files_.back();
}

base::Result<Kubeconfig> KubeconfigPaths::loadFile(const std::string& path) const {
    auto text = process_.files().read(process_.resolve(path));
    if (!text.ok()) return text.error();
    auto parsed = document::readYaml(text.value());
    if (!parsed.ok())
        return base::makeError("error loading config file " + base::quoteGo(path) + ": " +
                               document::goErrorText(parsed.error()));
    const Value& root = parsed.value();
    Kubeconfig config;
    if (!root.isObject() && !root.isNull())
        return base::makeError(
            "error loading config file " + base::quoteGo(path) +
            ": couldn't get version/kind; json parse error: json: cannot unmarshal string into Go "
            "value of type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind "
            "string \"json:\\\"kind,omitempty\\\"\" }");
    if ((!root["kind"].isNull() && root["kind"].asString() != "Config") ||
        (!root["apiVersion"].isNull() && root["apiVersion"].asString() != "v1"))
        return base::makeError("error loading config file " + base::quoteGo(path) +
                               ": no kind " + base::quoteGo(root["kind"].isNull() ? "Config" : root["kind"].text()) +
                               " is registered for version " +
                               base::quoteGo(root["apiVersion"].isNull() ? "v1" : root["apiVersion"].text()) +
                               " in scheme \"pkg/runtime/scheme.go:110\"");
    readEntries(root["clusters"], "cluster", path, config.clusters);
    readEntries(root["contexts"], "context", path, config.contexts);
    readEntries(root["users"], "user", path, config.users);
    config.currentContext = root["current-context"].text();
    config.currentOrigin = path;
    config.preferences = root["preferences"];
    config.extensions = root["extensions"];
    return config;
}

base::Result<Kubeconfig> KubeconfigPaths::load(std::string* warnings) const {
    Kubeconfig merged;
    std::vector<std::string> missing;
    for (const std::string& path : files_) {
        auto loaded = loadFile(path);
        if (!loaded.ok()) {
            if (loaded.error().code == ENOENT || loaded.error().code == ENOTDIR) {
                if (explicit_)
                    return base::makeError("stat " + path + ": no such file or directory");
                missing.push_back(path);
                continue;
            }
            if (loaded.error().code == EACCES)
                return base::makeError("error loading config file " + base::quoteGo(path) + ": open " +
                                       path + ": permission denied");
            return loaded.error();
        }
        const Kubeconfig& file = loaded.value();
        mergeEntries(merged.clusters, file.clusters);
        mergeEntries(merged.contexts, file.contexts);
        mergeEntries(merged.users, file.users);
        if (merged.currentContext.empty() && !file.currentContext.empty()) {
            merged.currentContext = file.currentContext;
            merged.currentOrigin = path;
        }
        if (merged.preferences.isNull()) merged.preferences = file.preferences;
    }
    if (warnings != nullptr && fromEnvironment_ && missing.size() == files_.size() &&
        files_.size() > 1)
        *warnings = "Config not found: " + base::join(missing, ", ") + "\n";
    return merged;
}

base::Status KubeconfigPaths::write(const std::string& path, const Kubeconfig& config) const {
    const std::string full = process_.resolve(path);
    const std::string folder = folderOf(full);
    if (!folder.empty() && !process_.files().exists(folder))
        BASE_CHECK(process_.files().makeDirectories(folder, 0755));
    return process_.files().write(full, document::writeYaml(config.toValue()), 0600);
}

namespace {

base::Result<std::string> pemFrom(ports::Process& process, const Value& entry, const char* dataKey,
                                  const char* fileKey, const std::string& origin,
                                  const char* what, const std::string& owner) {
    if (const std::string data = entry[dataKey].text(); !data.empty()) {
        auto decoded = base::decodeBase64(data);
        if (!decoded) return base::makeError("illegal base64 data at input byte 0");
        return *decoded;
    }
    std::string file = entry[fileKey].text();
    if (file.empty()) return std::string{};
    if (file[0] != '/') file = folderOf(process.resolve(origin)) + "/" + file;
    auto text = process.files().read(process.resolve(file));
    if (!text.ok()) {
        std::string why = text.error().message;
        if (!why.empty()) why[0] = static_cast<char>(why[0] | 0x20);
        return configurationError("unable to read " + std::string(what) + " " + file + " for " +
                                  owner + " due to open " + file + ": " + why);
    }
    return text.value();
}

// A file that a flag names.
base::Result<std::string> givenPem(ports::Process& process, const Flags& flags, const char* flag, const char* what,
                                   const std::string& owner) {
    const std::string file = flags.text(flag);
    auto text = process.files().read(process.resolve(file));
    if (text.ok()) return text;
    std::string why = text.error().message;
    if (!why.empty()) why[0] = static_cast<char>(why[0] | 0x20);
    return base::makeError("unable to read " + std::string(what) + " " + file + " for " + owner + " due to open " + file + ": " + why);
}

struct Chosen {
    std::string contextName, clusterName, userName;
    Value context;
};

base::Result<Chosen> choose(const Flags& flags, const Kubeconfig& config) {
    Chosen out;
    out.contextName = flags.globalChanged("context") ? flags.text("context") : config.currentContext;
    const auto context = config.contexts.find(out.contextName);
    if (context != config.contexts.end()) out.context = context->second.value;
    else if (flags.globalChanged("context") && !out.contextName.empty())
        return configurationError("context was not found for specified context: " + out.contextName);
    else if (!out.contextName.empty() && !config.empty())
        return configurationError("context was not found for specified context: " + out.contextName);
    out.clusterName = flags.globalChanged("cluster") ? flags.text("cluster") : out.context["cluster"].text();
    out.userName = flags.globalChanged("user") ? flags.text("user") : out.context["user"].text();
    return out;
}

base::Status readCluster(ports::Process& process, const Flags& flags, const Kubeconfig& config,
                         const Chosen& chosen, ClientSettings& out) {
    const auto found = config.clusters.find(chosen.clusterName);
    Value cluster;
    std::string origin;
    if (found != config.clusters.end()) {
        cluster = found->second.value;
        origin = found->second.origin;
    } else if (!chosen.clusterName.empty() && flags.globalChanged("cluster")) {
        return base::makeError("no server found for cluster " + base::quoteGo(chosen.clusterName));
    } else if (!chosen.clusterName.empty() && !flags.globalChanged("server")) {
        return configurationError("cluster " + base::quoteGo(chosen.clusterName) +
                                  " was not found for context " + base::quoteGo(chosen.contextName));
    }
    if (const std::string server = cluster["server"].text(); !server.empty()) out.server = server;
    out.insecure = cluster["insecure-skip-tls-verify"].asBool();
    out.tlsServerName = cluster["tls-server-name"].text();
    BASE_TRY(out.authorityPem, pemFrom(process, cluster, "certificate-authority-data",
                                       "certificate-authority", origin,
                                       "certificate-authority", chosen.clusterName));
    if (flags.globalChanged("server")) out.server = flags.text("server");
    // Without a scheme it is HTTP, and what belongs to TLS is not looked at.
    if (out.server.find("://") == std::string::npos) out.authorityPem.clear();
    if (flags.globalChanged("tls-server-name")) out.tlsServerName = flags.text("tls-server-name");
    if (flags.globalChanged("certificate-authority")) {
        BASE_TRY(out.authorityPem, givenPem(process, flags, "certificate-authority", "certificate-authority", chosen.clusterName));
    }
    if (flags.globalChanged("insecure-skip-tls-verify") && flags.on("insecure-skip-tls-verify")) {
        out.insecure = true;
        out.authorityPem.clear();
    }
    return base::okStatus();
}

base::Status readUser(ports::Process& process, const Flags& flags, const Kubeconfig& config,
                      const Chosen& chosen, ClientSettings& out) {
    const auto found = config.users.find(chosen.userName);
    Value user;
    std::string origin;
    if (found != config.users.end()) {
        user = found->second.value;
        origin = found->second.origin;
    } else if (flags.globalChanged("user")) {
        return base::makeError("auth info " + base::quoteGo(chosen.userName) + " does not exist");
    } else if (!chosen.userName.empty()) {
        return configurationError("user " + base::quoteGo(chosen.userName) +
                                  " was not found for context " + base::quoteGo(chosen.contextName));
    }
    if (out.server.find("://") == std::string::npos && !out.server.empty()) return base::okStatus();
    if (flags.globalChanged("client-certificate")) {
        BASE_TRY(out.certificatePem, givenPem(process, flags, "client-certificate", "client-cert", chosen.userName));
    } else {
        BASE_TRY(out.certificatePem, pemFrom(process, user, "client-certificate-data",
                                             "client-certificate", origin, "client-cert", chosen.userName));
    }
    if (flags.globalChanged("client-key")) {
        BASE_TRY(out.keyPem, givenPem(process, flags, "client-key", "client-key", chosen.userName));
    } else {
        BASE_TRY(out.keyPem, pemFrom(process, user, "client-key-data", "client-key", origin,
                                     "client-key", chosen.userName));
    }
    out.token = user["token"].text();
    if (const std::string file = user["tokenFile"].text(); !file.empty()) {
        auto text = process.files().read(process.resolve(file));
        if (text.ok()) out.token = std::string(base::trim(text.value()));
    }
    if (flags.globalChanged("token")) out.token = flags.text("token");
    out.username = flags.globalChanged("username") ? flags.text("username") : user["username"].text();
    out.password = flags.globalChanged("password") ? flags.text("password") : user["password"].text();
    if (!out.token.empty() && !out.username.empty())
        return base::makeError("more than one authentication method found for " + chosen.userName + "; found [token basicAuth], only one is allowed");
    out.mustAsk = out.certificatePem.empty() && out.token.empty() && out.username.empty() &&
                  user["exec"].isNull() && user["auth-provider"].isNull();
    out.asUser = flags.globalChanged("as") ? flags.text("as") : user["as"].text();
    out.asUid = flags.globalChanged("as-uid") ? flags.text("as-uid") : user["as-uid"].text();
    if (flags.globalChanged("as-group")) out.asGroups = flags.list("as-group");
    else
        for (const Value& group : user["as-groups"].items()) out.asGroups.push_back(group.text());
    if (out.asUser.empty() && (!out.asGroups.empty() || !out.asUid.empty() || !flags.list("as-user-extra").empty()))
        return base::makeError("requesting uid, groups or user-extra for " + chosen.userName + " without impersonating a user");
    return base::okStatus();
}

constexpr const char* kMounted = "/var/run/secrets/kubernetes.io/serviceaccount";

// Source: client-go rest.InClusterConfig.
bool inCluster(ports::Process& process, ClientSettings& out) {
    auto& env = process.env();
    const auto host = env.find("KUBERNETES_SERVICE_HOST"), port = env.find("KUBERNETES_SERVICE_PORT");
    if (host == env.end() || port == env.end()) return false;
    auto token = process.files().read(std::string(kMounted) + "/token");
    if (!token.ok()) return false;
    out.token = token.value();
    out.authorityPem = process.files().read(std::string(kMounted) + "/ca.crt").valueOr("");
    out.server = "https://" + host->second + ":" + port->second;
    out.defaulted = false;
    out.mustAsk = false;
    auto ns = process.files().read(std::string(kMounted) + "/namespace");
    if (!out.nsGiven && ns.ok()) out.ns = std::string(base::trim(ns.value()));
    return true;
}

} // namespace

base::Status splitServer(ClientSettings& out) {
    std::string rest = out.server;
    const auto mark = rest.find("://");
    out.scheme = "http";
    if (mark != std::string::npos) {
        out.scheme = rest.substr(0, mark);
        rest = rest.substr(mark + 3);
    } else if (!out.authorityPem.empty() || !out.certificatePem.empty() || out.insecure) {
        out.scheme = "https";
    }
    const auto slash = rest.find('/');
    if (slash != std::string::npos) {
        out.basePath = rest.substr(slash);
        while (!out.basePath.empty() && out.basePath.back() == '/') out.basePath.pop_back();
        rest = rest.substr(0, slash);
    }
    out.hostPort = rest;
    out.port = out.scheme == "https" ? 443 : 80;
    const auto colon = rest.rfind(':');
    out.host = rest;
    if (colon != std::string::npos && rest.find(']', colon) == std::string::npos) {
        const auto port = base::parseInt(rest.substr(colon + 1));
        if (port) {
            out.port = static_cast<int>(*port);
            out.host = rest.substr(0, colon);
        }
    }
    if (!out.host.empty() && out.host.front() == '[') out.host = out.host.substr(1, out.host.size() - 2);
    if (out.host.empty()) return base::makeError("host must be a URL or a host:port pair: " + base::quoteGo(out.server));
    return base::okStatus();
}

base::Result<std::string> namespaceOf(ports::Process& process, const Flags& flags,
                                      const Kubeconfig& config) {
    if (flags.changed("namespace")) {
        const std::string given = flags.text("namespace");
        if (!given.empty()) return given;
    }
    BASE_TRY(const Chosen chosen, choose(flags, config));
    if (const std::string ns = chosen.context["namespace"].text(); !ns.empty()) return ns;
    if (config.empty()) {
        ClientSettings settings;
        if (inCluster(process, settings)) return settings.ns;
    }
    return std::string("default");
}

base::Result<ClientSettings> clientSettings(ports::Process& process, const Flags& flags,
                                            const Kubeconfig& config) {
    ClientSettings out;
    BASE_TRY(const Chosen chosen, choose(flags, config));
    out.contextName = chosen.contextName;
    if (const std::string ns = chosen.context["namespace"].text(); !ns.empty()) out.ns = ns;
    if (flags.changed("namespace") && !flags.text("namespace").empty()) {
        out.ns = flags.text("namespace");
        out.nsGiven = true;
    }
    out.defaulted = config.empty() && !flags.globalChanged("server");
    BASE_CHECK(readCluster(process, flags, config, chosen, out));
    BASE_CHECK(readUser(process, flags, config, chosen, out));
    if (out.defaulted) inCluster(process, out);
    BASE_CHECK(splitServer(out));
    if (out.scheme != "https") out.mustAsk = false;
    return out;
}

} // namespace kubectl
