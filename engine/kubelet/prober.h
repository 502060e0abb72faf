#pragma once
// One execution of a probe or lifecycle handler. Sources: pkg/probe (http, tcp, grpc, exec),
// pkg/kubelet/lifecycle/handlers.go.

#include "kubelet/core.h"
#include "kubelet/pod_view.h"

#include <string>

namespace kubelet {

struct ProbeOutcome {
    enum class Kind : std::uint8_t { Success, Failure, Warning, Error } kind = Kind::Success;
    std::string text; // output, or the error
};

// `handler` holds exec, httpGet, tcpSocket or grpc.
sim::Task<ProbeOutcome> runProbe(Core& core, Value pod, Value status, Value container, Value handler,
                                 std::string containerId, sim::Duration timeout);

// A named or numbered port of a container. Error: `strconv.Atoi: parsing "x": invalid syntax`.
base::Result<std::uint16_t> resolvePort(const Value& port, const Value& container);

struct HookOutcome {
    bool ok = true;
    std::string message;
};
sim::Task<HookOutcome> runHook(Core& core, Value pod, std::string podIP, Value container, Value handler,
                               std::string containerId);

} // namespace kubelet
