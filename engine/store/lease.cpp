// Leases: keys that go when nobody keeps them alive. Source: etcd server/lease lessor.
#include "store/store.h"

namespace store {
namespace {
base::Error noLease() {
    return base::makeError("etcdserver: requested lease not found", 5, "NotFound");
}
} // namespace

void Store::armLease(Lease& lease) {
    lease.expires = kernel_.now() + lease.ttlSeconds * sim::kSecond;
    const std::weak_ptr<int> alive = alive_;
    kernel_.schedule(
        lease.expires,
        [this, alive, id = lease.id] {
            if (alive.expired()) return;
            const auto place = leases_.find(id);
            // A lease that was kept alive has another timer.
            if (place != leases_.end() && place->second.expires <= kernel_.now()) (void)revokeLease(id);
        },
        "lease-expiry");
}

base::Result<std::int64_t> Store::grantLease(std::int64_t ttlSeconds, std::int64_t id) {
    if (id == 0)
        do id = static_cast<std::int64_t>(kernel_.random("etcd/lease").next() >> 1);
        while (id == 0 || leases_.contains(id));
    if (leases_.contains(id))
        return base::makeError("etcdserver: lease already exists", 9, "FailedPrecondition");
    BASE_CHECK(admitWrite(0));
    Lease& lease = leases_[id];
    lease.id = id;
    lease.ttlSeconds = ttlSeconds;
    armLease(lease);
    return id;
}

base::Status Store::keepLeaseAlive(std::int64_t id) {
    const auto place = leases_.find(id);
    if (place == leases_.end()) return noLease();
    armLease(place->second);
    return base::okStatus();
}

base::Status Store::revokeLease(std::int64_t id) {
    const auto place = leases_.find(id);
    if (place == leases_.end()) return noLease();
    std::vector<Operation> operations;
    for (const std::string& key : place->second.keys) {
        Operation operation;
        operation.kind = Operation::Kind::Remove;
        operation.key = key;
        operations.push_back(std::move(operation));
    }
    leases_.erase(place);
    if (operations.empty()) return base::okStatus();
    auto done = transact({}, operations, {});
    return done.ok() ? base::okStatus() : base::Status(done.error());
}

const Lease* Store::findLease(std::int64_t id) const {
    const auto place = leases_.find(id);
    return place == leases_.end() ? nullptr : &place->second;
}

std::vector<std::int64_t> Store::leases() const {
    std::vector<std::int64_t> ids;
    for (const auto& [id, lease] : leases_) ids.push_back(id);
    return ids;
}

} // namespace store
