// Random histories against a model that keeps a whole copy of the key space per revision.

#include "store/store.h"

#include <catch2/catch.hpp>

#include <map>
#include <set>

using document::Value;
using store::ChangePtr;
using store::Operation;
using store::Store;

namespace {

struct Cell {
    Value value;
    std::int64_t create = 0, mod = 0, version = 0, lease = 0;
    bool operator==(const Cell&) const = default;
};
using Space = std::map<std::string, Cell>;

struct Seen { // what a watch must deliver, and what it delivered
    std::int64_t revision;
    std::string key;
    bool removed;
    Value value;
    bool operator==(const Seen&) const = default;
};

struct Model {
    std::map<std::int64_t, Space> past{{1, {}}};
    std::vector<Seen> log;
    std::set<std::int64_t> leases;
    std::int64_t revision = 1, compacted = 0;

    Space& now() { return past.rbegin()->second; }
    Space& next() {
        Space copy = now();
        return past[++revision] = std::move(copy);
    }
    void put(Space& space, const std::string& key, const Value& value, std::int64_t lease) {
        Cell& cell = space[key];
        if (cell.version == 0) cell.create = revision;
        cell = {value, cell.create, revision, cell.version + 1, lease};
        log.push_back({revision, key, false, value});
    }
    void remove(Space& space, const std::string& key) {
        if (space.erase(key) != 0) log.push_back({revision, key, true, {}});
    }
};

struct Watcher {
    std::string prefix;
    std::int64_t from = 0;
    std::uint64_t id = 0;
    std::vector<Seen> seen;
};

class History {
public:
    explicit History(std::uint64_t seed) : kernel_(seed), store_(kernel_), random_(seed) {}

    void run(int steps) {
        for (int i = 0; i < 3; ++i) open(1);
        for (int step = 0; step < steps; ++step) {
            act(step);
            REQUIRE(store_.revision() == model_.revision);
            compare(store_.range("/", Store::prefixEnd("/")), model_.now());
        }
        for (const auto& [revision, space] : model_.past) {
            auto then = store_.rangeAt(revision, "/", Store::prefixEnd("/"));
            REQUIRE(then.ok() == (revision >= model_.compacted));
            if (then.ok()) compare(then.value(), space);
        }
        for (const Watcher& watcher : watchers_) check(watcher);
        snapshot();
    }

private:
    std::string key() { return (random_.chance(0.7) ? "/a/" : "/b/") + std::to_string(random_.below(6)); }

    std::int64_t lease() {
        if (model_.leases.empty() || random_.chance(0.7)) return 0;
        auto place = model_.leases.begin();
        std::advance(place, static_cast<long>(random_.below(model_.leases.size())));
        return *place;
    }

    void open(std::int64_t from) {
        watchers_.push_back({random_.chance(0.5) ? "/a/" : "/", from, 0, {}});
        resume(watchers_.size() - 1, from);
    }

    void resume(std::size_t at, std::int64_t from) {
        auto id = store_.watch(watchers_[at].prefix, from, [this, at](const ChangePtr& change) {
            REQUIRE(change);
            watchers_[at].seen.push_back({change->revision, *change->key, change->removed(), change->value});
        });
        REQUIRE(id.ok());
        watchers_[at].id = id.value();
    }

    void act(int step) {
        switch (random_.below(9)) {
        case 0:
        case 1: return put(step);
        case 2: return putIf(step);
        case 3: return removeRange();
        case 4: return transact(step);
        case 5: return leaseStep();
        case 6: return compact();
        case 7: return interrupt();
        default: return readBack();
        }
    }

    void put(int step) {
        const std::string name = key();
        const std::int64_t by = lease();
        REQUIRE(store_.put(name, Value(step), by).ok());
        model_.put(model_.next(), name, Value(step), by);
    }

    void putIf(int step) {
        const std::string name = key();
        const auto place = model_.now().find(name);
        const std::int64_t current = place == model_.now().end() ? 0 : place->second.mod;
        const std::int64_t expected = random_.chance(0.6) ? current : current + 1;
        const auto written = store_.putIf(name, expected, Value(step));
        REQUIRE(written.ok());
        REQUIRE((written.value() != nullptr) == (expected == current));
        if (written.value()) model_.put(model_.next(), name, Value(step), 0);
    }

    void removeRange() {
        const std::string name = key();
        const bool prefix = random_.chance(0.2);
        std::vector<std::string> gone;
        for (const auto& [existing, cell] : model_.now())
            if (prefix ? existing.starts_with(name.substr(0, 3)) : existing == name) gone.push_back(existing);
        const std::string start = prefix ? name.substr(0, 3) : name;
        REQUIRE(store_.remove(start, prefix ? Store::prefixEnd(start) : "").ok());
        if (gone.empty()) return;
        Space& space = model_.next();
        for (const std::string& existing : gone) model_.remove(space, existing);
    }

    void transact(int step) {
        const std::string first = "/a/" + std::to_string(random_.below(3)), second = "/b/" + std::to_string(random_.below(3));
        const auto place = model_.now().find(first);
        const std::int64_t version = place == model_.now().end() ? 0 : place->second.version;
        store::Compare compare;
        compare.key = first;
        compare.target = store::Compare::Target::Version;
        compare.number = random_.chance(0.5) ? version : version + 7;
        Operation write, erase;
        write.kind = Operation::Kind::Put;
        write.key = second;
        write.value = Value(step);
        erase.kind = Operation::Kind::Remove;
        erase.key = first;
        const auto done = store_.transact({compare}, {write, erase}, {erase});
        REQUIRE(done.ok());
        REQUIRE(done.value().succeeded == (compare.number == version));
        if (!done.value().succeeded && version == 0) return;
        Space& space = model_.next();
        if (done.value().succeeded) model_.put(space, second, Value(step), 0);
        model_.remove(space, first);
    }

    void leaseStep() {
        if (model_.leases.size() < 3) {
            model_.leases.insert(store_.grantLease(1'000'000).value());
            return;
        }
        const std::int64_t id = *model_.leases.begin();
        model_.leases.erase(id);
        std::vector<std::string> gone;
        for (const auto& [name, cell] : model_.now())
            if (cell.lease == id) gone.push_back(name);
        REQUIRE(store_.revokeLease(id).ok());
        if (gone.empty()) return;
        Space& space = model_.next();
        for (const std::string& name : gone) model_.remove(space, name);
    }

    void compact() {
        if (model_.revision < 4 || random_.chance(0.6)) return;
        const std::int64_t at = model_.revision - static_cast<std::int64_t>(random_.below(3));
        REQUIRE(store_.compact(at).ok() == (at > model_.compacted));
        model_.compacted = std::max(model_.compacted, at);
    }

    // A client that loses its watch goes on where it was.
    void interrupt() {
        const std::size_t at = random_.below(watchers_.size());
        store_.cancelWatch(watchers_[at].id);
        const std::int64_t last = model_.revision;
        if (random_.chance(0.5)) put(-1);
        resume(at, last + 1);
    }

    void readBack() {
        const std::string name = key();
        const ChangePtr found = store_.get(name);
        const auto place = model_.now().find(name);
        REQUIRE((found != nullptr) == (place != model_.now().end()));
        REQUIRE(store_.count("/", Store::prefixEnd("/")) == model_.now().size());
    }

    static Cell cellOf(const store::Change& change) {
        return {change.value, change.createRevision, change.revision, change.version, change.lease};
    }

    static void compare(const std::vector<ChangePtr>& found, const Space& expected) {
        REQUIRE(found.size() == expected.size());
        auto place = expected.begin();
        for (const ChangePtr& change : found) {
            REQUIRE(*change->key == place->first);
            REQUIRE(cellOf(*change) == place->second);
            ++place;
        }
    }

    void check(const Watcher& watcher) const {
        std::vector<Seen> expected;
        for (const Seen& seen : model_.log)
            if (seen.key.starts_with(watcher.prefix)) expected.push_back(seen);
        REQUIRE(watcher.seen == expected);
    }

    void snapshot() {
        const std::string bytes = store_.snapshot();
        Store other(kernel_);
        REQUIRE(other.restore(bytes).ok());
        REQUIRE(other.snapshot() == bytes);
        REQUIRE(other.revision() == model_.revision);
        compare(other.range("/", Store::prefixEnd("/")), model_.now());
    }

    sim::Kernel kernel_;
    Store store_;
    sim::Random random_;
    Model model_;
    std::vector<Watcher> watchers_;
};

} // namespace

TEST_CASE("ten thousand random histories agree with a model; watches are ordered, unique, complete and resumable") {
    for (std::uint64_t seed = 1; seed <= 10'000; ++seed) {
        INFO("seed " << seed);
        History(seed).run(40);
    }
}
