#pragma once
// Writes Events about objects, as client-go's recorders do.
//
// Core API (controllers, kubelet): similar events are counted, ten different messages of one reason
// within ten minutes are folded into "(combined from similar events): ...", and a source that talks
// too much about one object is silenced (25 at once, one more every five minutes).
// Source: client-go tools/record event.go, events_cache.go.
// Events API (scheduler): a repeated event becomes a series. Source: client-go tools/events.

#include "client/client.h"
#include "sim/channel.h"
#include "sim/task.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace client {

// An ObjectReference to an object: kind, namespace, name, uid, apiVersion, resourceVersion,
// fieldPath.
document::Value objectReference(const document::Value& object, std::string_view fieldPath = {});

class EventRecorder {
public:
    enum class Api { Core, Events };

    EventRecorder(Client& client, std::string component, std::string host = {},
                  Api api = Api::Core);
    ~EventRecorder();
    EventRecorder(const EventRecorder&) = delete;
    EventRecorder& operator=(const EventRecorder&) = delete;

    // `object` is the whole object (kind and apiVersion included).
    void normal(const document::Value& object, std::string reason, std::string message);
    void warning(const document::Value& object, std::string reason, std::string message);
    // About something that is only known by reference. `annotations` may be null.
    void record(document::Value reference, std::string type, std::string reason,
                std::string message, document::Value annotations = {});
    // What the events.k8s.io form adds; the core form drops both.
    void recordAction(document::Value reference, document::Value related, std::string type,
                      std::string reason, std::string action, std::string message);
    // `host` becomes part of the reporting instance of the newer form.
    void setApi(Api api, std::string host = {});

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace client
