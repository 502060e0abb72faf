#include "base/strings.h"
#include "scheduler/plugins/plugins.h"

namespace scheduler {
namespace {

class SchedulingGates : public Plugin {
public:
    const char* name() const override { return "SchedulingGates"; }
    Status preEnqueue(const document::Value& pod) override {
        std::vector<std::string> gates;
        for (const document::Value& gate : pod.at("spec", "schedulingGates").items())
            gates.push_back(gate["name"].text());
        if (gates.empty()) return {};
        return Status::unresolvable("waiting for scheduling gates: [" + base::join(gates, " ") +
                                    "]");
    }
    bool wakes(const PodInfo& pod, const EventInfo& event) override {
        return event.event == Event::PodUpdate && pod.pod.at("spec", "schedulingGates").size() == 0;
    }
};

} // namespace

PluginPtr makeSchedulingGates() { return std::make_unique<SchedulingGates>(); }

} // namespace scheduler
