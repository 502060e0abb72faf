// Source: k8s.io/kubectl pkg/cmd/run/run.go, pkg/generate/versioned/run.go.
#include "api/kinds.h"
#include "api/label_selector.h"
#include "base/strings.h"
#include "document/json.h"
#include "document/patch.h"
#include "document/yaml.h"
#include "kubectl/commands/commands.h"
#include "kubectl/commands/create_support.h"
#include "kubectl/commands/overriding.h"
#include "kubectl/commands/deletion.h"
#include "kubectl/commands/streams.h"
#include "kubectl/core/waiting.h"
#include "kubectl/core/recording.h"

#include <algorithm>

#include <re2/re2.h>

namespace kubectl {

using document::ObjectBuilder;
using document::Value;

namespace {

bool validImage(const std::string& image) {
    static const RE2 pattern(
        "^(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\\[[a-fA-F0-9:]+\\])"
        "(?::[0-9]+)?/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*"
        "(?::[\\w][\\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*[:][[:xdigit:]]{32,})?$");
    return RE2::FullMatch(image, pattern);
}

base::Result<Value> parseLabels(const std::string& text) {
    ObjectBuilder labels;
    for (const std::string& pair : base::split(text, ',')) {
        const auto parts = base::split(pair, '=');
        if (parts.size() != 2) return base::makeError("unexpected label spec: " + pair);
        labels.set(parts[0], parts[1]);
    }
    return std::move(labels).build();
}

bool validEnvName(std::string_view name) {
    if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) || name == "." || name.starts_with("..")) return false;
    return std::all_of(name.begin(), name.end(),
                       [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.'; });
}

struct RunPlan {
    std::string name, restart;
    bool input = false, tty = false, attach = false, remove = false, leaveOpen = false;
    DryRun mode = DryRun::None;
};

base::Result<Value> podOf(Session& session, const RunPlan& plan) {
    const Flags& flags = session.flags;
    ObjectBuilder container;
    container.set("name", plan.name).set("image", flags.text("image")).set("resources", Value::object());
    const std::vector<std::string> extra(session.args.begin() + 1, session.args.end());
    if (!extra.empty()) container.set(flags.on("command") ? "command" : "args", Value::strings(extra));
    std::vector<Value> env;
    for (const std::string& text : flags.list("env")) {
        const auto equals = text.find('=');
        if (equals == std::string::npos || !validEnvName(text.substr(0, equals))) return base::makeError("invalid env: " + text);
        env.push_back(Value::object({{"name", text.substr(0, equals)}, {"value", text.substr(equals + 1)}}));
    }
    for (Value& item : env)
        if (item["value"].asString().empty()) item = item.without("value");
    if (!env.empty()) container.set("env", Value::array(std::move(env)));
    if (const std::string port = flags.text("port"); !port.empty()) {
        const auto number = base::parseInt(port);
        if (!number) return base::makeError("strconv.Atoi: parsing " + base::quoteGo(port) + ": invalid syntax");
        container.set("ports", Value::array({Value::object({{"containerPort", *number}})}));
    }
    if (!flags.text("image-pull-policy").empty()) container.set("imagePullPolicy", flags.text("image-pull-policy"));
    if (plan.input) container.set("stdin", true);
    if (plan.input && !plan.leaveOpen) container.set("stdinOnce", true);
    if (plan.tty) container.set("tty", true);
    if (flags.on("privileged")) container.set("securityContext", Value::object({{"privileged", true}}));
    Value labels = Value::object({{"run", plan.name}});
    if (!flags.text("labels").empty()) {
        BASE_TRY(labels, parseLabels(flags.text("labels")));
    }
    Value pod = makeObject("v1", "Pod", plan.name).withPath({"metadata", "labels"}, labels);
    for (const std::string& text : flags.list("annotations")) {
        const auto equals = text.find('=');
        if (equals == std::string::npos) return base::makeError("invalid annotations format: " + text);
        pod = pod.withPath({"metadata", "annotations", text.substr(0, equals)}, text.substr(equals + 1));
    }
    return pod.with("spec", Value::object({{"containers", Value::array({std::move(container).build()})},
                                           {"dnsPolicy", "ClusterFirst"}, {"restartPolicy", plan.restart}}));
}

// As the client's own types hold it: unknown fields are dropped.
base::Result<Value> typedAgain(const Value& object) {
    const auto gv = base::splitLimited(object["apiVersion"].asString(), '/', 2);
    const api::ResourceInfo* info = api::builtinKinds().findByKind(gv.size() > 1 ? gv[0] : "", gv.back(), object["kind"].asString());
    if (info == nullptr)
        return base::makeError("no kind " + base::quoteGo(object["kind"].asString()) + " is registered for version " +
                               base::quoteGo(object["apiVersion"].asString()) + " in scheme \"k8s.io/kubectl/pkg/scheme/scheme.go:28\"");
    BASE_TRY(api::DecodeResult decoded, api::decodeObject(*info, object));
    return std::move(decoded.object);
}

} // namespace

// --overrides, as merge (default), strategic or JSON patch.
base::Result<Value> overridden(Session& session, const Value& object) {
    const std::string text = session.flags.text("overrides");
    if (text.empty()) return object;
    const std::string type = session.flags.text("override-type");
    if (type != "json" && type != "merge" && type != "strategic" && !type.empty())
        return base::makeError("invalid override type: " + type);
    auto parsed = document::readYaml(text);
    if (!parsed.ok() || (type != "json" && !parsed.value().isObject())) return base::makeError("Invalid JSON Patch");
    const Value filled = filledByType(object);
    Value changed;
    if (type == "json") {
        BASE_TRY(changed, document::applyJsonPatch(filled, parsed.value()));
    } else if (type == "strategic") {
        const api::ResourceInfo* info = api::builtinKinds().findByKind("", "v1", object["kind"].asString());
        const auto schema = api::mergeSchema(*info);
        BASE_TRY(changed, document::applyStrategicPatch(object, parsed.value(), *schema));
    } else {
        changed = document::applyMergePatch(object, parsed.value());
    }
    return typedAgain(changed);
}

namespace {

base::Result<RunPlan> makePlan(Session& session) {
    const Flags& flags = session.flags;
    RunPlan plan;
    if (session.args.empty() || session.line.argsAtDash == 0) return session.usage("NAME is required for run");
    plan.name = session.args[0];
    BASE_TRY(plan.mode, dryRunOf(session));
    if (auto printer = makePrinter(session, {}); !printer.ok()) return printer.error();
    if (auto cascade = cascadeOf(session); !cascade.ok()) return cascade.error();
    if (flags.duration("pod-running-timeout") <= 0)
        return session.usage("--pod-running-timeout must be higher than zero");
    plan.input = flags.on("stdin");
    plan.tty = flags.on("tty");
    plan.leaveOpen = flags.on("leave-stdin-open");
    plan.attach = flags.changed("attach") ? flags.on("attach") : plan.input || plan.tty;
    plan.remove = flags.on("rm");
    const std::string image = flags.text("image");
    if (image.empty()) return base::makeError("--image is required");
    if (!validImage(image)) return base::makeError("Invalid image name " + base::quoteGo(image) + ": invalid reference format");
    if (plan.tty && !plan.input) return session.usage("-i/--stdin is required for containers with -t/--tty=true");
    if (flags.on("expose") && flags.text("port").empty()) return session.usage("--port must be set when exposing a service");
    plan.restart = flags.text("restart");
    if (plan.restart.empty()) plan.restart = "Always";
    if (plan.restart != "Always" && plan.restart != "OnFailure" && plan.restart != "Never")
        return session.usage("invalid restart policy: " + plan.restart);
    if (!plan.attach && plan.remove) return session.usage("--rm should only be used for attached containers");
    if (plan.attach && plan.mode != DryRun::None)
        return session.usage("--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)");
    const std::string policy = flags.text("image-pull-policy");
    if (!policy.empty() && policy != "Always" && policy != "IfNotPresent" && policy != "Never")
        return session.usage("invalid image pull policy: " + policy);
    return plan;
}

sim::Task<base::Result<Value>> createOne(Session& session, Value object, DryRun mode) {
    auto ns = session.ns();
    if (!ns.ok()) co_return ns.error();
    auto changed = overridden(session, object);
    if (!changed.ok()) co_return changed.error();
    object = recorded(session, changed.value());
    if (session.flags.on("save-config") && mode != DryRun::Client) object = withLastApplied(object, true);
    if (session.nsGiven() && mode == DryRun::Client) object = object.withPath({"metadata", "namespace"}, ns.value());
    if (mode == DryRun::Client) co_return object;
    const api::ResourceInfo* info = api::builtinKinds().findByKind("", "v1", object["kind"].asString());
    CallOptions call;
    if (mode == DryRun::Server) call.query.set("dryRun", "All");
    call.query.set("fieldManager", session.flags.text("field-manager"));
    call.body = object;
    co_return co_await session.call("POST", mappingOf(*info).path(ns.value()), std::move(call));
}

Value serviceOf(const RunPlan& plan, Session& session, const Value& pod) {
    const std::int64_t port = base::parseInt(session.flags.text("port")).value_or(0);
    Value service = makeObject("v1", "Service", plan.name);
    return service.with("spec", Value::object({{"ports", Value::array({Value::object({{"protocol", "TCP"}, {"port", port}, {"targetPort", port}})})},
                                               {"selector", pod.at("metadata", "labels")}}));
}

base::Status print(Session& session, const Value& object, DryRun mode) {
    PrinterOptions options;
    options.operation = "created" + dryRunSuffix(mode);
    options.typed = true;
    BASE_TRY(PrinterPtr printer, makePrinter(session, options));
    BASE_TRY(const std::string text, printer->print(object));
    session.out(text);
    return base::okStatus();
}

Info infoOf(const Value& object) {
    Info info;
    info.mapping = mappingOf(*api::builtinKinds().findByKind("", "v1", object["kind"].asString()));
    info.ns = object.at("metadata", "namespace").text();
    info.name = object.at("metadata", "name").text();
    info.object = object;
    return info;
}

sim::Task<void> removeCreated(Session& session, std::vector<Value> objects) {
    for (const Value& object : objects) {
        const Info info = infoOf(object);
        CallOptions call;
        call.body = deleteOptionsBody(-1, "Background", false);
        auto removed = co_await session.call("DELETE", info.path(), std::move(call));
        if (removed.ok() && !session.flags.on("quiet"))
            session.out(base::toLower(object["kind"].asString()) + " \"" + info.name + "\" deleted from " + info.ns + " namespace\n");
    }
}

sim::Task<Outcome> exitOf(Session& session, Value created, std::string restart) {
    Value last;
    ObjectTest ended([&last, restart](const Value& pod) -> base::Result<bool> {
        last = pod;
        const std::string_view phase = pod.at("status", "phase").asString();
        return phase == "Succeeded" || (phase == "Failed" && restart == "Never");
    });
    auto followed = co_await followObject(session, infoOf(created), ended,
                                          session.kernel().now() + session.flags.duration("pod-running-timeout"), false, "");
    if (!followed.ok()) co_return followed.error();
    if (last.at("status", "phase").asString() == "Succeeded") co_return 0;
    const std::string name = created.at("metadata", "namespace").text() + "/" + created.at("metadata", "name").text();
    const Value& state = last["status"]["containerStatuses"][0].at("state", "terminated");
    const std::int64_t code = state["exitCode"].asInt();
    if (state.isNull() || code == 0) co_return base::makeError("pod " + name + " failed with unknown exit code");
    co_return exitError(static_cast<int>(code), "pod " + name + " terminated (" + state["reason"].text() + ")\n" + state["message"].text());
}

} // namespace

sim::Task<Outcome> runRun(Session& session) {
    auto made = makePlan(session);
    if (!made.ok()) co_return made.error();
    const RunPlan plan = made.value();
    auto pod = podOf(session, plan);
    if (!pod.ok()) co_return pod.error();
    auto created = co_await createOne(session, pod.value(), plan.mode);
    if (!created.ok()) co_return created.error();
    std::vector<Value> objects{created.value()};
    base::Error serviceError;
    if (session.flags.on("expose")) {
        auto service = co_await createOne(session, serviceOf(plan, session, pod.value()), plan.mode);
        if (service.ok()) {
            objects.push_back(service.value());
            BASE_CO_CHECK(print(session, service.value(), plan.mode));
            // One from this command, one from the printer that goes on with a second document.
            if (session.flags.text("output") == "yaml") session.out("---\n---\n");
        } else {
            serviceError = service.error();
        }
    }
    if (plan.attach) {
        auto attached = co_await attachToPod(session, created.value(), plan.input, plan.tty, session.flags.on("quiet"),
                                             session.flags.duration("pod-running-timeout"));
        Outcome outcome = attached;
        if (attached.ok() && !plan.leaveOpen && plan.restart != "Always")
            outcome = co_await exitOf(session, created.value(), plan.restart);
        if (plan.remove) co_await removeCreated(session, objects);
        co_return outcome;
    }
    BASE_CO_CHECK(print(session, created.value(), plan.mode));
    if (!serviceError.message.empty()) co_return serviceError;
    co_return 0;
}

} // namespace kubectl
