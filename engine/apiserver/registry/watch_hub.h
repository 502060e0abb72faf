#pragma once
// Fans changes of the store out to the watches of clients. One change is turned into at most one
// value per version and form; every watcher of it shares that value.

#include "api/kinds.h"
#include "api/label_selector.h"
#include "apiserver/registry/field_selector.h"
#include "ports/http.h"
#include "sim/kernel.h"
#include "store/store.h"

#include <list>
#include <map>
#include <memory>
#include <string>

namespace apiserver {

struct Core;

struct WatchRequest {
    std::string prefix; // in etcd, ends in a slash
    const api::ResourceInfo* resource = nullptr;
    std::string ns;
    api::LabelSelector labels;
    FieldSelector fields;
    bool bookmarks = false;
    std::int64_t from = 0;             // changes after this revision
    bool initial = false;              // send the present state first
    bool initialBookmark = false;      // and mark its end
    sim::Duration timeout = 0;
    enum class Form : std::uint8_t { Object, Table, Metadata } form = Form::Object;
    std::string includeObject = "Metadata";
};

class WatchHub {
public:
    explicit WatchHub(Core& core) : core_(core) {}
    ~WatchHub();

    base::Result<std::shared_ptr<sim::Channel<ports::WatchEvent>>> open(WatchRequest request);
    std::size_t size() const;
    void closeAll();
    // Ends the watches of a resource that is no longer served.
    void closePrefix(std::string_view prefix);

private:
    struct Watcher {
        WatchRequest request;
        std::shared_ptr<sim::Channel<ports::WatchEvent>> channel;
        std::int64_t last = 0;
        bool tableStarted = false;
        sim::Time opened = 0;
        sim::EventId deadline;
        bool matches(const document::Value& object) const;
    };
    using WatcherPtr = std::shared_ptr<Watcher>;

    void attach(store::Store& store);
    void onChange(const store::ChangePtr& change);
    void deliver(Watcher& watcher, const store::Change& change);
    void send(Watcher& watcher, const char* type, const document::Value& object, sim::CauseId cause);
    void bookmark(Watcher& watcher, bool endOfInitial);
    void tick();
    std::int64_t oldestKept(const store::Store& store, const WatchRequest& wanted) const;

    Core& core_;
    store::Store* store_ = nullptr;
    std::uint64_t subscription_ = 0;
    std::map<std::string, std::list<WatcherPtr>, std::less<>> byPrefix_;
    sim::EventId ticker_;
};

} // namespace apiserver
