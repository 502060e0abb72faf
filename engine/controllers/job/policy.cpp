#include "controllers/job/policy.h"

#include "api/objects/meta.h"
#include "base/strings.h"

namespace controllers::job {

using document::Value;

namespace {

bool exitCodesMatch(const Value& rule, const Value& pod, std::string& container,
                    std::int64_t& code) {
    const Value& name = rule["containerName"];
    const bool in = rule["operator"].asString() == "In";
    for (const char* list : {"containerStatuses", "initContainerStatuses"})
        for (const Value& status : pod.at("status", list).items()) {
            const Value& terminated = status.at("state", "terminated");
            if (terminated.isNull() || terminated["exitCode"].asInt() == 0) continue;
            if (!name.asString().empty() && !(name == status["name"])) continue;
            bool found = false;
            for (const Value& value : rule["values"].items())
                found = found || value == terminated["exitCode"];
            if (found != in) continue;
            container = status["name"].text();
            code = terminated["exitCode"].asInt();
            return true;
        }
    return false;
}

} // namespace

Match matchFailurePolicy(const Value& policy, const Value& pod) {
    const std::string key = api::keyOf(pod);
    const auto rules = policy["rules"].items();
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const Value& rule = rules[i];
        const std::string_view text = rule["action"].asString();
        const Action action = text == "FailJob"     ? Action::FailJob
                              : text == "FailIndex" ? Action::FailIndex
                              : text == "Ignore"    ? Action::Ignore
                                                    : Action::Count;
        const std::string tail =
            " matching " + std::string(text) + " rule at index " + std::to_string(i);
        if (!rule["onExitCodes"].isNull()) {
            std::string container;
            std::int64_t code = 0;
            if (exitCodesMatch(rule["onExitCodes"], pod, container, code))
                return {action, "Container " + container + " for pod " + key +
                                    " failed with exit code " + std::to_string(code) + tail};
            continue;
        }
        for (const Value& pattern : rule["onPodConditions"].items()) {
            const Value& condition = api::conditionOf(pod, pattern["type"].asString());
            if (!condition.isNull() &&
                condition["status"].asString() == pattern["status"].asString("True"))
                return {action, "Pod " + key + " has condition " + pattern["type"].text() + tail};
        }
    }
    return {};
}

std::set<std::int64_t> parseIndexes(std::string_view text, std::int64_t limit) {
    std::set<std::int64_t> out;
    if (text.empty()) return out;
    for (const std::string& part : base::split(text, ',')) {
        const std::size_t dash = part.find('-');
        const auto first = base::parseInt(std::string_view(part).substr(0, dash));
        const auto last = dash == std::string::npos
                              ? first
                              : base::parseInt(std::string_view(part).substr(dash + 1));
        if (!first || !last) continue;
        for (std::int64_t i = *first; i <= *last && i < limit; ++i) out.insert(i);
    }
    return out;
}

std::string formatIndexes(const std::set<std::int64_t>& indexes) {
    std::string out;
    for (auto place = indexes.begin(); place != indexes.end();) {
        const std::int64_t first = *place;
        std::int64_t last = first;
        while (++place != indexes.end() && *place == last + 1) ++last;
        if (!out.empty()) out += ",";
        out += std::to_string(first);
        // Two neighbours are written one by one, longer runs with a dash.
        if (last == first + 1)
            out += "," + std::to_string(last);
        else if (last > first)
            out += "-" + std::to_string(last);
    }
    return out;
}

std::int64_t completionIndex(const Value& pod) {
    return base::parseInt(api::annotationOf(pod, "batch.kubernetes.io/job-completion-index"))
        .value_or(-1);
}

std::optional<std::string> matchSuccessPolicy(const Value& policy, std::int64_t completions,
                                              const std::set<std::int64_t>& done) {
    const auto rules = policy["rules"].items();
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const Value& rule = rules[i];
        std::int64_t matched = static_cast<std::int64_t>(done.size());
        bool met = true;
        const Value& wanted = rule["succeededIndexes"];
        if (wanted.isString()) {
            const std::set<std::int64_t> indexes = parseIndexes(wanted.asString(), completions);
            matched = 0;
            for (const std::int64_t index : indexes) matched += done.contains(index) ? 1 : 0;
            met = matched == static_cast<std::int64_t>(indexes.size());
        }
        if (const Value& count = rule["succeededCount"]; count.isInt())
            met = matched >= count.asInt();
        if (met) return "Matched rules at index " + std::to_string(i);
    }
    return std::nullopt;
}

} // namespace controllers::job
