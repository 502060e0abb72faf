#pragma once
// kube-scheduler without its flags. Source: kubernetes pkg/scheduler.

#include "base/function.h"
#include "client/client.h"
#include "client/event_recorder.h"
#include "client/informer.h"
#include "client/leader_election.h"
#include "scheduler/cache.h"
#include "scheduler/queue.h"

namespace scheduler {

struct Options {
    std::string schedulerName = "default-scheduler";
    std::string hostName;
    client::LeaderElectionOptions leaderElection;
    std::string version = "v1.35.4";
};

class Scheduler {
public:
    Scheduler(sim::Kernel& kernel, ports::NetStack& network, client::Config config, Options options,
              base::Function<void(std::string)> log = {});
    ~Scheduler();

    // Waits for the lease, schedules until it is lost.
    sim::Task<void> run();
    sim::Task<void> release();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace scheduler
