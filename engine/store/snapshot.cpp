// The store as bytes. Numbers are little endian; values are compact JSON with a length before them;
// the last eight bytes are a hash over all before, which `etcdutl snapshot status` shows.
#include "base/hash.h"
#include "document/json.h"
#include "store/store.h"

#include <algorithm>

namespace store {
namespace {

constexpr std::string_view kMagic = "TMNLMVCC2";

void putNumber(std::string& out, std::int64_t number) {
    auto bits = static_cast<std::uint64_t>(number);
    for (int i = 0; i < 8; ++i, bits >>= 8) out += static_cast<char>(bits & 0xff);
}

void putText(std::string& out, std::string_view text) {
    putNumber(out, static_cast<std::int64_t>(text.size()));
    out += text;
}

struct Reader {
    std::string_view rest;
    bool failed = false;

    std::int64_t number() {
        if (rest.size() < 8) {
            failed = true;
            return 0;
        }
        std::uint64_t bits = 0;
        for (int i = 7; i >= 0; --i) bits = bits << 8 | static_cast<unsigned char>(rest[static_cast<std::size_t>(i)]);
        rest.remove_prefix(8);
        return static_cast<std::int64_t>(bits);
    }
    std::string_view text() {
        const std::int64_t size = number();
        if (size < 0 || static_cast<std::uint64_t>(size) > rest.size()) failed = true;
        if (failed) return {};
        const std::string_view found = rest.substr(0, static_cast<std::size_t>(size));
        rest.remove_prefix(static_cast<std::size_t>(size));
        return found;
    }
};

base::Error corrupt() {
    return base::makeError("snapshot file integrity check failed");
}

base::Result<Reader> open(std::string_view bytes) {
    if (!bytes.starts_with(kMagic) || bytes.size() < kMagic.size() + 8) return corrupt();
    Reader tail{bytes.substr(bytes.size() - 8)};
    const std::string_view body = bytes.substr(0, bytes.size() - 8);
    if (static_cast<std::uint64_t>(tail.number()) != base::hashBytes(body)) return corrupt();
    return Reader{body.substr(kMagic.size())};
}

} // namespace

std::string Store::snapshot() const {
    std::string out(kMagic);
    putNumber(out, revision_);
    putNumber(out, compacted_);
    putNumber(out, static_cast<std::int64_t>(leases_.size()));
    for (const auto& [id, lease] : leases_) {
        putNumber(out, id);
        putNumber(out, lease.ttlSeconds);
    }
    std::vector<ChangePtr> changes;
    for (const auto& [name, key] : keys_)
        for (std::size_t i = 0; i < key.versions.size(); ++i) {
            const ChangePtr& change = key.versions[i];
            const bool superseded =
                i + 1 < key.versions.size() && key.versions[i + 1]->revision <= compacted_;
            if (superseded || (change->removed() && change->revision <= compacted_)) continue;
            changes.push_back(change);
        }
    std::stable_sort(changes.begin(), changes.end(), [](const ChangePtr& a, const ChangePtr& b) {
        return a->revision < b->revision;
    });
    putNumber(out, static_cast<std::int64_t>(changes.size()));
    for (const ChangePtr& change : changes) {
        putNumber(out, change->revision);
        putText(out, *change->key);
        putNumber(out, change->createRevision);
        putNumber(out, change->version);
        putNumber(out, change->lease);
        putNumber(out, change->at);
        putText(out, change->removed() ? std::string() : document::writeJson(change->value));
    }
    putNumber(out, static_cast<std::int64_t>(base::hashBytes(out)));
    return out;
}

base::Result<StoreStatus> Store::inspectSnapshot(std::string_view bytes) {
    BASE_TRY(Reader reader, open(bytes));
    StoreStatus status;
    status.revision = reader.number();
    status.compactedRevision = reader.number();
    for (std::int64_t leases = reader.number(); leases > 0 && !reader.failed; --leases) {
        reader.number();
        reader.number();
    }
    status.keys = reader.number();
    if (reader.failed) return corrupt();
    status.size = status.sizeInUse = static_cast<std::int64_t>(bytes.size());
    status.hash = base::hashBytes(bytes) & 0xffffffffU;
    return status;
}

base::Status Store::restore(std::string_view bytes) {
    BASE_TRY(Reader reader, open(bytes));
    Keys keys;
    std::deque<ChangePtr> log;
    std::map<std::int64_t, Lease> leases;
    const std::int64_t revision = reader.number();
    const std::int64_t compacted = reader.number();
    for (std::int64_t count = reader.number(); count > 0 && !reader.failed; --count) {
        Lease lease;
        lease.id = reader.number();
        lease.ttlSeconds = reader.number();
        leases.emplace(lease.id, std::move(lease));
    }
    for (std::int64_t count = reader.number(); count > 0 && !reader.failed; --count) {
        auto change = std::make_shared<Change>();
        change->revision = reader.number();
        const std::string name(reader.text());
        change->createRevision = reader.number();
        change->version = reader.number();
        change->lease = reader.number();
        change->at = reader.number();
        const std::string_view json = reader.text();
        if (reader.failed) break;
        if (!json.empty()) {
            document::ReadLimits limits;
            limits.maxBytes = json.size();
            BASE_TRY(change->value, document::readJson(json, "snapshot", limits));
        }
        Key& key = keys[name];
        if (!key.name) key.name = std::make_shared<const std::string>(name);
        change->key = key.name;
        if (key.alive()) change->previous = key.versions.back()->value;
        key.versions.push_back(change);
        log.push_back(change);
    }
    if (reader.failed || !reader.rest.empty()) return corrupt();
    keys_ = std::move(keys);
    log_ = std::move(log);
    leases_ = std::move(leases);
    revision_ = revision;
    compacted_ = compacted;
    alarm_ = false;
    measuredRevision_ = size_ = 0;
    for (auto& [id, lease] : leases_) armLease(lease);
    for (const auto& [name, key] : keys_)
        if (key.alive()) attach(name, 0, key.versions.back()->lease);
    auto watches = std::exchange(watches_, {});
    for (auto& [id, watch] : watches) watch->handler(nullptr);
    return base::okStatus();
}

} // namespace store
