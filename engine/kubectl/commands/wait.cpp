// Source: k8s.io/kubectl pkg/cmd/wait.
#include "api/status.h"
#include "base/strings.h"
#include "document/jsonpath.h"
#include "kubectl/commands/changes.h"
#include "kubectl/commands/commands.h"
#include "kubectl/core/waiting.h"

namespace kubectl {

using document::Value;

namespace {

// Splits at single "="; "==" belongs to the expression.
std::vector<std::string> splitAssignment(const std::string& input) {
    std::vector<std::string> out(1);
    for (std::size_t i = 0; i < input.size(); ++i) {
        if (input[i] != '=') {
            out.back() += input[i];
        } else if (i + 1 < input.size() && input[i + 1] == '=') {
            out.back() += "==";
            ++i;
        } else {
            out.emplace_back();
        }
    }
    return out;
}

std::string trimQuotes(std::string text) {
    while (!text.empty() && (text.front() == '\'' || text.front() == '"')) text.erase(0, 1);
    while (!text.empty() && (text.back() == '\'' || text.back() == '"')) text.pop_back();
    return text;
}

base::Result<bool> conditionMet(const Value& object, const std::string& name, const std::string& status) {
    for (const Value& condition : object.at("status", "conditions").items()) {
        if (base::toLower(condition["type"].asString()) != base::toLower(name)) continue;
        if (condition["status"].isNull()) continue;
        const Value& generation = object.at("metadata", "generation");
        if (!generation.isNull()) {
            const Value& observed = condition["observedGeneration"].isNull() ? object.at("status", "observedGeneration") : condition["observedGeneration"];
            if (!observed.isNull() && observed.asInt() < generation.asInt()) return false;
        }
        return base::toLower(condition["status"].asString()) == base::toLower(status);
    }
    return false;
}

base::Result<bool> pathMet(const Value& object, const document::JsonPath& path, const std::string& wanted) {
    BASE_TRY(const auto found, path.find(object));
    if (found.empty() || found[0].empty()) return false;
    if (found.size() > 1) return base::makeError("given jsonpath expression matches more than one list");
    if (found[0].size() > 1) return base::makeError("given jsonpath expression matches more than one value");
    if (wanted.empty()) return true;
    const Value& value = found[0][0];
    if (value.isObject() || value.isArray()) return base::makeError("jsonpath leads to a nested object or list which is not supported");
    return base::trim(document::formatGoValue(value)) == base::trim(wanted);
}

struct Goal {
    bool gone = false, created = false;
    ObjectTest test;
};

base::Result<Goal> parseGoal(const std::string& text) {
    Goal goal;
    const std::string lower = base::toLower(text);
    if (lower == "delete") {
        goal.gone = true;
    } else if (lower == "create") {
        goal.created = true;
    } else if (text.starts_with("condition=")) {
        std::string name = text.substr(10), status = "true";
        if (const auto equals = name.find('='); equals != std::string::npos) {
            status = name.substr(equals + 1);
            name = name.substr(0, equals);
        }
        goal.test = ObjectTest([name, status](const Value& object) { return conditionMet(object, name, status); });
    } else if (text.starts_with("jsonpath=")) {
        const auto parts = splitAssignment(text.substr(9));
        if (parts.empty() || parts.size() > 2)
            return base::makeError("jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or --for=jsonpath='{.status.readyReplicas}'");
        BASE_TRY(const std::string expression, document::relaxedJsonPath(parts[0]));
        std::string wanted;
        if (parts.size() == 2) {
            wanted = trimQuotes(parts[1]);
            if (wanted.empty())
                return base::makeError("jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3");
        }
        if (expression.empty()) return base::makeError("jsonpath expression cannot be empty");
        BASE_TRY(document::JsonPath parsed, document::JsonPath::parse(expression));
        parsed.allowMissingKeys(true);
        auto shared = std::make_shared<document::JsonPath>(std::move(parsed));
        goal.test = ObjectTest([shared, wanted](const Value& object) { return pathMet(object, *shared, wanted); });
    } else {
        return base::makeError("unrecognized condition: " + base::quoteGo(text));
    }
    return goal;
}

// --timeout=0: one look.
sim::Task<base::Result<bool>> look(Session& session, Info info, Goal& goal) {
    auto object = co_await fetch(session, info);
    const base::Error unmet = base::makeError("condition not met for " + info.objectName());
    if (!object.ok()) {
        if (goal.gone && api::isNotFound(object.error())) co_return true;
        co_return object.error();
    }
    if (goal.gone) co_return unmet;
    auto met = goal.test(object.value());
    if (!met.ok() || met.value()) co_return met;
    co_return unmet;
}

sim::Task<base::Status> waitCreated(Session& session, sim::Time deadline) {
    while (true) {
        BuildOptions options = buildOptions(session);
        options.allowEmptySelectors = session.flags.on("all");
        auto built = co_await build(session, std::move(options));
        if (!built.ok()) co_return built.error();
        const auto errors = built.value().errors();
        for (const base::Error& error : errors)
            if (!api::isNotFound(error)) co_return error;
        if (errors.empty() && !built.value().infos().empty()) co_return base::okStatus();
        if (session.kernel().now() >= deadline) co_return base::makeError("timed out waiting for the condition");
        co_await session.flush();
        co_await sim::sleepFor(session.kernel(), sim::kSecond / 2);
    }
}

} // namespace

sim::Task<Outcome> runWait(Session& session) {
    const Flags& flags = session.flags;
    if (auto printer = makePrinter(session, {}); !printer.ok()) co_return printer.error();
    auto parsed = parseGoal(flags.text("for"));
    if (!parsed.ok()) co_return parsed.error();
    Goal goal = std::move(parsed).value();
    sim::Duration timeout = flags.duration("timeout");
    if (timeout < 0) timeout = 168 * sim::kHour;
    const sim::Time deadline = session.kernel().now() + timeout;
    if (goal.created) BASE_CO_CHECK(co_await waitCreated(session, deadline));
    BuildOptions options = buildOptions(session);
    options.local = flags.on("local");
    options.allowEmptySelectors = flags.on("all");
    auto built = co_await build(session, std::move(options));
    if (!built.ok()) co_return built.error();
    std::vector<base::Error> errors;
    for (const base::Error& error : built.value().errors()) {
        if (goal.gone && api::isNotFound(error)) continue;
        errors.push_back(error);
    }
    // What was found is waited for, whatever is missing beside it.
    const std::vector<Info> infos = built.value().infos();
    if (infos.empty() && !errors.empty()) co_return aggregate(std::move(errors));
    if (infos.empty()) {
        if (goal.gone) co_return 0;
        co_return base::makeError("no matching resources found");
    }
    for (const Info& info : infos) {
        base::Result<bool> met = true;
        if (goal.created) met = true;
        else if (timeout == 0) met = co_await look(session, info, goal);
        else {
            const std::string uid = info.object.at("metadata", "uid").text();
            met = co_await followObject(session, info, goal.test, deadline, goal.gone, uid);
        }
        if (!met.ok()) {
            errors.push_back(met.error());
            continue;
        }
        BASE_CO_CHECK(printResult(session, info.object, "condition met", DryRun::None));
    }
    if (!errors.empty()) co_return aggregate(std::move(errors));
    co_return 0;
}

} // namespace kubectl
