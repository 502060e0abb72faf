#pragma once
// What -v=6 and above print of the requests. Source: client-go transport/round_trippers.go,
// rest/request.go.

#include "kubectl/core/session.h"

namespace kubectl {

struct LoggedRequest {
    std::string method, url, body;
    ports::Headers headers;
    sim::Time begun = 0;
};

int verbosity(const Session& session);
void logConfigLoaded(Session& session, const std::string& path);
void logRequest(Session& session, const LoggedRequest& request);
// `answer` is null when no answer came.
void logResponse(Session& session, const LoggedRequest& request, const ports::Response* answer);

} // namespace kubectl
