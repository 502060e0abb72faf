// The web server of the autoscaling walkthrough: every request costs the processor a computation.
// Source: kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale-walkthrough.

#include "machine/process/process.h"
#include "runtime/web/programs.h"

#include <algorithm>

namespace runtime::web {
namespace {

constexpr sim::Duration kComputation = 10 * sim::kMillisecond;

class Computer final : public ports::HttpHandler {
public:
    explicit Computer(ports::Process& process) : process_(&process) {}
    void close() { process_ = nullptr; }

    sim::Task<ports::Response> handle(ports::Request request) override {
        ports::Response response;
        if (process_ == nullptr) co_return response;
        sim::Kernel& kernel = process_->kernel();
        machine::consume(*process_, kComputation);
        // One computation after the other: there is one processor for all of them.
        freeAt_ = std::max(freeAt_, kernel.now()) + kComputation;
        const sim::Time due = freeAt_;
        co_await sim::sleepUntil(kernel, due);
        response.headers.set("Server", "Apache/2.4.10 (Debian)");
        response.headers.set("X-Powered-By", "PHP/5.6.14");
        response.headers.set("Content-Length", "3");
        response.headers.set("Content-Type", "text/html; charset=UTF-8");
        if (request.method != "HEAD") response.body = "OK!";
        co_return response;
    }

private:
    ports::Process* process_;
    sim::Time freeAt_ = 0;
};

class HpaExampleProgram final : public ports::Program {
public:
    sim::Task<int> run(ports::Process& process) override {
        auto computer = std::make_shared<Computer>(process);
        struct Closer {
            Computer& computer;
            ports::ListenerPtr listener;
            ~Closer() {
                computer.close();
                if (listener) listener->closeConnections();
            }
        } closer{*computer, nullptr};
        ports::ListenOptions options;
        options.http = computer;
        options.process = "apache2";
        options.pid = process.pid();
        const base::Endpoint at{base::IpAddress::v4(0), 80};
        auto listener = process.network().listen(at, std::move(options));
        if (!listener.ok()) {
            co_await process.writeError("(98)Address already in use: AH00072: make_sock: could not bind to address 0.0.0.0:80\n"
                                        "no listening sockets available, shutting down\nAH00015: Unable to open logs\n");
            co_return 1;
        }
        closer.listener = *listener;
        for (const int number : {ports::kSigTerm, ports::kSigWinch}) process.handleSignal(number);
        co_await process.signals().pop();
        co_return 0;
    }
};

} // namespace

std::shared_ptr<ports::Program> hpaExampleProgram() { return std::make_shared<HpaExampleProgram>(); }

} // namespace runtime::web
