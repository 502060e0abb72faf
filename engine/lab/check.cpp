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

std::string shorten(std::string_view text) {
    const std::string_view line = base::trim(text);
    return line.size() > kMaxShown ? std::string(line.substr(0, kMaxShown)) + " ..." : std::string(line);
}

// A text that is the same in both languages: names, paths, numbers, what a program said.
Text same(const std::string& text) { return {text, text}; }
Text operator+(const Text& a, const Text& b) { return {a.en + b.en, a.es + b.es}; }
Text operator+(const Text& a, const std::string& b) { return a + same(b); }
Text operator+(const std::string& a, const Text& b) { return same(a) + b; }

Text shown(const Value& value) {
    if (value.isString()) return same(value.text());
    if (value.isNull()) return {"(nothing)", "(nada)"};
    const std::string text = document::writeJson(value);
    return same(text.size() > kMaxShown ? text.substr(0, kMaxShown) + " ..." : text);
}

// What a connection came to; other texts are a program's own words.
Text outcome(const std::string& result) {
    static constexpr std::pair<std::string_view, std::string_view> kWords[] = {
        {"connected", "conecta"},           {"refused", "conexión rechazada"},
        {"rejected", "prohibida por una regla"}, {"timeout", "sin respuesta a tiempo"},
        {"unreachable", "inalcanzable"},    {"no such host", "el nombre no existe"}};
    for (const auto& [en, es] : kWords)
        if (result == en) return {result, std::string(es)};
    return same(result);
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
bool compare(const Value& spec, const Value& observed, Text& expected) {
    bool good = true;
    const auto want = [&](const Text& word, const Value& value, bool holds) {
        expected = expected + (expected.en.empty() ? "" : ", ") + word + shown(value);
        good = good && holds;
    };
    const std::string text = observed.isString() ? observed.text() : document::writeJson(observed);
    if (spec.has("equals")) want({}, spec["equals"], observed == spec["equals"] || (spec["equals"].isString() && base::trim(text) == spec["equals"].asString()));
    if (spec.has("contains")) want({"contains ", "contiene "}, spec["contains"], text.find(spec["contains"].asString()) != std::string::npos);
    if (spec.has("matches")) want({"matches ", "cumple "}, spec["matches"], RE2::PartialMatch(text, RE2(spec["matches"].text(), RE2::Quiet)));
    if (spec.has("atLeast")) want({"at least ", "al menos "}, spec["atLeast"], observed.isNumber() && observed.asDouble() >= spec["atLeast"].asDouble());
    if (spec.has("atMost")) want({"at most ", "como mucho "}, spec["atMost"], observed.isNumber() && observed.asDouble() <= spec["atMost"].asDouble());
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
    const Text what = plural + "/" + name + (ns.empty() ? Text() : Text{" in ", " en "} + ns);
    blame(cluster, result, group, plural, ns, name);
    if (spec["absent"].asBool()) {
        result.expected = Text{"no ", "ningún "} + what;
        result.observed = object.isNull() ? result.expected : what + Text{" exists", " existe"};
        result.passed = object.isNull();
        return;
    }
    if (object.isNull()) {
        result.expected = what;
        result.observed = what + Text{" not found", " no existe"};
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
    result.observed = spec["path"].text() + " " + shown(observed);
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
    result.expected = result.expected + (" " + plural);
    result.observed = same(std::to_string(count) + " " + plural);
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
        result.expected = outcome(wanted) + Text{" from ", " desde "} + spec["from"].text() + Text{" to ", " a "} + target;
        result.observed = outcome(probe["result"].text());
        result.passed = result.observed.en == wanted;
        return;
    }
    const std::int64_t status = spec["status"].asInt(200);
    result.expected = "HTTP " + std::to_string(status) + Text{" from ", " de "} + target;
    result.observed = probe["status"].isInt() ? same("HTTP " + std::to_string(probe["status"].asInt())) : outcome(probe["result"].text());
    result.passed = probe["status"].asInt(-1) == status;
    if (spec.has("contains")) {
        result.expected = result.expected + Text{" with ", " con "} + spec["contains"].text();
        const bool found = probe["body"].asString().find(spec["contains"].asString()) != std::string_view::npos;
        result.passed = result.passed && found;
        if (!found) result.observed = result.observed + Text{" without it", " sin ello"};
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
    result.expected = spec["name"].text() + (wanted ? Text{" resolves", " se resuelve"} : Text{" does not resolve", " no se resuelve"});
    result.observed = resolves ? same(addresses) : Text{"no answer", "sin respuesta"};
    result.passed = resolves == wanted;
    if (spec.has("address")) {
        result.expected = result.expected + Text{" to ", " a "} + spec["address"].text();
        result.passed = result.passed && addresses.find(spec["address"].asString()) != std::string::npos;
    }
}

void checkNode(const Value& spec, Cluster& cluster, CheckResult& result) {
    const bool wanted = spec["ready"].asBool(true);
    const Value node = cluster.object("", "nodes", "", spec["node"].asString());
    const bool ready = isReady(node);
    const std::string name = spec["node"].text();
    result.expected = same(name + (wanted ? " Ready" : " NotReady"));
    result.observed = node.isNull() ? name + Text{" is not part of the cluster", " no forma parte del clúster"}
                                    : same(name + (ready ? " Ready" : " NotReady"));
    result.passed = !node.isNull() && ready == wanted;
}

void checkFile(const Value& spec, Cluster& cluster, CheckResult& result) {
    const auto content = cluster.readFile(spec["host"].asString(), spec["path"].asString());
    const std::string place = spec["host"].text() + ":" + spec["path"].text();
    if (spec["absent"].asBool()) {
        result.expected = Text{"no ", "sin "} + place;
        result.observed = content.ok() ? place + Text{" exists", " existe"} : result.expected;
        result.passed = !content.ok();
        return;
    }
    const bool holds = content.ok() && compare(spec, Value(*content), result.expected);
    result.expected = place + (result.expected.en.empty() ? Text() : " " + result.expected);
    result.observed = same(content.ok() ? shorten(*content) : content.error().message);
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
        const std::string gap = result.expected.en.empty() ? "" : ", ";
        const Text word = field == "active" ? Text{"active", "activa"} : Text{"enabled", "habilitada"};
        result.expected = result.expected + (gap + unit) + (wanted ? Text{" ", " "} : Text{" not ", " no "}) + word;
        result.observed = result.observed + (gap + unit + " " + state);
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
    result.expected = spec["as"].text() + (wanted ? Text{" may ", " puede "} : Text{" may not ", " no puede "}) +
                      (spec["verb"].text() + " " + spec["resource"].text());
    result.observed = same(said.empty() ? shorten(answer.error) : said);
    result.passed = base::splitFields(said).size() > 0 && (base::splitFields(said)[0] == "yes") == wanted;
}

void checkCommand(const Value& spec, Cluster& cluster, CheckResult& result) {
    const auto answer = runOn(cluster, spec["host"].asString(), spec["run"].text());
    const std::int64_t exit = spec["exit"].asInt(0);
    const bool holds = compare(spec, Value(answer.output), result.expected);
    const Text code{"exit ", "código de salida "};
    result.expected = code + std::to_string(exit) +
                      (result.expected.en.empty() ? Text() : Text{", output ", ", salida "} + result.expected);
    result.observed = code + (std::to_string(answer.exitCode) + ", " +
                              shorten(answer.output.empty() ? answer.error : answer.output));
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
    else result.observed = Text{"unknown check ", "comprobación desconocida "} + check.kind;
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
