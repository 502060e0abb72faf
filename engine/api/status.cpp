#include "api/status.h"

#include "base/strings.h"

namespace api {
namespace {

using document::ObjectBuilder;
using document::Value;

std::string qualified(std::string_view group, std::string_view plural) {
    if (group.empty()) return std::string(plural);
    return std::string(plural) + "." + std::string(group);
}

Value causesValue(const std::vector<StatusCause>& causes) {
    std::vector<Value> items;
    for (const StatusCause& cause : causes) {
        ObjectBuilder builder;
        builder.setUnlessEmpty("reason", cause.reason);
        builder.setUnlessEmpty("message", cause.message);
        builder.setUnlessEmpty("field", cause.field);
        items.push_back(std::move(builder).build());
    }
    return Value::array(std::move(items));
}

} // namespace

base::Error statusError(int code, std::string reason, std::string message, std::string group,
                        std::string kind, std::string name, std::vector<StatusCause> causes,
                        int retryAfterSeconds) {
    ObjectBuilder details;
    details.setUnlessEmpty("name", name);
    details.setUnlessEmpty("group", group);
    details.setUnlessEmpty("kind", kind);
    if (!causes.empty()) details.set("causes", causesValue(causes));
    if (retryAfterSeconds > 0) details.set("retryAfterSeconds", Value(retryAfterSeconds));
    ObjectBuilder status;
    status.set("kind", "Status").set("apiVersion", "v1").set("metadata", Value::object());
    status.set("status", "Failure").set("message", message);
    status.setUnlessEmpty("reason", reason);
    if (!details.empty()) status.set("details", std::move(details).build());
    status.set("code", code);
    base::Error error = base::makeError(std::move(message), code, std::move(reason));
    error.detail = std::make_shared<StatusDetail>(std::move(status).build());
    return error;
}

base::Error errorFromStatus(const Value& status) {
    base::Error error = base::makeError(status["message"].text(),
                                        static_cast<int>(status["code"].asInt()),
                                        status["reason"].text());
    error.detail = std::make_shared<StatusDetail>(status);
    return error;
}

Value statusOf(const base::Error& error) {
    if (const auto* detail = dynamic_cast<const StatusDetail*>(error.detail.get()))
        return detail->status;
    const int code = error.code >= 400 && error.code < 600 ? error.code : 500;
    const bool internal = code == 500;
    ObjectBuilder status;
    status.set("kind", "Status").set("apiVersion", "v1").set("metadata", Value::object());
    status.set("status", "Failure").set("message", error.message).set("code", code);
    if (!internal) status.setUnlessEmpty("reason", error.reason);
    return std::move(status).build();
}

Value successStatus(std::string_view group, std::string_view plural, std::string_view name,
                    std::string_view uid) {
    ObjectBuilder details;
    details.setUnlessEmpty("name", name);
    details.setUnlessEmpty("group", group);
    details.setUnlessEmpty("kind", plural);
    details.setUnlessEmpty("uid", uid);
    ObjectBuilder status;
    status.set("kind", "Status").set("apiVersion", "v1").set("metadata", Value::object());
    status.set("status", "Success");
    if (!details.empty()) status.set("details", std::move(details).build());
    return std::move(status).build();
}

base::Error notFound(std::string_view group, std::string_view plural, std::string_view name) {
    return statusError(404, "NotFound",
                       qualified(group, plural) + " " + base::quoteGo(name) + " not found",
                       std::string(group), std::string(plural), std::string(name));
}

base::Error alreadyExists(std::string_view group, std::string_view plural, std::string_view name) {
    return statusError(409, "AlreadyExists",
                       qualified(group, plural) + " " + base::quoteGo(name) + " already exists",
                       std::string(group), std::string(plural), std::string(name));
}

base::Error conflict(std::string_view group, std::string_view plural, std::string_view name,
                     std::string_view text) {
    return statusError(409, "Conflict",
                       "Operation cannot be fulfilled on " + qualified(group, plural) + " " +
                           base::quoteGo(name) + ": " + std::string(text),
                       std::string(group), std::string(plural), std::string(name));
}

base::Error forbidden(std::string_view group, std::string_view plural, std::string_view name,
                      std::string_view text) {
    std::string message = "forbidden: " + std::string(text);
    if (!plural.empty()) {
        const std::string resource = qualified(group, plural);
        if (name.empty()) message = resource + " is forbidden: " + std::string(text);
        else message = resource + " " + base::quoteGo(name) + " is forbidden: " + std::string(text);
    }
    return statusError(403, "Forbidden", std::move(message), std::string(group),
                       std::string(plural), std::string(name));
}

base::Error badRequest(std::string_view text) {
    return statusError(400, "BadRequest", std::string(text));
}

// Source: apimachinery NewInvalid and errors.Aggregate: several texts are put in brackets, repeated
// ones are said once.
base::Error invalid(std::string_view group, std::string_view kind, std::string_view name,
                    std::vector<StatusCause> causes) {
    std::vector<std::string> texts;
    for (const StatusCause& cause : causes) {
        // A cause without a field is printed as field.Error does: the empty path stays in front.
        std::string text = cause.field + ": " + cause.message;
        bool known = false;
        for (const std::string& other : texts) known = known || other == text;
        if (!known) texts.push_back(std::move(text));
    }
    const std::string type = qualified(group, kind);
    std::string message = type + " " + base::quoteGo(name) + " is invalid";
    if (texts.size() == 1) message += ": " + texts[0];
    else if (texts.size() > 1) message += ": [" + base::join(texts, ", ") + "]";
    return statusError(422, "Invalid", std::move(message), std::string(group), std::string(kind),
                       std::string(name), std::move(causes));
}

bool isNotFound(const base::Error& error) { return error.reason == "NotFound"; }
bool isConflict(const base::Error& error) { return error.reason == "Conflict"; }
bool isAlreadyExists(const base::Error& error) { return error.reason == "AlreadyExists"; }

} // namespace api
