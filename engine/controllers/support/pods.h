#pragma once
// Pods (and other dependants) from a controller's point of view: create from a template, delete,
// adopt and release, and the order in which they go. Source: kubernetes
// pkg/controller/controller_utils.go, controller_ref_manager.go.

#include "api/label_selector.h"
#include "client/client.h"
#include "client/event_recorder.h"
#include "document/value.h"

#include <string>
#include <string_view>
#include <vector>

namespace controllers {

struct OwnerKind {
    const char* apiVersion;
    const char* kind;
    client::Resource resource;
};

// Pod, ReplicaSet and so on, with what a controller needs to write about them.
class PodControl {
public:
    PodControl(client::Client& client, client::EventRecorder& recorder)
        : client_(client), recorder_(recorder) {}

    // A pod of the template; events SuccessfulCreate or FailedCreate on the owner. Returns the new
    // pod.
    sim::Task<base::Result<document::Value>> create(document::Value owner, OwnerKind kind,
                                                    document::Value pod);
    sim::Task<base::Status> remove(document::Value owner, std::string ns, std::string pod);

private:
    client::Client& client_;
    client::EventRecorder& recorder_;
};

// The object that a template makes: labels, annotations, finalizers, controller reference and
// generateName `owner-`.
document::Value podFromTemplate(const document::Value& pod, const document::Value& owner,
                                const OwnerKind& kind);

// Takes what matches the selector and has no controller, gives up what no longer matches, and
// returns what belongs to the owner afterwards.
sim::Task<base::Result<std::vector<document::Value>>>
claim(client::Client& client, document::Value owner, OwnerKind kind, client::Resource dependant,
      api::LabelSelector selector, std::vector<document::Value> candidates);

// Orders pods so that those to be deleted first come first. `related` are the pods of the same
// top-level controller, for spreading over nodes.
void sortForDeletion(std::vector<document::Value>& pods,
                     const std::vector<document::Value>& related, std::int64_t now);

// The soonest time until one of the pods becomes available, in ns; -1 when none will.
sim::Duration nextAvailability(const std::vector<document::Value>& pods,
                               std::int64_t minReadySeconds, std::int64_t now);

// An integer or a percentage of `total`. Source: apimachinery util/intstr.
std::int64_t scaledValue(const document::Value& intOrPercent, std::int64_t total, bool roundUp,
                         std::int64_t fallback = 0);
// Without vowels and digits like them. Source: apimachinery util/rand SafeEncodeString.
std::string safeEncode(std::string_view text);

} // namespace controllers
