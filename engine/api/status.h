#pragma once
// The Kubernetes Status object as an error value. Source: apimachinery pkg/api/errors.

#include "base/result.h"
#include "document/value.h"

#include <string>
#include <string_view>
#include <vector>

namespace api {

struct StatusDetail : base::ErrorDetail {
    document::Value status; // a whole v1 Status
    explicit StatusDetail(document::Value s) : status(std::move(s)) {}
};

struct StatusCause {
    std::string reason, message, field;
};

// An error that carries a Status built from its parts. `group` and `kind` fill details (for most errors `kind` is
// the plural resource, for Invalid the Kind).
base::Error statusError(int code, std::string reason, std::string message, std::string group = {},
                        std::string kind = {}, std::string name = {},
                        std::vector<StatusCause> causes = {}, int retryAfterSeconds = 0);
base::Error errorFromStatus(const document::Value& status);
// The Status of an error; errors without one become 500 InternalError.
document::Value statusOf(const base::Error& error);
document::Value successStatus(std::string_view group, std::string_view plural, std::string_view name,
                              std::string_view uid);

// `resource` is "pods" or "deployments.apps".
base::Error notFound(std::string_view group, std::string_view plural, std::string_view name);
base::Error alreadyExists(std::string_view group, std::string_view plural, std::string_view name);
base::Error conflict(std::string_view group, std::string_view plural, std::string_view name,
                     std::string_view text);
base::Error forbidden(std::string_view group, std::string_view plural, std::string_view name,
                      std::string_view text);
base::Error badRequest(std::string_view text);
base::Error invalid(std::string_view group, std::string_view kind, std::string_view name,
                    std::vector<StatusCause> causes);
bool isNotFound(const base::Error& error);
bool isConflict(const base::Error& error);
bool isAlreadyExists(const base::Error& error);

} // namespace api
