#include "store/store.h"

#include <algorithm>

namespace store {

using document::Value;

namespace {
constexpr std::int64_t kPageOverhead = 64; // what a revision costs besides key and value

base::Error compactedError() {
    return base::makeError("etcdserver: mvcc: required revision has been compacted", 11, "OutOfRange");
}
} // namespace

std::int64_t jsonSize(const Value& value) {
    switch (value.kind()) {
    case document::ValueKind::Null: return 4;
    case document::ValueKind::Bool: return value.asBool() ? 4 : 5;
    case document::ValueKind::Int: {
        std::int64_t digits = value.asInt() < 0 ? 2 : 1;
        for (std::int64_t rest = value.asInt() / 10; rest != 0; rest /= 10) ++digits;
        return digits;
    }
    case document::ValueKind::Double: return 8;
    case document::ValueKind::String: return static_cast<std::int64_t>(value.asString().size()) + 2;
    case document::ValueKind::Array: {
        std::int64_t size = 2;
        for (const Value& item : value.items()) size += jsonSize(item) + 1;
        return size;
    }
    case document::ValueKind::Object: {
        std::int64_t size = 2;
        for (const document::Member& member : value.members())
            size += static_cast<std::int64_t>(member.key.view().size()) + 4 + jsonSize(member.value);
        return size;
    }
    }
    return 0;
}

Store::Store(sim::Kernel& kernel) : kernel_(kernel) {}
Store::~Store() = default;

std::string Store::prefixEnd(std::string_view prefix) {
    std::string end(prefix);
    while (!end.empty()) {
        if (static_cast<unsigned char>(end.back()) != 0xff) {
            end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
            return end;
        }
        end.pop_back();
    }
    return std::string(1, '\0'); // etcd's "to the end of the key space"
}

std::pair<Store::Keys::const_iterator, Store::Keys::const_iterator>
Store::bounds(std::string_view key, std::string_view end) const {
    if (end.empty()) {
        const auto place = keys_.find(key);
        return {place, place == keys_.end() ? place : std::next(place)};
    }
    const bool open = end.size() == 1 && end[0] == '\0';
    return {keys_.lower_bound(key), open ? keys_.end() : keys_.lower_bound(end)};
}

ChangePtr Store::get(std::string_view key) const {
    const auto place = keys_.find(key);
    if (place == keys_.end() || !place->second.alive()) return nullptr;
    return place->second.versions.back();
}

std::vector<ChangePtr> Store::range(std::string_view key, std::string_view end,
                                    std::size_t limit) const {
    std::vector<ChangePtr> found;
    if (end.empty()) {
        if (ChangePtr change = get(key)) found.push_back(std::move(change));
        return found;
    }
    // One search and a look at each key: most ranges are short, and often there is nothing.
    const bool open = end.size() == 1 && end[0] == '\0';
    for (auto place = keys_.lower_bound(key); place != keys_.end() && (open || place->first < end); ++place) {
        if (!place->second.alive()) continue;
        found.push_back(place->second.versions.back());
        if (limit != 0 && found.size() == limit) break;
    }
    return found;
}

std::size_t Store::count(std::string_view key, std::string_view end) const {
    std::size_t number = 0;
    auto [place, last] = bounds(key, end);
    for (; place != last; ++place) number += place->second.alive() ? 1 : 0;
    return number;
}

std::vector<ChangePtr> Store::historyAt(std::int64_t revision, std::string_view key,
                                        std::string_view end) const {
    std::vector<ChangePtr> found;
    auto [place, last] = bounds(key, end);
    for (; place != last; ++place) {
        const auto& versions = place->second.versions;
        auto after = std::upper_bound(
            versions.begin(), versions.end(), revision,
            [](std::int64_t at, const ChangePtr& change) { return at < change->revision; });
        if (after == versions.begin()) continue;
        const ChangePtr& change = *std::prev(after);
        if (!change->removed()) found.push_back(change);
    }
    return found;
}

base::Result<std::vector<ChangePtr>> Store::rangeAt(std::int64_t revision, std::string_view key,
                                                    std::string_view end, std::size_t limit) const {
    if (revision > revision_)
        return base::makeError("etcdserver: mvcc: required revision is a future revision", 11,
                               "OutOfRange");
    if (revision < compacted_) return compactedError();
    auto found = historyAt(revision, key, end);
    if (limit != 0 && found.size() > limit) found.resize(limit);
    return found;
}

void Store::attach(const std::string& key, std::int64_t from, std::int64_t to) {
    if (from == to) return;
    if (const auto place = leases_.find(from); place != leases_.end()) place->second.keys.erase(key);
    if (const auto place = leases_.find(to); place != leases_.end()) place->second.keys.insert(key);
}

ChangePtr Store::write(std::string_view name, Value value, std::int64_t lease,
                       std::int64_t revision) {
    auto place = keys_.lower_bound(name);
    if (place == keys_.end() || place->first != name) {
        place = keys_.emplace_hint(place, std::string(name), Key{});
        place->second.name = std::make_shared<const std::string>(name);
    }
    Key& key = place->second;
    auto change = std::make_shared<Change>();
    change->revision = revision;
    change->key = key.name;
    change->value = std::move(value);
    change->lease = lease;
    change->at = kernel_.now();
    change->cause = kernel_.trace().current();
    std::int64_t oldLease = 0;
    if (key.alive()) {
        const Change& last = *key.versions.back();
        change->previous = last.value;
        change->createRevision = last.createRevision;
        change->version = last.version + 1;
        oldLease = last.lease;
    } else {
        change->createRevision = revision;
        change->version = 1;
    }
    attach(place->first, oldLease, lease);
    key.versions.push_back(change);
    log_.push_back(change);
    return change;
}

ChangePtr Store::erase(Keys::iterator place, std::int64_t revision) {
    Key& key = place->second;
    const Change& last = *key.versions.back();
    auto change = std::make_shared<Change>();
    change->revision = revision;
    change->key = key.name;
    change->previous = last.value;
    change->at = kernel_.now();
    change->cause = kernel_.trace().current();
    attach(place->first, last.lease, 0);
    key.versions.push_back(change);
    log_.push_back(change);
    return change;
}

void Store::announce(const ChangePtr& change) {
    // A handler may add or cancel watches: walk by id.
    std::uint64_t next = 0;
    for (;;) {
        const auto place = watches_.lower_bound(next);
        if (place == watches_.end()) return;
        next = place->first + 1;
        const std::shared_ptr<Watch> watch = place->second;
        if (!watch->cancelled && change->key->starts_with(watch->prefix)) watch->handler(change);
    }
}

base::Status Store::admitWrite(std::int64_t lease) {
    if (lease != 0 && !leases_.contains(lease))
        return base::makeError("etcdserver: requested lease not found", 5, "NotFound");
    if (quota_ > 0 && !alarm_) {
        // Counting is cheap but not free; a large quota is looked at now and then.
        constexpr std::int64_t kSmallQuota = 64 * 1024 * 1024;
        if (quota_ < kSmallQuota || revision_ - measuredRevision_ > 1000) measure();
        if (size_ > quota_) alarm_ = true;
    }
    if (alarm_)
        return base::makeError("etcdserver: mvcc: database space exceeded", 8, "ResourceExhausted");
    return base::okStatus();
}

base::Result<ChangePtr> Store::put(std::string_view key, Value value, std::int64_t lease) {
    BASE_CHECK(admitWrite(lease));
    ChangePtr change = write(key, std::move(value), lease, ++revision_);
    announce(change);
    return change;
}

base::Result<ChangePtr> Store::putIf(std::string_view key, std::int64_t expected, Value value,
                                     std::int64_t lease) {
    BASE_CHECK(admitWrite(lease));
    const ChangePtr before = get(key);
    if ((before ? before->revision : 0) != expected) return ChangePtr();
    ChangePtr change = write(key, std::move(value), lease, ++revision_);
    announce(change);
    return change;
}

base::Result<std::vector<ChangePtr>> Store::remove(std::string_view key, std::string_view end) {
    Operation operation;
    operation.kind = Operation::Kind::Remove;
    operation.key = key;
    operation.end = end;
    BASE_TRY(TransactionResult done, transact({}, {operation}, {}));
    return std::move(done.results.front());
}

base::Result<ChangePtr> Store::removeIf(std::string_view key, std::int64_t expected) {
    const auto place = keys_.find(key);
    if (place == keys_.end() || !place->second.alive() ||
        place->second.versions.back()->revision != expected)
        return ChangePtr();
    ChangePtr change = erase(place, ++revision_);
    announce(change);
    return change;
}

bool Store::holds(const Compare& compare) const {
    const ChangePtr current = get(compare.key);
    const auto related = [&](auto left, auto right) {
        switch (compare.relation) {
        case Compare::Relation::Equal: return left == right;
        case Compare::Relation::NotEqual: return left != right;
        case Compare::Relation::Greater: return left > right;
        case Compare::Relation::Less: return left < right;
        }
        return false;
    };
    switch (compare.target) {
    case Compare::Target::Version: return related(current ? current->version : 0, compare.number);
    case Compare::Target::Create: return related(current ? current->createRevision : 0, compare.number);
    case Compare::Target::Mod: return related(current ? current->revision : 0, compare.number);
    case Compare::Target::Value:
        if (!current) return false;
        if (compare.relation == Compare::Relation::Equal) return current->value == compare.value;
        if (compare.relation == Compare::Relation::NotEqual) return !(current->value == compare.value);
        return related(current->value.asString(), compare.value.asString());
    }
    return false;
}

base::Result<TransactionResult> Store::transact(const std::vector<Compare>& compares,
                                                const std::vector<Operation>& success,
                                                const std::vector<Operation>& failure) {
    TransactionResult result;
    result.succeeded = std::all_of(compares.begin(), compares.end(),
                                   [this](const Compare& compare) { return holds(compare); });
    const auto& operations = result.succeeded ? success : failure;
    std::set<std::string_view> written;
    for (const Operation& operation : operations) {
        if (operation.kind != Operation::Kind::Put) continue;
        BASE_CHECK(admitWrite(operation.lease));
        if (!written.insert(operation.key).second)
            return base::makeError("etcdserver: duplicate key given in txn request", 3,
                                   "InvalidArgument");
    }
    const std::int64_t next = revision_ + 1; // all changes of a transaction share one revision
    std::vector<ChangePtr> changes;
    for (const Operation& operation : operations) {
        std::vector<ChangePtr> touched;
        if (operation.kind == Operation::Kind::Range) {
            touched = range(operation.key, operation.end);
        } else if (operation.kind == Operation::Kind::Put) {
            touched.push_back(write(operation.key, operation.value, operation.lease, next));
            changes.push_back(touched.back());
        } else {
            std::vector<std::string> names;
            for (const ChangePtr& change : range(operation.key, operation.end))
                names.push_back(*change->key);
            for (const std::string& name : names) {
                touched.push_back(erase(keys_.find(name), next));
                changes.push_back(touched.back());
            }
        }
        result.results.push_back(std::move(touched));
    }
    if (!changes.empty()) revision_ = next;
    result.revision = revision_;
    for (const ChangePtr& change : changes) announce(change);
    return result;
}

std::vector<ChangePtr> Store::changesSince(std::int64_t after, std::size_t limit) const {
    auto place = std::upper_bound(
        log_.begin(), log_.end(), after,
        [](std::int64_t at, const ChangePtr& change) { return at < change->revision; });
    std::vector<ChangePtr> found;
    for (; place != log_.end() && found.size() < limit; ++place) found.push_back(*place);
    return found;
}

base::Result<std::uint64_t> Store::watch(std::string prefix, std::int64_t from, Handler handler) {
    if (from != 0 && from < compacted_) return compactedError();
    if (from != 0)
        for (const ChangePtr& change : changesSince(from - 1))
            if (change->key->starts_with(prefix)) handler(change);
    const std::uint64_t id = nextWatch_++;
    auto watch = std::make_shared<Watch>();
    watch->prefix = std::move(prefix);
    watch->handler = std::move(handler);
    watches_.emplace(id, std::move(watch));
    return id;
}

void Store::cancelWatch(std::uint64_t id) {
    const auto place = watches_.find(id);
    if (place == watches_.end()) return;
    place->second->cancelled = true;
    watches_.erase(place);
}

base::Status Store::compact(std::int64_t revision) {
    if (revision <= compacted_) return compactedError();
    if (revision > revision_)
        return base::makeError("etcdserver: mvcc: required revision is a future revision", 11,
                               "OutOfRange");
    compacted_ = revision;
    trimHistory();
    measuredRevision_ = 0;
    return base::okStatus();
}

// Drops superseded versions from the oldest on while more history than wanted lies below the
// compaction.
void Store::trimHistory() {
    while (log_.size() > kKeepHistory && log_.front()->revision < compacted_) {
        const ChangePtr change = log_.front();
        const auto place = keys_.find(*change->key);
        if (place == keys_.end()) {
            log_.pop_front();
            continue;
        }
        auto& versions = place->second.versions;
        const auto superseded = [&] {
            return versions.size() > 1 && versions.front()->revision <= change->revision &&
                   versions[1]->revision <= compacted_;
        };
        while (superseded()) versions.erase(versions.begin());
        if (versions.size() == 1 && versions.front()->removed() &&
            versions.front()->revision <= compacted_)
            keys_.erase(place);
        log_.pop_front();
    }
}

void Store::defragment() {
    measuredRevision_ = 0;
    measure();
    size_ = sizeInUse_;
}

void Store::measure() const {
    const auto sizeOf = [](const Change& change) {
        return static_cast<std::int64_t>(change.key->size()) + kPageOverhead +
               (change.removed() ? 0 : jsonSize(change.value));
    };
    if (measuredRevision_ == 0) {
        sizeInUse_ = 0;
        for (const auto& [name, key] : keys_)
            for (std::size_t i = 0; i < key.versions.size(); ++i) {
                const Change& change = *key.versions[i];
                const bool last = i + 1 == key.versions.size();
                if (change.revision > compacted_ || (last && !change.removed()))
                    sizeInUse_ += sizeOf(change);
            }
    } else {
        for (const ChangePtr& change : changesSince(measuredRevision_)) sizeInUse_ += sizeOf(*change);
    }
    measuredRevision_ = revision_;
    size_ = std::max(size_, sizeInUse_);
}

StoreStatus Store::status() const {
    measure();
    StoreStatus out;
    out.revision = revision_;
    out.compactedRevision = compacted_;
    out.keys = static_cast<std::int64_t>(
        std::count_if(keys_.begin(), keys_.end(), [](const auto& key) { return key.second.alive(); }));
    out.size = size_;
    out.sizeInUse = sizeInUse_;
    return out;
}

} // namespace store
