#pragma once
// One run of kubectl: its process, command line, configuration, connection and output.

#include "base/result.h"
#include "client/client.h"
#include "kubectl/cli/flags.h"
#include "kubectl/core/errors.h"
#include "kubectl/core/kubeconfig.h"
#include "kubectl/core/mapper.h"
#include "ports/program.h"
#include "sim/task.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kubectl {

// Exit code, or the error to print.
using Outcome = base::Result<int>;
using Handler = sim::Task<Outcome> (*)(class Session&);

struct CallOptions {
    std::string accept = "application/json";
    std::string contentType = "application/json";
    ports::Query query;
    document::Value body;
    std::string text; // instead of `body`
};

class Session {
public:
    Session(ports::Process& process, CommandLine line);
    ~Session();

    ports::Process& process;
    CommandLine line;
    Flags& flags;
    const std::vector<std::string>& args;
    const CommandSpec& command() const { return *line.command; }
    sim::Kernel& kernel() { return process.kernel(); }

    // Output is buffered in order until the next flush; long-running commands flush as they go.
    void out(std::string text);
    void err(std::string text);
    void warn(std::string_view text); // "Warning: ..."
    void errOnce(std::string text);   // what several steps of a command would say
    // What was said on stderr since the last flush goes to stdout instead.
    void redirectErrors() {
        for (auto& item : pending_) item.first = false;
    }
    sim::Task<void> flush();
    // Everything on standard input; a second read is empty.
    sim::Task<base::Result<std::string>> readInput();
    base::Result<std::string> readFile(const std::string& path); // Go's error texts
    // Standard input has names, too. A command whose flags take files and were given one of them reads
    // it first; `stat` and `readFile` then know it as a file.
    sim::Task<base::Status> readNamedInput();
    base::Result<ports::FileStat> stat(const std::string& path);

    base::Error usage(std::string message) const { return usageError(command(), std::move(message)); }

    // The namespace in effect; `nsGiven` when a flag said so.
    base::Result<std::string> ns();
    bool nsGiven() const;
    base::Result<ClientSettings> settings();
    base::Result<Kubeconfig> kubeconfig();

    // Requests. Errors carry a Status, or are url errors.
    sim::Task<base::Result<ports::Response>> send(ports::Request request);
    sim::Task<base::Result<document::Value>> call(std::string method, std::string path,
                                                  CallOptions options = {});
    sim::Task<base::Result<document::Value>> get(std::string path, ports::Query query = {});

    // When a request that begins now must have ended (--request-timeout); forever without one.
    sim::Time requestDeadline();

    // What the server serves, from the cache on disk or read once. `refreshMapper` asks the server
    // unless this process did already; `mapperFor` does so when one of `resources` is unknown: what
    // was added since the cache was written is found, what was removed is still believed in.
    sim::Task<base::Result<const Mapper*>> mapper();
    sim::Task<base::Result<const Mapper*>> refreshMapper();
    sim::Task<base::Result<const Mapper*>> mapperFor(std::vector<std::string> resources);
    bool discovered() const { return !mappers_.empty(); }

private:
    sim::Task<base::Status> connect();
    sim::Task<base::Status> askForUser();
    sim::Task<base::Status> discover(Mapper& into);
    void printWarnings(const ports::Response& response);
    std::string cachePath() const;
    void saveDiscovery(const Mapper& mapper);
    bool loadDiscovery(Mapper& into);

    std::vector<std::pair<bool, std::string>> pending_; // true: stderr
    std::optional<ClientSettings> settings_;
    std::unique_ptr<client::Client> client_;
    std::vector<std::unique_ptr<Mapper>> mappers_; // the last one counts; pointers into others stay valid
    bool mapperFresh_ = false;
    std::vector<std::string> warned_;
    bool inputRead_ = false;
    std::optional<std::string> namedInput_;
};

// "E1124 02:28:55.123456   12345 memcache.go:265] " and the like.
std::string klogLine(Session& session, char level, std::string_view place, std::string_view text);

} // namespace kubectl
