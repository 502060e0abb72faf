#pragma once
// Streams to containers: exec and attach. Source: k8s.io/kubectl pkg/cmd/exec, attach.

#include "kubectl/core/session.h"

#include <string>
#include <vector>

namespace kubectl {

struct StreamRequest {
    std::string path; // .../pods/x/exec
    std::string container;
    std::vector<std::string> command; // exec only
    bool input = false, tty = false, output = true, error = true;
};
// Connects the process' own streams; the container's exit code, or an error.
sim::Task<Outcome> stream(Session& session, StreamRequest request);
// Runs a command without a terminal and collects what it prints.
struct Captured {
    int code = 0;
    std::string output, error;
};
sim::Task<base::Result<Captured>> capture(Session& session, StreamRequest request, std::string input);

// The container that commands without -c use; says so on stderr when it had to choose.
base::Result<std::string> defaultContainer(Session& session, const document::Value& pod,
                                           const std::string& given, bool quiet, bool onlyRunning);
// The pod behind "pod", "pod/x", "deploy/x", "svc/x", waiting until one exists.
sim::Task<base::Result<document::Value>> attachablePod(Session& session, std::string argument, sim::Duration timeout);
// The pods of a workload or service, best first, and its selector as text.
sim::Task<base::Result<std::vector<document::Value>>> podsOf(Session& session, document::Value object);
std::string podSelectorText(const document::Value& object);
// Waits for the pod to run, attaches to its first container; falls back to its logs when it has ended.
sim::Task<Outcome> attachToPod(Session& session, document::Value pod, bool input, bool tty, bool quiet,
                               sim::Duration timeout);

} // namespace kubectl
