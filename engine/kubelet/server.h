#pragma once
// The agent's own API on port 10250 and its health on 10248. Source: pkg/kubelet/server.

#include "kubelet/core.h"
#include "kubelet/pod_view.h"
#include "pki/certificate.h"
#include "ports/request_gate.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace kubelet {

class Server {
public:
    explicit Server(Core& core) : core_(core), streams_(core.kernel()) {}
    ~Server();

    // Certificates and listeners. The error is the text of the fatal log line.
    base::Status start();
    
private:
    class Health;
    sim::Task<ports::Response> handle(ports::Request request);
    struct User {
        std::string name;
        std::vector<std::string> groups;
    };

    base::Result<ports::TlsServer> certificates();
    sim::Task<base::Result<User>> authenticate(const ports::Request& request);
    sim::Task<bool> authorize(User user, std::string verb, std::string subresource);
    sim::Task<ports::Response> route(ports::Request request);
    sim::Task<ports::Response> containerLogs(ports::Request request, std::vector<std::string> parts);
    sim::Task<ports::Response> stream(ports::Request request, std::vector<std::string> parts);
    sim::Task<ports::Response> summary();
    sim::Task<ports::Response> resourceMetrics();
    std::uint64_t nodeCpuTime(const std::vector<ports::CriStats>& stats);
    sim::Task<ports::Response> runningPods();
    ports::Response probeMetrics();
    ports::Response podList();

    Core& core_;
    std::vector<pki::CertificatePtr> clientRoots_;
    ports::ListenerPtr api_, health_;
    std::shared_ptr<Health> healthHandler_;
    std::shared_ptr<ports::RequestGate> gate_;
    struct Decision {
        bool allowed = false;
        sim::Time until = 0;
    };
    std::map<std::string, Decision> decisions_;
    // Processor time of containers seen, and of those that have gone.
    std::map<std::string, std::uint64_t> meters_;
    std::uint64_t pastWork_ = 0;
    sim::Scope streams_; // logs that are followed, open sessions
};

} // namespace kubelet
