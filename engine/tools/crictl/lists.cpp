// ps, pods, images and the inspect commands.

#include "base/strings.h"
#include "tools/crictl/crictl.h"

#include <algorithm>

namespace tools::crictl {
namespace {

using document::Value;

std::string shortId(std::string id, std::size_t length = 13) {
    if (id.rfind("sha256:", 0) == 0) id = id.substr(7);
    return id.substr(0, length);
}

std::string timeText(std::int64_t unixTime) {
    if (unixTime == 0) return "0001-01-01T00:00:00Z";
    const std::string text = sim::formatRfc3339(unixTime / sim::kSecond * sim::kSecond);
    const std::string fraction = std::to_string(1'000'000'000 + unixTime % 1'000'000'000).substr(1);
    return text.substr(0, 19) + "." + fraction + "Z";
}

Value labelsValue(const ports::StringMap& map) {
    document::ObjectBuilder out;
    for (const auto& [key, value] : map) out.set(key, value);
    return std::move(out).build();
}

bool contains(const std::string& text, const std::string& part) { return part.empty() || text.find(part) != std::string::npos; }

std::string label(const ports::StringMap& map, const char* key) {
    const auto found = map.find(key);
    return found == map.end() ? std::string() : found->second;
}

} // namespace

Value containerValue(const ports::CriContainer& item) {
    document::ArrayBuilder mounts;
    for (const ports::CriMount& mount : item.mounts)
        mounts.push(Value::object({{"containerPath", mount.containerPath}, {"hostPath", mount.hostPath},
                                   {"propagation", "PROPAGATION_PRIVATE"}, {"readonly", mount.readOnly}, {"selinuxRelabel", false}}));
    const Value status = Value::object(
        {{"annotations", labelsValue(item.annotations)}, {"createdAt", timeText(item.createdAt)}, {"exitCode", item.exitCode},
         {"finishedAt", timeText(item.finishedAt)}, {"id", item.id},
         {"image", Value::object({{"annotations", Value::object()}, {"image", item.image}})}, {"imageRef", item.imageRef},
         {"labels", labelsValue(item.labels)}, {"logPath", item.logPath}, {"message", item.message},
         {"metadata", Value::object({{"attempt", static_cast<std::int64_t>(item.attempt)}, {"name", item.name}})},
         {"mounts", std::move(mounts).build()}, {"reason", item.reason}, {"startedAt", timeText(item.startedAt)},
         {"state", "CONTAINER_" + base::toUpper(stateName(item.state))}});
    const Value info = Value::object({{"pid", item.pid}, {"removing", false}, {"sandboxID", item.sandboxId},
                                      {"snapshotter", "overlayfs"}, {"runtimeType", "io.containerd.runc.v2"}});
    return Value::object({{"status", status}, {"info", info}});
}

Value sandboxValue(const ports::CriSandbox& item) {
    const Value network = Value::object({{"additionalIps", Value::array()}, {"ip", item.ips.empty() ? std::string() : item.ips.front()}});
    const Value status = Value::object(
        {{"annotations", labelsValue(item.annotations)}, {"createdAt", timeText(item.createdAt)}, {"id", item.id},
         {"labels", labelsValue(item.labels)},
         {"metadata", Value::object({{"attempt", static_cast<std::int64_t>(item.attempt)}, {"name", item.name},
                                     {"namespace", item.ns}, {"uid", item.uid}})},
         {"network", network}, {"runtimeHandler", ""},
         {"state", item.state == ports::CriSandboxState::Ready ? "SANDBOX_READY" : "SANDBOX_NOTREADY"}});
    return Value::object({{"status", status}, {"info", Value::object({{"image", "registry.k8s.io/pause:3.10.1"}})}});
}

Value imageValue(const ports::CriImage& item) {
    return Value::object({{"id", item.id}, {"repoDigests", Value::strings(item.digests)}, {"repoTags", Value::strings(item.tags)},
                          {"size", std::to_string(item.size)}, {"username", item.userName}, {"pinned", item.pinned}});
}

sim::Task<int> Crictl::containers(Words words) {
    const std::vector<Flag> flags{{"all", 'a', false}, {"quiet", 'q', false}, {"name", 0, true}, {"state", 's', true},
                                  {"output", 'o', true}, {"pod", 'p', true}, {"image", 0, true}, {"latest", 'l', false},
                                  {"last", 'n', true}, {"label", 0, true}, {"no-trunc", 0, false}, {"id", 0, true},
                                  {"verbose", 'v', false}, {"namespace", 0, true}, {"resolve-image-path", 'r', false}};
    auto options = Options::parse(words, flags);
    if (!options.ok()) {
        const int code = co_await usage(options.error().message);
        co_return code;
    }
    const ports::CriFilter everything;
    auto listed = co_await runtime_->listContainers(everything);
    if (!listed.ok()) {
        const int code = co_await fail("listing containers: " + ports::criErrorText(listed.error()));
        co_return code;
    }
    std::reverse(listed->begin(), listed->end());
    std::vector<ports::CriContainer> shown;
    const std::string state = base::toLower(options->get("state"));
    for (const ports::CriContainer& item : *listed) {
        const bool running = item.state == ports::CriContainerState::Running;
        if (!state.empty() ? state != base::toLower(stateName(item.state)) : !running && !options->has("all") && !options->has("latest") && !options->has("last")) continue;
        if (!contains(item.name, options->get("name"))) continue;
        if (options->has("pod") && item.sandboxId.rfind(options->get("pod"), 0) != 0) continue;
        if (options->has("id") && item.id.rfind(options->get("id"), 0) != 0) continue;
        if (options->has("namespace") && label(item.labels, ports::kPodNamespaceLabel) != options->get("namespace")) continue;
        if (options->has("image") && !contains(item.image, options->get("image"))) continue;
        bool fits = true;
        for (const std::string& pair : options->all("label")) {
            const Words parts = base::splitLimited(pair, '=', 2);
            if (label(item.labels, parts[0].c_str()) != (parts.size() > 1 ? parts[1] : "")) fits = false;
        }
        if (fits) shown.push_back(item);
    }
    std::size_t most = options->has("latest") ? 1 : static_cast<std::size_t>(base::parseInt(options->get("last")).value_or(0));
    if (most != 0 && shown.size() > most) shown.resize(most);
    if (options->has("quiet")) {
        for (const ports::CriContainer& item : shown) co_await process_.writeOut(item.id + "\n");
        co_return 0;
    }
    if (options->has("output") && options->get("output") != "table") {
        document::ArrayBuilder items;
        for (const ports::CriContainer& item : shown)
            items.push(Value::object({{"annotations", labelsValue(item.annotations)}, {"createdAt", std::to_string(item.createdAt)},
                                      {"id", item.id}, {"image", Value::object({{"annotations", Value::object()}, {"image", item.imageId}})},
                                      {"imageRef", item.imageRef}, {"labels", labelsValue(item.labels)},
                                      {"metadata", Value::object({{"attempt", static_cast<std::int64_t>(item.attempt)}, {"name", item.name}})},
                                      {"podSandboxId", item.sandboxId}, {"state", "CONTAINER_" + base::toUpper(stateName(item.state))}}));
        const Value out = Value::object({{"containers", std::move(items).build()}});
        const int code = co_await printJson(out, options->get("output"));
        co_return code;
    }
    const bool whole = options->has("no-trunc");
    std::vector<Words> rows;
    rows.push_back(base::split("CONTAINER|IMAGE|CREATED|STATE|NAME|ATTEMPT|POD ID|POD|NAMESPACE", '|'));
    for (const ports::CriContainer& item : shown)
        rows.push_back({whole ? item.id : shortId(item.id), whole ? item.imageRef : shortId(item.imageRef),
                        humanDuration(process_.kernel().unixNow() - item.createdAt) + " ago", stateName(item.state), item.name,
                        std::to_string(item.attempt), whole ? item.sandboxId : shortId(item.sandboxId),
                        label(item.labels, ports::kPodNameLabel), label(item.labels, ports::kPodNamespaceLabel)});
    co_await process_.writeOut(table(rows, 20, 3));
    co_return 0;
}

sim::Task<int> Crictl::sandboxes(Words words) {
    const std::vector<Flag> flags{{"quiet", 'q', false}, {"name", 0, true}, {"namespace", 0, true}, {"state", 's', true}, {"output", 'o', true},
                                  {"latest", 'l', false}, {"last", 'n', true}, {"label", 0, true}, {"no-trunc", 0, false}, {"id", 0, true},
                                  {"verbose", 'v', false}};
    auto options = Options::parse(words, flags);
    if (!options.ok()) {
        const int code = co_await usage(options.error().message);
        co_return code;
    }
    const ports::CriFilter everything;
    auto listed = co_await runtime_->listSandboxes(everything);
    if (!listed.ok()) {
        const int code = co_await fail("listing pod sandboxes: " + ports::criErrorText(listed.error()));
        co_return code;
    }
    std::stable_sort(listed->begin(), listed->end(), [](const auto& a, const auto& b) { return a.createdAt > b.createdAt; });
    std::vector<ports::CriSandbox> shown;
    for (const ports::CriSandbox& item : *listed) {
        const bool ready = item.state == ports::CriSandboxState::Ready;
        if (options->has("state") && base::toLower(options->get("state")) != (ready ? "ready" : "notready")) continue;
        if (!contains(item.name, options->get("name")) || !contains(item.ns, options->get("namespace"))) continue;
        if (options->has("id") && item.id.rfind(options->get("id"), 0) != 0) continue;
        shown.push_back(item);
    }
    std::size_t most = options->has("latest") ? 1 : static_cast<std::size_t>(base::parseInt(options->get("last")).value_or(0));
    if (most != 0 && shown.size() > most) shown.resize(most);
    if (options->has("quiet")) {
        for (const ports::CriSandbox& item : shown) co_await process_.writeOut(item.id + "\n");
        co_return 0;
    }
    if (options->has("output") && options->get("output") != "table") {
        document::ArrayBuilder items;
        for (const ports::CriSandbox& item : shown) items.push(sandboxValue(item)["status"]);
        const Value out = Value::object({{"items", std::move(items).build()}});
        const int code = co_await printJson(out, options->get("output"));
        co_return code;
    }
    std::vector<Words> rows;
    rows.push_back(base::split("POD ID|CREATED|STATE|NAME|NAMESPACE|ATTEMPT|RUNTIME", '|'));
    for (const ports::CriSandbox& item : shown)
        rows.push_back({options->has("no-trunc") ? item.id : shortId(item.id), humanDuration(process_.kernel().unixNow() - item.createdAt) + " ago",
                        item.state == ports::CriSandboxState::Ready ? "Ready" : "NotReady", item.name, item.ns,
                        std::to_string(item.attempt), "(default)"});
    co_await process_.writeOut(table(rows, 20, 3));
    co_return 0;
}

sim::Task<int> Crictl::images(Words words) {
    const std::vector<Flag> flags{{"quiet", 'q', false}, {"output", 'o', true}, {"digests", 0, false}, {"no-trunc", 0, false}, {"verbose", 'v', false}};
    auto options = Options::parse(words, flags);
    if (!options.ok()) {
        const int code = co_await usage(options.error().message);
        co_return code;
    }
    auto listed = co_await runtime_->listImages();
    if (!listed.ok()) {
        const int code = co_await fail("listing images: " + ports::criErrorText(listed.error()));
        co_return code;
    }
    if (options->has("quiet")) {
        for (const ports::CriImage& item : *listed) co_await process_.writeOut(item.id + "\n");
        co_return 0;
    }
    if (options->has("output") && options->get("output") != "table") {
        document::ArrayBuilder items;
        for (const ports::CriImage& item : *listed) items.push(imageValue(item));
        const Value out = Value::object({{"images", std::move(items).build()}});
        const int code = co_await printJson(out, options->get("output"));
        co_return code;
    }
    std::vector<Words> lines;
    for (const ports::CriImage& item : *listed)
        for (const std::string& tag : item.tags) {
            if (options->words().size() > 0 && !contains(tag, options->words()[0])) continue;
            const std::size_t colon = tag.rfind(':');
            lines.push_back({tag.substr(0, colon), tag.substr(colon + 1), options->has("no-trunc") ? item.id : shortId(item.id),
                             humanSize(static_cast<double>(item.size))});
        }
    std::sort(lines.begin(), lines.end());
    lines.insert(lines.begin(), base::split("IMAGE|TAG|IMAGE ID|SIZE", '|'));
    co_await process_.writeOut(table(lines, 20, 3));
    co_return 0;
}

sim::Task<int> Crictl::inspectContainers(Words words) {
    auto options = Options::parse(words, {{"output", 'o', true}, {"quiet", 'q', false}, {"template", 0, true}});
    if (!options.ok() || options->words().empty()) {
        const std::string text = options.ok() ? "ID cannot be empty" : options.error().message;
        const int code = co_await usage(text);
        co_return code;
    }
    for (const std::string& word : options->words()) {
        auto id = co_await containerId(word);
        base::Result<ports::CriContainer> status = base::makeError("");
        if (id.ok()) status = co_await runtime_->containerStatus(*id);
        if (!status.ok()) {
            const int code = co_await fail("getting the status of the container \"" + word + "\": rpc error: code = NotFound desc = an error occurred when try to find container \"" + word + "\": not found");
            co_return code;
        }
        const int code = co_await printJson(containerValue(*status), options->get("output"));
        if (code != 0) co_return code;
    }
    co_return 0;
}

sim::Task<int> Crictl::inspectSandboxes(Words words) {
    auto options = Options::parse(words, {{"output", 'o', true}, {"quiet", 'q', false}, {"template", 0, true}});
    if (!options.ok() || options->words().empty()) {
        const std::string text = options.ok() ? "ID cannot be empty" : options.error().message;
        const int code = co_await usage(text);
        co_return code;
    }
    for (const std::string& word : options->words()) {
        auto id = co_await sandboxId(word);
        base::Result<ports::CriSandbox> status = base::makeError("");
        if (id.ok()) status = co_await runtime_->sandboxStatus(*id);
        if (!status.ok()) {
            const int code = co_await fail("getting the pod sandbox status for \"" + word + "\": rpc error: code = NotFound desc = an error occurred when try to find sandbox: not found");
            co_return code;
        }
        const int code = co_await printJson(sandboxValue(*status), options->get("output"));
        if (code != 0) co_return code;
    }
    co_return 0;
}

sim::Task<int> Crictl::inspectImages(Words words) {
    auto options = Options::parse(words, {{"output", 'o', true}, {"quiet", 'q', false}, {"template", 0, true}});
    if (!options.ok() || options->words().empty()) {
        const std::string text = options.ok() ? "ID cannot be empty" : options.error().message;
        const int code = co_await usage(text);
        co_return code;
    }
    for (const std::string& word : options->words()) {
        auto image = co_await runtime_->imageStatus(word);
        if (!image.ok() || !image->has_value()) {
            const int code = co_await fail("no such image " + base::quoteGo(word) + " present");
            co_return code;
        }
        const Value out = Value::object({{"status", imageValue(**image)}});
        const int code = co_await printJson(out, options->get("output"));
        if (code != 0) co_return code;
    }
    co_return 0;
}

} // namespace tools::crictl
