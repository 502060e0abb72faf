#include "cluster/facade.h"

#include "api/kinds.h"
#include "apiserver/api_server.h"
#include "base/strings.h"
#include "cluster/node_files.h"
#include "cluster/state.h"
#include "network/netfilter/rule_set.h"

#include <cerrno>

namespace cluster {

using document::Value;

Cluster::Cluster(std::unique_ptr<State> state) : state_(std::move(state)) {}
Cluster::~Cluster() = default;

base::Result<std::unique_ptr<Cluster>> Cluster::create(const Blueprint& blueprint, std::uint64_t seed) {
    if (blueprint.nodes.empty()) return base::makeError("the blueprint has no nodes");
    return std::unique_ptr<Cluster>(new Cluster(std::make_unique<State>(blueprint, seed)));
}

sim::Kernel& Cluster::kernel() { return state_->kernel; }
const Blueprint& Cluster::blueprint() const { return state_->blueprint; }

base::Status Cluster::writeFile(std::string_view host, std::string_view path, std::string text) {
    Node* node = state_->find(host);
    if (node == nullptr) return base::makeError("no host is called " + std::string(host));
    state_->record("write", std::string(host) + ":" + std::string(path), text);
    auto& files = *node->machine().files();
    const std::size_t slash = path.rfind('/');
    if (slash != std::string_view::npos && slash > 0) BASE_CHECK(files.makeDirectories(path.substr(0, slash), 0755));
    return files.write(path, std::move(text), 0644);
}

base::Result<std::string> Cluster::readFile(std::string_view host, std::string_view path) {
    Node* node = state_->find(host);
    if (node == nullptr) return base::makeError("no host is called " + std::string(host));
    return node->machine().files()->read(path);
}

std::vector<Value> Cluster::objects(std::string_view group, std::string_view plural, std::string_view ns) const {
    std::vector<Value> list;
    const store::Store* store = state_->store();
    if (store == nullptr) return list;
    std::string prefix = apiserver::storagePrefix(group, plural);
    if (!ns.empty()) prefix += std::string(ns) + "/";
    for (const auto& change : store->range(prefix, store::Store::prefixEnd(prefix))) list.push_back(change->value);
    return list;
}

namespace {
std::string keyOf(std::string_view group, std::string_view plural, std::string_view ns, std::string_view name) {
    std::string key = apiserver::storagePrefix(group, plural);
    if (!ns.empty()) key += std::string(ns) + "/";
    return key + std::string(name);
}

struct Place {
    std::string group, version, plural;
};

// The resource that a storage key belongs to.
class Places {
public:
    Places() {
        for (const auto* info : api::builtinKinds().all())
            prefixes_.try_emplace(apiserver::storagePrefix(info->group, info->plural),
                                  Place{info->group, info->version, info->plural});
    }
    Place of(std::string_view key, const Value& object) const {
        for (std::size_t slash = key.rfind('/'); slash != std::string_view::npos && slash > 0;
             slash = key.rfind('/', slash - 1)) {
            const auto found = prefixes_.find(key.substr(0, slash + 1));
            if (found != prefixes_.end()) return found->second;
            if (slash == 0) break;
        }
        // Custom resources: /registry/GROUP/PLURAL/...
        const auto parts = base::split(key, '/');
        const std::string version = object["apiVersion"].text();
        return {parts.size() > 2 ? parts[2] : "", version.substr(version.find('/') + 1), parts.size() > 3 ? parts[3] : ""};
    }

private:
    std::map<std::string, Place, std::less<>> prefixes_;
};

const Places& places() {
    static const Places known; // pure data of the built-in tables
    return known;
}
} // namespace

Value Cluster::object(std::string_view group, std::string_view plural, std::string_view ns, std::string_view name) const {
    const store::Store* store = state_->store();
    if (store == nullptr) return {};
    const auto found = store->get(keyOf(group, plural, ns, name));
    return found ? found->value : Value();
}

std::vector<ObjectChange> Cluster::changes(std::uint64_t after, std::size_t limit) const {
    std::vector<ObjectChange> list;
    const store::Store* store = state_->store();
    if (store == nullptr) return list;
    for (const auto& change : store->changesSince(static_cast<std::int64_t>(after), limit)) {
        const Value& object = change->removed() ? change->previous : change->value;
        if (!object.isObject()) continue; // a mark of the API server's own
        const Place place = places().of(*change->key, object);
        ObjectChange out;
        out.revision = static_cast<std::uint64_t>(change->revision);
        out.at = change->at;
        out.type = change->removed() ? "DELETED" : change->previous.isNull() ? "ADDED" : "MODIFIED";
        out.group = place.group;
        out.version = place.version;
        out.plural = place.plural;
        out.object = object;
        out.cause = change->cause;
        list.push_back(std::move(out));
    }
    return list;
}

std::uint64_t Cluster::revision() const {
    const store::Store* store = state_->store();
    return store == nullptr ? 0 : static_cast<std::uint64_t>(store->revision());
}

std::vector<Value> Cluster::objectsAt(std::uint64_t revision, std::string_view group, std::string_view plural) const {
    std::vector<Value> list;
    const store::Store* store = state_->store();
    if (store == nullptr) return list;
    const std::string prefix = apiserver::storagePrefix(group, plural);
    for (const auto& change :
         store->historyAt(static_cast<std::int64_t>(revision), prefix, store::Store::prefixEnd(prefix)))
        if (!change->removed()) list.push_back(change->value);
    return list;
}

sim::CauseId Cluster::causeOf(std::string_view group, std::string_view plural, std::string_view ns,
                              std::string_view name) const {
    const store::Store* store = state_->store();
    if (store == nullptr) return 0;
    const auto found = store->get(keyOf(group, plural, ns, name));
    return found ? found->cause : 0;
}

bool OutsideConnection::inUse() const {
    if (!connection->open()) return false;
    if (const auto channel = watch.lock()) return !channel->closed();
    if (const auto pipe = stream.lock()) return !pipe->readClosed() && !pipe->atEnd();
    const auto streams = offer.lock();
    return streams && !streams->exitCode && streams->failure.empty() && !(streams->output && streams->output->readClosed());
}

sim::Task<ports::Response> Cluster::serve(ports::Request request) {
    State* state = state_.get();
    const base::Endpoint server{*base::IpAddress::parse(firstControlPlane(state->blueprint).address), 6443};
    const auto failed = [](const std::string& why) { return ports::textResponse(502, why + "\n"); };
    ports::ConnectOptions options;
    auto connection = co_await state->fabric.outside().connect(server, options);
    if (!connection.ok()) {
        ports::Response none = failed("dial tcp " + server.text() + ": connect: " + connection.error().message);
        if (connection.error().code == ECONNREFUSED) none.status = kNotConnected;
        co_return none;
    }
    ports::TlsClient tls;
    tls.roots = {state->secrets.kubernetes.certificate};
    tls.chain = request.clientChain;
    const auto secured = co_await (*connection)->startTls(tls, server.ip.text());
    if (!secured.ok()) co_return failed(secured.error().message);
    const std::shared_ptr<ports::StreamOffer> offer = request.upgrade;
    auto response = co_await (*connection)->roundTrip(std::move(request));
    if (!response.ok()) co_return failed(response.error().message);
    std::erase_if(state->outsideConnections, [](const OutsideConnection& other) { return !other.inUse(); });
    if (response->watch || response->stream || response->upgraded)
        state->outsideConnections.push_back({*connection, response->watch, response->stream, offer});
    co_return std::move(*response);
}

std::string Cluster::adminKubeconfig() const {
    const auto text = state_->firstControlPlane().machine().files()->read("/etc/kubernetes/admin.conf");
    return text.ok() ? *text : std::string();
}

std::string Cluster::iptablesText(std::string_view host) const {
    Node* node = state_->find(host);
    return node == nullptr ? std::string() : network::netfilter::saveTables(node->space().rules(), std::nullopt, true);
}

std::vector<Value> Cluster::recentWalks(std::size_t limit) const { return state_->fabric.recentWalks(limit); }

std::vector<std::string> Cluster::hosts() const {
    std::vector<std::string> names;
    for (const auto& node : state_->nodes) names.push_back(node->blueprint().name);
    return names;
}

} // namespace cluster
