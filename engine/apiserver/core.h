#pragma once
// The inside of an API server, shared by the parts of the pipeline. Only apiserver/ includes this.

#include "api/kinds.h"
#include "api/label_selector.h"
#include "api/status.h"
#include "apiserver/authn/authenticator.h"
#include "apiserver/authz/rbac.h"
#include "apiserver/config.h"
#include "apiserver/registry/field_selector.h"
#include "apiserver/registry/watch_hub.h"
#include "ports/http.h"
#include "sim/kernel.h"
#include "store/store.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace apiserver {

// What a request asks for. Source: apiserver pkg/endpoints/request RequestInfo.
struct RequestInfo {
    bool isResource = false;
    std::string verb; // "get", "list", "watch", "create", "update", "patch", "delete", ...
    std::string path;
    std::string apiPrefix; // "api" or "apis"
    std::string group, version, ns, resource, subresource, name;
    std::vector<std::string> parts; // of the path after the version
};
RequestInfo parseRequestInfo(const ports::Request& request);

// The answer of a webhook or of another process that a request waited for; see `Context::needs`.
struct Errand {
    std::string id;
    std::string url;        // for messages
    std::string host;       // name for TLS
    base::Endpoint target;
    bool resolved = false;
    ports::TlsClient tls;
    ports::Request request;
    sim::Duration timeout = 10 * sim::kSecond;
};

struct Context {
    ports::Request request;
    RequestInfo info;
    UserInfo user;
    UserInfo impersonator; // who asked, when the user is impersonated
    const api::ResourceInfo* resource = nullptr;
    const api::Subresource* subresource = nullptr;
    std::vector<std::string> warnings;
    std::string fieldValidation = "Warn";
    std::string fieldManager;
    bool dryRun = false;
    bool force = false;
    std::string verbForMessage;
    // A request that needs another process stops, names the errand, and is run again from its start
    // with the answer at hand. Nothing has been written by then.
    std::map<std::string, base::Result<ports::Response>> answers;
    std::optional<Errand> errand;
    std::string generatedUid, generatedName, generatedVolume; // the same in every run of the request
    std::size_t deleteRounds = 0;
    std::string podPart;        // a patch of pods/ephemeralcontainers or pods/resize
    std::vector<std::string> repeatedFields; // of the body's text, as strict decoding names them
    // For the audit log; only filled where there is one.
    std::string auditId, auditName;
    bool auditing = false, auditBodies = false;
    document::Value auditObject;
    sim::Time received = 0;
    Decision decision;
    bool fieldsTracked = false; // server-side apply has set managedFields itself

    void warn(std::string text);
    std::string manager() const; // fieldManager or the User-Agent's prefix
};

using Outcome = base::Result<ports::Response>;

// Behaviour of a resource beside what its tables say.
struct Strategy {
    bool generation = false;        // metadata.generation counts changes of the specification
    bool generationOnAnnotations = false;
    bool graceful = false;          // deletion may take time (pods)
    bool createOnUpdate = false;    // PUT of a missing object creates it
    bool unconditionalUpdate = true;
    bool returnDeleted = false;     // DELETE answers with the object
    bool orphanByDefault = false;
    document::Value (*prepareCreate)(struct Core&, Context&, document::Value) = nullptr;
    document::Value (*prepareUpdate)(struct Core&, Context&, document::Value, const document::Value& old) = nullptr;
    document::Value (*prepareStatus)(struct Core&, Context&, document::Value, const document::Value& old) = nullptr;
    // After validation: allocations. Undone by `release` when the object goes.
    base::Result<document::Value> (*allocate)(struct Core&, Context&, document::Value, const document::Value& old) = nullptr;
    void (*release)(struct Core&, const document::Value& object) = nullptr;
    void (*afterWrite)(struct Core&, const document::Value& object, const document::Value& old) = nullptr;
};
const Strategy& strategyOf(const api::ResourceInfo& resource);

// FlowSchemas in the order in which they are tried, and what was decided before.
struct FlowCache {
    struct Schema {
        std::int64_t precedence = 0;
        std::string name, uid, levelUid;
        document::Value rules;
    };
    std::vector<Schema> schemas;
    std::map<std::string, std::pair<std::string, std::string>> decisions;
    store::Store* store = nullptr;
    bool stale = true;
    std::shared_ptr<bool> alive = std::make_shared<bool>(true);
    void load(struct Core& core);
};

struct Core {
    Core(sim::Kernel& k, std::shared_ptr<store::EtcdAccess> e, Config c);
    ~Core();

    sim::Kernel& kernel;
    std::shared_ptr<store::EtcdAccess> etcd;
    Config config;
    api::Kinds kinds;
    WatchHub hub;
    Authenticator authenticator;
    RbacCache rbac;
    std::map<std::string, document::Value, std::less<>> customDefinitions; // name -> CRD, see crd/
    std::map<std::int64_t, std::int64_t> eventLeases; // minute -> lease
    // APIService -> what its server says of itself, in the aggregated form of discovery.
    std::map<std::string, document::Value, std::less<>> foreignDiscovery;
    std::string clusterIPCursor;
    FlowCache flows;
    std::int64_t startRevision = 0; // of the store when this server began to watch it
    bool bootstrapped = false;
    sim::Scope scope;

    // Reading. Null value: absent.
    base::Result<store::Store*> store();
    document::Value lookup(std::string_view group, std::string_view plural, std::string_view ns,
                           std::string_view name);
    std::vector<document::Value> all(std::string_view group, std::string_view plural,
                                     std::string_view ns = {});
    std::string now() const;
};

// registry/storage.cpp
std::string prefixOf(Core& core, const api::ResourceInfo& resource);
std::string keyOf(Core& core, const api::ResourceInfo& resource, std::string_view ns,
                  std::string_view name);
const api::ResourceInfo& storedAs(Core& core, const api::ResourceInfo& resource);
// Between versions of one kind; the object says which it is in.
document::Value convertTo(const api::ResourceInfo& target, const document::Value& object);
// A change whose values were encrypted, as the objects that they are; others as they come.
base::Result<store::ChangePtr> opened(Core& core, std::string_view group, std::string_view plural,
                                      const store::ChangePtr& change);
// Is the value encrypted by another key than new ones are?
bool storedStale(Core& core, const api::ResourceInfo& resource, std::string_view ns, std::string_view name);
base::Result<store::ChangePtr> readStored(Core& core, const api::ResourceInfo& resource,
                                          std::string_view ns, std::string_view name);
// Writes with the revision that the store will give already inside. `expected` 0: must be absent.
base::Result<document::Value> writeStored(Core& core, const api::ResourceInfo& resource,
                                          document::Value object, std::int64_t expected);
base::Status removeStored(Core& core, const api::ResourceInfo& resource, const document::Value& object,
                          std::int64_t expected);
std::string qualified(const api::ResourceInfo& resource); // "deployments.apps"

// registry/*.cpp: the verbs.
base::Result<document::Value> decodeBody(Core& core, Context& context, const api::ResourceInfo& expected);
base::Result<document::Value> rawBody(const ports::Request& request);
base::Result<document::Value> checkFields(Context& context, const api::ResourceInfo& resource,
                                          const document::Value& object, bool failOnUnknown = false);
void warnDeprecated(Core& core, Context& context);
// Refuses or warns of what strict decoding finds, as the request asks.
base::Status reportStrictProblems(Context& context, const api::ResourceInfo& resource,
                                  const std::vector<std::string>& unknown);
Outcome handleGet(Core& core, Context& context);
Outcome handleList(Core& core, Context& context);
Outcome handleWatch(Core& core, Context& context);
Outcome handleCreate(Core& core, Context& context);
Outcome handleUpdate(Core& core, Context& context);
Outcome handlePatch(Core& core, Context& context);
Outcome handleDelete(Core& core, Context& context);
Outcome handleDeleteCollection(Core& core, Context& context);
// Null when the subresource has no code of its own.
std::optional<Outcome> handleSubresource(Core& core, Context& context);
// Resources that are no stored objects: reviews, component statuses, bindings.
std::optional<Outcome> handleVirtual(Core& core, Context& context);

document::Value normalize(const api::ResourceInfo& resource, document::Value object, bool creating);
// One create, for a caller that already has the decoded object.
base::Result<document::Value> createObject(Core& core, Context& context, document::Value object);
// One update through the whole pipeline: `change` makes the new object from the current one.
using Change = base::Function<base::Result<document::Value>(const document::Value& current)>;
struct UpdateOptions {
    std::string subresource;
    bool createIfMissing = false;
    bool admission = true;
};
struct UpdateResult {
    document::Value object;
    bool created = false;
};
base::Result<UpdateResult> updateObject(Core& core, Context& context, std::string_view name,
                                        const Change& change, const UpdateOptions& options);
struct DeleteRequest {
    std::optional<std::int64_t> graceSeconds;
    std::string propagation, uid, resourceVersion;
    std::optional<bool> orphanDependents;
    bool dryRun = false;
};
struct DeleteResult {
    document::Value object;
    bool gone = false;      // removed from the store now
    bool immediate = false; // nothing keeps it
};
base::Result<DeleteResult> deleteObject(Core& core, Context& context, std::string_view ns,
                                        std::string_view name, const DeleteRequest& request);

// registry/flow_classify.cpp: puts the uids of the request's FlowSchema and priority level in the answer.
void nameFlow(Core& core, const Context& context, ports::Response& response);

// Answers.
ports::Response respondObject(Core& core, Context& context, int code, const document::Value& object);
ports::Response respondError(const base::Error& error);
// Turns a finished JSON answer into the form that the request asked for: protobuf or YAML.
void encodeAnswer(const Context& context, ports::Response& response);
bool wantsProtobufWatch(const Context& context);
// The same error with the empty `details` that some of upstream's answers carry.
base::Error withEmptyDetails(const base::Error& error);
ports::Response respondJson(int code, document::Value value);
ports::Response respondText(int code, std::string text, std::string type = "text/plain; charset=utf-8");

// Authentication and authorization.
base::Result<UserInfo> authenticate(Core& core, const ports::Request& request);
// The claims of a service account token that is good for one of the audiences; see TokenReview.
struct TokenIdentity {
    UserInfo user;
    std::vector<std::string> audiences;
};
base::Result<TokenIdentity> authenticateToken(Core& core, const std::string& token,
                                              const std::vector<std::string>& audiences);
base::Status impersonate(Core& core, Context& context);
Attributes attributesOf(const Context& context);
Decision authorize(Core& core, const Attributes& attributes);
base::Error forbiddenError(const Attributes& attributes, const std::string& reason);

// Admission. `old` null on create, `object` null on delete.
struct Admission {
    Core& core;
    Context& context;
    const api::ResourceInfo& resource;
    std::string operation; // CREATE UPDATE DELETE CONNECT
    std::string subresource, ns, name;
    document::Value object, old;
};
base::Status admitMutating(Admission& admission);
base::Status admitValidating(Admission& admission);

// ssa/: managed fields.
document::Value trackUpdate(Core& core, const Context& context, const api::ResourceInfo& resource,
                            const document::Value& before, const document::Value& after,
                            std::string_view subresource);
base::Result<document::Value> applyConfiguration(Core& core, Context& context,
                                                 const api::ResourceInfo& resource,
                                                 const document::Value& live,
                                                 const document::Value& configuration,
                                                 std::string_view subresource);

// table/: the Table of objects. `includeObject`: None, Metadata, Object.
document::Value makeTable(Core& core, const api::ResourceInfo& resource,
                          const std::vector<document::Value>& objects, const document::Value& listMeta,
                          std::string_view includeObject, bool withColumns);

// discovery/, openapi/: paths that are no resources. Empty: not theirs.
std::optional<ports::Response> serveDiscovery(Core& core, Context& context);
std::optional<ports::Response> serveOpenApi(Core& core, Context& context);
std::optional<ports::Response> serveHealth(Core& core, Context& context);
std::optional<ports::Response> serveOpenId(Core& core, Context& context);
// The checks behind "healthz", "livez" or "readyz".
std::vector<std::string> healthChecks(std::string_view root);
// The answer of a path below a known group that names nothing.
base::Error noSuchResource();

// crd/: custom resources.
void loadCustomDefinitions(Core& core);
// A definition that is to go, and the removal of its objects before it.
document::Value definitionMarked(Core& core, const document::Value& definition);
void cleanUpDefinition(Core& core, std::string name);
base::Result<document::Value> customValidate(Core& core, Context& context,
                                             const api::ResourceInfo& resource,
                                             document::Value object, const document::Value& old);
base::Result<document::Value> customDecode(Core& core, Context& context,
                                           const api::ResourceInfo& resource, document::Value object);

// bootstrap.cpp
void makeBootstrapObjects(Core& core);

// A partial Status error for bodies and options. `kind`: "CreateOptions" and so on.
// The Go package of a group's internal types, as some messages show it: "core", "apps".
std::string goPackage(std::string_view group);
base::Error invalidOptions(std::string_view kind, std::vector<api::StatusCause> causes);

// objects.cpp: small changes.
inline std::string_view metaText(const document::Value& object, std::string_view key) {
    return object["metadata"][key].asString();
}
document::Value withMeta(const document::Value& object, std::string_view key, document::Value value);
document::Value withoutMeta(const document::Value& object, std::string_view key);
std::int64_t revisionOf(const document::Value& object);

} // namespace apiserver
