#include "runtime/programs.h"

#include "runtime/runtimes.h"
#include "runtime/tar.h"
#include "runtime/web/programs.h"

namespace runtime {
namespace {

constexpr const char* kSocket = "/run/containerd/containerd.sock";

// containerd's own log lines are logfmt with a quoted time.
std::string logLine(sim::Kernel& kernel, std::string_view message) {
    const std::string time = sim::formatRfc3339(kernel.unixNow());
    return "time=\"" + time.substr(0, 19) + ".000000000Z\" level=info msg=\"" + std::string(message) +
           "\"\n";
}

class ContainerdProgram final : public ports::Program {
public:
    explicit ContainerdProgram(Runtimes& runtimes) : runtimes_(runtimes) {}

    ports::IdleUse idleUse() const override { return {9'000, 60LL << 20}; }
    sim::Task<int> run(ports::Process& process) override {
        const std::string version = "containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u1\n";
        for (std::size_t i = 1; i < process.argv().size(); ++i) {
            if (process.argv()[i] == "--version" || process.argv()[i] == "-v") {
                co_await process.writeOut(version);
                co_return 0;
            }
        }
        Containerd* daemon = runtimes_.find(process.host());
        if (daemon == nullptr) {
            co_await process.writeError("containerd: this machine has no container runtime state\n");
            co_return 1;
        }
        if (daemon->serving()) {
            co_await process.writeError(
                "containerd: failed to open boltdb database with path "
                "/var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db: timeout\n");
            co_return 1;
        }
        process.handleSignal(ports::kSigTerm);
        process.handleSignal(ports::kSigInt);
        co_await process.writeError(logLine(process.kernel(), "starting containerd"));
        // The daemon stops answering however its process ends.
        struct Serving {
            Containerd& daemon;
            explicit Serving(Containerd& d) : daemon(d) { daemon.serve(); }
            ~Serving() { daemon.shutDown(); }
        };
        (void)process.files().makeDirectories("/run/containerd", 0711);
        (void)process.files().write(kSocket, "", 0660);
        {
            Serving serving(*daemon);
            co_await process.writeError(logLine(process.kernel(), "containerd successfully booted in 0.043210s"));
            co_await process.signals().pop();
        }
        (void)process.files().removeFile(kSocket);
        co_await process.writeError(logLine(process.kernel(), "Stop CRI service"));
        co_return 0;
    }

private:
    Runtimes& runtimes_;
};

// Reaps and waits. Source: kubernetes build/pause/linux/pause.c.
class PauseProgram final : public ports::Program {
public:
    ports::IdleUse idleUse() const override { return {0, 512LL << 10}; }
    sim::Task<int> run(ports::Process& process) override {
        process.handleSignal(ports::kSigInt);
        process.handleSignal(ports::kSigTerm);
        while (true) {
            const std::optional<int> number = co_await process.signals().pop();
            if (!number) co_return 0;
            if (*number == ports::kSigInt || *number == ports::kSigTerm) {
                const std::string name = *number == ports::kSigInt ? "Interrupt" : "Terminated";
                co_await process.writeError("Shutting down, got signal: " + name + "\n");
                co_return 0;
            }
        }
    }
};

} // namespace

std::vector<NamedProgram> programs(Runtimes& runtimes) {
    return {{"containerd", std::make_shared<ContainerdProgram>(runtimes)},
            {"pause", std::make_shared<PauseProgram>()},
            {"tar", tarProgram()},
            {"nginx", web::nginxProgram()},
            {"busybox-httpd", web::httpdProgram()},
            {"hpa-example", web::hpaExampleProgram()}};
}

} // namespace runtime
