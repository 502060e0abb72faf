#include "apiserver/compaction.h"

#include "apiserver/core.h"

namespace apiserver {

using document::Value;

namespace {

constexpr const char* kKey = "compact_rev_key";

// What the store stood at one interval ago is the oldest that clients can count on.
struct Round {
    std::int64_t number = 0;   // version of the key when this server last saw it
    std::int64_t revision = 0; // the store's at that time
};

// Servers that share a store agree by the version of the key on who compacts in a round.
base::Status compactOnce(store::Store& store, Round& last) {
    store::Compare unchanged;
    unchanged.key = kKey;
    unchanged.target = store::Compare::Target::Version;
    unchanged.number = last.number;
    store::Operation put, get;
    put.kind = store::Operation::Kind::Put;
    put.key = get.key = kKey;
    put.value = Value(std::to_string(last.revision));
    BASE_TRY(const store::TransactionResult answer, store.transact({unchanged}, {put}, {get}));
    const std::int64_t wanted = last.revision;
    last.revision = answer.revision;
    if (!answer.succeeded) {
        const auto& found = answer.results.front();
        last.number = found.empty() ? 0 : found.front()->version;
        return base::okStatus();
    }
    ++last.number;
    return wanted > store.compactedRevision() ? store.compact(wanted) : base::okStatus();
}

sim::Task<void> keepCompacting(Core* core) {
    Round last;
    while (true) {
        co_await sim::sleepFor(core->kernel, core->config.compactionInterval);
        // One that fails is tried again in the next round.
        if (auto store = core->store(); store.ok()) (void)compactOnce(*store.value(), last);
    }
}

} // namespace

void startCompaction(Core& core) {
    if (core.config.compactionInterval > 0) core.scope.spawn(keepCompacting(&core), "compaction");
}

} // namespace apiserver
