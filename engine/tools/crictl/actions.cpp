// logs, exec, stop, rm, rmi, pull.

#include "base/strings.h"
#include "kubelet/log_reader.h"
#include "tools/crictl/crictl.h"

namespace tools::crictl {

sim::Task<int> Crictl::logs(Words words) {
    const std::vector<Flag> flags{{"follow", 'f', false}, {"tail", 0, true}, {"timestamps", 't', false}, {"previous", 'p', false},
                                  {"since", 0, true}, {"limit-bytes", 0, true}, {"reopen", 'r', false}};
    auto options = Options::parse(words, flags);
    if (!options.ok() || options->words().empty()) {
        const std::string text = options.ok() ? "ID cannot be empty" : options.error().message;
        const int code = co_await usage(text);
        co_return code;
    }
    auto id = co_await containerId(options->words()[0]);
    if (!id.ok()) {
        const int code = co_await fail("rpc error: code = NotFound desc = an error occurred when try to find container \"" + options->words()[0] + "\": not found");
        co_return code;
    }
    auto status = co_await runtime_->containerStatus(*id);
    if (!status.ok()) {
        const int code = co_await fail(ports::criErrorText(status.error()));
        co_return code;
    }
    std::string path = status->logPath;
    if (options->has("previous")) {
        if (status->attempt == 0) {
            const int code = co_await fail("previous terminated container " + base::quoteGo(status->name) + " not found");
            co_return code;
        }
        path = path.substr(0, path.rfind('/') + 1) + std::to_string(status->attempt - 1) + ".log";
    }
    kubelet::LogOptions log;
    log.timestamps = options->has("timestamps");
    if (const auto since = sim::parseGoDuration(options->get("since"))) log.since = process_.kernel().unixNow() - *since;
    std::uint64_t offset = 0;
    if (const auto tail = base::parseInt(options->get("tail")))
        offset = kubelet::tailOffset(process_.files().read(path).valueOr(""), *tail);
    for (const char* stream : {"Stdout", "Stderr"}) {
        log.stream = stream;
        std::uint64_t own = offset;
        const std::string text = kubelet::readLog(process_.files(), path, log, own);
        if (stream[3] == 'o') co_await process_.writeOut(text);
        else co_await process_.writeError(text);
        if (stream[3] == 'e') offset = own;
    }
    while (options->has("follow")) {
        co_await sim::sleepFor(process_.kernel(), 200 * sim::kMillisecond);
        log.stream.clear();
        const std::string text = kubelet::readLog(process_.files(), path, log, offset);
        co_await process_.writeOut(text);
        auto current = co_await runtime_->containerStatus(*id);
        if (!current.ok() || current->state != ports::CriContainerState::Running) break;
    }
    co_return 0;
}

sim::Task<int> Crictl::exec(Words words) {
    const std::vector<Flag> flags{{"interactive", 'i', false}, {"tty", 't', false}, {"sync", 's', false}, {"timeout", 0, true}};
    auto options = Options::parse(words, flags, 1);
    if (!options.ok() || options->words().size() < 2) {
        const std::string text = options.ok() ? "ID and CMD are required" : options.error().message;
        const int code = co_await usage(text);
        co_return code;
    }
    auto id = co_await containerId(options->words()[0]);
    if (!id.ok()) {
        const int code = co_await fail("execing command in container: rpc error: code = NotFound desc = an error occurred when try to find container \"" + options->words()[0] + "\": not found");
        co_return code;
    }
    const Words command(options->words().begin() + 1, options->words().end());
    auto offer = std::make_shared<ports::StreamOffer>();
    if (options->has("interactive")) offer->input = process_.input();
    // The streams end with the command, this program's own do not.
    offer->output = std::make_shared<sim::Pipe>();
    offer->error = std::make_shared<sim::Pipe>();
    const bool tty = options->has("tty") && process_.terminal() != nullptr;
    if (tty) offer->terminal = process_.terminal();
    struct Copy {
        static sim::Task<void> run(std::shared_ptr<sim::Pipe> from, std::shared_ptr<sim::Pipe> to) {
            while (true) {
                std::string bytes = co_await from->read();
                if (bytes.empty()) break;
                const bool alive = co_await to->write(std::move(bytes));
                if (!alive) break;
            }
        }
    };
    sim::Scope scope(process_.kernel());
    scope.spawn(Copy::run(offer->output, process_.output()), "crictl-exec");
    scope.spawn(Copy::run(offer->error, process_.error()), "crictl-exec");
    auto done = co_await runtime_->exec(*id, command, tty, offer);
    if (!done.ok()) {
        const int code = co_await fail("execing command in container: " + ports::criErrorText(done.error()));
        co_return code;
    }
    while (!scope.empty()) co_await sim::sleepFor(process_.kernel(), sim::kMillisecond);
    if (offer->exitCode.value_or(0) != 0) {
        const int code = co_await fail("execing command in container: command terminated with exit code " + std::to_string(*offer->exitCode));
        co_return code;
    }
    co_return 0;
}

sim::Task<int> Crictl::stop(Words words, bool sandbox) {
    auto options = Options::parse(words, {{"timeout", 't', true}});
    if (!options.ok() || options->words().empty()) {
        const std::string text = options.ok() ? "ID cannot be empty" : options.error().message;
        const int code = co_await usage(text);
        co_return code;
    }
    for (const std::string& word : options->words()) {
        base::Result<std::string> id = base::makeError("");
        if (sandbox) id = co_await sandboxId(word);
        else id = co_await containerId(word);
        base::Status done = base::okStatus();
        if (!id.ok()) done = std::move(id).error();
        else if (sandbox) done = co_await runtime_->stopSandbox(*id);
        else done = co_await runtime_->stopContainer(*id, base::parseInt(options->get("timeout")).value_or(0) * sim::kSecond);
        if (!done.ok()) {
            const std::string text = std::string("stopping the ") + (sandbox ? "pod sandbox " : "container ") + base::quoteGo(word) + ": " + ports::criErrorText(done.error());
            const int code = co_await fail(text);
            co_return code;
        }
        const std::string text = sandbox ? "Stopped sandbox " + word + "\n" : word + "\n";
        co_await process_.writeOut(text);
    }
    co_return 0;
}

sim::Task<int> Crictl::remove(Words words, bool sandbox) {
    auto options = Options::parse(words, {{"force", 'f', false}, {"all", 'a', false}});
    if (!options.ok() || (options->words().empty() && !options->has("all"))) {
        const std::string text = options.ok() ? "ID cannot be empty" : options.error().message;
        const int code = co_await usage(text);
        co_return code;
    }
    Words ids = options->words();
    const ports::CriFilter everything;
    if (options->has("all")) {
        if (sandbox) {
            auto listed = co_await runtime_->listSandboxes(everything);
            if (listed.ok())
                for (const ports::CriSandbox& item : *listed) ids.push_back(item.id);
        } else {
            auto listed = co_await runtime_->listContainers(everything);
            if (listed.ok())
                for (const ports::CriContainer& item : *listed) ids.push_back(item.id);
        }
    }
    for (const std::string& word : ids) {
        base::Result<std::string> id = base::makeError("");
        if (sandbox) id = co_await sandboxId(word);
        else id = co_await containerId(word);
        base::Status done = base::okStatus();
        if (!id.ok()) {
            done = std::move(id).error();
        } else if (sandbox) {
            auto status = co_await runtime_->sandboxStatus(*id);
            if (status.ok() && status->state == ports::CriSandboxState::Ready && !options->has("force")) {
                const int code = co_await fail("pod sandbox " + base::quoteGo(word) + " is in READY state. Please stop it before removing");
                co_return code;
            }
            done = co_await runtime_->removeSandbox(*id);
        } else {
            auto status = co_await runtime_->containerStatus(*id);
            if (status.ok() && status->state == ports::CriContainerState::Running && !options->has("force")) {
                const int code = co_await fail("container " + base::quoteGo(word) + " is running, please stop it first");
                co_return code;
            }
            done = co_await runtime_->removeContainer(*id);
        }
        if (!done.ok()) {
            const std::string text = std::string("removing the ") + (sandbox ? "pod sandbox " : "container ") + base::quoteGo(word) + ": " + ports::criErrorText(done.error());
            const int code = co_await fail(text);
            co_return code;
        }
        const std::string text = sandbox ? "Removed sandbox " + word + "\n" : word + "\n";
        co_await process_.writeOut(text);
    }
    co_return 0;
}

sim::Task<int> Crictl::removeImages(Words words) {
    auto options = Options::parse(words, {{"all", 'a', false}, {"prune", 'q', false}});
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
        auto done = co_await runtime_->removeImage((*image)->id);
        if (!done.ok()) {
            const int code = co_await fail("error of removing image " + base::quoteGo(word) + ": " + ports::criErrorText(done.error()));
            co_return code;
        }
        for (const std::string& tag : (*image)->tags) co_await process_.writeOut("Deleted: " + tag + "\n");
    }
    co_return 0;
}

sim::Task<int> Crictl::pull(Words words) {
    auto options = Options::parse(words, {{"creds", 0, true}, {"auth", 0, true}, {"pod-config", 0, true}});
    if (!options.ok() || options->words().empty()) {
        const std::string text = options.ok() ? "Image name cannot be empty" : options.error().message;
        const int code = co_await usage(text);
        co_return code;
    }
    const std::string image = options->words()[0];
    auto pulled = co_await runtime_->pullImage(image);
    if (!pulled.ok()) {
        const int code = co_await fail("pulling image: " + ports::criErrorText(pulled.error()));
        co_return code;
    }
    co_await process_.writeOut("Image is up to date for " + *pulled + "\n");
    co_return 0;
}

} // namespace tools::crictl
