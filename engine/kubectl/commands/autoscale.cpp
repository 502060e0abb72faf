// Source: k8s.io/kubectl pkg/cmd/autoscale/autoscale.go.
#include "api/quantity.h"
#include "base/strings.h"
#include "kubectl/commands/changes.h"
#include "kubectl/commands/commands.h"
#include "kubectl/commands/create_support.h"
#include "kubectl/core/recording.h"

#include <cstdlib>
#include <fmt/format.h>

namespace kubectl {

using document::Value;

namespace {

base::Result<Value> metricFor(const std::string& name, const std::string& given) {
    const std::string input(base::trim(given));
    if (input.empty()) return base::makeError("empty input");
    Value target;
    if (input.back() == '%') {
        const std::string digits = input.substr(0, input.size() - 1);
        const auto number = base::parseInt(digits);
        if (!number || *number < 0 || *number > INT32_MAX) return base::makeError("invalid percentage value: " + digits);
        target = Value::object({{"type", "Utilization"}, {"averageUtilization", *number}});
    } else {
        char* end = nullptr;
        const double plain = std::strtod(input.c_str(), &end);
        std::string text = input;
        if (*end == '\0') text = fmt::format("{:g}", plain) + (name == "cpu" ? "m" : "Mi");
        auto quantity = api::Quantity::parse(text);
        if (!quantity) return base::makeError("invalid resource " + name + " value: " + input);
        target = Value::object({{"type", "AverageValue"}, {"averageValue", quantity->text()}});
    }
    return Value::object({{"type", "Resource"}, {"resource", Value::object({{"name", name}, {"target", target}})}});
}

base::Result<Value> metrics(const Flags& flags) {
    std::vector<Value> out;
    if (const std::int64_t percent = flags.number("cpu-percent"); percent > 0) {
        BASE_TRY(Value metric, metricFor("cpu", std::to_string(percent) + "%"));
        out.push_back(std::move(metric));
    }
    for (const char* name : {"cpu", "memory"}) {
        if (flags.text(name).empty()) continue;
        BASE_TRY(Value metric, metricFor(name, flags.text(name)));
        out.push_back(std::move(metric));
    }
    return Value::array(std::move(out));
}

// Whether a refused v2 object may be tried again as v1.
base::Status fallbackAllowed(const Flags& flags) {
    const std::string failure = "failed to create autoscaling/v2 HPA and the configuration is incompatible with autoscaling/v1: ";
    auto cpu = metricFor("cpu", flags.text("cpu"));
    if (!cpu.ok()) return base::makeError(failure + cpu.error().message);
    if (!flags.text("memory").empty()) return base::makeError(failure + "%!w(<nil>)");
    const bool share = cpu.value().at("resource", "target", "type").asString() == "Utilization";
    if (!share && flags.number("cpu-percent") < 0) return base::makeError(failure + "%!w(<nil>)");
    return base::okStatus();
}
Value asFirstVersion(const Flags& flags, const Value& object) {
    Value spec = object["spec"].without("metrics");
    if (const std::int64_t percent = flags.number("cpu-percent"); percent >= 0) spec = spec.with("targetCPUUtilizationPercentage", percent);
    return object.with("apiVersion", "autoscaling/v1").with("spec", spec);
}

} // namespace

sim::Task<Outcome> runAutoscale(Session& session) {
    const Flags& flags = session.flags;
    auto mode = dryRunOf(session);
    if (!mode.ok()) co_return mode.error();
    const std::int64_t most = flags.number("max"), least = flags.number("min");
    if (most < 1) co_return base::makeError("--max=MAXPODS is required and must be at least 1, max: " + std::to_string(most));
    if (most < least)
        co_return base::makeError("--max=MAXPODS must be larger or equal to --min=MINPODS, max: " + std::to_string(most) + ", min: " + std::to_string(least));
    if (flags.number("cpu-percent") > 0 && !flags.text("cpu").empty()) co_return base::makeError("--cpu-percent and --cpu are mutually exclusive");
    auto list = metrics(flags);
    if (!list.ok()) co_return list.error();
    BuildOptions options = buildOptions(session);
    auto built = co_await build(session, std::move(options));
    if (!built.ok()) co_return built.error();
    auto ns = session.ns();
    if (!ns.ok()) co_return ns.error();
    std::vector<base::Error> errors;
    int count = 0;
    for (const Found& item : built.value().items) {
        if (!item.info) {
            errors.push_back(item.error);
            continue;
        }
        const Info info = *item.info;
        if (!info.mapping.hasSubresource("scale")) {
            errors.push_back(base::makeError("cannot autoscale a " + info.mapping.kind + ": could not find scale subresource for " +
                                             (info.mapping.group.empty() ? "/" : info.mapping.group + "/") + info.mapping.version +
                                             ", Resource=" + info.mapping.plural + " in discovery information"));
            continue;
        }
        document::ObjectBuilder spec;
        spec.set("scaleTargetRef", Value::object({{"apiVersion", info.mapping.apiVersion()}, {"kind", info.mapping.kind}, {"name", info.name}}));
        spec.set("maxReplicas", most);
        if (least > 0) spec.set("minReplicas", least);
        if (list.value().size() > 0) spec.set("metrics", list.value());
        Value object = makeObject("autoscaling/v2", "HorizontalPodAutoscaler", flags.text("name").empty() ? info.name : flags.text("name"))
                           .with("spec", std::move(spec).build());
        if (session.nsGiven()) object = object.withPath({"metadata", "namespace"}, ns.value());
        ++count;
        object = recorded(session, object);
        if (mode.value() == DryRun::Client) {
            base::Status printed = printResult(session, object, "created", mode.value(), true);
            if (!printed.ok()) errors.push_back(printed.error());
            continue;
        }
        if (flags.on("save-config")) object = withLastApplied(object, true);
        CallOptions call;
        if (mode.value() == DryRun::Server) call.query.set("dryRun", "All");
        call.query.set("fieldManager", flags.text("field-manager"));
        call.body = object;
        auto made = co_await session.call("POST", "/apis/autoscaling/v2/namespaces/" + ns.value() + "/horizontalpodautoscalers", std::move(call));
        if (!made.ok()) {
            if (base::Status allowed = fallbackAllowed(flags); !allowed.ok()) {
                errors.push_back(allowed.error());
                continue;
            }
            CallOptions again;
            if (mode.value() == DryRun::Server) again.query.set("dryRun", "All");
            again.query.set("fieldManager", flags.text("field-manager"));
            again.body = asFirstVersion(flags, object);
            made = co_await session.call("POST", "/apis/autoscaling/v1/namespaces/" + ns.value() + "/horizontalpodautoscalers", std::move(again));
        }
        if (!made.ok()) {
            errors.push_back(made.error());
            continue;
        }
        base::Status printed = printResult(session, made.value(), "autoscaled", mode.value(), true);
        if (!printed.ok()) errors.push_back(printed.error());
    }
    if (!errors.empty()) co_return aggregate(std::move(errors));
    if (count == 0) co_return base::makeError("no objects passed to autoscale");
    co_return 0;
}

} // namespace kubectl
