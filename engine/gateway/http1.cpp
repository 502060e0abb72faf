#include <utility> // before Asio: Boost 1.74 uses std::exchange without including it

#include "base/strings.h"
#include "gateway/answer.h"
#include "gateway/guard.h"
#include "gateway/spdy.h"
#include "gateway/streams.h"
#include "gateway/websocket.h"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace gateway {
namespace {
namespace http = boost::beast::http;
using Parser = http::request_parser<http::string_body>;
using boost::system::error_code;

bool listsToken(std::string_view header, std::string_view token) {
    for (const std::string& part : base::split(header, ','))
        if (base::toLower(base::trim(part)) == token) return true;
    return false;
}

// An answer to a request that could not be read.
ports::Response unreadable(const error_code& failure) {
    if (failure == http::error::header_limit) return malformed(431);
    if (failure == http::error::body_limit) return refusal(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728");
    if (failure == http::error::bad_version) return malformed(505, "unsupported protocol version");
    return malformed(400);
}

// HTTP/1.1 on one connection: requests one after the other, answers in order, then perhaps an upgrade.
class Http1 : public Protocol, public StreamOutput {
public:
    Http1(Backend& backend, Peer peer, Wake wake) : backend_(backend), peer_(std::move(peer)), wake_(std::move(wake)) {}

    void receive(std::string_view bytes) override;
    void receiveEnd() override;
    void shutdown() override;
    std::string take(std::size_t limit) override;
    bool finished() const override { return closing_ && !answer_ && out_.empty(); }
    bool lingers() const override { return linger_; }
    bool congested() const override { return session_ ? session_->congested() : answer_ && in_.size() > kMaxHead; }
    Phase phase() const override {
        if (session_ || answer_) return Phase::Busy;
        if (headSeen_) return Phase::Body;
        return in_.empty() ? Phase::Idle : Phase::Head;
    }

    // What the upgraded connection's session says.
    void send(std::string message) override { put(WebSocketMessage::Binary, std::move(message)); }
    void sendText(std::string message) override { put(WebSocketMessage::Text, std::move(message)); }
    void close() override;
    bool full() const override { return out_.size() > kHighWater; }
    sim::Signal& drained() override { return drained_; }
    void inputTaken() override { wake_(); }

private:
    void advance();
    bool parseSome();
    bool acceptHead();
    std::optional<ports::Response> refuseHead(const Parser& parser);
    bool prepareUpgrade();
    void refuse(ports::Response response);
    void dispatch();
    void writeHead();
    void writeBody(std::size_t limit);
    void endAnswer();
    void beginSession();
    void receiveUpgraded(std::string_view bytes);
    void put(WebSocketMessage::Kind kind, std::string message);
    void sendWatchLines(std::string bytes);

    Backend& backend_;
    Peer peer_;
    Wake wake_;
    std::string in_;
    ByteQueue out_;
    bool closing_ = false, linger_ = false;
    // The request that is being read.
    std::optional<Parser> parser_;
    ports::Request request_;
    bool headSeen_ = false, keepAlive_ = true, http10_ = false;
    // Its answer.
    std::unique_ptr<Answer> answer_;
    bool headSent_ = false;
    // An upgrade: planned, then spoken.
    bool wantsWebSocket_ = false;
    std::optional<StreamPlan> plan_;
    std::optional<ports::Request> forwarded_; // what each forwarded connection asks
    std::optional<WebSocketReader> webSocket_;
    std::string watchLine_; // of a watch in WebSocket messages, not yet complete
    sim::Signal drained_;
    std::unique_ptr<StreamSession> session_; // after what it writes to
};

void Http1::receive(std::string_view bytes) {
    if (closing_) return; // read on only so that the client sees the answer
    if (session_ || webSocket_) return receiveUpgraded(bytes);
    in_.append(bytes);
    advance();
}

void Http1::receiveEnd() {
    closing_ = true;
    in_.clear();
    session_.reset();
    if (answer_ && !(answer_->ready() && answer_->length())) answer_.reset();
    wake_();
}

void Http1::shutdown() {
    keepAlive_ = false;
    if (session_) close();
    else if (answer_ && answer_->length()) return; // ends after the answer
    answer_.reset();
    closing_ = true;
    wake_();
}

void Http1::advance() {
    while (!answer_ && !session_ && !closing_ && !in_.empty() && parseSome()) {}
}

// False when more bytes are needed.
bool Http1::parseSome() {
    if (!parser_) {
        parser_.emplace();
        parser_->header_limit(kMaxHead);
        parser_->body_limit(kMaxBody);
        request_ = {};
        headSeen_ = false;
    }
    error_code failure;
    const std::size_t used = parser_->put(boost::asio::buffer(in_), failure);
    in_.erase(0, used);
    const bool more = failure == http::error::need_more;
    if (failure && !more) {
        refuse(unreadable(failure));
        return false;
    }
    if (!headSeen_ && parser_->is_header_done()) {
        headSeen_ = true;
        if (!acceptHead()) return false;
    }
    if (parser_->is_done()) {
        dispatch();
        return true;
    }
    return used > 0 && !more;
}

// Forms that two parties could read differently (request smuggling) are refused, not guessed.
std::optional<ports::Response> Http1::refuseHead(const Parser& parser) {
    const auto& message = parser.get();
    if (message.version() != 11 && message.version() != 10) return malformed(505, "unsupported protocol version");
    const auto transfer = request_.headers.all("Transfer-Encoding");
    if (!transfer.empty() && (transfer.size() > 1 || base::toLower(transfer[0]) != "chunked" || http10_)) return malformed(501, "unsupported transfer encoding");
    if (request_.headers.all("Content-Length").size() > 1 || (!transfer.empty() && request_.headers.has("Content-Length"))) return malformed(400);
    const auto hosts = request_.headers.all("Host");
    if (hosts.empty() && !http10_) return malformed(400, "missing required Host header");
    if (hosts.size() > 1) return malformed(400, "too many Host headers");
    if (!readTarget(std::string_view(message.target().data(), message.target().size()), request_)) return malformed(400);
    return guard(request_, hosts.empty() ? std::string_view() : std::string_view(hosts[0]), backend_.port);
}

bool Http1::acceptHead() {
    const auto& message = parser_->get();
    http10_ = message.version() == 10;
    keepAlive_ = message.keep_alive();
    request_.method = std::string(message.method_string());
    for (const auto& field : message) request_.headers.add(std::string(field.name_string()), std::string(field.value()));
    request_.peer = peer_.address;
    request_.clientChain = peer_.chain;
    request_.tls = true;
    request_.serverName = "localhost";
    if (auto refused = refuseHead(*parser_)) {
        refuse(std::move(*refused));
        return false;
    }
    if (const auto expected = request_.headers.get("Expect"); !expected.empty() && !http10_) {
        if (base::toLower(expected) != "100-continue") {
            refuse(malformed(417));
            return false;
        }
        if (!parser_->is_done()) out_.append("HTTP/1.1 100 Continue\r\n\r\n");
    }
    return true;
}

// Answers without the API server; what follows on the connection is not read.
void Http1::refuse(ports::Response response) {
    keepAlive_ = false;
    linger_ = true;
    in_.clear();
    headSent_ = false;
    answer_ = std::make_unique<Answer>(backend_, std::move(response), request_.headers.get("Accept-Encoding"), [this] { wake_(); });
    wake_();
}

// False when the upgrade was refused.
bool Http1::prepareUpgrade() {
    wantsWebSocket_ = false;
    plan_.reset();
    if (!listsToken(request_.headers.get("Connection"), "upgrade") || http10_) return true;
    const std::string upgrade = base::toLower(request_.headers.get("Upgrade"));
    const bool streams = isForward(request_) || isRemoteCommand(request_);
    if (upgrade == "websocket") {
        if (request_.headers.get("Sec-WebSocket-Version") != "13" || webSocketAccept(request_.headers.get("Sec-WebSocket-Key")).empty() || request_.method != "GET") {
            refuse(malformed(400, "bad WebSocket handshake"));
            return false;
        }
        wantsWebSocket_ = true;
        if (streams) plan_ = planWebSocket(request_);
    } else if (upgrade == "spdy/3.1" && streams) {
        plan_ = planSpdy(request_);
    } else {
        return true;
    }
    if (streams && !plan_) {
        refuse(malformed(wantsWebSocket_ ? 400 : 403, "unable to upgrade: unable to negotiate protocol"));
        return false;
    }
    return true;
}

void Http1::dispatch() {
    request_.body = std::move(parser_->get().body());
    headSent_ = false;
    if (!prepareUpgrade()) return;
    ports::Request asked = request_;
    if (plan_) {
        asked.method = "POST"; // opening streams needs the right to create them, whatever carries the handshake
        if (plan_->forward) {
            forwarded_ = asked; // each connection asks on its own; without pipes, whether it may
            asked.upgrade = std::make_shared<ports::StreamOffer>();
        } else {
            asked.upgrade = plan_->offer = makeOffer(request_);
            if (!plan_->offer->input && !plan_->offer->output && !plan_->offer->error)
                return refuse(refusal(400, "BadRequest", "you must specify at least 1 of stdin, stdout, stderr"));
        }
    }
    answer_ = std::make_unique<Answer>(backend_, std::move(asked), [this] { wake_(); });
}

std::string Http1::take(std::size_t limit) {
    const bool waited = full();
    if (answer_ && answer_->silent()) {
        closing_ = true;
        answer_.reset();
    }
    if (answer_ && answer_->ready() && out_.size() < limit) {
        if (!headSent_) writeHead();
        if (answer_) writeBody(limit);
    }
    std::string bytes = out_.take(limit);
    if (waited && !full()) drained_.notify();
    return bytes;
}

void Http1::writeHead() {
    headSent_ = true;
    if (answer_->upgraded() || (wantsWebSocket_ && !plan_ && answer_->status() == 200 && !answer_->length())) return beginSession();
    if (plan_) keepAlive_ = false;
    std::string head = std::string(http10_ ? "HTTP/1.0 " : "HTTP/1.1 ") + std::to_string(answer_->status()) + " " + reasonPhrase(answer_->status()) + "\r\n";
    for (const auto& [name, value] : answer_->headers().list()) head += name + ": " + value + "\r\n";
    if (const auto length = answer_->length()) {
        if (answer_->status() != 204 && answer_->status() != 304) head += "Content-Length: " + std::to_string(*length) + "\r\n";
    } else if (http10_) {
        keepAlive_ = false;
    } else {
        head += "Transfer-Encoding: chunked\r\n";
    }
    if (!keepAlive_) head += "Connection: close\r\n";
    else if (http10_) head += "Connection: keep-alive\r\n";
    out_.append(head + "\r\n");
}

void Http1::writeBody(std::size_t limit) {
    const bool chunked = !answer_->length() && !http10_ && !webSocket_;
    while (out_.size() < limit && answer_->available() > 0) {
        std::string bytes = answer_->take(limit);
        if (webSocket_) {
            sendWatchLines(std::move(bytes));
        } else if (chunked) {
            char size[20];
            std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
            out_.append(size);
            out_.append(std::move(bytes));
            out_.append("\r\n");
        } else {
            out_.append(std::move(bytes));
        }
    }
    if (!answer_->ended()) return;
    if (answer_->overflown()) keepAlive_ = false; // cut off without an end, so that the client notices
    else if (webSocket_) close();
    else if (chunked) out_.append("0\r\n\r\n");
    endAnswer();
}

void Http1::endAnswer() {
    answer_.reset();
    parser_.reset();
    headSeen_ = false;
    if (!keepAlive_) closing_ = true;
    else advance();
}

// 101, and from here on the connection belongs to the session or to a watch in WebSocket messages.
void Http1::beginSession() {
    std::string head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n";
    if (wantsWebSocket_) {
        head += "Upgrade: websocket\r\nSec-WebSocket-Accept: " + webSocketAccept(request_.headers.get("Sec-WebSocket-Key")) + "\r\n";
        if (plan_ && !plan_->protocol.empty()) head += "Sec-WebSocket-Protocol: " + plan_->protocol + "\r\n";
        webSocket_.emplace(SpdyCodec::kMaxFrame + 16);
    } else {
        head += "Upgrade: SPDY/3.1\r\n";
        if (!plan_->protocol.empty()) head += "X-Stream-Protocol-Version: " + plan_->protocol + "\r\n";
    }
    out_.append(head + "\r\n");
    keepAlive_ = false;
    linger_ = true; // the client may be sending still, and must see the end
    parser_.reset();
    if (plan_) {
        session_ = makeSession(backend_, *plan_, forwarded_ ? std::move(*forwarded_) : ports::Request(), *this);
        answer_.reset();
    }
    if (!in_.empty()) receiveUpgraded(std::exchange(in_, {}));
}

void Http1::receiveUpgraded(std::string_view bytes) {
    if (!webSocket_) return session_->receive(bytes);
    auto messages = webSocket_->feed(bytes);
    if (!messages.ok()) {
        out_.append(webSocketClose(static_cast<WebSocketCode>(messages.error().code)));
        closing_ = true;
        answer_.reset();
        return wake_();
    }
    for (const WebSocketMessage& message : *messages) {
        if (closing_) return;
        if (message.kind == WebSocketMessage::Ping) out_.append(webSocketFrame(WebSocketMessage::Pong, message.data));
        if (message.kind == WebSocketMessage::Close) {
            out_.append(webSocketFrame(WebSocketMessage::Close, std::string_view(message.data).substr(0, 2)));
            closing_ = true;
            answer_.reset();
        }
        const bool content = message.kind == WebSocketMessage::Binary || message.kind == WebSocketMessage::Text;
        if (content && session_) session_->receive(message.data);
    }
    wake_();
}

void Http1::put(WebSocketMessage::Kind kind, std::string message) {
    if (closing_) return;
    out_.append(webSocket_ ? webSocketFrame(kind, message) : std::move(message));
    if (out_.size() > kMaxBacklog) { // a reader this slow is dropped
        out_.clear();
        closing_ = true;
    }
    wake_();
}

void Http1::close() {
    if (closing_) return;
    if (webSocket_) out_.append(webSocketClose(WebSocketCode::Normal));
    closing_ = true;
    wake_();
}

void Http1::sendWatchLines(std::string bytes) {
    watchLine_ += bytes;
    std::size_t at = 0;
    for (auto end = watchLine_.find('\n'); end != std::string::npos; end = watchLine_.find('\n', at)) {
        put(WebSocketMessage::Text, watchLine_.substr(at, end - at));
        at = end + 1;
    }
    watchLine_.erase(0, at);
}
} // namespace

std::unique_ptr<Protocol> makeHttp1(Backend& backend, Peer peer, Wake wake) {
    return std::make_unique<Http1>(backend, std::move(peer), std::move(wake));
}

} // namespace gateway
