#include "kubelet/bootstrap.h"

#include "base/strings.h"
#include "client/kubeconfig.h"
#include "client/resources.h"
#include "document/yaml.h"
#include "kubelet/pod_view.h"
#include "pki/certificate.h"

namespace kubelet {
namespace {

using document::Value;

std::string certificateStamp(std::int64_t unixNow) {
    const sim::CivilTime t = sim::civilTime(unixNow);
    const auto two = [](int n) { return std::string(n < 10 ? "0" : "") + std::to_string(n); };
    return std::to_string(t.year) + "-" + two(t.month) + "-" + two(t.day) + "-" + two(t.hour) + "-" + two(t.minute) + "-" + two(t.second);
}

// The kubeconfig that later starts use.
base::Status writeKubeconfig(Core& core, const std::string& bootstrapText, const std::string& pem) {
    auto source = document::readYaml(bootstrapText);
    if (!source.ok()) return std::move(source).error();
    const Value cluster = (*source)["clusters"][0]["cluster"];
    const Value user = Value::object({{"client-certificate", pem}, {"client-key", pem}});
    const Value context = Value::object({{"cluster", "default-cluster"}, {"namespace", "default"}, {"user", "default-auth"}});
    const Value config = Value::object(
        {{"apiVersion", "v1"}, {"kind", "Config"}, {"preferences", Value::object()},
         {"clusters", Value::array({Value::object({{"cluster", cluster}, {"name", "default-cluster"}})})},
         {"contexts", Value::array({Value::object({{"context", context}, {"name", "default-context"}})})},
         {"current-context", "default-context"},
         {"users", Value::array({Value::object({{"name", "default-auth"}, {"user", user}})})}});
    return core.files().write(core.config.kubeconfig, document::writeYaml(config), 0600);
}

sim::Task<base::Result<std::string>> requestCertificate(Core& core, client::Client& api, std::string request) {
    const Value spec = Value::object({{"request", base::encodeBase64(request)},
                                      {"signerName", "kubernetes.io/kube-apiserver-client-kubelet"},
                                      {"usages", Value::array({Value("digital signature"), Value("client auth")})}});
    const Value body = Value::object({{"apiVersion", "certificates.k8s.io/v1"}, {"kind", "CertificateSigningRequest"},
                                      {"metadata", Value::object({{"generateName", "csr-"}})}, {"spec", spec}});
    sim::Duration wait = sim::kSecond;
    std::string name;
    while (name.empty()) {
        auto made = co_await api.create(client::signingRequestsResource(), "", body);
        if (made.ok()) {
            name = api::nameOf(*made);
            break;
        }
        if (made.error().code != 0 && made.error().code != 503)
            co_return base::makeError("cannot create certificate signing request: " + made.error().message);
        co_await sim::sleepFor(core.kernel(), wait);
    }
    while (true) {
        auto current = co_await api.get(client::signingRequestsResource(), "", name);
        if (current.ok()) {
            const Value& certificate = (*current).at("status", "certificate");
            if (certificate.isString()) co_return base::decodeBase64(certificate.asString()).value_or("");
            if (api::conditionOf(*current, "Denied").isObject())
                co_return base::makeError("certificate signing request is denied, reason: " +
                                          api::conditionOf(*current, "Denied")["reason"].text() + ", message: " +
                                          api::conditionOf(*current, "Denied")["message"].text());
        }
        co_await sim::sleepFor(core.kernel(), wait);
    }
}

} // namespace

sim::Task<base::Result<client::Config>> loadIdentity(Core& core) {
    const Config& config = core.config;
    ports::FileSystem& files = core.files();
    if (files.exists(config.kubeconfig)) {
        auto known = client::loadKubeconfig(files, config.kubeconfig);
        if (known.ok()) co_return known;
        core.log.error("bootstrap.go:242", "Unhandled Error",
                       {{"err", "unable to read existing bootstrap client config from " + config.kubeconfig + ": " + known.error().message},
                        {"logger", "UnhandledError"}});
        if (config.bootstrapKubeconfig.empty()) co_return std::move(known).error();
    }
    if (config.bootstrapKubeconfig.empty())
        co_return base::makeError("invalid kubeconfig: stat " + config.kubeconfig + ": no such file or directory");
    if (!files.exists(config.bootstrapKubeconfig))
        co_return base::makeError("unable to load bootstrap kubeconfig: stat " + config.bootstrapKubeconfig +
                                  ": no such file or directory");
    auto bootstrap = client::loadKubeconfig(files, config.bootstrapKubeconfig);
    if (!bootstrap.ok()) co_return base::makeError("unable to load bootstrap kubeconfig: " + bootstrap.error().message);
    core.log.info("bootstrap.go:101", "Using kubeconfig to generate a client certificate", {{"path", config.bootstrapKubeconfig}});
    client::Client api(core.kernel(), core.process.network(), *bootstrap);
    const pki::KeyPtr key = pki::makeKey(core.kernel().random("kubelet/identity/" + core.nodeName));
    pki::CertificateRequest request;
    request.subject.commonName = "system:node:" + core.nodeName;
    request.subject.organizations = {"system:nodes"};
    const std::string pemRequest = pki::writeRequestPem(request, *key);
    auto certificate = co_await requestCertificate(core, api, pemRequest);
    if (!certificate.ok()) co_return std::move(certificate).error();
    const std::string pem = config.certDir + "/kubelet-client-" + certificateStamp(core.unixNow()) + ".pem";
    const std::string current = config.certDir + "/kubelet-client-current.pem";
    (void)files.makeDirectories(config.certDir, 0755);
    BASE_CO_CHECK(files.write(pem, *certificate + pki::writeKeyPem(*key), 0600));
    (void)files.removeFile(current);
    BASE_CO_CHECK(files.symlink(pem, current));
    BASE_CO_CHECK(writeKubeconfig(core, files.read(config.bootstrapKubeconfig).valueOr(""), current));
    co_return client::loadKubeconfig(files, config.kubeconfig);
}

} // namespace kubelet
