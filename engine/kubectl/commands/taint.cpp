// Source: k8s.io/kubectl pkg/cmd/taint.
#include "base/strings.h"
#include "kubectl/commands/changes.h"
#include "kubectl/commands/commands.h"

#include <algorithm>

namespace kubectl {

using document::Value;

namespace {

struct Taint {
    std::string key, value, effect;
    Value toValue() const {
        document::ObjectBuilder out;
        out.set("effect", effect).set("key", key);
        if (!value.empty()) out.set("value", value);
        return std::move(out).build();
    }
};

base::Result<Taint> parseTaint(const std::string& text) {
    const auto parts = base::split(text, ':');
    Taint taint;
    if (parts.size() > 2) return base::makeError("invalid taint spec: " + text);
    if (parts.size() == 1) {
        taint.key = parts[0];
    } else {
        taint.effect = parts[1];
        if (taint.effect != "NoSchedule" && taint.effect != "PreferNoSchedule" && taint.effect != "NoExecute")
            return base::makeError("invalid taint effect: " + taint.effect + ", unsupported taint effect");
        const auto pair = base::split(parts[0], '=');
        if (pair.size() > 2) return base::makeError("invalid taint spec: " + text);
        taint.key = pair[0];
        if (pair.size() == 2) {
            taint.value = pair[1];
            if (const std::string problem = labelValueProblem(taint.value, "; "); !problem.empty())
                return base::makeError("invalid taint spec: " + text + ", " + problem);
        }
    }
    if (const std::string problem = qualifiedNameProblem(taint.key, "; "); !problem.empty())
        return base::makeError("invalid taint spec: " + text + ", " + problem);
    return taint;
}

struct TaintPlan {
    std::vector<std::string> resources;
    std::vector<Taint> add, remove;
};

base::Status parseTaints(const std::vector<std::string>& specs, TaintPlan& plan) {
    for (const std::string& spec : specs) {
        if (!spec.empty() && spec.back() == '-') {
            BASE_TRY(Taint taint, parseTaint(spec.substr(0, spec.size() - 1)));
            plan.remove.push_back({taint.key, "", taint.effect});
            continue;
        }
        BASE_TRY(Taint taint, parseTaint(spec));
        if (taint.effect.empty()) return base::makeError("invalid taint spec: " + spec);
        for (const Taint& other : plan.add)
            if (other.key == taint.key && other.effect == taint.effect)
                return base::makeError("duplicated taints with the same key and effect: {" + taint.key + " " + taint.value + " " + taint.effect + " <nil>}");
        plan.add.push_back(std::move(taint));
    }
    return base::okStatus();
}

struct Taints {
    Value list;
    std::string operation;
};

base::Result<Taints> reorganize(const Value& node, const TaintPlan& plan, bool overwrite) {
    const Value& old = node.at("spec", "taints");
    if (!overwrite) {
        std::vector<std::string> existing;
        for (const Taint& taint : plan.add)
            for (const Value& item : old.items())
                if (item["key"].asString() == taint.key && item["effect"].asString() == taint.effect) existing.push_back(taint.key);
        if (!existing.empty())
            return base::makeError("node " + node.at("metadata", "name").text() + " already has " + base::join(existing, ",") +
                                   " taint(s) with same effect(s) and --overwrite is false");
    }
    std::vector<Value> fresh;
    for (const Taint& taint : plan.add) fresh.push_back(taint.toValue());
    for (const Value& item : old.items()) {
        bool known = false;
        for (const Value& other : fresh) known = known || (other["key"] == item["key"] && other["effect"] == item["effect"]);
        if (!known) fresh.push_back(item);
    }
    const bool added = old.size() != fresh.size();
    bool removed = false;
    std::vector<base::Error> errors;
    for (const Taint& taint : plan.remove) {
        const std::size_t before = fresh.size();
        std::erase_if(fresh, [&](const Value& item) {
            return item["key"].asString() == taint.key && (taint.effect.empty() || item["effect"].asString() == taint.effect);
        });
        removed = fresh.size() != before;
        if (!removed)
            errors.push_back(base::makeError("taint " + base::quoteGo(taint.key + (taint.effect.empty() ? "" : ":" + taint.effect)) + " not found"));
    }
    if (!errors.empty()) return aggregate(std::move(errors));
    return Taints{Value::array(std::move(fresh)), (added && removed) || overwrite ? "modified" : added ? "tainted" : "untainted"};
}

sim::Task<base::Status> taintOne(Session& session, Info info, const TaintPlan& plan, DryRun mode) {
    auto changed = reorganize(info.object, plan, session.flags.on("overwrite"));
    if (!changed.ok()) co_return changed.error();
    const Value& list = changed.value().list;
    base::Result<Value> answer = info.object.withPath({"spec", "taints"}, list);
    if (mode != DryRun::Client) {
        const Value spec = Value::object({{"taints", list.size() == 0 ? Value() : list}});
        const Value patch = Value::object({{"spec", spec}});
        answer = co_await patchObject(session, info, patch, kStrategicPatch, mode);
    }
    if (!answer.ok()) co_return answer.error();
    co_return printResult(session, answer.value(), changed.value().operation, DryRun::None);
}

} // namespace

sim::Task<Outcome> runTaint(Session& session) {
    const Flags& flags = session.flags;
    auto mode = dryRunOf(session);
    if (!mode.ok()) co_return mode.error();
    if (auto validation = validationOf(session); !validation.ok()) co_return validation.error();
    TaintPlan plan;
    std::vector<std::string> specs;
    for (const std::string& arg : session.args) {
        const bool isTaint = arg.find('=') != std::string::npos || arg.find(':') != std::string::npos || arg.ends_with("-");
        if (isTaint) specs.push_back(arg);
        else if (specs.empty()) plan.resources.push_back(arg);
        else co_return base::makeError("all resources must be specified before taint changes: " + arg);
    }
    if (plan.resources.empty()) co_return base::makeError("one or more resources must be specified as <resource> <name>");
    if (specs.empty()) co_return base::makeError("at least one taint update is required");
    if (base::Status parsed = parseTaints(specs, plan); !parsed.ok()) co_return session.usage(parsed.error().message);
    const std::string type = base::toLower(plan.resources[0]);
    std::vector<std::string> types{type};
    auto mapper = co_await session.mapperFor(std::move(types));
    if (!mapper.ok()) co_return mapper.error();
    const Mapping* mapping = mapper.value()->find(type);
    if (mapping == nullptr) co_return exitError(1, "the server doesn't have a resource type " + base::quoteGo(type));
    if (mapping->kind != "Node") co_return base::makeError("invalid resource type " + type + ", only node types are supported");
    for (const Taint& add : plan.add)
        for (const Taint& remove : plan.remove)
            if (add.key == remove.key && (remove.effect.empty() || add.effect == remove.effect))
                co_return base::makeError("can not both modify and remove the following taint(s) in the same command: " + remove.key + "=" + remove.effect);
    const bool all = flags.on("all"), selecting = !flags.text("selector").empty();
    if (all && selecting) co_return base::makeError("setting 'all' parameter with a non empty selector is prohibited");
    if (!all && !selecting && plan.resources.size() < 2)
        co_return base::makeError("at least one resource name must be specified since 'all' parameter is not set");
    BuildOptions options = buildOptions(session);
    options.args = all || selecting ? std::vector<std::string>{"nodes"} : plan.resources;
    options.allowEmptySelectors = all;
    auto built = co_await build(session, std::move(options));
    if (!built.ok()) co_return built.error();
    Session* s = &session;
    const TaintPlan* wanted = &plan;
    Visit visit([s, wanted, how = mode.value()](Info info) { return taintOne(*s, std::move(info), *wanted, how); });
    BASE_CO_CHECK(co_await visitEach(std::move(built).value(), std::move(visit)));
    co_return 0;
}

} // namespace kubectl
