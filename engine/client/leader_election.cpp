#include "client/leader_election.h"

#include "api/status.h"
#include "base/strings.h"

namespace client {

using document::Value;

namespace {
const Resource kLeases{"coordination.k8s.io", "v1", "leases"};
constexpr double kJitterFactor = 1.2;
} // namespace

LeaderElector::LeaderElector(Client& client, EventRecorder* recorder, LeaderElectionOptions options,
                             base::Function<void(std::string)> log)
    : client_(client), recorder_(recorder), options_(std::move(options)), log_(std::move(log)) {}

void LeaderElector::say(std::string text) {
    if (log_) log_(std::move(text));
}

void LeaderElector::recordEvent(const char* what) {
    if (recorder_ == nullptr) return;
    recorder_->record(objectReference(observed_), "Normal", "LeaderElection",
                      options_.identity + " " + what);
}

Value LeaderElector::record(Value acquireTime, std::int64_t transitions) const {
    return Value::object({{"holderIdentity", options_.identity},
                          {"leaseDurationSeconds", options_.leaseDuration / sim::kSecond},
                          {"acquireTime", std::move(acquireTime)},
                          {"renewTime", sim::formatRfc3339Micro(client_.kernel().unixNow())},
                          {"leaseTransitions", transitions}});
}

Value LeaderElector::leaseWith(const Value& lease, Value spec) const {
    Value base = lease;
    if (base.isNull())
        base = Value::object(
            {{"apiVersion", "coordination.k8s.io/v1"},
             {"kind", "Lease"},
             {"metadata", Value::object({{"name", options_.name}, {"namespace", options_.ns}})}});
    return base.with("spec", std::move(spec));
}

void LeaderElector::observe(const Value& lease) {
    if (observed_["spec"] == lease["spec"]) {
        observed_ = lease;
        return;
    }
    observed_ = lease;
    observedAt_ = client_.kernel().now();
}

bool LeaderElector::leaseValid() const {
    const std::int64_t seconds = observed_.at("spec", "leaseDurationSeconds").asInt();
    return observedAt_ + seconds * sim::kSecond > client_.kernel().now();
}

sim::Task<bool> LeaderElector::tryAcquireOrRenew() {
    const std::string now = sim::formatRfc3339Micro(client_.kernel().unixNow());
    const bool mine = observed_.at("spec", "holderIdentity").asString() == options_.identity;
    if (mine && leaseValid()) {
        Value next = record(observed_.at("spec", "acquireTime"),
                            observed_.at("spec", "leaseTransitions").asInt());
        auto updated =
            co_await client_.update(kLeases, options_.ns, leaseWith(observed_, std::move(next)));
        if (updated.ok()) {
            observe(*updated);
            co_return true;
        }
        say("\"Failed to update lease optimistically, falling back to slow path\" err=" +
            base::quoteGo(updated.error().message) + " lock=\"" + options_.ns + "/" +
            options_.name + "\"");
    }
    auto found = co_await client_.get(kLeases, options_.ns, options_.name);
    if (!found.ok()) {
        if (!api::isNotFound(found.error())) {
            say("\"Error retrieving lease lock\" err=" + base::quoteGo(found.error().message) +
                " lock=\"" + options_.ns + "/" + options_.name + "\"");
            co_return false;
        }
        auto created =
            co_await client_.create(kLeases, options_.ns, leaseWith(Value(), record(now, 0)));
        if (!created.ok()) {
            say("\"Error initially creating lease lock\" err=" +
                base::quoteGo(created.error().message) + " lock=\"" + options_.ns + "/" +
                options_.name + "\"");
            co_return false;
        }
        observe(*created);
        co_return true;
    }
    observe(*found);
    const std::string holder = observed_.at("spec", "holderIdentity").text();
    const bool held = !holder.empty() && holder != options_.identity;
    if (held && leaseValid()) co_return false;
    const std::int64_t transitions = observed_.at("spec", "leaseTransitions").asInt();
    const bool still = holder == options_.identity;
    Value acquired = still ? observed_.at("spec", "acquireTime") : Value(now);
    Value next = record(std::move(acquired), still ? transitions : transitions + 1);
    auto updated =
        co_await client_.update(kLeases, options_.ns, leaseWith(observed_, std::move(next)));
    if (!updated.ok()) co_return false;
    observe(*updated);
    co_return true;
}

sim::Task<void> LeaderElector::acquire() {
    if (!options_.enabled) {
        leading_ = true;
        co_return;
    }
    const std::string lock = options_.ns + "/" + options_.name;
    say("\"Attempting to acquire leader lease...\" lock=\"" + lock + "\"");
    sim::Kernel& kernel = client_.kernel();
    for (;;) {
        const bool acquired = co_await tryAcquireOrRenew();
        if (acquired) break;
        const double jitter = 1 + kernel.random("client/leader-election").unit() * kJitterFactor;
        co_await sim::sleepFor(
            kernel, static_cast<sim::Duration>(static_cast<double>(options_.retryPeriod) * jitter));
    }
    leading_ = true;
    recordEvent("became leader");
    say("\"Successfully acquired lease\" lock=\"" + lock + "\"");
}

sim::Task<void> LeaderElector::holdUntilLost() {
    sim::Kernel& kernel = client_.kernel();
    if (!options_.enabled) {
        sim::Signal never;
        co_await never.wait();
    }
    sim::Time deadline = kernel.now() + options_.renewDeadline;
    for (;;) {
        co_await sim::sleepFor(kernel, options_.retryPeriod);
        auto renewed = co_await sim::withDeadline(kernel, tryAcquireOrRenew(), deadline);
        if (renewed.has_value() && *renewed) {
            deadline = kernel.now() + options_.retryPeriod + options_.renewDeadline;
            continue;
        }
        if (kernel.now() >= deadline) break;
    }
    leading_ = false;
    recordEvent("stopped leading");
    say("\"Failed to renew lease\" err=\"context deadline exceeded\" lock=\"" + options_.ns + "/" +
        options_.name + "\"");
}

sim::Task<void> LeaderElector::release() {
    if (!options_.enabled || !leading_) co_return;
    leading_ = false;
    const std::string now = sim::formatRfc3339Micro(client_.kernel().unixNow());
    Value spec = Value::object({{"holderIdentity", ""},
                                {"leaseDurationSeconds", 1},
                                {"acquireTime", now},
                                {"renewTime", now},
                                {"leaseTransitions", observed_.at("spec", "leaseTransitions")}});
    auto updated =
        co_await client_.update(kLeases, options_.ns, leaseWith(observed_, std::move(spec)));
    (void)updated;
}

} // namespace client
