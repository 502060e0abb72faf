// Channels in WebSocket messages: the first byte of a message says which stream it belongs to.

#include "base/strings.h"
#include "gateway/stream_parts.h"

namespace gateway {
namespace {

constexpr std::size_t kPiece = 32 * 1024;

// "0aGk=": a digit and base64, in the variants for browsers.
std::string encode(char channel, std::string_view bytes, bool base64) {
    if (base64) return std::string(1, static_cast<char>('0' + channel)) + base::encodeBase64(bytes);
    return std::string(1, channel).append(bytes);
}

std::optional<std::string> decode(std::string_view message, bool base64) {
    if (message.empty()) return std::nullopt;
    if (!base64) return std::string(message);
    if (message[0] < '0' || message[0] > '9') return std::nullopt;
    const auto bytes = base::decodeBase64(message.substr(1));
    if (!bytes) return std::nullopt;
    return std::string(1, static_cast<char>(message[0] - '0')) + *bytes;
}

void say(StreamOutput& output, char channel, std::string_view bytes, bool base64) {
    if (base64) output.sendText(encode(channel, bytes, true));
    else output.send(encode(channel, bytes, false));
}

sim::Task<void> forward(StreamOutput& output, std::shared_ptr<sim::Pipe> pipe, char channel, bool base64) {
    while (true) {
        while (output.full()) co_await output.drained().wait();
        const std::string bytes = co_await pipe->read(kPiece);
        if (bytes.empty()) break;
        say(output, channel, bytes, base64);
    }
}

// exec and attach.
class ChannelSession : public StreamSession {
public:
    ChannelSession(Backend& backend, StreamPlan plan, StreamOutput& output)
        : plan_(std::move(plan)), output_(output), input_(backend.kernel, plan_.offer->input, output), scope_(backend.kernel) {
        // Tells the client that the connection stands. Source: wsstream createWebSocketStreams.
        say(output_, plan_.offer->output ? 1 : plan_.offer->error ? 2 : 3, {}, plan_.base64);
        scope_.spawn(run(*this), "gateway exec");
    }
    ~ChannelSession() override {
        scope_.cancel();
        abandon(*plan_.offer);
    }
    void receive(std::string_view message) override {
        const auto decoded = decode(message, plan_.base64);
        if (!decoded) return;
        const auto channel = static_cast<unsigned char>((*decoded)[0]);
        const std::string_view bytes = std::string_view(*decoded).substr(1);
        if (channel == 0) input_.push(bytes);
        if (channel == 4) resizeTerminal(*plan_.offer, bytes);
        if (channel == 255 && plan_.version >= 5 && bytes == std::string_view("\0", 1)) input_.end();
    }
    bool congested() const override { return input_.congested(); }

private:
    static sim::Task<void> run(ChannelSession& self) {
        sim::Kernel& kernel = self.scope_.kernel();
        const auto offer = self.plan_.offer;
        sim::Scope errors(kernel);
        if (offer->error) errors.spawn(forward(self.output_, offer->error, 2, self.plan_.base64), "gateway error output");
        if (offer->output) co_await forward(self.output_, offer->output, 1, self.plan_.base64);
        co_await waitForEnd(offer);
        while (!errors.empty()) co_await sim::sleepFor(kernel, sim::kMillisecond);
        const std::string status = exitStatus(*offer, self.plan_.version);
        if (!status.empty()) say(self.output_, 3, status, self.plan_.base64);
        self.output_.close();
    }

    StreamPlan plan_;
    StreamOutput& output_;
    InputFeed input_;
    sim::Scope scope_;
};

// port-forward: channel 2i carries the data of the i-th port, 2i + 1 its errors; each begins with the
// port's number. Source: kubelet pkg/cri/streaming/portforward/websocket.go.
class ForwardChannels : public StreamSession {
public:
    ForwardChannels(Backend& backend, ports::Request request, bool base64, StreamOutput& output)
        : backend_(backend), base64_(base64), output_(output), scope_(backend.kernel) {
        std::vector<std::string> wanted;
        for (const std::string& value : request.query.all("ports"))
            for (const std::string& port : base::split(value, ',')) wanted.push_back(port);
        constexpr std::size_t kMostPorts = 64; // channels are bytes
        if (wanted.size() > kMostPorts) wanted.resize(kMostPorts);
        for (const std::string& port : wanted) open(request, port);
        if (ports_.empty()) output_.close();
    }
    ~ForwardChannels() override {
        scope_.cancel();
        for (auto& port : ports_) abandon(*port->offer);
    }
    void receive(std::string_view message) override {
        const auto decoded = decode(message, base64_);
        if (!decoded) return;
        const auto channel = static_cast<unsigned char>((*decoded)[0]);
        if (channel % 2 == 0 && channel / 2 < ports_.size()) ports_[channel / 2]->input.push(std::string_view(*decoded).substr(1));
    }
    bool congested() const override {
        for (const auto& port : ports_)
            if (port->input.congested()) return true;
        return false;
    }

private:
    struct Port {
        std::shared_ptr<ports::StreamOffer> offer;
        InputFeed input;
        Port(sim::Kernel& kernel, std::shared_ptr<ports::StreamOffer> o, StreamOutput& output) : offer(std::move(o)), input(kernel, offer->input, output) {}
    };

    void open(const ports::Request& request, const std::string& text) {
        const auto number = base::parseInt(text).value_or(0);
        const auto index = static_cast<char>(ports_.size());
        auto offer = std::make_shared<ports::StreamOffer>();
        offer->input = std::make_shared<sim::Pipe>();
        offer->output = std::make_shared<sim::Pipe>();
        ports_.push_back(std::make_unique<Port>(backend_.kernel, offer, output_));
        const std::string little{static_cast<char>(number), static_cast<char>(number >> 8)};
        say(output_, static_cast<char>(2 * index), little, base64_);
        say(output_, static_cast<char>(2 * index + 1), little, base64_);
        ports::Request one = request;
        one.query.set("ports", text);
        one.upgrade = offer;
        scope_.spawn(run(*this, std::move(one), offer, index), "gateway port");
    }

    static sim::Task<void> run(ForwardChannels& self, ports::Request request, std::shared_ptr<ports::StreamOffer> offer, char index) {
        sim::Task<ports::Response> asked = self.backend_.issue(std::move(request));
        const ports::Response response = co_await asked;
        std::string failure = response.upgraded ? std::string() : refusalText(response);
        if (response.upgraded) co_await forward(self.output_, offer->output, static_cast<char>(2 * index), self.base64_);
        if (failure.empty()) failure = offer->failure;
        if (!failure.empty()) say(self.output_, static_cast<char>(2 * index + 1), failure, self.base64_);
        offer->input->closeRead(); // nobody reads what the client still sends
        if (++self.ended_ == self.ports_.size()) self.output_.close();
    }

    Backend& backend_;
    bool base64_;
    StreamOutput& output_;
    std::vector<std::unique_ptr<Port>> ports_;
    std::size_t ended_ = 0;
    sim::Scope scope_;
};
} // namespace

std::unique_ptr<StreamSession> makeChannelSession(Backend& backend, StreamPlan plan, StreamOutput& output) {
    return std::make_unique<ChannelSession>(backend, std::move(plan), output);
}
std::unique_ptr<StreamSession> makeForwardChannels(Backend& backend, ports::Request request, bool base64, StreamOutput& output) {
    return std::make_unique<ForwardChannels>(backend, std::move(request), base64, output);
}

} // namespace gateway
