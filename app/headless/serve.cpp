// timonel serve: the HTTPS endpoint for real clients.

#include "cluster/facade.h"
#include "commands.h"
#include "gateway/server.h"

#include <csignal>
#include <cstdio>
#include <ctime>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace app {
namespace {
constexpr sim::Duration kBootTime = 300 * sim::kSecond; // how old the cluster is when it answers

gateway::Server* gServer = nullptr;
void onSignal(int) {
    if (gServer != nullptr) gServer->stop();
}

// The file holds a private key: readable by its owner only, from the first byte on.
bool writePrivate(const std::string& path, const std::string& text) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0) return false;
    ::fchmod(file, 0600);
    const bool written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    return ::close(file) == 0 && written;
}
} // namespace

int runServe(const CommonOptions& options, const ServeOptions& serve) {
    const auto fail = [](const std::string& message) {
        std::fprintf(stderr, "timonel serve: %s\n", message.c_str());
        return 1;
    };
    auto blueprint = loadBlueprint(options.blueprint);
    if (!blueprint.ok()) return fail(blueprint.error().message);
    // Clients compare the cluster's times with their own clock, so the two agree from the start.
    const std::int64_t now = static_cast<std::int64_t>(std::time(nullptr)) * sim::kSecond;
    blueprint->startsAt = now - kBootTime;
    auto cluster = cluster::Cluster::create(*blueprint, options.seed);
    if (!cluster.ok()) return fail(cluster.error().message);
    if (const auto booted = (*cluster)->boot(); !booted.ok()) return fail(booted.error().message);
    (*cluster)->kernel().runUntil(kBootTime);
    gateway::Options gatewayOptions;
    gatewayOptions.listen = serve.listen;
    gatewayOptions.pace = serve.pace;
    auto server = gateway::Server::create(**cluster, gatewayOptions);
    if (!server.ok()) return fail(server.error().message);
    if (!serve.kubeconfig.empty() && !writePrivate(serve.kubeconfig, (*server)->kubeconfig())) return fail("cannot write " + serve.kubeconfig);
    gServer = server->get();
    std::signal(SIGINT, onSignal);
    std::signal(SIGTERM, onSignal);
    std::signal(SIGPIPE, SIG_IGN);
    std::printf("https://%s\n", (*server)->address().c_str());
    std::fflush(stdout);
    (*server)->run();
    gServer = nullptr;
    return 0;
}

} // namespace app
