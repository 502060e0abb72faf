// etcd's key-value service as its JSON gateway exposes it (POST /v3/kv/range and so on, keys and
// values in base64): what etcdctl talks to. Source: etcd api/etcdserverpb/rpc.proto.
#include "api/protobuf.h"
#include "base/strings.h"
#include "cluster/programs/etcd.h"
#include "document/json.h"

namespace cluster {
namespace {

using document::Value;

std::string decoded(const Value& text) { return base::decodeBase64(text.asString()).value_or(""); }

class EtcdService final : public ports::HttpHandler {
public:
    explicit EtcdService(const std::shared_ptr<EtcdMember>& member) : member_(member) {}

    sim::Task<ports::Response> handle(ports::Request request) override {
        const auto member = member_.lock();
        Value body = request.object;
        if (body.isNull() && !request.body.empty()) {
            auto read = document::readJson(request.body);
            if (read.ok()) body = *read;
        }
        ports::Response response;
        response.headers.set("Content-Type", "application/json");
        if (!member) {
            response.status = 503;
            co_return response;
        }
        auto answer = dispatch(*member, request.path, body);
        if (!answer.ok()) {
            response.status = answer.error().code != 0 ? answer.error().code : 400;
            response.object = Value::object({{"error", answer.error().message}, {"code", 9}, {"message", answer.error().message}});
        } else {
            response.object = answer->with("header", header(*member));
        }
        co_return response;
    }

private:
    static Value header(const EtcdMember& member) {
        return Value::object({{"cluster_id", "0"}, {"member_id", member.memberId},
                              {"revision", member.store->revision()}, {"raft_term", 2}});
    }

    static Value keyValue(const store::Change& change) {
        return Value::object({{"key", base::encodeBase64(*change.key)},
                              {"create_revision", change.createRevision},
                              {"mod_revision", change.revision},
                              {"version", change.version},
                              {"lease", change.lease},
                              {"value", base::encodeBase64(text(change.value))}});
    }
    // Values written by etcdctl are texts; objects of the API server are shown as JSON.
    static std::string text(const Value& value) {
        if (value.isString()) return value.text();
        // As the API server writes them: built-in kinds in protobuf, without the revision that etcd keeps itself.
        const Value& meta = value["metadata"];
        if (meta.isObject())
            if (auto bytes = api::encodeProtobuf(value.with("metadata", meta.without("resourceVersion"))); bytes.ok())
                return std::move(bytes).value();
        return document::writeJson(value);
    }

    static base::Result<Value> range(EtcdMember& member, const Value& body) {
        const std::string key = decoded(body["key"]);
        std::string end = decoded(body["range_end"]);
        if (end == std::string(1, '\0')) end = "\xff\xff";
        const std::int64_t revision = body["revision"].asInt();
        const auto limit = static_cast<std::size_t>(body["limit"].asInt());
        std::vector<store::ChangePtr> found;
        if (revision > 0) {
            BASE_TRY(found, member.store->rangeAt(revision, key, end, limit));
        } else {
            found = member.store->range(key, end, limit);
        }
        document::ArrayBuilder list;
        const bool countOnly = body["count_only"].asBool();
        for (const auto& change : found)
            if (!countOnly) list.push(keyValue(*change));
        return Value::object({{"kvs", std::move(list).build()}, {"count", member.store->count(key, end)}});
    }

    static base::Result<Value> remove(EtcdMember& member, const Value& body) {
        std::string end = decoded(body["range_end"]);
        if (end == std::string(1, '\0')) end = "\xff\xff";
        BASE_TRY(const auto gone, member.store->remove(decoded(body["key"]), end));
        return Value::object({{"deleted", gone.size()}});
    }

    static Value status(const EtcdMember& member) {
        const auto state = member.store->status();
        return Value::object({{"version", "3.6.16"},
                              {"dbSize", state.size},
                              {"dbSizeInUse", state.sizeInUse},
                              {"leader", member.memberId},
                              {"raftIndex", state.revision + 8},
                              {"raftTerm", 2},
                              {"storageVersion", "3.6.0"},
                              {"dbSizeQuota", 2147483648}});
    }

    static base::Result<Value> dispatch(EtcdMember& member, const std::string& path, const Value& body) {
        if (path == "/v3/kv/range") return range(member, body);
        if (path == "/v3/kv/put") {
            BASE_TRY(const auto change, member.store->put(decoded(body["key"]), Value(decoded(body["value"]))));
            return Value::object({{"revision", change->revision}});
        }
        if (path == "/v3/kv/deleterange") return remove(member, body);
        if (path == "/v3/kv/compaction") {
            BASE_CHECK(member.store->compact(body["revision"].asInt()));
            return Value::object();
        }
        if (path == "/v3/maintenance/status") return status(member);
        if (path == "/v3/maintenance/snapshot")
            return Value::object({{"blob", base::encodeBase64(member.store->snapshot())}});
        if (path == "/v3/maintenance/defragment") {
            member.store->defragment();
            return Value::object();
        }
        if (path == "/v3/maintenance/alarm") return Value::object({{"alarm", member.store->spaceAlarm()}});
        if (path == "/v3/cluster/member/list") {
            const Value own = Value::object({{"ID", member.memberId}, {"name", member.name},
                                             {"peerURLs", Value::strings(member.peerUrls)},
                                             {"clientURLs", Value::strings(member.clientUrls)}});
            return Value::object({{"members", Value::array({own})}});
        }
        if (path == "/health") return Value::object({{"health", "true"}, {"reason", ""}});
        if (path == "/version")
            return Value::object({{"etcdserver", "3.6.16"}, {"etcdcluster", "3.6.0"}, {"storage", "3.6.0"}});
        return base::makeError("not found", 404);
    }

    std::weak_ptr<EtcdMember> member_;
};

} // namespace

std::shared_ptr<ports::HttpHandler> etcdHandler(const std::shared_ptr<EtcdMember>& member) {
    return std::make_shared<EtcdService>(member);
}

} // namespace cluster
