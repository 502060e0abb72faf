// Source: k8s.io/kubectl pkg/cmd/debug/debug.go.
#include "api/status.h"
#include "base/strings.h"
#include "document/patch.h"
#include "document/yaml.h"
#include "kubectl/commands/changes.h"
#include "kubectl/commands/commands.h"
#include "kubectl/commands/debug_profiles.h"
#include "kubectl/commands/deletion.h"
#include "kubectl/commands/streams.h"
#include "kubectl/core/waiting.h"

#include <algorithm>
#include <map>
#include <re2/re2.h>

namespace kubectl {

using document::Value;

namespace {

struct DebugPlan {
    std::vector<std::string> targets, words;
    std::map<std::string, std::string> images; // --set-image
    std::string image, container, copyTo, policy, profile;
    Value env, custom;
    bool attach = false, input = false, tty = false, quiet = false;
};

// Source: distribution reference.ReferenceRegexp.
bool validReference(const std::string& image) {
    static const RE2 form("((?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*"
                          "[a-zA-Z0-9]))*(?::[0-9]+)?/)?[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|[-]+)"
                          "[a-z0-9]+)*)*(?::[\\w][\\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*"
                          ":[0-9A-Fa-f]{32,})?");
    return RE2::FullMatch(image, form);
}

base::Result<std::map<std::string, std::string>> pairsOf(const std::vector<std::string>& list) {
    std::map<std::string, std::string> out;
    for (const std::string& item : list) {
        const auto parts = base::splitLimited(item, '=', 2);
        out[parts[0]] = parts.size() > 1 ? parts[1] : "";
    }
    return out;
}

base::Status readCustom(Session& session, DebugPlan& plan) {
    const std::string path = session.flags.text("custom");
    if (path.empty()) return base::okStatus();
    auto text = session.readFile(path);
    if (!text.ok()) return base::makeError("must pass a container spec json file for custom profile: " + text.error().message);
    auto parsed = document::readYaml(text.value());
    if (!parsed.ok() || !parsed.value().isObject())
        return base::makeError(path + " does not contain a valid container spec: error unmarshaling JSON");
    plan.custom = parsed.value();
    for (const char* field : {"name", "command", "image", "lifecycle", "volumeDevices"})
        if (plan.custom.has(field))
            return base::makeError("name, command, image, lifecycle and volume devices are not modifiable via custom profile");
    return base::okStatus();
}

base::Result<DebugPlan> complete(Session& session) {
    const Flags& flags = session.flags;
    DebugPlan plan;
    plan.targets = session.line.argsBeforeDash();
    plan.words = session.line.argsAfterDash();
    plan.image = flags.text("image");
    plan.container = flags.text("container");
    plan.copyTo = flags.text("copy-to");
    plan.policy = flags.text("image-pull-policy");
    plan.profile = flags.text("profile");
    plan.input = flags.on("stdin");
    plan.tty = flags.on("tty");
    plan.quiet = flags.on("quiet");
    plan.attach = flags.changed("attach") ? flags.on("attach") : plan.input;
    BASE_TRY(plan.images, pairsOf(flags.list("set-image")));
    BASE_TRY(const auto env, pairsOf(flags.list("env")));
    for (const auto& [name, value] : env) plan.env = plan.env.appended(Value::object({{"name", name}, {"value", value}}));
    if (!knownProfile(plan.profile)) return base::makeError("unknown profile: " + plan.profile);
    BASE_CHECK(readCustom(session, plan));
    return plan;
}

base::Status checkModes(const DebugPlan& plan, const Flags& flags) {
    if (plan.attach && flags.changed("attach") && plan.image.empty() && plan.container.empty())
        return base::makeError("you must specify --container or create a new container using --image in order to attach.");
    if (!plan.copyTo.empty()) {
        if (plan.image.empty() && plan.images.empty() && plan.words.empty())
            return base::makeError("you must specify --image, --set-image or command arguments.");
        if (!plan.words.empty() && plan.container.empty() && plan.image.empty())
            return base::makeError("you must specify an existing container or a new image when specifying args.");
        return base::okStatus();
    }
    if (flags.on("replace")) return base::makeError("--replace may only be used with --copy-to.");
    if (flags.on("same-node")) return base::makeError("--same-node may only be used with --copy-to.");
    if (!plan.images.empty()) return base::makeError("--set-image may only be used with --copy-to.");
    if (plan.image.empty()) return base::makeError("you must specify --image when not using --copy-to.");
    return base::okStatus();
}

base::Status validate(Session& session, const DebugPlan& plan) {
    const Flags& flags = session.flags;
    BASE_CHECK(checkModes(plan, flags));
    if (!plan.image.empty() && !validReference(plan.image))
        return base::makeError("invalid image name " + base::quoteGo(plan.image) + ": invalid reference format");
    if (plan.targets.empty() && flags.list("filename").empty())
        return base::makeError("NAME or filename is required for debug");
    if (!plan.policy.empty() && plan.policy != "Always" && plan.policy != "IfNotPresent" && plan.policy != "Never")
        return base::makeError("invalid image pull policy: " + plan.policy);
    for (const auto& [name, image] : plan.images)
        if (!validReference(image))
            return base::makeError("invalid image name " + base::quoteGo(image) + " for container " + base::quoteGo(name) +
                                   ": invalid reference format");
    const std::string target = flags.text("target");
    if (!target.empty()) {
        if (!plan.copyTo.empty())
            return base::makeError("--target is incompatible with --copy-to. Use --share-processes instead.");
        if (!plan.quiet)
            session.out("Targeting container " + base::quoteGo(target) + ". If you don't see processes from this container it "
                        "may be because the container runtime doesn't support this feature.\n");
    }
    if (plan.tty && !plan.input) return base::makeError("-i/--stdin is required for containers with -t/--tty=true");
    if (plan.profile == "legacy")
        session.err("--profile=legacy is deprecated and will be removed in the future. It is recommended to explicitly specify "
                    "a profile, for example \"--profile=general\".\n");
    return base::okStatus();
}

bool hasContainer(const Value& pod, const std::string& name) {
    for (const char* list : {"containers", "initContainers", "ephemeralContainers"})
        for (const Value& container : pod["spec"][list].items())
            if (container["name"].asString() == name) return true;
    return false;
}

class Debug {
public:
    Debug(Session& session, DebugPlan plan) : s_(session), plan_(std::move(plan)) {}

    sim::Task<Outcome> run() {
        BuildOptions options = buildOptions(s_);
        options.args.clear();
        for (const std::string& target : plan_.targets)
            options.args.push_back(target.find('/') == std::string::npos ? "pods/" + target : target);
        options.latest = true;
        options.continueOnError = false;
        auto built = co_await build(s_, std::move(options));
        if (!built.ok()) co_return built.error();
        for (const Found& item : built.value().items) {
            if (!item.info) co_return item.error;
            Outcome done = co_await debugOne(*item.info);
            if (!done.ok()) co_return done;
        }
        co_return 0;
    }

private:
    struct Made {
        Value pod;
        std::string container;
    };

    sim::Task<Outcome> debugOne(Info info) {
        base::Result<Made> made = Made();
        const std::string kind = info.mapping.kind;
        if (kind == "Node") made = co_await onNode(info.object);
        else if (kind == "Pod" && plan_.copyTo.empty()) made = co_await inPod(info);
        else if (kind == "Pod") made = co_await inCopy(info);
        else co_return base::makeError(base::quoteGo((info.mapping.group.empty() ? "/" : "") + info.mapping.gvkText()) + " not supported by debug");
        if (!made.ok()) co_return made.error();
        const std::string container = made.value().container;
        if (!plan_.attach || container.empty()) co_return 0;
        co_return co_await attach(made.value().pod, container);
    }

    Value newContainer(const std::string& name) const {
        document::ObjectBuilder out;
        out.set("name", name).set("image", plan_.image).set("terminationMessagePolicy", "File");
        if (!plan_.env.isNull()) out.set("env", plan_.env);
        if (!plan_.policy.empty()) out.set("imagePullPolicy", plan_.policy);
        if (plan_.input) out.set("stdin", true);
        if (plan_.tty) out.set("tty", true);
        if (!plan_.words.empty())
            out.set(s_.flags.on("arguments-only") ? "args" : "command", Value::strings(plan_.words));
        return std::move(out).build();
    }
    std::string containerName(const Value& pod) {
        if (!plan_.container.empty()) return plan_.container;
        std::string name;
        while (name.empty() || hasContainer(pod, name)) name = "debugger-" + s_.kernel().random("kubectl/debug").suffix(5);
        if (!plan_.quiet) s_.out("Defaulting debug container name to " + name + ".\n");
        return name;
    }
    // The partial container of --custom laid over the new one.
    Value customized(const Value& pod, const char* list, const std::string& name) const {
        if (plan_.custom.isNull()) return pod;
        document::ArrayBuilder out;
        for (const Value& container : pod["spec"][list].items())
            out.push(container["name"].asString() == name ? document::applyMergePatch(container, plan_.custom) : container);
        return pod.withPath({"spec", list}, std::move(out).build());
    }
    sim::Task<base::Result<Value>> create(std::string ns, Value pod) {
        CallOptions call;
        call.body = pod;
        co_return co_await s_.call("POST", "/api/v1/namespaces/" + ns + "/pods", std::move(call));
    }

    sim::Task<base::Result<Made>> onNode(Value node) {
        auto ns = s_.ns();
        if (!ns.ok()) co_return ns.error();
        const std::string container = plan_.container.empty() ? "debugger" : plan_.container;
        const std::string nodeName = node.at("metadata", "name").text();
        const std::string name = "node-debugger-" + nodeName + "-" + s_.kernel().random("kubectl/debug").suffix(5);
        if (!plan_.quiet)
            s_.out("Creating debugging pod " + name + " with container " + container + " on node " + nodeName + ".\n");
        const Value labels = Value::object({{"app.kubernetes.io/managed-by", "kubectl-debug"}});
        const Value toleration = Value::object({{"operator", "Exists"}});
        Value pod = Value::object({{"apiVersion", "v1"}, {"kind", "Pod"},
                                   {"metadata", Value::object({{"name", name}, {"labels", labels}})},
                                   {"spec", Value::object({{"containers", Value::array({newContainer(container)})},
                                                           {"nodeName", nodeName}, {"restartPolicy", "Never"},
                                                           {"tolerations", Value::array({toleration})}})}});
        pod = withProfile(plan_.profile, pod, container, DebugTarget::Node, s_.flags);
        pod = customized(pod, "containers", container);
        auto made = co_await create(ns.value(), pod);
        if (!made.ok()) co_return made.error();
        co_return Made{made.value(), container};
    }

    sim::Task<base::Result<Made>> inPod(Info info) {
        const Value pod = info.object;
        const std::string name = containerName(pod);
        // One of that name is never changed, and a second one is merged into it.
        for (const Value& container : pod.at("spec", "ephemeralContainers").items())
            if (container["name"].asString() == name) co_return Made{pod, name};
        Value container = newContainer(name);
        if (const std::string target = s_.flags.text("target"); !target.empty()) container = container.with("targetContainerName", target);
        Value changed = pod.withPath({"spec", "ephemeralContainers"}, pod.at("spec", "ephemeralContainers").appended(container));
        changed = withProfile(plan_.profile, changed, name, DebugTarget::Ephemeral, s_.flags);
        changed = customized(changed, "ephemeralContainers", name);
        warnNonRoot(changed, name, "ephemeralContainers");
        std::string contentType;
        auto patch = changePatch(info.mapping, pod, changed, contentType);
        if (!patch.ok()) co_return base::makeError("error creating patch to add debug container: " + patch.error().message);
        CallOptions call;
        call.contentType = contentType;
        call.body = patch.value();
        auto answer = co_await s_.call("PATCH", info.path("ephemeralcontainers"), std::move(call));
        if (!answer.ok()) co_return answer.error();
        co_return Made{answer.value(), name};
    }

    base::Result<Made> copyOf(const Value& pod) {
        document::ObjectBuilder metadata;
        metadata.set("name", plan_.copyTo).set("namespace", pod.at("metadata", "namespace"));
        for (const char* map : {"annotations", "labels"})
            if (!pod["metadata"][map].isNull()) metadata.set(map, pod["metadata"][map]);
        Value spec = pod["spec"].without("ephemeralContainers");
        if (s_.flags.changed("share-processes")) spec = spec.with("shareProcessNamespace", s_.flags.on("share-processes"));
        if (!s_.flags.on("same-node")) spec = spec.without("nodeName");
        document::ArrayBuilder list;
        for (const Value& container : spec["containers"].items()) {
            auto chosen = plan_.images.find(container["name"].text());
            if (chosen == plan_.images.end()) chosen = plan_.images.find("*");
            list.push(chosen == plan_.images.end() ? container : container.with("image", chosen->second));
        }
        spec = spec.with("containers", std::move(list).build());
        Value copied = Value::object({{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", std::move(metadata).build()}, {"spec", spec}});
        std::string name = plan_.container;
        if (!hasContainer(copied, name)) {
            if (plan_.image.empty() && !plan_.images.empty()) return Made{copied, ""};
            if (plan_.image.empty()) return base::makeError("you must specify image when creating new container");
            if (name.empty()) name = containerName(copied);
            copied = copied.withPath({"spec", "containers"}, copied.at("spec", "containers").appended(newContainer(name)));
        } else {
            copied = withOverrides(copied, name);
        }
        copied = withProfile(plan_.profile, copied, name, DebugTarget::Copy, s_.flags);
        return Made{customized(copied, "containers", name), name};
    }
    Value withOverrides(const Value& pod, const std::string& name) const {
        document::ArrayBuilder out;
        for (Value container : pod.at("spec", "containers").items()) {
            if (container["name"].asString() == name) {
                if (!plan_.words.empty() && s_.flags.on("arguments-only")) container = container.with("args", Value::strings(plan_.words));
                else if (!plan_.words.empty()) container = container.with("command", Value::strings(plan_.words)).without("args");
                if (!plan_.env.isNull()) container = container.with("env", plan_.env);
                if (!plan_.image.empty()) container = container.with("image", plan_.image);
                if (!plan_.policy.empty()) container = container.with("imagePullPolicy", plan_.policy);
                container = plan_.input ? container.with("stdin", true) : container.without("stdin");
                container = plan_.tty ? container.with("tty", true) : container.without("tty");
            }
            out.push(container);
        }
        return pod.withPath({"spec", "containers"}, std::move(out).build());
    }
    sim::Task<base::Result<Made>> inCopy(Info info) {
        auto copied = copyOf(info.object);
        if (!copied.ok()) co_return copied.error();
        warnNonRoot(copied.value().pod, copied.value().container, "containers");
        auto made = co_await create(info.ns, copied.value().pod);
        if (!made.ok()) co_return made.error();
        if (s_.flags.on("replace")) {
            CallOptions call;
            call.body = deleteOptionsBody(0, "", false);
            auto removed = co_await s_.call("DELETE", info.path(), std::move(call));
            if (!removed.ok()) co_return removed.error();
        }
        co_return Made{made.value(), copied.value().container};
    }

    void warnNonRoot(const Value& pod, const std::string& name, const char* list) {
        const Value& user = pod.at("spec", "securityContext", "runAsUser");
        if (user.isNull() || user.asInt() == 0) return;
        for (const Value& container : pod["spec"][list].items()) {
            const Value& context = container["securityContext"];
            if (container["name"].asString() != name || context.isNull()) continue;
            if (!context["runAsUser"].isNull() && context["runAsUser"].asInt() == 0) return;
            if (!context["privileged"].asBool() && context.at("capabilities", "add").size() == 0) return;
            s_.err("Warning: Non-root user is configured for the entire target Pod, and some capabilities granted by debug "
                   "profile may not work. Please consider using \"--custom\" with a custom profile that specifies "
                   "\"securityContext.runAsUser: 0\".\n");
        }
    }

    static const Value& statusOf(const Value& pod, const std::string& name) {
        static const Value none;
        for (const char* list : {"containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"})
            for (const Value& status : pod["status"][list].items())
                if (status["name"].asString() == name) return status;
        return none;
    }
    sim::Task<Outcome> attach(Value pod, std::string container) {
        Info info;
        info.mapping.version = "v1";
        info.mapping.plural = "pods";
        info.mapping.kind = "Pod";
        info.ns = pod.at("metadata", "namespace").text();
        info.name = pod.at("metadata", "name").text();
        Value state;
        Session* session = &s_;
        const bool quiet = plan_.quiet;
        ObjectTest begun([&state, container, session, quiet](const Value& object) -> base::Result<bool> {
            state = statusOf(object, container)["state"];
            const std::string waiting = state.at("waiting", "message").text();
            if (!quiet && !waiting.empty()) session->warn("container " + container + ": " + waiting);
            return state.has("running") || state.has("terminated");
        });
        auto followed = co_await followObject(s_, info, begun, sim::kForever, false, "");
        if (!followed.ok()) co_return followed.error();
        if (state.has("terminated")) co_return co_await printLog(info, container);
        StreamRequest wanted;
        wanted.path = info.path("attach");
        wanted.container = container;
        wanted.input = plan_.input;
        wanted.tty = plan_.tty && s_.process.terminal() != nullptr;
        if (plan_.tty && !wanted.tty && !quiet)
            s_.err("Unable to use a TTY - input is not a terminal or the right kind of file\n");
        if (!quiet)
            s_.err("All commands and output from this session will be recorded in container logs, including credentials and "
                   "sensitive information passed through the command prompt.\nIf you don't see a command prompt, try pressing "
                   "enter.\n");
        Outcome done = co_await stream(s_, std::move(wanted));
        if (done.ok() || done.error().code != 0 || dynamic_cast<const ExitDetail*>(done.error().detail.get()) != nullptr) co_return done;
        s_.err("warning: couldn't attach to pod/" + info.name + ", falling back to streaming logs: " + errorText(done.error()) + "\n");
        co_return co_await printLog(info, container);
    }
    sim::Task<Outcome> printLog(Info info, std::string container) {
        ports::Request request;
        request.path = info.path("log");
        request.query.set("container", container);
        auto answer = co_await s_.send(std::move(request));
        if (!answer.ok()) co_return answer.error();
        if (answer.value().status > 299) co_return client::errorFromResponse(answer.value());
        s_.out(answer.value().body);
        co_return 0;
    }

    Session& s_;
    DebugPlan plan_;
};

} // namespace

sim::Task<Outcome> runDebug(Session& session) {
    auto plan = complete(session);
    if (!plan.ok()) co_return plan.error();
    BASE_CO_CHECK(validate(session, plan.value()));
    Debug debug(session, std::move(plan).value());
    co_return co_await debug.run();
}

} // namespace kubectl
