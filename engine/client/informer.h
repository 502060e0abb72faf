#pragma once
// Informer: a cached list kept current by a watch, with handlers. Source: client-go tools/cache
// (reflector and shared informer): list, watch, on failure back off and list again.

#include "client/client.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace client {

struct InformerOptions {
    std::string ns; // empty: all
    std::string labelSelector, fieldSelector;
};

class Informer {
public:
    using Handler = base::Function<void(const document::Value& previous, const document::Value& current)>;

    Informer(Client& client, Resource resource, InformerOptions options = {});
    ~Informer();

    // Called with (null, added), (old, new) or (deleted, null); during the handler the trace's current
    // cause is that of the change. Add handlers before `start`.
    void onChange(Handler handler);
    void start(sim::Scope& scope);
    bool synced() const;
    sim::Task<void> waitForSync();

    // key: "namespace/name" or "name".
    const document::Value& get(std::string_view key) const; // null when absent
    const std::map<std::string, document::Value, std::less<>>& items() const;
    // Objects whose metadata.namespace is `ns`, in name order.
    std::vector<document::Value> inNamespace(std::string_view ns) const;
    // Objects controlled by (metadata.ownerReferences[controller]) the uid.
    std::vector<document::Value> ownedBy(std::string_view uid) const;
    // For writers that must see their own write at once.
    void put(const document::Value& object);

private:
    struct State;
    std::shared_ptr<State> state_;
};

std::string objectKey(const document::Value& object);

} // namespace client
