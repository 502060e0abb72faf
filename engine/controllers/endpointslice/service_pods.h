#pragma once
// Which pods a Service stands for, and at which ports. Shared by the Endpoints and EndpointSlice
// controllers. Source: k8s.io/endpointslice, pkg/controller/endpoint, pkg/controller/util/endpoint.

#include "controllers/support/controller.h"

#include <optional>
#include <string>
#include <vector>

namespace controllers {

inline constexpr const char* kTriggerTime = "endpoints.kubernetes.io/last-change-trigger-time";

// Keys of the services whose selector matches the labels.
std::vector<std::string> servicesSelecting(const client::Informer& services,
                                           const document::Value& pod);
// Whether a change of the pod can change an endpoint.
bool endpointChanged(const document::Value& previous, const document::Value& current);
bool belongsInEndpoints(const document::Value& pod, bool includeTerminating);
bool isHeadless(const document::Value& service);
// The number that a service port means in a pod; nothing when the pod has no port of that name.
std::optional<std::int64_t> targetPort(const document::Value& pod,
                                       const document::Value& servicePort);
bool hasHostname(const document::Value& pod, const document::Value& service);

// Remembers when pods and services last caused a change. Source: k8s.io/endpointslice trigger time
// tracker.
class TriggerTimes {
public:
    // The earliest new trigger since the last call for this service; 0 when nothing new is known.
    std::int64_t next(const document::Value& service, const std::vector<document::Value>& pods);
    void forget(std::string_view key);

private:
    struct Entry {
        std::int64_t service = 0;
        std::map<std::string, std::int64_t> pods;
    };
    std::map<std::string, Entry, std::less<>> entries_;
};

} // namespace controllers
