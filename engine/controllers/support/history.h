#pragma once
// ControllerRevisions of DaemonSets and StatefulSets. Source: pkg/controller/history.

#include "controllers/support/controller.h"
#include "controllers/support/pods.h"

namespace controllers {

class History {
public:
    // Of an owner and what its revision holds; owners differ in what they hash.
    using Hash = std::string (*)(const document::Value& owner, const document::Value& data,
                                 std::int64_t collisions);
    // `hashLabel`: where the revision carries its hash.
    History(client::Client& client, client::Informer& revisions, OwnerKind kind,
            const char* hashLabel, Hash hash)
        : client_(client), revisions_(revisions), orphans_(revisions), kind_(kind),
          hashLabel_(hashLabel), hash_(hash) {}

    // Revisions of the owner, oldest first, after adopting orphans that match.
    sim::Task<base::Result<std::vector<document::Value>>> list(document::Value owner);
    // The revision that describes the owner's template as it is now: an existing one (its number
    // raised to the newest) or a new one. `collisions` grows when a name is taken by another
    // template.
    sim::Task<base::Result<document::Value>>
    current(document::Value owner, std::vector<document::Value> known, std::int64_t* collisions);
    // Deletes the oldest revisions that nothing uses beyond the owner's limit.
    sim::Task<base::Status> trim(document::Value owner, std::vector<document::Value> known,
                                 std::vector<std::string> inUse);
    std::string hashOf(const document::Value& revision) const;

private:
    client::Client& client_;
    client::Informer& revisions_;
    OrphanIndex orphans_;
    OwnerKind kind_;
    const char* hashLabel_;
    Hash hash_;
};

// {"spec":{"template":{..., "$patch":"replace"}}}
document::Value templatePatch(const document::Value& owner);

} // namespace controllers
