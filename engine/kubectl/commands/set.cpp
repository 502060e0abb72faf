// set image, env, resources, serviceaccount, selector, subject. Source: k8s.io/kubectl pkg/cmd/set.
#include "api/label_selector.h"
#include "api/quantity.h"
#include "base/strings.h"
#include "kubectl/commands/changes.h"
#include "kubectl/commands/commands.h"
#include "kubectl/commands/create_support.h"
#include "kubectl/core/refusals.h"
#include "kubectl/core/recording.h"

#include <algorithm>
#include <map>

namespace kubectl {

using document::Value;

namespace {

using Path = std::vector<std::string_view>;

base::Result<Path> podSpecPath(const Value& object) {
    const std::string_view kind = object["kind"].asString();
    if (kind == "Pod") return Path{"spec"};
    if (kind == "CronJob") return Path{"spec", "jobTemplate", "spec", "template", "spec"};
    if (!object.at("spec", "template").isNull()) return Path{"spec", "template", "spec"};
    return base::makeError("the object is not a pod or does not have a pod template: *v1." + std::string(kind));
}
Value at(const Value& object, const Path& path) {
    Value out = object;
    for (const std::string_view key : path) out = Value(out[key]);
    return out;
}
Value put(const Value& object, const Path& path, Value value) {
    return object.withPath(std::span<const std::string_view>(path), std::move(value));
}

std::vector<Value> itemsOf(const Value& list) { return {list.items().begin(), list.items().end()}; }

// What every `set` does: find, change, send what changed, print.
struct SetPlan {
    std::vector<std::string> resources;
    std::string operation;     // "image updated"
    std::string failure;       // "failed to patch image update to pod template: "
    bool typed = true;
    bool always = false;       // what stays the same is sent and printed, too
};
using Change = base::Function<base::Result<Value>(const Value& object, std::vector<base::Error>& errors)>;

sim::Task<base::Result<Built>> find(Session& session, std::vector<std::string> resources) {
    BuildOptions options = buildOptions(session);
    options.args = resources;
    options.local = session.flags.known("local") && session.flags.on("local");
    // Some refuse arguments beside --local, the others never look at them.
    const std::string& verb = session.command().name;
    if (options.local && !resources.empty() && (verb == "image" || verb == "resources" || verb == "subject" || verb == "selector")) co_return localOnly();
    if (options.local) options.args.clear();
    options.latest = true;
    options.allowEmptySelectors = session.flags.known("all") && session.flags.on("all");
    auto built = co_await build(session, std::move(options));
    if (!built.ok()) co_return built.error();
    auto errors = built.value().errors();
    if (!errors.empty()) co_return aggregate(std::move(errors));
    co_return built;
}

sim::Task<Outcome> applyChanges(Session& session, SetPlan plan, Built built, Change& change, DryRun mode) {
    std::vector<base::Error> errors;
    const bool local = session.flags.known("local") && session.flags.on("local");
    for (const Info& info : built.infos()) {
        auto after = change(info.object, errors);
        if (!after.ok()) {
            errors.push_back(base::makeError("error: " + info.objectName() + " " + after.error().message + "\n"));
            continue;
        }
        after = recorded(session, after.value());
        std::string type;
        auto patch = changePatch(info.mapping, info.object, after.value(), type);
        if (!patch.ok()) {
            errors.push_back(patch.error());
            continue;
        }
        if (patch.value().size() == 0 && !plan.always) continue;
        base::Result<Value> answer = after.value();
        if (!local && mode != DryRun::Client) answer = co_await patchObject(session, info, patch.value(), type, mode);
        if (!answer.ok()) {
            errors.push_back(base::makeError(plan.failure + errorText(answer.error())));
            continue;
        }
        base::Status printed = printResult(session, answer.value(), plan.operation, mode, plan.typed);
        if (!printed.ok()) errors.push_back(printed.error());
    }
    if (!errors.empty()) co_return aggregate(std::move(errors));
    co_return 0;
}

base::Status checkModes(Session& session, DryRun mode, bool selectors = true) {
    if (session.flags.known("local") && session.flags.on("local") && mode == DryRun::Server)
        return base::makeError("cannot specify --local and --dry-run=server - did you mean --dry-run=client?");
    if (selectors && session.flags.known("all") && session.flags.on("all") && session.flags.known("selector") && !session.flags.text("selector").empty())
        return base::makeError("cannot set --all and --selector at the same time");
    return base::okStatus();
}

} // namespace

sim::Task<Outcome> runSetImage(Session& session) {
    auto mode = dryRunOf(session);
    if (!mode.ok()) co_return mode.error();
    if (auto printer = makePrinter(session, {}); !printer.ok()) co_return printer.error();
    auto split = splitChanges(session.args, "image");
    if (!split.ok()) co_return split.error();
    std::map<std::string, std::string> images;
    for (const std::string& pair : split.value().changes) {
        const auto equals = pair.find('=');
        if (equals == std::string::npos || equals == 0) co_return base::makeError("invalid image format: " + pair);
        images[pair.substr(0, equals)] = pair.substr(equals + 1);
    }
    auto built = co_await find(session, split.value().resources);
    if (!built.ok()) co_return built.error();
    BASE_CO_CHECK(checkModes(session, mode.value()));
    if (images.empty()) co_return base::makeError("at least one image update is required");
    if (images.size() > 1 && images.contains("*"))
        co_return base::makeError("all containers are already specified by *, but saw more than one container_name=container_image pairs");
    Change change([&images](const Value& object, std::vector<base::Error>& errors) -> base::Result<Value> {
        BASE_TRY(const Path path, podSpecPath(object));
        Value spec = at(object, path);
        for (const auto& [name, image] : images) {
            bool found = false;
            for (const char* list : {"initContainers", "containers"}) {
                std::vector<Value> containers = itemsOf(spec[list]);
                for (Value& container : containers)
                    if (name == "*" || container["name"].asString() == name) {
                        container = container.with("image", image);
                        found = true;
                    }
                if (!containers.empty()) spec = spec.with(list, Value::array(std::move(containers)));
            }
            if (!found) errors.push_back(base::makeError("error: unable to find container named " + base::quoteGo(name)));
        }
        return put(object, path, spec);
    });
    SetPlan plan{split.value().resources, "image updated", "failed to patch image update to pod template: "};
    co_return co_await applyChanges(session, plan, built.value(), change, mode.value());
}

namespace {

struct EnvPlan {
    std::vector<Value> set;
    std::vector<std::string> remove;
};

std::string envNameProblem(std::string_view name) {
    bool plain = !name.empty() && !(name[0] >= '0' && name[0] <= '9');
    for (const char c : name)
        plain = plain && (std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.');
    if (plain) return {};
    return "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')";
}

base::Status addEnv(EnvPlan& plan, const std::string& text, const std::string& input) {
    if (text == "-") {
        for (std::string line : base::splitLines(input)) {
            line = line.substr(0, line.find('#'));
            const auto equals = line.find('=');
            if (equals != std::string::npos)
                plan.set.push_back(Value::object({{"name", line.substr(0, equals)}, {"value", line.substr(equals + 1)}}));
        }
        return base::okStatus();
    }
    const auto equals = text.find('=');
    if (equals != std::string::npos) {
        const std::string name = text.substr(0, equals);
        if (const std::string problem = envNameProblem(name); !problem.empty())
            return base::makeError(base::quoteGo(name) + " is not a valid key name: " + problem);
        plan.set.push_back(Value::object({{"name", name}, {"value", text.substr(equals + 1)}}));
        return base::okStatus();
    }
    if (!text.empty() && text.back() == '-') {
        plan.remove.push_back(text.substr(0, text.size() - 1));
        return base::okStatus();
    }
    return base::makeError("unknown environment variable: " + text);
}

// --from: one variable per key of a config map or secret.
base::Status addFrom(Session& session, const Info& info, EnvPlan& plan) {
    const std::string kind = info.mapping.kind;
    if (kind != "Secret" && kind != "ConfigMap") return base::makeError("unsupported resource specified in --from");
    const auto keys = session.flags.list("keys");
    for (const document::Member& member : info.object["data"].members()) {
        const std::string key = member.key.text();
        if (!keys.empty() && std::find(keys.begin(), keys.end(), key) == keys.end()) continue;
        std::string name;
        for (const char c : key) name += std::isalnum(static_cast<unsigned char>(c)) || c == '_' ? c : '_';
        name = base::toUpper(name);
        if (name != key) session.warn("key " + key + " transferred to " + name);
        const Value ref = Value::object({{"name", info.name}, {"key", key}});
        plan.set.push_back(Value::object({{"name", name}, {"valueFrom", Value::object({{kind == "Secret" ? "secretKeyRef" : "configMapKeyRef", ref}})}}));
    }
    return base::okStatus();
}

Value updatedEnv(const Value& existing, const EnvPlan& plan) {
    std::vector<Value> out;
    std::vector<std::string> seen;
    for (const Value& item : existing.items()) {
        const std::string name = item["name"].text();
        if (std::find(plan.remove.begin(), plan.remove.end(), name) != plan.remove.end()) continue;
        Value chosen = item;
        for (const Value& fresh : plan.set)
            if (fresh["name"].asString() == name) chosen = fresh;
        seen.push_back(name);
        out.push_back(chosen);
    }
    for (const Value& fresh : plan.set)
        if (std::find(seen.begin(), seen.end(), fresh["name"].text()) == seen.end()) {
            seen.push_back(fresh["name"].text());
            out.push_back(fresh);
        }
    return Value::array(std::move(out));
}

bool nameMatches(std::string_view pattern, std::string_view name) {
    if (pattern.empty()) return name.empty();
    if (pattern[0] == '*') return nameMatches(pattern.substr(1), name) || (!name.empty() && nameMatches(pattern, name.substr(1)));
    return !name.empty() && pattern[0] == name[0] && nameMatches(pattern.substr(1), name.substr(1));
}

std::string refText(const Value& from) {
    if (const Value& ref = from["configMapKeyRef"]; !ref.isNull()) return "configmap " + ref["name"].text() + ", key " + ref["key"].text();
    if (const Value& ref = from["secretKeyRef"]; !ref.isNull()) return "secret " + ref["name"].text() + ", key " + ref["key"].text();
    if (const Value& ref = from["fieldRef"]; !ref.isNull()) return "field path " + ref["fieldPath"].text();
    if (const Value& ref = from["resourceFieldRef"]; !ref.isNull()) {
        const std::string container = ref["containerName"].text();
        return (container.empty() ? "" : container + "/") + ref["resource"].text();
    }
    return "invalid valueFrom";
}

sim::Task<base::Result<std::string>> resolveRef(Session& session, Value object, Value from) {
    const std::string ns = object.at("metadata", "namespace").text();
    if (const Value& ref = from["fieldRef"]; !ref.isNull()) co_return api::fieldText(object, ref["fieldPath"].asString());
    const bool secret = !from["secretKeyRef"].isNull();
    const Value& ref = secret ? from["secretKeyRef"] : from["configMapKeyRef"];
    const std::string path = "/api/v1/namespaces/" + ns + (secret ? "/secrets/" : "/configmaps/") + ref["name"].text();
    auto found = co_await session.get(path);
    if (!found.ok()) co_return found.error();
    const Value& data = found.value()["data"][ref["key"].asString()];
    if (data.isNull()) co_return base::makeError("key " + ref["key"].text() + " not found in " + (secret ? "secret " : "config map ") + ref["name"].text());
    if (secret) co_return base::decodeBase64(data.asString()).value_or("");
    co_return data.text();
}

sim::Task<Outcome> listEnv(Session& session, std::vector<Info> infos, EnvPlan plan) {
    for (const Info& info : infos) {
        auto path = podSpecPath(info.object);
        if (!path.ok()) continue;
        const Value spec = at(info.object, path.value());
        const std::string selector = session.flags.text("containers");
        for (const char* list : {"containers", "initContainers"})
            for (const Value& container : spec[list].items()) {
                if (!nameMatches(selector, container["name"].asString())) continue;
                session.out("# " + info.mapping.kind + " " + info.name + ", container " + container["name"].text() + "\n");
                const Value env = updatedEnv(container["env"], plan);
                for (const Value& item : env.items()) {
                    const std::string name = item["name"].text();
                    if (item["valueFrom"].isNull()) {
                        session.out(name + "=" + item["value"].text() + "\n");
                        continue;
                    }
                    if (session.flags.on("resolve")) {
                        auto value = co_await resolveRef(session, info.object, item["valueFrom"]);
                        if (value.ok()) {
                            session.out(name + "=" + value.value() + "\n");
                            continue;
                        }
                        session.err("error retrieving reference for " + name + ": " + errorText(value.error()) + "\n");
                    }
                    session.out("# " + name + " from " + refText(item["valueFrom"]) + "\n");
                }
            }
    }
    co_return 0;
}

} // namespace

sim::Task<Outcome> runSetEnv(Session& session) {
    const Flags& flags = session.flags;
    auto mode = dryRunOf(session);
    if (!mode.ok()) co_return mode.error();
    if (auto printer = makePrinter(session, {}); !printer.ok()) co_return printer.error();
    std::vector<std::string> resources, changes = flags.list("env");
    bool started = false;
    for (const std::string& arg : session.args) {
        const bool isEnv = (arg.find('=') != std::string::npos && arg.find('=') > 0) || arg.ends_with("-");
        if (isEnv) {
            started = true;
            changes.push_back(arg);
        } else if (started) {
            co_return base::makeError("all resources must be specified before environment changes: " + base::join(session.args, " "));
        } else {
            resources.push_back(arg);
        }
    }
    BASE_CO_CHECK(checkModes(session, mode.value()));
    if (flags.list("filename").empty() && resources.empty())
        co_return base::makeError("one or more resources must be specified as <resource> <name> or <resource>/<name>");
    if (flags.on("list") && !flags.text("output").empty()) co_return base::makeError("--list and --output may not be specified together");
    if (!flags.list("keys").empty() && flags.text("from").empty())
        co_return base::makeError("when specifying --keys, a configmap or secret must be provided with --from");
    std::string input;
    if (std::find(changes.begin(), changes.end(), "-") != changes.end()) {
        auto text = co_await session.readInput();
        if (!text.ok()) co_return text.error();
        input = text.value();
    }
    EnvPlan plan;
    for (const std::string& change : changes) BASE_CO_CHECK(addEnv(plan, change, input));
    for (const std::string& name : plan.remove)
        for (const Value& item : plan.set)
            if (item["name"].asString() == name)
                co_return base::makeError("can not both modify and remove the same environment variable in the same command");
    if (const std::string from = flags.text("from"); !from.empty()) {
        BuildOptions options = buildOptions(session);
        options.args = {from};
        options.filenames.clear();
        auto built = co_await build(session, std::move(options));
        if (!built.ok()) co_return built.error();
        if (auto errors = built.value().errors(); !errors.empty()) co_return aggregate(std::move(errors));
        for (const Info& info : built.value().infos()) BASE_CO_CHECK(addFrom(session, info, plan));
    }
    if (const std::string prefix = flags.text("prefix"); !prefix.empty())
        for (Value& item : plan.set) item = item.with("name", prefix + item["name"].text());
    auto built = co_await find(session, resources);
    if (!built.ok()) co_return built.error();
    if (flags.on("list")) co_return co_await listEnv(session, built.value().infos(), plan);
    Session* s = &session;
    Change change([s, &plan](const Value& object, std::vector<base::Error>&) -> base::Result<Value> {
        BASE_TRY(const Path path, podSpecPath(object));
        Value spec = at(object, path);
        const std::string selector = s->flags.text("containers");
        int matched = 0;
        for (const char* list : {"containers", "initContainers"}) {
            std::vector<Value> containers = itemsOf(spec[list]);
            for (Value& container : containers) {
                if (!nameMatches(selector, container["name"].asString())) continue;
                ++matched;
                if (!s->flags.on("overwrite"))
                    for (const Value& fresh : plan.set)
                        for (const Value& item : container["env"].items())
                            if (item["name"] == fresh["name"] && item["value"].text() != fresh["value"].text())
                                return base::makeError("'" + item["name"].text() + "' already has a value (" + item["value"].text() + "), and --overwrite is false");
                const Value env = updatedEnv(container["env"], plan);
                container = env.size() == 0 ? container.without("env") : container.with("env", env);
            }
            if (!containers.empty()) spec = spec.with(list, Value::array(std::move(containers)));
        }
        if (matched == 0)
            s->warn(object["kind"].text() + "/" + object.at("metadata", "name").text() + " does not have any containers matching " + base::quoteGo(selector));
        return put(object, path, spec);
    });
    SetPlan setPlan{resources, "env updated", "failed to patch env update to pod template: "};
    co_return co_await applyChanges(session, setPlan, built.value(), change, mode.value());
}

namespace {
base::Result<Value> resourceList(const std::string& spec) {
    if (spec.empty()) return Value();
    document::ObjectBuilder list;
    for (const std::string& statement : base::split(spec, ',')) {
        const auto parts = base::split(statement, '=');
        if (parts.size() != 2) return base::makeError("Invalid argument syntax " + statement + ", expected <resource>=<value>");
        BASE_TRY(const api::Quantity quantity, api::Quantity::read(parts[1]));
        list.set(parts[0], quantity.text());
    }
    return std::move(list).build();
}
} // namespace

sim::Task<Outcome> runSetResources(Session& session) {
    const Flags& flags = session.flags;
    auto mode = dryRunOf(session);
    if (!mode.ok()) co_return mode.error();
    if (auto printer = makePrinter(session, {}); !printer.ok()) co_return printer.error();
    auto built = co_await find(session, session.args);
    if (!built.ok()) co_return built.error();
    BASE_CO_CHECK(checkModes(session, mode.value()));
    if (flags.text("limits").empty() && flags.text("requests").empty())
        co_return base::makeError("you must specify an update to requests or limits (in the form of --requests/--limits)");
    auto limits = resourceList(flags.text("limits")), requests = resourceList(flags.text("requests"));
    if (!limits.ok()) co_return limits.error();
    if (!requests.ok()) co_return requests.error();
    const Value wantedLimits = limits.value(), wantedRequests = requests.value();
    const std::string selector = flags.text("containers");
    Change change([=](const Value& object, std::vector<base::Error>& errors) -> base::Result<Value> {
        BASE_TRY(const Path path, podSpecPath(object));
        Value spec = at(object, path);
        int matched = 0;
        for (const char* list : {"initContainers", "containers"}) {
            std::vector<Value> containers = itemsOf(spec[list]);
            for (Value& container : containers) {
                if (!nameMatches(selector, container["name"].asString())) continue;
                ++matched;
                for (const auto& [key, wanted] : {std::pair<const char*, Value>{"limits", wantedLimits}, {"requests", wantedRequests}}) {
                    Value current = container["resources"][key];
                    for (const document::Member& member : wanted.members()) {
                        if (current.isNull()) current = Value::object();
                        current = current.with(member.key.view(), member.value);
                    }
                    if (wanted.size() == 0) continue;
                    container = container.withPath({"resources", key}, current);
                }
            }
            if (!containers.empty()) spec = spec.with(list, Value::array(std::move(containers)));
        }
        if (matched == 0) errors.push_back(base::makeError("error: unable to find container named " + selector));
        return put(object, path, spec);
    });
    SetPlan plan{session.args, "resource requirements updated", "failed to patch resources update to pod template "};
    co_return co_await applyChanges(session, plan, built.value(), change, mode.value());
}

sim::Task<Outcome> runSetServiceAccount(Session& session) {
    auto mode = dryRunOf(session);
    if (!mode.ok()) co_return mode.error();
    if (auto printer = makePrinter(session, {}); !printer.ok()) co_return printer.error();
    if (session.args.empty()) co_return base::makeError("serviceaccount is required");
    BASE_CO_CHECK(checkModes(session, mode.value(), false));
    const std::string account = session.args.back();
    std::vector<std::string> resources(session.args.begin(), session.args.end() - 1);
    auto built = co_await find(session, resources);
    if (!built.ok()) co_return built.error();
    Change change([account](const Value& object, std::vector<base::Error>&) -> base::Result<Value> {
        BASE_TRY(Path path, podSpecPath(object));
        path.push_back("serviceAccountName");
        return put(object, path, account);
    });
    SetPlan plan{resources, "serviceaccount updated", "failed to patch ServiceAccountName "};
    plan.always = true;
    co_return co_await applyChanges(session, plan, built.value(), change, mode.value());
}

namespace {
// A LabelSelectorRequirement as Go prints it.
std::string expressionText(const api::Requirement& item) {
    using Op = api::Requirement::Op;
    const char* op = item.op == Op::In             ? "In"
                     : item.op == Op::Exists       ? "Exists"
                     : item.op == Op::DoesNotExist ? "DoesNotExist"
                                                   : "NotIn";
    return "{" + item.key + " " + op + " [" + base::join(item.values, " ") + "]}";
}
} // namespace

sim::Task<Outcome> runSetSelector(Session& session) {
    auto mode = dryRunOf(session);
    if (!mode.ok()) co_return mode.error();
    if (auto printer = makePrinter(session, {}); !printer.ok()) co_return printer.error();
    std::vector<std::string> resources = session.args;
    Value selector;
    std::vector<std::string> expressions; // a service has none
    if (!resources.empty()) {
        auto parsed = api::LabelSelector::parse(resources.back());
        if (!parsed.ok())
            co_return base::makeError("couldn't parse the selector string " + base::quoteGo(resources.back()) + ": " + parsed.error().message);
        document::ObjectBuilder labels;
        for (const api::Requirement& item : parsed.value().requirements()) {
            if (item.op != api::Requirement::Op::Equals && item.op != api::Requirement::Op::DoubleEquals) {
                expressions.push_back(expressionText(item));
                continue;
            }
            labels.set(item.key, item.values.empty() ? "" : item.values[0]);
        }
        selector = std::move(labels).build();
        resources.pop_back();
    } else {
        co_return base::makeError("one selector is required");
    }
    auto built = co_await find(session, resources);
    if (!built.ok()) co_return built.error();
    std::vector<base::Error> errors;
    for (const Info& info : built.value().infos()) {
        if (info.mapping.kind != "Service") {
            errors.push_back(base::makeError("setting a selector is only supported for Services"));
            continue;
        }
        if (!expressions.empty()) {
            errors.push_back(base::makeError("match expression [" + base::join(expressions, " ") + "] not supported on this object"));
            continue;
        }
        Value before = info.object, after = info.object.withPath({"spec", "selector"}, selector);
        if (const std::string version = session.flags.text("resource-version"); !version.empty()) {
            before = before.withoutPath({"metadata", "resourceVersion"});
            after = after.withPath({"metadata", "resourceVersion"}, version);
        }
        after = recorded(session, after);
        std::string type;
        auto patch = changePatch(info.mapping, before, after, type);
        base::Result<Value> answer = after;
        if (patch.ok() && mode.value() != DryRun::Client && !session.flags.on("local"))
            answer = co_await patchObject(session, info, patch.value(), type, mode.value());
        if (!answer.ok()) {
            errors.push_back(answer.error());
            continue;
        }
        BASE_CO_CHECK(printResult(session, answer.value(), "selector updated", mode.value(), true));
    }
    if (!errors.empty()) co_return aggregate(std::move(errors));
    co_return 0;
}

sim::Task<Outcome> runSetSubject(Session& session) {
    const Flags& flags = session.flags;
    auto mode = dryRunOf(session);
    if (!mode.ok()) co_return mode.error();
    if (auto printer = makePrinter(session, {}); !printer.ok()) co_return printer.error();
    auto built = co_await find(session, session.args);
    if (!built.ok()) co_return built.error();
    BASE_CO_CHECK(checkModes(session, mode.value()));
    std::vector<Value> wanted;
    const std::string group = "rbac.authorization.k8s.io";
    for (const std::string& user : flags.list("user")) wanted.push_back(Value::object({{"kind", "User"}, {"apiGroup", group}, {"name", user}}));
    for (const std::string& name : flags.list("group")) wanted.push_back(Value::object({{"kind", "Group"}, {"apiGroup", group}, {"name", name}}));
    for (const std::string& account : flags.list("serviceaccount")) {
        const auto parts = base::split(account, ':');
        if (parts.size() != 2 || parts[1].empty()) co_return base::makeError("serviceaccount must be <namespace>:<name>");
        for (const Info& info : built.value().infos())
            if (parts[0].empty() && info.mapping.kind == "ClusterRoleBinding")
                co_return base::makeError("serviceaccount must be <namespace>:<name>, namespace must be specified");
        auto ns = session.ns();
        const std::string home = parts[0].empty() && ns.ok() ? ns.value() : parts[0];
        wanted.push_back(Value::object({{"kind", "ServiceAccount"}, {"namespace", home}, {"name", parts[1]}}));
    }
    if (wanted.empty()) co_return base::makeError("you must specify at least one value of user, group or serviceaccount");
    Change change([wanted](const Value& object, std::vector<base::Error>&) -> base::Result<Value> {
        const std::string_view kind = object["kind"].asString();
        if (kind != "RoleBinding" && kind != "ClusterRoleBinding")
            return base::makeError("setting subjects is only supported for RoleBinding/ClusterRoleBinding");
        std::vector<Value> subjects = itemsOf(object["subjects"]);
        for (const Value& item : wanted)
            if (std::find(subjects.begin(), subjects.end(), item) == subjects.end()) subjects.push_back(item);
        return object.with("subjects", Value::array(std::move(subjects)));
    });
    SetPlan plan{session.args, "subjects updated", "failed to patch subjects to rolebinding: "};
    co_return co_await applyChanges(session, plan, built.value(), change, mode.value());
}

} // namespace kubectl
