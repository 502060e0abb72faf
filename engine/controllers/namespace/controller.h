#pragma once
// Empties a namespace that is being deleted: pods first, then everything else, then the finalizer.
// Source: pkg/controller/namespace.

#include "controllers/support/controller.h"
#include "controllers/support/discovery.h"

namespace controllers {

class NamespaceController : public QueueController {
public:
    explicit NamespaceController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    using Value = document::Value;
    struct Progress {
        std::map<std::string, std::int64_t> remaining, finalizers;
        std::vector<std::string> errors;
        std::string discoveryError;
        std::int64_t estimate = 0; // seconds
    };
    sim::Task<base::Status> empty(client::Resource resource, std::string ns, Progress* progress);
    sim::Task<base::Status> removeAll(client::Resource resource, std::string ns);
    sim::Task<base::Result<bool>> deleteContent(Value ns, Progress* progress);
    Value conditions(const Value& ns, const Progress& progress) const;
    sim::Task<base::Status> writeConditions(Value ns, const Progress* progress);

    client::Informer& namespaces_;
};

} // namespace controllers
