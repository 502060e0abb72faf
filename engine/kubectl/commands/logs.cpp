// Source: k8s.io/kubectl pkg/cmd/logs/logs.go, pkg/polymorphichelpers/logsforobject.go.
#include "api/times.h"
#include "api/status.h"
#include "base/strings.h"
#include "kubectl/commands/commands.h"
#include "kubectl/commands/streams.h"
#include "kubectl/core/builder.h"

namespace kubectl {

using document::Value;

namespace {

constexpr const char* kUsage = "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\n"
                               "POD or TYPE/NAME is a required argument for the logs command";

struct Source {
    std::string pod, ns, container;
};

class Logs {
public:
    explicit Logs(Session& session) : s_(session), flags_(session.flags) {}

    sim::Task<Outcome> run() {
        BASE_CO_CHECK(readArguments());
        auto sources = co_await findSources();
        if (!sources.ok()) co_return sources.error();
        const bool follow = flags_.on("follow");
        const auto limit = flags_.number("max-log-requests");
        if (follow && sources.value().size() > 1) {
            if (static_cast<std::int64_t>(sources.value().size()) > limit)
                co_return base::makeError("you are attempting to follow " + std::to_string(sources.value().size()) +
                                          " log streams, but maximum allowed concurrency is " + std::to_string(limit) +
                                          ", use --max-log-requests to increase the limit");
            co_return co_await followAll(sources.value());
        }
        for (const Source& source : sources.value()) {
            auto copied = co_await copy(*this, source);
            if (copied.ok()) continue;
            if (!flags_.on("ignore-errors")) co_return copied.error();
            s_.out("error: " + errorText(copied.error()) + "\n");
        }
        co_return 0;
    }

private:
    base::Status readArguments() {
        const auto& args = s_.args;
        const bool selecting = !flags_.text("selector").empty();
        if (args.empty() && !selecting) return s_.usage(kUsage);
        if (args.size() > 2) return s_.usage(kUsage);
        if (!args.empty() && selecting) return s_.usage("only a selector (-l) or a POD name is allowed");
        container_ = flags_.text("container");
        if (args.size() == 2) container_ = args[1];
        if (flags_.duration("pod-running-timeout") <= 0) return base::makeError("--pod-running-timeout must be higher than zero");
        if (const std::string time = flags_.text("since-time"); !time.empty()) {
            BASE_TRY(sinceTime_, api::normalizeTime(time, false));
        }
        return base::okStatus();
    }

    // A refused selector is named with what it was to find.
    base::Error selectorError(const base::Error& error) const {
        const auto* detail = dynamic_cast<const api::StatusDetail*>(error.detail.get());
        if (detail == nullptr || (error.code != 400 && error.code != 404)) return error;
        const std::string text = "Unable to find \"/v1, Resource=pods\" that match label selector " + base::quoteGo(flags_.text("selector")) +
                                 ", field selector \"\": " + error.message;
        return api::errorFromStatus(detail->status.with("message", text));
    }

    // Upstream looks at these once it has found the object.
    base::Status validate() const {
        const bool since = flags_.duration("since") != 0;
        if (!sinceTime_.empty() && since) return base::makeError("at most one of `sinceTime` or `sinceSeconds` may be specified");
        if (flags_.on("all-containers") && !container_.empty())
            return base::makeError("--all-containers=true should not be specified with container name " + container_);
        if (flags_.changed("container") && s_.args.size() == 2)
            return base::makeError("only one of -c or an inline [CONTAINER] arg is allowed");
        if (flags_.number("limit-bytes") < 0) return base::makeError("--limit-bytes must be greater than 0");
        if (sinceSeconds() < 0) return base::makeError("--since must be greater than 0");
        if (flags_.number("tail") < -1) return base::makeError("--tail must be greater than or equal to -1");
        return base::okStatus();
    }

    sim::Task<base::Result<std::vector<Source>>> findSources() {
        std::vector<Source> out;
        auto ns = s_.ns();
        if (!ns.ok()) co_return ns.error();
        if (!flags_.text("selector").empty()) {
            ports::Query query;
            query.set("labelSelector", flags_.text("selector"));
            auto list = co_await s_.get("/api/v1/namespaces/" + ns.value() + "/pods", query);
            if (!list.ok()) co_return selectorError(list.error());
            if (list.value()["items"].size() == 0) s_.err("No resources found in " + ns.value() + " namespace.\n");
            BASE_CO_CHECK(validate());
            for (const Value& pod : list.value()["items"].items()) BASE_CO_CHECK(addPod(pod, out));
            co_return out;
        }
        BuildOptions options;
        options.args = {s_.args[0].find('/') == std::string::npos ? "pods/" + s_.args[0] : s_.args[0]};
        auto built = co_await build(s_, std::move(options));
        if (!built.ok()) co_return built.error();
        for (const base::Error& error : built.value().errors()) {
            if (error.code == 404)
                co_return base::makeError("error from server (NotFound): " + errorText(error) + " in namespace " + base::quoteGo(ns.value()));
            co_return error;
        }
        BASE_CO_CHECK(validate());
        const Value object = built.value().infos()[0].object;
        if (object["kind"].asString() == "Pod") {
            BASE_CO_CHECK(addPod(object, out));
            co_return out;
        }
        auto pods = co_await podsOf(s_, object);
        if (!pods.ok())
            co_return base::makeError("cannot get the logs from *v1." + object["kind"].text() + ": " + errorText(pods.error()));
        for (int waited = 0; pods.value().empty() && waited < 20; ++waited) {
            co_await s_.flush();
            co_await sim::sleepFor(s_.kernel(), sim::kSecond);
            pods = co_await podsOf(s_, object);
            if (!pods.ok()) co_return pods.error();
        }
        if (pods.value().empty()) co_return base::makeError("timed out waiting for the condition");
        if (flags_.on("all-pods")) {
            for (const Value& pod : pods.value()) BASE_CO_CHECK(addPod(pod, out));
            co_return out;
        }
        if (pods.value().size() > 1)
            s_.err("Found " + std::to_string(pods.value().size()) + " pods, using pod/" + pods.value()[0].at("metadata", "name").text() + "\n");
        BASE_CO_CHECK(addPod(pods.value()[0], out));
        co_return out;
    }

    base::Status addPod(const Value& pod, std::vector<Source>& out) {
        const std::string name = pod.at("metadata", "name").text(), ns = pod.at("metadata", "namespace").text();
        if (flags_.on("all-containers") || flags_.on("all-pods")) {
            for (const char* list : {"initContainers", "containers", "ephemeralContainers"})
                for (const Value& container : pod["spec"][list].items()) out.push_back({name, ns, container["name"].text()});
            return base::okStatus();
        }
        auto container = defaultContainer(s_, pod, container_, false, false);
        if (!container.ok() && !container_.empty())
            return base::makeError("container " + container_ + " is not valid for pod " + name);
        if (!container.ok()) return container.error();
        out.push_back({name, ns, container.value()});
        return base::okStatus();
    }

    // Rounded to the nearest second, halves away from zero.
    std::int64_t sinceSeconds() const {
        const std::int64_t since = flags_.duration("since"), half = since < 0 ? -sim::kSecond / 2 : sim::kSecond / 2;
        return (since + half) / sim::kSecond;
    }

    ports::Request requestFor(const Source& source) const {
        ports::Request request;
        request.path = "/api/v1/namespaces/" + source.ns + "/pods/" + source.pod + "/log";
        request.query.set("container", source.container);
        if (flags_.on("follow")) request.query.set("follow", "true");
        if (flags_.on("insecure-skip-tls-verify-backend")) request.query.set("insecureSkipTLSVerifyBackend", "true");
        if (flags_.number("limit-bytes") != 0) request.query.set("limitBytes", flags_.text("limit-bytes"));
        if (flags_.on("previous")) request.query.set("previous", "true");
        if (flags_.duration("since") != 0) request.query.set("sinceSeconds", std::to_string(sinceSeconds()));
        if (!sinceTime_.empty()) request.query.set("sinceTime", sinceTime_);
        std::int64_t tail = flags_.number("tail");
        if (!flags_.text("selector").empty() && !flags_.changed("tail")) tail = 10;
        if (tail >= 0) request.query.set("tailLines", std::to_string(tail));
        if (flags_.on("timestamps")) request.query.set("timestamps", "true");
        return request;
    }

    void put(const Source& source, const std::string& text, std::string& partial) {
        if (!flags_.on("prefix")) {
            s_.out(text);
            return;
        }
        partial += text;
        for (auto end = partial.find('\n'); end != std::string::npos; end = partial.find('\n')) {
            s_.out("[pod/" + source.pod + "/" + source.container + "] " + partial.substr(0, end + 1));
            partial.erase(0, end + 1);
        }
    }

    static sim::Task<base::Status> copy(Logs& self, Source source) {
        auto answer = co_await self.s_.send(self.requestFor(source));
        if (!answer.ok()) co_return answer.error();
        if (answer.value().status != 200) co_return client::errorFromResponse(answer.value());
        std::string partial;
        self.put(source, answer.value().body, partial);
        if (auto pipe = answer.value().stream) {
            while (true) {
                co_await self.s_.flush();
                std::string part = co_await pipe->read();
                if (part.empty()) break;
                self.put(source, part, partial);
            }
        }
        if (!partial.empty()) self.s_.out("[pod/" + source.pod + "/" + source.container + "] " + partial);
        co_await self.s_.flush();
        co_return base::okStatus();
    }

    struct Shared {
        int running = 0;
        sim::Signal changed;
        std::vector<base::Error> errors;
    };
    static sim::Task<void> followOne(Logs& self, Source source, std::shared_ptr<Shared> shared) {
        auto copied = co_await copy(self, source);
        if (!copied.ok()) shared->errors.push_back(copied.error());
        --shared->running;
        shared->changed.notify();
    }
    sim::Task<Outcome> followAll(std::vector<Source> sources) {
        auto shared = std::make_shared<Shared>();
        sim::Scope scope(s_.kernel());
        for (const Source& source : sources) {
            ++shared->running;
            scope.spawn(followOne(*this, source, shared), "kubectl-logs");
        }
        while (shared->running > 0 && (shared->errors.empty() || flags_.on("ignore-errors"))) co_await shared->changed.wait();
        if (!shared->errors.empty()) co_return shared->errors[0];
        co_return 0;
    }

    Session& s_;
    const Flags& flags_;
    std::string container_, sinceTime_;
};

} // namespace

sim::Task<Outcome> runLogs(Session& session) {
    Logs logs(session);
    co_return co_await logs.run();
}

} // namespace kubectl
