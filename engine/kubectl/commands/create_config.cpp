// Config maps and secrets. Source: pkg/cmd/create create_configmap.go, create_secret*.go.
#include "base/strings.h"
#include "document/json.h"
#include "kubectl/commands/create_support.h"
#include "pki/certificate.h"

namespace kubectl {

using document::ObjectBuilder;
using document::Value;

namespace {

base::Status checkSources(Session& session) {
    if (!session.flags.list("from-env-file").empty() &&
        (!session.flags.list("from-file").empty() || !session.flags.list("from-literal").empty()))
        return base::makeError("from-env-file cannot be combined with from-file or from-literal");
    return base::okStatus();
}

// Appends the hash of the content to the name.
Value hashed(Session& session, const Value& object, const std::string& name) {
    if (!session.flags.on("append-hash")) return object;
    ObjectBuilder content;
    content.set("kind", object["kind"]).set("name", name);
    content.set("data", object["data"].isNull() && object["kind"].asString() == "Secret" ? Value() : object["data"].isNull() ? Value("") : object["data"]);
    if (object.has("binaryData")) content.set("binaryData", object["binaryData"]);
    if (object["kind"].asString() == "Secret") content.set("type", object["type"].isNull() ? Value("") : object["type"]);
    return object.withPath({"metadata", "name"},
                           name + "-" + contentHash(document::writeJson(std::move(content).build(), true)));
}

Value secretOf(const std::string& name, const std::string& type, const std::vector<DataEntry>& entries) {
    Value secret = makeObject("v1", "Secret", name);
    ObjectBuilder data;
    for (const DataEntry& entry : entries) data.set(entry.key, base::encodeBase64(entry.bytes));
    if (!data.empty()) secret = secret.with("data", std::move(data).build());
    if (!type.empty()) secret = secret.with("type", type);
    return secret;
}

} // namespace

base::Result<Value> generateConfigMap(Session& session, std::string name) {
    BASE_CHECK(checkSources(session));
    BASE_TRY(const auto entries, dataSources(session, false, name));
    ObjectBuilder data, binary;
    for (const DataEntry& entry : entries) {
        if (isUtf8(entry.bytes)) data.set(entry.key, entry.bytes);
        else binary.set(entry.key, base::encodeBase64(entry.bytes));
    }
    Value map = makeObject("v1", "ConfigMap", name);
    if (!data.empty()) map = map.with("data", std::move(data).build());
    if (!binary.empty()) map = map.with("binaryData", std::move(binary).build());
    return hashed(session, map, name);
}

base::Result<Value> generateSecret(Session& session, std::string name) {
    BASE_CHECK(checkSources(session));
    BASE_TRY(const auto entries, dataSources(session, true, name));
    return hashed(session, secretOf(name, session.flags.text("type"), entries), name);
}

base::Result<Value> generateDockerSecret(Session& session, std::string name) {
    const Flags& flags = session.flags;
    if (flags.list("from-file").empty() &&
        (flags.text("docker-username").empty() || flags.text("docker-password").empty() ||
         flags.text("docker-server").empty()))
        return base::makeError("either --from-file or the combination of --docker-username, --docker-password and --docker-server is required");
    if (!flags.list("from-file").empty()) {
        // Files without a key are named so.
        std::vector<std::string> sources = flags.list("from-file");
        for (std::string& source : sources)
            if (source.find('=') == std::string::npos) source = ".dockerconfigjson=" + source;
        session.flags.set("from-file", base::join(sources, ","));
        BASE_TRY(auto entries, dataSources(session, true, name));
        return hashed(session, secretOf(name, "kubernetes.io/dockerconfigjson", entries), name);
    }
    const std::string user = flags.text("docker-username"), password = flags.text("docker-password");
    // Struct order: username, password, email, auth.
    std::string json = "{\"auths\":{" + document::writeJson(Value(flags.text("docker-server"))) + ":{\"username\":" +
                       document::writeJson(Value(user)) + ",\"password\":" + document::writeJson(Value(password));
    if (!flags.text("docker-email").empty()) json += ",\"email\":" + document::writeJson(Value(flags.text("docker-email")));
    json += ",\"auth\":" + document::writeJson(Value(base::encodeBase64(user + ":" + password))) + "}}}";
    return hashed(session, secretOf(name, "kubernetes.io/dockerconfigjson", {{".dockerconfigjson", json}}), name);
}

base::Result<Value> generateTlsSecret(Session& session, std::string name) {
    const std::string certFile = session.flags.text("cert"), keyFile = session.flags.text("key");
    if (certFile.empty() || keyFile.empty()) return base::makeError("key and cert must be specified");
    const auto read = [&](const std::string& path) -> base::Result<std::string> {
        auto text = session.readFile(path);
        if (text.ok()) return text;
        return base::makeError("Cannot read file " + path + ", " + text.error().message);
    };
    BASE_TRY(const std::string cert, read(certFile));
    BASE_TRY(const std::string key, read(keyFile));
    // Source: crypto/tls X509KeyPair.
    auto chain = pki::readCertificatesPem(cert);
    if (!chain.ok() || chain.value().empty())
        return base::makeError(cert.find("PRIVATE KEY") != std::string::npos
                                   ? "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched"
                                   : "tls: failed to find any PEM data in certificate input");
    auto parsed = pki::readKeyPem(key);
    if (!parsed.ok())
        return base::makeError(key.find("BEGIN CERTIFICATE") != std::string::npos
                                   ? "tls: found a certificate rather than a key in the PEM for the private key"
                                   : "tls: failed to find any PEM data in key input");
    if (!pki::matches(*chain.value().front(), *parsed.value()))
        return base::makeError("tls: private key does not match public key");
    return hashed(session, secretOf(name, "kubernetes.io/tls", {{"tls.crt", cert}, {"tls.key", key}}), name);
}

} // namespace kubectl
