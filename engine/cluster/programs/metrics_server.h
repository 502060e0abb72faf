#pragma once
// The inside of metrics-server, shared by its loop and its API.

#include "client/informer.h"
#include "client/resources.h"
#include "cluster/programs/metrics_storage.h"
#include "ports/klog.h"
#include "ports/program.h"
#include "ports/request_gate.h"
#include "sim/channel.h"

#include <memory>
#include <string>
#include <vector>

namespace cluster::metrics {

struct Settings {
    sim::Duration resolution = 15 * sim::kSecond;
    std::vector<std::string> addressTypes;
    bool insecureKubelets = false, statusPort = false;
    std::uint16_t kubeletPort = 10250;
    std::vector<pki::CertificatePtr> kubeletRoots;
};

// One running server. Requests that come in run in its scope, so that they end with it.
class Server {
public:
    Server(ports::Process& process, client::Config config, Settings settings);
    ~Server();

    // What the front proxy shows itself with; an error when the ConfigMap cannot be read.
    sim::Task<base::Status> readTrust();
    ports::TlsServer withTrust(ports::TlsServer tls) const;
    void start();
    std::shared_ptr<ports::HttpHandler> handler();

private:
    struct Caller {
        std::string name;
        std::vector<std::string> groups;
    };
    struct Asked { // a path below the API's root
        std::string resource, ns, name;
    };

    static sim::Task<void> scrapeForever(Server* self);
    static sim::Task<void> scrapeNode(Server* self, document::Value node, std::shared_ptr<Batch> batch,
                                      std::shared_ptr<int> open);
    sim::Task<base::Result<std::string>> fetch(base::Endpoint kubelet, std::string host);
    sim::Task<ports::Response> route(ports::Request request);
    sim::Task<base::Result<Caller>> identify(const ports::Request& request);
    sim::Task<base::Status> permit(Caller caller, std::string verb, std::string path, Asked asked);
    ports::Response health(const ports::Request& request) const;
    ports::Response serve(const ports::Request& request, const Asked& asked) const;
    std::vector<document::Value> nodeMetrics(const ports::Request& request, const std::string& name) const;
    std::vector<document::Value> podMetrics(const ports::Request& request, const Asked& asked) const;

    ports::Process& process_;
    Settings settings_;
    ports::Klog log_;
    client::Client client_;
    client::Informer nodes_, pods_;
    Storage storage_;
    std::vector<pki::CertificatePtr> proxyRoots_, clientRoots_;
    std::vector<std::string> proxyNames_;
    std::map<std::string, sim::Time> permitted_;
    sim::Time lastScrape_ = 0;
    sim::Signal scraped_;
    std::shared_ptr<ports::RequestGate> gate_;
    sim::Scope scope_; // last, so that it ends first
};

} // namespace cluster::metrics
