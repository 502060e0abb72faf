#include "client/kubeconfig.h"

#include "base/strings.h"
#include "document/yaml.h"

namespace client {
namespace {

// Go's error text of a failed open or stat.
std::string pathError(std::string_view call, std::string_view path, const base::Error& error) {
    std::string reason = error.message;
    if (!reason.empty()) reason[0] = base::toLower(reason.substr(0, 1))[0];
    return std::string(call) + " " + std::string(path) + ": " + reason;
}

const document::Value& findNamed(const document::Value& list, std::string_view name, const char* key) {
    for (const document::Value& item : list.items())
        if (item["name"].asString() == name) return item[key];
    static const document::Value nothing;
    return nothing;
}

struct Loader {
    const ports::FileSystem& files;
    std::string folder;
    std::vector<std::string> problems;

    std::string absolute(std::string_view path) const {
        if (path.empty() || path.front() == '/') return std::string(path);
        return folder + "/" + std::string(path);
    }

    // The inline data, or the file's content; `what` names it in problems ("client-cert").
    std::string read(const document::Value& object, const char* dataKey, const char* fileKey,
                     const char* what, std::string_view owner) {
        if (object[dataKey].isString() && object[dataKey].size() == 0 && !object[dataKey].asString().empty()) {
            auto decoded = base::decodeBase64(object[dataKey].asString());
            if (decoded) return *decoded;
            problems.push_back(std::string("invalid ") + dataKey + " for " + std::string(owner));
            return {};
        }
        if (object[fileKey].asString().empty()) return {};
        const std::string path = absolute(object[fileKey].asString());
        auto content = files.read(path);
        if (content.ok()) return *content;
        problems.push_back(std::string("unable to read ") + what + " " + path + " for " +
                           std::string(owner) + " due to " + pathError("open", path, content.error()));
        return {};
    }
};

} // namespace

base::Status setServer(Config& config, std::string_view url) {
    config.tls = url.rfind("https://", 0) == 0;
    const std::size_t scheme = url.find("://");
    if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
    const std::size_t slash = url.find('/');
    if (slash != std::string_view::npos) url = url.substr(0, slash);
    config.port = config.tls ? 443 : 80;
    std::size_t colon = url.rfind(':');
    if (!url.empty() && url.front() == '[') {
        const std::size_t close = url.find(']');
        if (close == std::string_view::npos) return base::makeError("missing ']' in host");
        config.host = std::string(url.substr(1, close - 1));
        colon = close + 1 < url.size() ? close + 1 : std::string_view::npos;
    } else {
        config.host = std::string(url.substr(0, colon));
    }
    if (colon != std::string_view::npos) {
        const auto port = base::parseInt(url.substr(colon + 1));
        if (!port || *port < 0 || *port > 65535)
            return base::makeError("invalid port " + base::quoteGo(url.substr(colon)) + " after host");
        config.port = static_cast<std::uint16_t>(*port);
    }
    return base::okStatus();
}

base::Result<Config> loadKubeconfig(const ports::FileSystem& files, std::string_view path,
                                    std::string_view contextName) {
    auto text = files.read(path);
    if (!text.ok()) return base::makeError(pathError("stat", path, text.error()));
    auto parsed = document::readYaml(*text);
    if (!parsed.ok())
        return base::makeError("error loading config file \"" + std::string(path) + "\": " +
                               parsed.error().message);
    const document::Value& root = *parsed;
    const std::size_t slash = path.rfind('/');
    Loader loader{files, std::string(path.substr(0, slash == std::string_view::npos ? 0 : slash)), {}};
    const std::string current = contextName.empty() ? root["current-context"].text() : std::string(contextName);
    const document::Value& context = findNamed(root["contexts"], current, "context");
    if (!context.isObject())
        return base::makeError(current.empty() ? "invalid configuration: no configuration has been provided, "
                                                 "try setting KUBERNETES_MASTER environment variable"
                                               : "context \"" + current + "\" does not exist");
    const std::string clusterName = context["cluster"].text(), userName = context["user"].text();
    const document::Value& cluster = findNamed(root["clusters"], clusterName, "cluster");
    const document::Value& user = findNamed(root["users"], userName, "user");
    Config config;
    if (cluster["server"].asString().empty())
        return base::makeError("invalid configuration: no server found for cluster " +
                               base::quoteGo(clusterName));
    BASE_CHECK(setServer(config, cluster["server"].asString()));
    config.credentials.insecureSkipVerify = cluster["insecure-skip-tls-verify"].asBool();
    config.credentials.serverName = cluster["tls-server-name"].text();
    const std::string ca = loader.read(cluster, "certificate-authority-data", "certificate-authority",
                                       "certificate-authority", clusterName);
    const std::string chain = loader.read(user, "client-certificate-data", "client-certificate",
                                          "client-cert", userName);
    const std::string key = loader.read(user, "client-key-data", "client-key", "client-key", userName);
    config.bearerToken = user["token"].text();
    if (config.bearerToken.empty() && !user["tokenFile"].asString().empty())
        config.bearerToken = std::string(base::trim(
            files.read(loader.absolute(user["tokenFile"].asString())).valueOr("")));
    if (!loader.problems.empty())
        return base::makeError("invalid configuration: " +
                               (loader.problems.size() == 1 ? loader.problems[0]
                                                            : "[" + base::join(loader.problems, ", ") + "]"));
    if (!ca.empty()) {
        BASE_TRY(config.credentials.roots, pki::readCertificatesPem(ca));
    }
    if (!chain.empty()) {
        BASE_TRY(config.credentials.chain, pki::readCertificatesPem(chain));
    }
    if (!key.empty()) {
        BASE_TRY(config.credentials.key, pki::readKeyPem(key));
    }
    return config;
}

base::Result<Config> inClusterConfig(const ports::FileSystem& files,
                                     const std::map<std::string, std::string>& env) {
    const auto host = env.find("KUBERNETES_SERVICE_HOST");
    const auto port = env.find("KUBERNETES_SERVICE_PORT");
    if (host == env.end() || port == env.end() || host->second.empty() || port->second.empty())
        return base::makeError("unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and "
                               "KUBERNETES_SERVICE_PORT must be defined");
    const std::string folder = "/var/run/secrets/kubernetes.io/serviceaccount";
    auto token = files.read(folder + "/token");
    if (!token.ok()) return base::makeError(pathError("open", folder + "/token", token.error()));
    Config config;
    config.host = host->second;
    config.port = static_cast<std::uint16_t>(base::parseInt(port->second).value_or(443));
    config.bearerToken = std::string(base::trim(*token));
    const std::string ca = files.read(folder + "/ca.crt").valueOr("");
    if (!ca.empty()) {
        BASE_TRY(config.credentials.roots, pki::readCertificatesPem(ca));
    }
    return config;
}

} // namespace client
