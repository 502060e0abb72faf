#include "cluster/programs/component.h"

#include "base/strings.h"

#include <cerrno>

namespace cluster {

base::Result<std::string> readFlagFile(ports::Process& process, const std::string& path) {
    auto text = process.files().read(process.resolve(path));
    if (text.ok()) return text;
    std::string message = text.error().message;
    if (!message.empty()) message[0] = static_cast<char>(message[0] | 0x20);
    const char* call = text.error().code == EISDIR ? "read " : "open ";
    return base::makeError(call + path + ": " + message, text.error().code);
}

base::Result<std::vector<pki::CertificatePtr>> readCertificates(ports::Process& process, const std::string& path) {
    BASE_TRY(const std::string pem, readFlagFile(process, path));
    auto found = pki::readCertificatesPem(pem);
    if (!found.ok()) return base::makeError("error reading " + path + ": " + found.error().message);
    return found;
}

base::Result<pki::KeyPtr> readKey(ports::Process& process, const std::string& path) {
    BASE_TRY(const std::string pem, readFlagFile(process, path));
    return pki::readKeyPem(pem);
}

base::Status readPair(ports::Process& process, const std::string& certificate, const std::string& key,
                      std::vector<pki::CertificatePtr>& chain, pki::KeyPtr& secret) {
    BASE_TRY(const std::string certificatePem, readFlagFile(process, certificate));
    BASE_TRY(const std::string keyPem, readFlagFile(process, key));
    auto certificates = pki::readCertificatesPem(certificatePem);
    if (!certificates.ok()) return base::makeError("tls: failed to find any PEM data in certificate input");
    auto read = pki::readKeyPem(keyPem);
    if (!read.ok()) return base::makeError("tls: failed to find any PEM data in key input");
    if (!pki::matches(*certificates->front(), **read))
        return base::makeError("tls: private key does not match public key");
    chain = std::move(*certificates);
    secret = std::move(*read);
    return base::okStatus();
}

int commandFailed(ports::Process& process, const std::string& text) {
    const ports::Klog log(process);
    log.error("run.go:72", "command failed", {{"err", text}});
    return 1;
}

sim::Task<ports::Response> HealthServer::handle(ports::Request request) {
    ports::Response response;
    response.headers.set("Content-Type", "text/plain; charset=utf-8");
    const bool health = request.path == "/healthz" || request.path == "/livez" || request.path == "/readyz" ||
                        request.path == "/health";
    if (!health) {
        response.status = 404;
        response.body = "404 page not found\n";
    } else if (ready_ && !ready_()) {
        response.status = 500;
        response.body = "[-]leaderElection failed: reason withheld\nhealthz check failed\n";
    } else {
        response.body = request.path == "/health" ? "{\"health\":\"true\",\"reason\":\"\"}" : "ok";
    }
    co_return response;
}

ports::TlsServer selfSigned(ports::Process& process, const std::string& name) {
    sim::Random& random = process.kernel().random("component/self-signed/" + name);
    const pki::KeyPtr key = pki::makeKey(random);
    pki::SigningProfile profile;
    profile.notBefore = process.kernel().unixNow() - sim::kHour;
    profile.notAfter = process.kernel().unixNow() + 8760 * sim::kHour;
    profile.serverAuth = true;
    const auto certificate = pki::signCertificate({{name + "@" + std::to_string(process.kernel().unixNow() / sim::kSecond), {}},
                                                   {"localhost"}, {*base::IpAddress::parse("127.0.0.1")}},
                                                  *key, profile, nullptr, *key, random);
    ports::TlsServer server;
    server.chain = {certificate};
    server.key = key;
    return server;
}

sim::Task<int> waitForEnd(ports::Process& process) {
    process.handleSignal(ports::kSigTerm);
    process.handleSignal(ports::kSigInt);
    while (true) {
        const auto number = co_await process.signals().pop();
        if (!number) co_return ports::kSigKill;
        if (*number == ports::kSigTerm || *number == ports::kSigInt) co_return *number;
    }
}

base::Endpoint endpointOf(std::string_view address, std::int64_t port) {
    const auto parsed = base::IpAddress::parse(address);
    return {parsed ? *parsed : base::IpAddress::v4(0), static_cast<std::uint16_t>(port)};
}

} // namespace cluster
