#pragma once
// Leader election by a Lease. Source: client-go tools/leaderelection.

#include "base/function.h"
#include "client/client.h"
#include "client/event_recorder.h"

#include <string>

namespace client {

struct LeaderElectionOptions {
    bool enabled = true;
    std::string ns = "kube-system", name, identity;
    sim::Duration leaseDuration = 15 * sim::kSecond;
    sim::Duration renewDeadline = 10 * sim::kSecond;
    sim::Duration retryPeriod = 2 * sim::kSecond;
};

class LeaderElector {
public:
    // `recorder` may be null; `log` gets the lines that the component logs, without the klog head.
    LeaderElector(Client& client, EventRecorder* recorder, LeaderElectionOptions options,
                  base::Function<void(std::string)> log = {});

    sim::Task<void> acquire();       // returns as the leader
    sim::Task<void> holdUntilLost(); // returns when the lease could not be renewed in time
    // Gives the lease up at once (a clean shutdown that releases it).
    sim::Task<void> release();
    bool leading() const { return leading_; }

private:
    sim::Task<bool> tryAcquireOrRenew();
    document::Value record(document::Value acquireTime, std::int64_t transitions) const;
    document::Value leaseWith(const document::Value& lease, document::Value spec) const;
    void observe(const document::Value& lease);
    bool leaseValid() const;
    void say(std::string text);
    void recordEvent(const char* what);

    Client& client_;
    EventRecorder* recorder_;
    LeaderElectionOptions options_;
    base::Function<void(std::string)> log_;
    document::Value observed_; // the Lease as last seen
    sim::Time observedAt_ = 0;
    bool leading_ = false;
};

} // namespace client
