#pragma once
// The key-value store behind the API server, with etcd's model: one revision counter, every change
// kept until it is compacted away, watches that are ordered and complete, leases, quota, snapshots.
// Source: etcd server/storage/mvcc and server/lease. It belongs to a data directory of a machine and
// lives on while no etcd process serves it (see `EtcdAccess`).

#include "base/function.h"
#include "base/result.h"
#include "document/value.h"
#include "sim/kernel.h"

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace store {

// One change of one key. Shared by history, watches and readers; never changed once made.
struct Change {
    std::int64_t revision = 0;
    std::shared_ptr<const std::string> key;
    document::Value value;    // null: the key was removed
    document::Value previous; // null: the key was created
    std::int64_t createRevision = 0;
    std::int64_t version = 0; // 1 for a created key
    std::int64_t lease = 0;
    sim::Time at = 0;
    sim::CauseId cause = 0;
    bool removed() const { return value.isNull(); }
};
using ChangePtr = std::shared_ptr<const Change>;

struct Compare {
    enum class Target : std::uint8_t { Version, Create, Mod, Value };
    enum class Relation : std::uint8_t { Equal, Greater, Less, NotEqual };
    std::string key;
    Target target = Target::Mod;
    Relation relation = Relation::Equal;
    std::int64_t number = 0;
    document::Value value;
};

struct Operation {
    enum class Kind : std::uint8_t { Range, Put, Remove };
    Kind kind = Kind::Range;
    std::string key, end; // `end` empty: the key alone; see Store::prefixEnd
    document::Value value;
    std::int64_t lease = 0;
};

struct TransactionResult {
    bool succeeded = false;
    std::int64_t revision = 0;
    std::vector<std::vector<ChangePtr>> results; // per operation: what it read, wrote or removed
};

struct Lease {
    std::int64_t id = 0;
    std::int64_t ttlSeconds = 0;
    sim::Time expires = 0;
    std::set<std::string> keys;
};

struct StoreStatus {
    std::int64_t revision = 0, compactedRevision = 0, keys = 0, sizeInUse = 0, size = 0;
    std::uint64_t hash = 0;
};

class Store {
public:
    explicit Store(sim::Kernel& kernel);
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    std::int64_t revision() const { return revision_; }
    std::int64_t compactedRevision() const { return compacted_; }

    // The live state of a key; null when absent.
    ChangePtr get(std::string_view key) const;
    // Live keys of [key, end) in key order; `end` empty: the key alone. limit 0: all.
    std::vector<ChangePtr> range(std::string_view key, std::string_view end, std::size_t limit = 0) const;
    std::size_t count(std::string_view key, std::string_view end) const;
    // The same as they were at a revision. Errors: compacted, future revision.
    base::Result<std::vector<ChangePtr>> rangeAt(std::int64_t revision, std::string_view key,
                                                 std::string_view end, std::size_t limit = 0) const;
    // The end of the range of all keys that start with the prefix.
    static std::string prefixEnd(std::string_view prefix);

    // Writes. Errors are etcd's texts: "etcdserver: mvcc: database space exceeded", ...
    base::Result<ChangePtr> put(std::string_view key, document::Value value, std::int64_t lease = 0);
    base::Result<std::vector<ChangePtr>> remove(std::string_view key, std::string_view end = {});
    // Writes when the key's mod revision is still `expected` (0: absent). Null: it is not.
    base::Result<ChangePtr> putIf(std::string_view key, std::int64_t expected, document::Value value,
                                  std::int64_t lease = 0);
    base::Result<ChangePtr> removeIf(std::string_view key, std::int64_t expected);
    base::Result<TransactionResult> transact(const std::vector<Compare>& compares,
                                             const std::vector<Operation>& success,
                                             const std::vector<Operation>& failure);

    // Changes with revision > `after`, oldest first. Looks below the compaction as far as history is
    // kept, for readers that show the past.
    std::vector<ChangePtr> changesSince(std::int64_t after, std::size_t limit = SIZE_MAX) const;
    std::vector<ChangePtr> historyAt(std::int64_t revision, std::string_view key,
                                     std::string_view end) const;

    // Calls the handler for each change of a key with the prefix, past ones from `from` on first
    // (0: only new ones), then each new one when it happens. Null when the whole store was replaced:
    // the watch is over. Error: "etcdserver: mvcc: required revision has been compacted".
    using Handler = base::Function<void(const ChangePtr&)>;
    base::Result<std::uint64_t> watch(std::string prefix, std::int64_t from, Handler handler);
    void cancelWatch(std::uint64_t id);

    base::Status compact(std::int64_t revision);
    void defragment();

    // id 0: chosen. Errors: lease exists, lease not found.
    base::Result<std::int64_t> grantLease(std::int64_t ttlSeconds, std::int64_t id = 0);
    base::Status keepLeaseAlive(std::int64_t id);
    base::Status revokeLease(std::int64_t id);
    const Lease* findLease(std::int64_t id) const;
    std::vector<std::int64_t> leases() const;

    void setQuota(std::int64_t bytes) { quota_ = bytes; } // 0: none
    bool spaceAlarm() const { return alarm_; }
    void disarmAlarm() { alarm_ = false; }
    StoreStatus status() const;

    // The whole state as bytes; restoring them and saving again gives the same bytes.
    std::string snapshot() const;
    static base::Result<StoreStatus> inspectSnapshot(std::string_view bytes);
    base::Status restore(std::string_view bytes);

    // History kept below the compaction for readers that show the past.
    static constexpr std::size_t kKeepHistory = 100'000;

private:
    struct Key {
        std::shared_ptr<const std::string> name;
        std::vector<ChangePtr> versions; // oldest first
        bool alive() const { return !versions.empty() && !versions.back()->removed(); }
    };
    using Keys = std::map<std::string, Key, std::less<>>;
    struct Watch {
        std::string prefix;
        Handler handler;
        bool cancelled = false;
    };

    ChangePtr write(std::string_view key, document::Value value, std::int64_t lease,
                    std::int64_t revision);
    ChangePtr erase(Keys::iterator place, std::int64_t revision);
    void announce(const ChangePtr& change);
    void attach(const std::string& key, std::int64_t from, std::int64_t to);
    bool holds(const Compare& compare) const;
    base::Status admitWrite(std::int64_t lease);
    void measure() const;
    void trimHistory();
    void armLease(Lease& lease);
    std::pair<Keys::const_iterator, Keys::const_iterator> bounds(std::string_view key,
                                                                 std::string_view end) const;

    sim::Kernel& kernel_;
    Keys keys_;
    std::deque<ChangePtr> log_; // revision order
    std::int64_t revision_ = 1;
    std::int64_t compacted_ = 0;
    std::map<std::uint64_t, std::shared_ptr<Watch>> watches_;
    std::uint64_t nextWatch_ = 1;
    std::map<std::int64_t, Lease> leases_;
    std::int64_t quota_ = 0;
    bool alarm_ = false;
    mutable std::int64_t measuredRevision_ = 0; // sizes are counted up to here
    mutable std::int64_t sizeInUse_ = 0;
    mutable std::int64_t size_ = 0;
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

// The way from an API server to its etcd. etcd is a process that can be down.
class EtcdAccess {
public:
    virtual ~EtcdAccess() = default;
    // The store, or why etcd cannot be reached ("rpc error: code = Unavailable desc = ...").
    virtual base::Result<Store*> reach() = 0;
};

// Bytes that a value takes as compact JSON.
std::int64_t jsonSize(const document::Value& value);

} // namespace store
