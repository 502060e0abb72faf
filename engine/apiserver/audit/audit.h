#pragma once
// The audit log: which requests are recorded and how much of them. Source: apiserver pkg/audit,
// pkg/audit/policy, pkg/endpoints/filters/audit.go.

#include "apiserver/core.h"

#include <string>

namespace apiserver {

struct AuditPlan {
    std::string level = "None"; // None Metadata Request RequestResponse
    document::Value omitStages;
    bool omitManagedFields = false;
    bool wants(std::string_view stage) const;
    bool bodies() const { return level == "Request" || level == "RequestResponse"; }
};
AuditPlan planAudit(const document::Value& policy, const Attributes& attributes);
// One line of the log, without its end. `response` null: the request has just come.
std::string auditLine(const Core& core, const Context& context, const AuditPlan& plan, std::string_view stage,
                      const ports::Response* response);

} // namespace apiserver
