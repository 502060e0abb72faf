#pragma once
// What the control plane's programs share: reading certificates named by flags, serving health over
// HTTPS, ending by signal.

#include "base/result.h"
#include "ports/klog.h"
#include "ports/program.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cluster {

// Errors as Go prints them: "open PATH: no such file or directory".
base::Result<std::string> readFlagFile(ports::Process& process, const std::string& path);
base::Result<std::vector<pki::CertificatePtr>> readCertificates(ports::Process& process, const std::string& path);
base::Result<pki::KeyPtr> readKey(ports::Process& process, const std::string& path);
// tls.LoadX509KeyPair.
base::Status readPair(ports::Process& process, const std::string& certificate, const std::string& key,
                      std::vector<pki::CertificatePtr>& chain, pki::KeyPtr& secret);

// Go's: `E... run.go:72] "command failed" err="..."`, exit 1.
int commandFailed(ports::Process& process, const std::string& text);

// "/healthz", "/livez" and "/readyz" answer ok while `ready` says so.
class HealthServer final : public ports::HttpHandler {
public:
    explicit HealthServer(base::Function<bool()> ready = {}) : ready_(std::move(ready)) {}
    sim::Task<ports::Response> handle(ports::Request request) override;

private:
    base::Function<bool()> ready_;
};
// A certificate that a component makes for itself in memory.
ports::TlsServer selfSigned(ports::Process& process, const std::string& name);

// Waits for SIGTERM or SIGINT; the signal's number.
sim::Task<int> waitForEnd(ports::Process& process);
base::Endpoint endpointOf(std::string_view address, std::int64_t port);

} // namespace cluster
