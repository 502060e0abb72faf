#include "lab/pack.h"

#include "document/yaml.h"

#include <algorithm>
#include <set>

namespace lab {
namespace {
using document::Value;

constexpr std::size_t kMaxTasks = 100, kMaxSteps = 200, kMaxChecks = 100;
constexpr double kMaxWaitSeconds = 3600;

const std::set<std::string_view> kDomains{"troubleshooting", "architecture", "services", "workloads", "storage"};
const std::set<std::string_view> kStepKinds{"apply", "write", "run", "wait", "until"};
// Check kind -> fields that it needs and fields that it may have.
struct CheckShape {
    std::string_view kind;
    std::vector<std::string_view> needed, allowed;
};
const std::vector<CheckShape>& checkShapes() {
    static const std::vector<CheckShape> kShapes{
        {"object", {"resource", "name"}, {"namespace", "path", "equals", "contains", "matches", "atLeast", "absent"}},
        {"count", {"resource"}, {"namespace", "labels", "ready", "equals", "atLeast", "atMost"}},
        {"reachable", {"from", "host", "port"}, {"expect", "timeout"}},
        {"http", {"from", "host", "port"}, {"path", "status", "contains", "timeout"}},
        {"dns", {"host", "name"}, {"address", "resolvable"}},
        {"nodeReady", {"node"}, {"ready"}},
        {"file", {"host", "path"}, {"contains", "equals", "matches", "absent"}},
        {"unit", {"host", "unit"}, {"active", "enabled"}},
        {"canI", {"as", "verb", "resource"}, {"namespace", "allowed", "name"}},
        {"command", {"host", "run"}, {"exit", "equals", "contains", "matches", "absent"}}};
    return kShapes;
}

class Reader {
public:
    Reader(const document::YamlDocument& document, const PackFiles& files, ReadPackResult& result)
        : document_(document), files_(files), result_(result) {}

    void read() {
        const Value& root = document_.value;
        Pack& pack = result_.pack;
        known("", root, {"format", "id", "kind", "title", "summary", "blueprint", "minutes", "passPercent", "strict", "isolated", "setup", "tasks"});
        if (root["format"].asInt() != 1) fail("/format", "this program reads format: 1");
        pack.id = name("/id", root["id"]);
        const std::string_view kind = root["kind"].asString();
        if (kind == "lesson") pack.kind = PackKind::Lesson;
        else if (kind == "drill") pack.kind = PackKind::Drill;
        else if (kind == "exam") pack.kind = PackKind::Exam;
        else fail("/kind", "kind must be lesson, drill or exam");
        pack.title = text("/title", root["title"], true);
        pack.summary = text("/summary", root["summary"], true);
        if (root["blueprint"].isString()) pack.blueprint = root["blueprint"].text();
        pack.minutes = static_cast<int>(number("/minutes", root["minutes"], 0, 600, 0));
        pack.passPercent = static_cast<int>(number("/passPercent", root["passPercent"], 1, 100, 66));
        pack.strict = root["strict"].asBool(pack.kind == PackKind::Exam);
        pack.isolated = root["isolated"].asBool();
        pack.setup = steps("/setup", root["setup"]);
        const Value& tasks = root["tasks"];
        if (!tasks.isArray() || tasks.size() == 0) fail("/tasks", "a pack needs a list of at least one task");
        if (tasks.size() > kMaxTasks) fail("/tasks", "at most " + std::to_string(kMaxTasks) + " tasks");
        for (std::size_t i = 0; i < std::min(tasks.size(), kMaxTasks); ++i) readTask("/tasks/" + std::to_string(i), tasks[i]);
    }

private:
    void fail(const std::string& pointer, std::string message) {
        const auto at = document_.positionOf(pointer);
        result_.problems.push_back({"pack.yaml:" + std::to_string(at.line) + ":" + std::to_string(at.column), std::move(message)});
    }
    int line(const std::string& pointer) const { return document_.positionOf(pointer).line; }

    void known(const std::string& pointer, const Value& object, std::initializer_list<std::string_view> names) {
        if (!object.isObject()) return fail(pointer, "a map of fields is expected here");
        for (const auto& member : object.members())
            if (std::find(names.begin(), names.end(), member.key.view()) == names.end())
                fail(pointer + "/" + member.key.text(), "unknown field \"" + member.key.text() + "\"");
    }

    std::string name(const std::string& pointer, const Value& value) {
        const std::string text = value.text();
        const bool fits = !text.empty() && text.size() <= 64 &&
                          text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
        if (!fits) fail(pointer, "an id is 1 to 64 characters of a-z, 0-9 and -");
        return text;
    }

    double number(const std::string& pointer, const Value& value, double low, double high, double fallback) {
        if (value.isNull()) return fallback;
        if (!value.isNumber() || value.asDouble() < low || value.asDouble() > high) {
            fail(pointer, "a number from " + std::to_string(static_cast<int>(low)) + " to " + std::to_string(static_cast<int>(high)) + " is expected");
            return fallback;
        }
        return value.asDouble();
    }

    Text text(const std::string& pointer, const Value& value, bool needed) {
        if (value.isNull() && !needed) return {};
        const std::string field = pointer.substr(pointer.rfind('/') + 1);
        if (value.isNull()) {
            fail(pointer, "\"" + field + "\" is missing: {en: ..., es: ...}");
            return {};
        }
        known(pointer, value, {"en", "es"});
        Text both{value["en"].text(), value["es"].text()};
        if (both.en.empty()) fail(pointer, "the English text (en) of \"" + field + "\" is missing");
        if (both.es.empty()) fail(pointer, "the Spanish text (es) of \"" + field + "\" is missing");
        return both;
    }

    // A text inline, or the content of a file of the pack: `file: manifests/web.yaml`.
    std::string content(const std::string& pointer, const Value& value) {
        if (value.isString()) return value.text();
        if (value.isObject() && value["file"].isString()) {
            const auto found = files_.find(value["file"].text());
            if (found != files_.end()) return found->second;
            fail(pointer, "the pack has no file \"" + value["file"].text() + "\"");
            return {};
        }
        fail(pointer, "a text or {file: NAME} is expected");
        return {};
    }

    std::vector<SetupStep> steps(const std::string& pointer, const Value& list) {
        std::vector<SetupStep> result;
        if (list.isNull()) return result;
        if (!list.isArray()) {
            fail(pointer, "a list of steps is expected");
            return result;
        }
        if (list.size() > kMaxSteps) fail(pointer, "at most " + std::to_string(kMaxSteps) + " steps");
        for (std::size_t i = 0; i < std::min(list.size(), kMaxSteps); ++i) {
            const std::string here = pointer + "/" + std::to_string(i);
            const Value& step = list[i];
            known(here, step, {"apply", "write", "run", "wait", "until", "host", "limit"});
            SetupStep out;
            out.line = line(here);
            out.host = step["host"].text();
            for (const auto& member : step.members())
                if (kStepKinds.count(member.key.view()) != 0) {
                    if (!out.kind.empty()) fail(here, "a step does one thing: apply, write, run, wait or until");
                    out.kind = member.key.text();
                }
            readStep(here, step, out);
            result.push_back(std::move(out));
        }
        return result;
    }

    void readStep(const std::string& here, const Value& step, SetupStep& out) {
        if (out.kind.empty()) return fail(here, "a step needs apply, write, run, wait or until");
        const Value& body = step[out.kind];
        if (out.kind == "apply" || out.kind == "run") {
            out.text = content(here + "/" + out.kind, body);
        } else if (out.kind == "write") {
            known(here + "/write", body, {"path", "text", "file"});
            out.path = body["path"].text();
            if (out.path.empty() || out.path.front() != '/') fail(here + "/write", "an absolute path is expected");
            out.text = body.has("text") ? body["text"].text() : content(here + "/write", body);
        } else if (out.kind == "wait") {
            out.seconds = number(here + "/wait", body, 0, kMaxWaitSeconds, 0);
        } else {
            out.text = content(here + "/until", body);
            out.seconds = number(here + "/limit", step["limit"], 1, kMaxWaitSeconds, 120);
        }
    }

    std::vector<Check> checks(const std::string& pointer, const Value& list) {
        std::vector<Check> result;
        if (list.isNull()) return result;
        if (!list.isArray() || list.size() > kMaxChecks) {
            fail(pointer, "a list of at most " + std::to_string(kMaxChecks) + " checks is expected");
            return result;
        }
        std::set<std::string> ids;
        for (std::size_t i = 0; i < list.size(); ++i) {
            const std::string here = pointer + "/" + std::to_string(i);
            const Value& item = list[i];
            Check check;
            check.line = line(here);
            check.id = name(here + "/id", item["id"]);
            if (!ids.insert(check.id).second) fail(here + "/id", "this id is used twice");
            check.title = text(here + "/title", item["title"], true);
            check.weight = number(here + "/weight", item["weight"], 0.01, 1000, 1);
            readShape(here, item, check);
            result.push_back(std::move(check));
        }
        return result;
    }

    void readShape(const std::string& here, const Value& item, Check& check) {
        for (const auto& member : item.members()) {
            const std::string_view key = member.key.view();
            if (key == "id" || key == "title" || key == "weight") continue;
            const auto shape = std::find_if(checkShapes().begin(), checkShapes().end(), [&](const CheckShape& s) { return s.kind == key; });
            if (shape == checkShapes().end()) {
                fail(here + "/" + member.key.text(), "unknown check \"" + member.key.text() + "\"");
                continue;
            }
            if (!check.kind.empty()) fail(here, "a check asks one thing");
            check.kind = key;
            check.spec = member.value;
            for (std::string_view needed : shape->needed)
                if (!check.spec.has(needed)) fail(here + "/" + check.kind, "\"" + std::string(needed) + "\" is missing");
            for (const auto& field : check.spec.members()) {
                const auto has = [&](const std::vector<std::string_view>& names) {
                    return std::find(names.begin(), names.end(), field.key.view()) != names.end();
                };
                if (!has(shape->needed) && !has(shape->allowed))
                    fail(here + "/" + check.kind + "/" + field.key.text(), "unknown field \"" + field.key.text() + "\"");
            }
        }
        if (check.kind.empty()) fail(here, "a check needs one of object, count, reachable, http, dns, nodeReady, file, unit, canI, command");
    }

    std::vector<Solution> solutions(const std::string& pointer, const Value& list, bool wrong) {
        std::vector<Solution> result;
        for (std::size_t i = 0; i < list.size(); ++i) {
            const std::string here = pointer + "/" + std::to_string(i);
            known(here, list[i], {"name", "steps", "score"});
            Solution solution;
            solution.name = list[i]["name"].text();
            if (solution.name.empty()) fail(here, "a solution needs a name");
            solution.steps = steps(here + "/steps", list[i]["steps"]);
            solution.expectedScore = wrong ? number(here + "/score", list[i]["score"], 0, 99.99, 0) : 100;
            if (wrong && !list[i].has("score")) fail(here, "a wrong solution states the score that it must get");
            result.push_back(std::move(solution));
        }
        return result;
    }

    void readTask(const std::string& here, const Value& item) {
        known(here, item, {"id", "title", "body", "domain", "host", "weight", "hints", "setup", "reset", "checks", "guards", "solutions", "wrong", "explanation"});
        Task task;
        task.id = name(here + "/id", item["id"]);
        for (const Task& other : result_.pack.tasks)
            if (other.id == task.id) fail(here + "/id", "this id is used twice");
        task.title = text(here + "/title", item["title"], true);
        task.body = text(here + "/body", item["body"], true);
        task.domain = item["domain"].text();
        if (kDomains.count(task.domain) == 0) fail(here + "/domain", "domain must be troubleshooting, architecture, services, workloads or storage");
        task.host = item["host"].isString() ? item["host"].text() : "controlplane";
        task.weight = number(here + "/weight", item["weight"], 0.01, 100, 1);
        for (std::size_t i = 0; i < item["hints"].size(); ++i)
            task.hints.push_back(text(here + "/hints/" + std::to_string(i), item["hints"][i], true));
        task.setup = steps(here + "/setup", item["setup"]);
        task.reset = steps(here + "/reset", item["reset"]);
        task.checks = checks(here + "/checks", item["checks"]);
        if (task.checks.empty()) fail(here, "a task needs at least one check");
        task.guards = checks(here + "/guards", item["guards"]);
        task.references = solutions(here + "/solutions", item["solutions"], false);
        if (task.references.empty()) fail(here, "a task needs at least one reference solution, so that it can be proved");
        task.wrong = solutions(here + "/wrong", item["wrong"], true);
        task.explanation = text(here + "/explanation", item["explanation"], false);
        result_.pack.tasks.push_back(std::move(task));
    }

    const document::YamlDocument& document_;
    const PackFiles& files_;
    ReadPackResult& result_;
};
} // namespace

ReadPackResult readPack(const PackFiles& files, std::string_view source) {
    ReadPackResult result;
    result.pack.source = source;
    const auto main = files.find("pack.yaml");
    if (main == files.end()) {
        result.problems.push_back({std::string(source), "there is no pack.yaml; `timonel pack new FOLDER` makes one to start from"});
        return result;
    }
    document::ReadLimits limits;
    limits.maxBytes = 1024 * 1024;
    limits.maxNodes = 100'000;
    limits.maxDepth = 100;
    auto documents = document::readYamlStream(main->second, "pack.yaml", limits);
    if (!documents.ok()) {
        // The message begins with its place: "pack.yaml:3:7: ...".
        const std::string& message = documents.error().message;
        const auto end = message.find(": ");
        const bool placed = end != std::string::npos && message.rfind("pack.yaml", 0) == 0;
        result.problems.push_back({placed ? message.substr(0, end) : "pack.yaml", placed ? message.substr(end + 2) : message});
        return result;
    }
    if (documents->size() != 1) {
        result.problems.push_back({"pack.yaml:1:1", "exactly one YAML document is expected"});
        return result;
    }
    Reader(documents->front(), files, result).read();
    return result;
}

} // namespace lab
