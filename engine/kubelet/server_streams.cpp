// Logs, exec, attach and port-forward. Source: server/server.go (getContainerLogs, getExec ...),
// kubelet_pods.go (GetKubeletContainerLogs, validateContainerLogStatus).

#include "base/strings.h"
#include "kubelet/log_reader.h"
#include "kubelet/container_manager.h"
#include "kubelet/pod_manager.h"
#include "kubelet/server.h"
#include "kubelet/status_builder.h"
#include "kubelet/status_manager.h"

namespace kubelet {
namespace {

constexpr sim::Duration kFollowLook = 100 * sim::kMillisecond;

std::string idOf(const Value& state) {
    const std::string id = state["containerID"].text();
    const std::size_t at = id.find("://");
    return at == std::string::npos ? id : id.substr(at + 3);
}

struct LogTarget {
    std::string id;
    int status = 200;
    std::string error;
};

// Whose log is meant, or why there is none.
LogTarget logTarget(const Value& status, const std::string& pod, const std::string& container, bool previous) {
    const Value* item = &statusByName(status["containerStatuses"], container);
    if (!item->isObject()) item = &statusByName(status["initContainerStatuses"], container);
    if (!item->isObject()) item = &statusByName(status["ephemeralContainerStatuses"], container);
    if (!item->isObject())
        return {"", 400, "container " + base::quoteGo(container) + " in pod " + base::quoteGo(pod) + " is not available"};
    const Value& last = (*item)["lastState"]["terminated"];
    const Value& state = (*item)["state"];
    const std::string name = "container " + base::quoteGo(container) + " in pod " + base::quoteGo(pod);
    if (previous) {
        if (!last.isObject() || idOf(last).empty()) return {"", 400, "previous terminated " + name + " not found"};
        return {idOf(last), 200, ""};
    }
    if (state["running"].isObject()) return {idOf(*item), 200, ""};
    if (state["terminated"].isObject()) {
        if (!idOf(state["terminated"]).empty()) return {idOf(state["terminated"]), 200, ""};
        if (last.isObject()) return {idOf(last), 200, ""};
        return {"", 400, name + " is terminated"};
    }
    if (last.isObject()) {
        if (!idOf(last).empty()) return {idOf(last), 200, ""};
        return {"", 400, name + " is terminated"};
    }
    const std::string reason = state["waiting"]["reason"].text();
    if (reason == "ErrImagePull") return {"", 400, name + " is waiting to start: image can't be pulled"};
    if (reason == "ImagePullBackOff") return {"", 400, name + " is waiting to start: trying and failing to pull image"};
    if (state["waiting"].isObject()) return {"", 400, name + " is waiting to start: " + reason};
    return {"", 400, name + " is waiting to start - no logs yet"};
}

LogOptions logOptions(const ports::Query& query, std::int64_t now) {
    LogOptions options;
    options.follow = query.get("follow") == "true";
    options.timestamps = query.get("timestamps") == "true";
    options.tailLines = base::parseInt(query.get("tailLines")).value_or(-1);
    options.limitBytes = base::parseInt(query.get("limitBytes")).value_or(-1);
    if (const auto seconds = base::parseInt(query.get("sinceSeconds"))) options.since = now - *seconds * sim::kSecond;
    if (query.has("sinceTime")) options.since = sim::parseRfc3339(query.get("sinceTime")).value_or(0);
    options.stream = std::string(query.get("stream"));
    return options;
}

void cut(std::string& body, std::int64_t& left) {
    if (left < 0) return;
    if (static_cast<std::int64_t>(body.size()) > left) body.resize(static_cast<std::size_t>(left));
    left -= static_cast<std::int64_t>(body.size());
}

// Sends what is there and then what comes, until the container has ended or the reader is gone.
sim::Task<void> follow(Core& core, std::string id, std::string path, LogOptions options, std::uint64_t offset,
                       std::string first, std::int64_t left, std::shared_ptr<sim::Pipe> out) {
    std::string text = std::move(first);
    std::uint64_t seen = core.files().changeCount(path);
    bool ending = false;
    while (true) {
        cut(text, left);
        if (!text.empty()) {
            const bool alive = co_await out->write(text);
            if (!alive) break;
        }
        if (left == 0 || ending || out->readClosed()) break;
        co_await sim::sleepFor(core.kernel(), kFollowLook);
        auto runtime = core.runtime();
        if (runtime.ok()) {
            auto status = co_await (*runtime)->containerStatus(id);
            if (!status.ok() || status->state == ports::CriContainerState::Exited) ending = true;
        }
        text.clear();
        const std::uint64_t count = core.files().changeCount(path);
        if (count == seen && !ending) continue;
        seen = count;
        text = readLog(core.files(), path, options, offset);
    }
    out->closeWrite();
}

} // namespace

sim::Task<ports::Response> Server::containerLogs(ports::Request request, std::vector<std::string> parts) {
    if (parts.size() < 4) co_return ports::textResponse(400, "{\"message\": \"missing podID!\"}");
    const std::string ns = parts[1], name = parts[2], container = parts[3];
    const Value* found = &core_.pods->byFullName(name + "_" + ns);
    if (!found->isObject())
        co_return ports::textResponse(404, "pod " + base::quoteGo(name) + " does not exist\n");
    const Value pod = *found;
    const std::string uid = api::uidOf(pod);
    if (!containerSpec(pod, container).isObject())
        co_return ports::textResponse(404, "container " + base::quoteGo(container) + " not found in pod " + base::quoteGo(name) + "\n");
    const Value known = core_.status->get(uid);
    const Value status = known.isObject() ? known : pod["status"];
    const bool previous = request.query.get("previous") == "true";
    const LogTarget target = logTarget(status, name, container, previous);
    if (target.id.empty()) co_return ports::textResponse(target.status, target.error);
    auto runtime = core_.runtime();
    if (!runtime.ok()) co_return ports::textResponse(500, ports::criErrorText(runtime.error()));
    auto info = co_await (*runtime)->containerStatus(target.id);
    ports::Response response;
    response.headers.set("Content-Type", "text/plain");
    // What the runtime has forgotten is told as the log's text.
    if (!info.ok()) {
        response.body = "unable to retrieve container logs for containerd://" + target.id;
        co_return response;
    }
    const LogOptions options = logOptions(request.query, core_.unixNow());
    std::uint64_t offset = 0;
    if (options.tailLines >= 0 && options.stream.empty())
        offset = tailOffset(core_.files().read(info->logPath).valueOr(""), options.tailLines);
    std::string body = readLog(core_.files(), info->logPath, options, offset);
    std::int64_t left = options.limitBytes;
    if (!options.follow) {
        cut(body, left);
        response.body = std::move(body);
        co_return response;
    }
    response.stream = std::make_shared<sim::Pipe>(1024 * 1024);
    streams_.spawn(follow(core_, target.id, info->logPath, options, offset, body, left, response.stream), "log-follow");
    co_return response;
}

namespace {

sim::Task<void> runStream(std::shared_ptr<ports::ContainerRuntime> runtime, std::string kind, std::string id,
                          std::vector<std::string> command, bool tty, std::uint16_t port,
                          std::shared_ptr<ports::StreamOffer> offer) {
    base::Status done = base::okStatus();
    if (kind == "exec") done = co_await runtime->exec(id, command, tty, offer);
    else if (kind == "attach") done = co_await runtime->attach(id, offer);
    else done = co_await runtime->portForward(id, port, offer);
    if (done.ok()) co_return;
    // The API server wraps the agent's error once more when it translates the streams.
    const std::string wrapped = "Internal error occurred: Internal error occurred: error ";
    if (kind == "exec") offer->failure = wrapped + "executing command in container: " + done.error().message;
    else if (kind == "attach") offer->failure = wrapped + "attaching to container: " + done.error().message;
    else offer->failure = "error forwarding port " + std::to_string(port) + " to pod " + id + ", uid : " + done.error().message;
    if (offer->output) offer->output->closeWrite();
    if (offer->error) offer->error->closeWrite();
    offer->finished.notify();
}

} // namespace

sim::Task<ports::Response> Server::stream(ports::Request request, std::vector<std::string> parts) {
    const std::string kind = parts[0];
    const bool forward = kind == "portForward";
    if (parts.size() < (forward ? 3u : 4u)) co_return ports::textResponse(400, "missing parameters\n");
    const std::string ns = parts[1], name = parts[2], container = forward ? "" : parts.back();
    const Value pod = core_.pods->byFullName(name + "_" + ns);
    if (!pod.isObject()) co_return ports::textResponse(404, "pod does not exist\n");
    auto runtime = core_.runtime();
    if (!runtime.ok()) co_return ports::textResponse(500, ports::criErrorText(runtime.error()));
    auto status = co_await core_.containers->status(api::uidOf(pod));
    if (!status.ok()) co_return ports::textResponse(500, ports::criErrorText(status.error()));
    std::string id;
    if (forward) {
        for (const ports::CriSandbox& item : status->sandboxes)
            if (id.empty() && item.state == ports::CriSandboxState::Ready) id = item.id;
        if (id.empty()) co_return ports::textResponse(500, "failed to find sandbox for pod " + base::quoteGo(podLogText(pod)));
    } else {
        const ports::CriContainer* item = status->find(container);
        const bool gone = item == nullptr || item->state != ports::CriContainerState::Running;
        if (gone && request.upgrade) {
            // The client of an upgrade reads the refusal from its streams.
            ports::StreamOffer& offer = *request.upgrade;
            offer.failure = "Internal error occurred: unable to upgrade connection: container not found (" +
                            base::quoteGo(container) + ")";
            for (const auto& pipe : {offer.output, offer.error})
                if (pipe) pipe->closeWrite();
            offer.finished.notify();
            ports::Response refused;
            refused.status = 101;
            refused.upgraded = true;
            co_return refused;
        }
        if (item == nullptr) co_return ports::textResponse(404, "container not found (" + base::quoteGo(container) + ")\n");
        id = item->id;
    }
    std::vector<std::string> command = request.query.all("command");
    if (kind == "run") {
        command = base::splitFields(request.query.get("cmd"));
        auto result = co_await (*runtime)->execSync(id, command, 0);
        if (!result.ok()) co_return ports::textResponse(500, ports::criErrorText(result.error()));
        co_return ports::textResponse(200, result->output + result->error);
    }
    if (!request.upgrade) co_return ports::textResponse(400, "Upgrade request required");
    ports::Response response;
    response.status = 101;
    response.upgraded = true;
    // A carrier of many connections asks once, without pipes, whether it may; each connection follows.
    if (forward && !request.upgrade->input && !request.upgrade->output) {
        request.upgrade->exitCode = 0;
        request.upgrade->finished.notify();
        co_return response;
    }
    const bool tty = request.query.get("tty") == "true" || request.query.get("tty") == "1";
    std::string portText(request.query.get("port"));
    if (portText.empty()) portText = std::string(request.query.get("ports"));
    const auto port = static_cast<std::uint16_t>(base::parseInt(portText).value_or(0));
    streams_.spawn(runStream(*runtime, kind, id, command, tty, port, request.upgrade), "stream");
    co_return response;
}

} // namespace kubelet
