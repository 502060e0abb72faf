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

struct Autoscaling {
    Session& session;
    DryRun mode;
    std::string ns;
    Value metrics;
};

Value autoscalerFor(const Autoscaling& plan, const Mapping& target, const std::string& name) {
    const Flags& flags = plan.session.flags;
    document::ObjectBuilder spec;
    spec.set("scaleTargetRef", Value::object({{"apiVersion", target.apiVersion()}, {"kind", target.kind}, {"name", name}}));
    spec.set("maxReplicas", flags.number("max"));
    if (flags.number("min") > 0) spec.set("minReplicas", flags.number("min"));
    if (plan.metrics.size() > 0) spec.set("metrics", plan.metrics);
    const Value object = makeObject("autoscaling/v2", "HorizontalPodAutoscaler", flags.text("name").empty() ? name : flags.text("name"))
                             .with("spec", std::move(spec).build());
    return plan.session.nsGiven() ? object.withPath({"metadata", "namespace"}, plan.ns) : object;
}

sim::Task<base::Result<Value>> post(const Autoscaling& plan, const char* version, Value object) {
    CallOptions call;
    if (plan.mode == DryRun::Server) call.query.set("dryRun", "All");
    call.query.set("fieldManager", plan.session.flags.text("field-manager"));
    call.body = std::move(object);
    const std::string path = std::string("/apis/autoscaling/") + version + "/namespaces/" + plan.ns + "/horizontalpodautoscalers";
    co_return co_await plan.session.call("POST", path, std::move(call));
}

sim::Task<base::Status> autoscaleOne(const Autoscaling& plan, Info info) {
    const Mapping& target = info.mapping;
    if (!target.hasSubresource("scale"))
        co_return base::makeError("cannot autoscale a " + target.kind + ": could not find scale subresource for " +
                                  (target.group.empty() ? "/" : target.group + "/") + target.version + ", Resource=" + target.plural +
                                  " in discovery information");
    Session& session = plan.session;
    Value object = recorded(session, autoscalerFor(plan, target, info.name));
    if (plan.mode == DryRun::Client) co_return printResult(session, object, "created", plan.mode, true);
    if (session.flags.on("save-config")) object = withLastApplied(object, true);
    auto made = co_await post(plan, "v2", object);
    if (!made.ok()) {
        BASE_CO_CHECK(fallbackAllowed(session.flags));
        made = co_await post(plan, "v1", asFirstVersion(session.flags, object));
    }
    if (!made.ok()) co_return made.error();
    co_return printResult(session, made.value(), "autoscaled", plan.mode, true);
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
    const bool none = built.value().items.empty();
    const Autoscaling plan{session, mode.value(), ns.value(), list.value()};
    Visit visit([&plan](Info info) { return autoscaleOne(plan, std::move(info)); });
    BASE_CO_CHECK(co_await visitEach(std::move(built).value(), std::move(visit)));
    if (none) co_return base::makeError("no objects passed to autoscale");
    co_return 0;
}

} // namespace kubectl
