#include "api/validation/pod.h"

namespace api::validation {
namespace {

void validateHttpGet(Errors& errors, const Value& action, const Path& path) {
    if (action["path"].isEmpty()) errors.required(path.child("path"));
    validatePortNumberOrName(errors, action["port"], path.child("port"));
    if (!contains({"HTTP", "HTTPS"}, action["scheme"].asString()))
        errors.notSupported(path.child("scheme"), action["scheme"].asString(), {"HTTP", "HTTPS"});
    for (const Value& header : action["httpHeaders"].items())
        errors.invalidEach(path.child("httpHeaders"), header["name"].asString(),
                           checkHttpHeaderName(header["name"].asString()));
}

void validateAction(Errors& errors, std::string_view kind, const Value& action,
                    const Value& gracePeriod, const Path& path) {
    if (kind == "exec") {
        if (action["command"].size() == 0) errors.required(path.child("command"));
    } else if (kind == "httpGet") {
        validateHttpGet(errors, action, path);
    } else if (kind == "tcpSocket") {
        validatePortNumberOrName(errors, action["port"], path.child("port"));
    } else if (kind == "grpc") {
        errors.invalidEach(path.child("port"), action["port"].asInt(),
                           checkPortNumber(action["port"].asInt()));
    } else if (kind == "sleep" && !gracePeriod.isNull()) {
        const std::int64_t seconds = action["seconds"].asInt();
        if (seconds < 0 || seconds > gracePeriod.asInt())
            errors.invalid(path, seconds,
                           "must be non-negative and less than terminationGracePeriodSeconds (" +
                               std::to_string(gracePeriod.asInt()) + ")");
    }
}

void validateHandler(Errors& errors, const Value& handler, const Value& gracePeriod,
                     std::initializer_list<std::string_view> kinds, const Path& path) {
    int count = 0;
    for (std::string_view kind : kinds) {
        const Value& action = handler[kind];
        if (action.isNull()) continue;
        if (count++ > 0) errors.forbidden(path.child(kind), "may not specify more than 1 handler type");
        else validateAction(errors, kind, action, gracePeriod, path.child(kind));
    }
    if (count == 0) errors.required(path, "must specify a handler type");
}

} // namespace

void validateProbe(Errors& errors, const Value& probe, ProbeKind kind, const Path& path) {
    if (probe.isNull()) return;
    validateHandler(errors, probe, Value(), {"exec", "httpGet", "tcpSocket", "grpc"}, path);
    for (const char* field : {"initialDelaySeconds", "timeoutSeconds", "periodSeconds",
                              "successThreshold", "failureThreshold"})
        validateNonNegative(errors, probe[field].asInt(), path.child(field));
    const Value& grace = probe["terminationGracePeriodSeconds"];
    if (!grace.isNull() && grace.asInt() <= 0)
        errors.invalid(path.child("terminationGracePeriodSeconds"), grace, "must be greater than 0");
    if (kind == ProbeKind::Readiness) {
        if (!grace.isNull())
            errors.invalid(path.child("terminationGracePeriodSeconds"), grace,
                           "must not be set for readinessProbes");
    } else if (probe["successThreshold"].asInt() != 1) {
        errors.invalid(path.child("successThreshold"), probe["successThreshold"].asInt(), "must be 1");
    }
}

void validateLifecycle(Errors& errors, const Value& lifecycle, const PodContext& context,
                       const Path& path) {
    if (lifecycle.isNull()) return;
    for (const char* hook : {"postStart", "preStop"})
        if (!lifecycle[hook].isNull())
            validateHandler(errors, lifecycle[hook], context.gracePeriod,
                            {"exec", "httpGet", "tcpSocket", "sleep"}, path.child(hook));
    const Value& signal = lifecycle["stopSignal"];
    if (signal.isNull()) return;
    if (context.os.empty())
        errors.forbidden(path.child("stopSignal"),
                         "may not be set for containers with empty `spec.os.name`");
    else if (context.os == "windows" && !contains({"SIGKILL", "SIGTERM"}, signal.asString()))
        errors.notSupported(path.child("stopSignal"), signal, {"SIGKILL", "SIGTERM"});
}

} // namespace api::validation
