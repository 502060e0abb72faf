#include "lab/check.h"

#include "base/strings.h"
#include "document/json.h"

#include <re2/re2.h>

#include <algorithm>

namespace lab {
namespace {
using cluster::Cluster;
using document::Value;

constexpr std::string_view kGraderShell = "grader";
constexpr sim::Duration kCommandLimit = 60 * sim::kSecond;
constexpr std::size_t kMaxShown = 300; // of an observed text

std::string show(const Value& value) {
    if (value.isString()) return value.text();
    if (value.isNull()) return "(nothing)";
    std::string text = document::writeJson(value);
    return text.size() > kMaxShown ? text.substr(0, kMaxShown) + " ..." : text;
}
std::string shorten(std::string_view text) {
    const std::string_view line = base::trim(text);
    return line.size() > kMaxShown ? std::string(line.substr(0, kMaxShown)) + " ..." : std::string(line);
}

std::pair<std::string, std::string> splitResource(std::string_view resource) { // "apps/deployments"
    const auto slash = resource.find('/');
    if (slash == std::string_view::npos) return {"", std::string(resource)};
    return {std::string(resource.substr(0, slash)), std::string(resource.substr(slash + 1))};
}

// ".spec.containers[0].image", "metadata.labels['app.kubernetes.io/name']"
Value follow(const Value& object, std::string_view path) {
    Value at = object;
    std::size_t i = 0;
    while (i < path.size()) {
        if (path[i] == '.') {
            ++i;
        } else if (path[i] == '[') {
            const auto end = path.find(']', i);
            if (end == std::string_view::npos) return {};
            std::string_view inside = path.substr(i + 1, end - i - 1);
            if (!inside.empty() && (inside.front() == '\'' || inside.front() == '"')) {
                inside = inside.substr(1, inside.size() - 2);
                at = at[inside];
            } else {
                const auto index = base::parseInt(inside);
                if (!index || *index < 0) return {};
                at = at[static_cast<std::size_t>(*index)];
            }
            i = end + 1;
        } else {
            const auto end = std::min(path.find_first_of(".[", i), path.size());
            at = at[path.substr(i, end - i)];
            i = end;
        }
    }
    return at;
}

// equals, contains, matches, atLeast, atMost of a spec against what was observed.
bool compare(const Value& spec, const Value& observed, std::string& expected) {
    bool good = true;
    const auto want = [&](std::string_view word, const Value& value, bool holds) {
        if (!expected.empty()) expected += ", ";
        expected += std::string(word) + show(value);
        good = good && holds;
    };
    const std::string text = observed.isString() ? observed.text() : document::writeJson(observed);
    if (spec.has("equals")) want("", spec["equals"], observed == spec["equals"] || (spec["equals"].isString() && base::trim(text) == spec["equals"].asString()));
    if (spec.has("contains")) want("contains ", spec["contains"], text.find(spec["contains"].asString()) != std::string::npos);
    if (spec.has("matches")) want("matches ", spec["matches"], RE2::PartialMatch(text, RE2(spec["matches"].text(), RE2::Quiet)));
    if (spec.has("atLeast")) want("at least ", spec["atLeast"], observed.isNumber() && observed.asDouble() >= spec["atLeast"].asDouble());
    if (spec.has("atMost")) want("at most ", spec["atMost"], observed.isNumber() && observed.asDouble() <= spec["atMost"].asDouble());
    return good;
}

void blame(Cluster& cluster, CheckResult& result, std::string_view group, std::string_view plural, std::string_view ns, std::string_view name) {
    for (const auto& record : cluster.kernel().trace().chain(cluster.causeOf(group, plural, ns, name)))
        if (record.kind == "command") {
            result.cause = record.text;
            result.causeAt = record.at;
            return;
        }
}

void checkObject(const Value& spec, Cluster& cluster, CheckResult& result) {
    const auto [group, plural] = splitResource(spec["resource"].asString());
    const std::string ns = spec["namespace"].text(), name = spec["name"].text();
    const Value object = cluster.object(group, plural, ns, name);
    const std::string what = plural + "/" + name + (ns.empty() ? "" : " in " + ns);
    blame(cluster, result, group, plural, ns, name);
    if (spec["absent"].asBool()) {
        result.expected = "no " + what;
        result.observed = object.isNull() ? result.expected : what + " exists";
        result.passed = object.isNull();
        return;
    }
    if (object.isNull()) {
        result.expected = what;
        result.observed = what + " not found";
        return;
    }
    if (!spec.has("path")) {
        result.expected = result.observed = what;
        result.passed = true;
        return;
    }
    const Value observed = follow(object, spec["path"].asString());
    result.passed = compare(spec, observed, result.expected);
    result.expected = spec["path"].text() + " " + result.expected;
    result.observed = spec["path"].text() + " " + show(observed);
}

bool isReady(const Value& object) {
    for (const auto& condition : object.at("status", "conditions").items())
        if (condition["type"].asString() == "Ready") return condition["status"].asString() == "True";
    return false;
}

void checkCount(const Value& spec, Cluster& cluster, CheckResult& result) {
    const auto [group, plural] = splitResource(spec["resource"].asString());
    std::int64_t count = 0;
    for (const Value& object : cluster.objects(group, plural, spec["namespace"].asString())) {
        bool fits = !object.at("metadata", "deletionTimestamp").isString();
        for (const auto& label : spec["labels"].members())
            fits = fits && object.at("metadata", "labels")[label.key.view()].asString() == label.value.asString();
        if (spec.has("ready")) fits = fits && isReady(object) == spec["ready"].asBool();
        count += fits;
    }
    result.passed = compare(spec, Value(count), result.expected);
    result.expected += " " + plural;
    result.observed = std::to_string(count) + " " + plural;
}

// "service/NS/NAME" stands for the service's cluster IP: hosts do not ask the cluster's DNS.
std::string addressOf(Cluster& cluster, const std::string& host) {
    const auto parts = base::split(host, '/');
    if (parts.size() != 3 || parts[0] != "service") return host;
    const std::string ip = cluster.object("", "services", parts[1], parts[2]).at("spec", "clusterIP").text();
    return ip.empty() ? host : ip;
}

void checkReachable(const Value& spec, Cluster& cluster, CheckResult& result, bool http) {
    const std::string path = http ? spec["path"].text().empty() ? "/" : spec["path"].text() : "";
    const Value probe = cluster.probe(spec["from"].asString(), addressOf(cluster, spec["host"].text()), static_cast<std::uint16_t>(spec["port"].asInt()), path,
                                      sim::fromSeconds(spec["timeout"].asDouble(3)));
    const std::string target = spec["host"].text() + ":" + std::to_string(spec["port"].asInt()) + path;
    if (!http) {
        const std::string wanted = spec["expect"].text().empty() ? "connected" : spec["expect"].text();
        result.expected = wanted + " from " + spec["from"].text() + " to " + target;
        result.observed = probe["result"].text();
        result.passed = result.observed == wanted;
        return;
    }
    const std::int64_t status = spec["status"].asInt(200);
    result.expected = "HTTP " + std::to_string(status) + " from " + target;
    result.observed = probe["status"].isInt() ? "HTTP " + std::to_string(probe["status"].asInt()) : probe["result"].text();
    result.passed = probe["status"].asInt(-1) == status;
    if (spec.has("contains")) {
        result.expected += " with " + spec["contains"].text();
        const bool found = probe["body"].asString().find(spec["contains"].asString()) != std::string_view::npos;
        result.passed = result.passed && found;
        if (!found) result.observed += " without it";
    }
}

cluster::CommandResult runOn(Cluster& cluster, std::string_view host, std::string command) {
    return cluster.run(kGraderShell, host, std::move(command), kCommandLimit);
}

void checkDns(const Value& spec, Cluster& cluster, CheckResult& result) {
    const std::string server = cluster.object("", "services", "kube-system", "kube-dns").at("spec", "clusterIP").text();
    const auto answer = runOn(cluster, spec["host"].asString(), "dig +short +time=2 +tries=1 " + spec["name"].text() + " @" + server);
    const std::string addresses = base::join(base::splitFields(answer.output), " ");
    const bool resolves = answer.exitCode == 0 && !addresses.empty() && addresses.find("timed out") == std::string::npos;
    const bool wanted = spec["resolvable"].asBool(true);
    result.expected = spec["name"].text() + (wanted ? " resolves" : " does not resolve");
    result.observed = resolves ? addresses : "no answer";
    result.passed = resolves == wanted;
    if (spec.has("address")) {
        result.expected += " to " + spec["address"].text();
        result.passed = result.passed && addresses.find(spec["address"].asString()) != std::string::npos;
    }
}

void checkNode(const Value& spec, Cluster& cluster, CheckResult& result) {
    const bool wanted = spec["ready"].asBool(true);
    const Value node = cluster.object("", "nodes", "", spec["node"].asString());
    const bool ready = isReady(node);
    result.expected = spec["node"].text() + (wanted ? " Ready" : " NotReady");
    result.observed = node.isNull() ? spec["node"].text() + " is not part of the cluster" : spec["node"].text() + (ready ? " Ready" : " NotReady");
    result.passed = !node.isNull() && ready == wanted;
}

void checkFile(const Value& spec, Cluster& cluster, CheckResult& result) {
    const auto content = cluster.readFile(spec["host"].asString(), spec["path"].asString());
    const std::string place = spec["host"].text() + ":" + spec["path"].text();
    if (spec["absent"].asBool()) {
        result.expected = "no " + place;
        result.observed = content.ok() ? place + " exists" : result.expected;
        result.passed = !content.ok();
        return;
    }
    result.expected.clear();
    const bool holds = content.ok() && compare(spec, Value(*content), result.expected);
    result.expected = place + (result.expected.empty() ? "" : " " + result.expected);
    result.observed = content.ok() ? shorten(*content) : content.error().message;
    result.passed = holds;
}

void checkUnit(const Value& spec, Cluster& cluster, CheckResult& result) {
    const std::string unit = spec["unit"].text();
    result.passed = true;
    const auto ask = [&](std::string_view field, const char* verb) {
        if (!spec.has(field)) return;
        const std::string state(base::trim(runOn(cluster, spec["host"].asString(), std::string("systemctl ") + verb + " " + unit).output));
        const bool is = state == (field == "active" ? "active" : "enabled");
        const bool wanted = spec[field].asBool(true);
        result.expected += (result.expected.empty() ? "" : ", ") + unit + (wanted ? " " : " not ") + std::string(field);
        result.observed += (result.observed.empty() ? "" : ", ") + unit + " " + state;
        result.passed = result.passed && is == wanted;
    };
    ask("active", "is-active");
    ask("enabled", "is-enabled");
}

// 'text' for a shell: quotes closed, escaped and opened again.
std::string quoted(std::string_view text) { return "'" + base::replaceAll(text, "'", "'\\''") + "'"; }

void checkCanI(const Value& spec, Cluster& cluster, CheckResult& result) {
    const auto resource = base::splitLimited(spec["resource"].asString(), '/', 2); // "pods/log"
    std::string command = "kubectl auth can-i " + quoted(spec["verb"].asString()) + " " + quoted(resource[0]) +
                          (resource.size() > 1 ? " --subresource=" + quoted(resource[1]) : std::string()) + " --as=" + quoted(spec["as"].asString());
    if (spec.has("namespace")) command += " -n " + quoted(spec["namespace"].asString());
    const auto answer = runOn(cluster, cluster.hosts().front(), command);
    const std::string said(base::trim(answer.output));
    const bool wanted = spec["allowed"].asBool(true);
    result.expected = spec["as"].text() + (wanted ? " may " : " may not ") + spec["verb"].text() + " " + spec["resource"].text();
    result.observed = said.empty() ? shorten(answer.error) : said;
    result.passed = base::splitFields(said).size() > 0 && (base::splitFields(said)[0] == "yes") == wanted;
}

void checkCommand(const Value& spec, Cluster& cluster, CheckResult& result) {
    const auto answer = runOn(cluster, spec["host"].asString(), spec["run"].text());
    const std::int64_t exit = spec["exit"].asInt(0);
    const bool holds = compare(spec, Value(answer.output), result.expected);
    result.expected = "exit " + std::to_string(exit) + (result.expected.empty() ? "" : ", output " + result.expected);
    result.observed = "exit " + std::to_string(answer.exitCode) + ", " + shorten(answer.output.empty() ? answer.error : answer.output);
    result.passed = answer.exitCode == exit && holds;
    if (spec.has("absent")) result.passed = result.passed && answer.output.find(spec["absent"].asString()) == std::string::npos;
}
} // namespace

CheckResult evaluate(const Check& check, Cluster& cluster) {
    CheckResult result;
    result.id = check.id;
    result.title = check.title;
    result.weight = check.weight;
    const Value& spec = check.spec;
    if (check.kind == "object") checkObject(spec, cluster, result);
    else if (check.kind == "count") checkCount(spec, cluster, result);
    else if (check.kind == "reachable") checkReachable(spec, cluster, result, false);
    else if (check.kind == "http") checkReachable(spec, cluster, result, true);
    else if (check.kind == "dns") checkDns(spec, cluster, result);
    else if (check.kind == "nodeReady") checkNode(spec, cluster, result);
    else if (check.kind == "file") checkFile(spec, cluster, result);
    else if (check.kind == "unit") checkUnit(spec, cluster, result);
    else if (check.kind == "canI") checkCanI(spec, cluster, result);
    else if (check.kind == "command") checkCommand(spec, cluster, result);
    else result.observed = "unknown check " + check.kind;
    return result;
}

base::Status perform(const std::vector<SetupStep>& steps, const std::string& host, Cluster& cluster) {
    sim::Kernel& kernel = cluster.kernel();
    for (const SetupStep& step : steps) {
        const std::string where = step.host.empty() ? host : step.host;
        const std::string place = "pack.yaml:" + std::to_string(step.line) + ": ";
        if (step.kind == "wait") {
            kernel.runUntil(kernel.now() + sim::fromSeconds(step.seconds));
        } else if (step.kind == "write") {
            if (const auto written = cluster.writeFile(where, step.path, step.text); !written.ok())
                return base::wrapError(place + "writing " + step.path + " on " + where, written.error());
        } else if (step.kind == "until") {
            const sim::Time deadline = kernel.now() + sim::fromSeconds(step.seconds);
            while (cluster.run("setup", where, step.text, kCommandLimit).exitCode != 0) {
                if (kernel.now() >= deadline) return base::makeError(place + "not in time: " + step.text);
                kernel.runUntil(kernel.now() + sim::kSecond);
            }
        } else {
            std::string command = step.text;
            std::string on = where;
            if (step.kind == "apply") {
                on = cluster.hosts().front();
                if (const auto written = cluster.writeFile(on, "/tmp/.setup.yaml", step.text); !written.ok()) return written.error();
                command = "kubectl apply -f /tmp/.setup.yaml; code=$?; rm -f /tmp/.setup.yaml; (exit $code)";
            }
            const auto done = cluster.run("setup", on, command, 600 * sim::kSecond);
            if (done.exitCode != 0)
                return base::makeError(place + "exit " + std::to_string(done.exitCode) + ": " + shorten(done.error.empty() ? done.output : done.error));
        }
    }
    return base::okStatus();
}

} // namespace lab
