// HTTP/2 (RFC 9113) over nghttp2's memory interface: many requests, watches and logs on one connection,
// each with its own flow control; a reset stream ends its request.

#include "base/strings.h"
#include "gateway/answer.h"
#include "gateway/guard.h"

#include <nghttp2/nghttp2.h>

#include <cstring>
#include <map>
#include <set>

namespace gateway {
namespace {

constexpr std::uint32_t kMaxStreams = 250;
constexpr std::int32_t kStreamWindow = 256 * 1024, kConnectionWindow = 1024 * 1024;
constexpr std::size_t kMaxBodies = 32 * 1024 * 1024;  // request bodies of one connection
constexpr std::size_t kMaxAnswers = 32 * 1024 * 1024; // answers that wait for one connection's reader
constexpr std::size_t kFreeResets = 1000;             // beyond, a client may reset no more than it lets end

struct Stream {
    ports::Request request;
    std::string authority, path;
    std::size_t headBytes = 0;
    bool headDone = false, tooLarge = false, submitted = false;
    std::unique_ptr<Answer> answer;
};

class Http2 : public Protocol {
public:
    Http2(Backend& backend, Peer peer, Wake wake);
    ~Http2() override;
    void receive(std::string_view bytes) override;
    void receiveEnd() override { fail(); }
    void shutdown() override;
    std::string take(std::size_t limit) override;
    bool finished() const override { return failed_ || (nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0); }
    Phase phase() const override;

private:
    static Http2& self(void* user) { return *static_cast<Http2*>(user); }
    static int onBeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* user);
    static int onHeader(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t nameLength, const std::uint8_t* value,
                        std::size_t valueLength, std::uint8_t, void* user);
    static int onData(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t length, void* user);
    static int onFrame(nghttp2_session*, const nghttp2_frame* frame, void* user);
    static int onClose(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user);
    static ssize_t onRead(nghttp2_session*, std::int32_t id, std::uint8_t* out, std::size_t length, std::uint32_t* flags, nghttp2_data_source*, void* user);

    Stream* find(std::int32_t id) {
        const auto found = streams_.find(id);
        return found == streams_.end() ? nullptr : &found->second;
    }
    void start();
    void field(Stream& stream, std::string_view name, std::string_view value);
    void headDone(std::int32_t id, Stream& stream);
    std::optional<ports::Response> refuseHead(Stream& stream) const;
    void dispatch(std::int32_t id, Stream& stream);
    void refuse(std::int32_t id, Stream& stream, ports::Response response);
    void news(std::int32_t id);
    void flush();
    void submit(std::int32_t id, Stream& stream);
    std::size_t waiting() const;
    void fail();

    Backend& backend_;
    Peer peer_;
    Wake wake_;
    nghttp2_session* session_ = nullptr;
    std::map<std::int32_t, Stream> streams_;
    std::set<std::int32_t> news_; // streams whose answers have something new
    std::size_t bodies_ = 0, resets_ = 0, completed_ = 0;
    bool greeted_ = false, failed_ = false;
};

Http2::Http2(Backend& backend, Peer peer, Wake wake) : backend_(backend), peer_(std::move(peer)), wake_(std::move(wake)) { start(); }

Http2::~Http2() {
    streams_.clear();
    nghttp2_session_del(session_);
}

void Http2::start() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, onBeginHeaders);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, onHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, onData);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, onFrame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, onClose);
    const int made = nghttp2_session_server_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    BASE_ASSERT(made == 0);
    const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kMaxStreams},
                                               {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<std::uint32_t>(kStreamWindow)},
                                               {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(kMaxHead)}};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
    nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
}

void Http2::fail() {
    failed_ = true;
    news_.clear();
    streams_.clear();
    wake_();
}

void Http2::receive(std::string_view bytes) {
    if (failed_) return;
    const ssize_t used = nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    if (used < 0) return fail(); // not HTTP/2, or a flood that nghttp2 refuses
    if (resets_ > kFreeResets + completed_) nghttp2_session_terminate_session(session_, NGHTTP2_ENHANCE_YOUR_CALM);
    wake_();
}

void Http2::shutdown() {
    nghttp2_session_terminate_session(session_, NGHTTP2_NO_ERROR);
    wake_();
}

Phase Http2::phase() const {
    bool receiving = false;
    for (const auto& [id, stream] : streams_) {
        if (stream.answer) return Phase::Busy;
        receiving = true;
    }
    if (!greeted_) return Phase::Head;
    return receiving ? Phase::Body : Phase::Idle;
}

int Http2::onBeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    self(user).streams_.try_emplace(frame->hd.stream_id);
    return 0;
}

int Http2::onHeader(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t nameLength, const std::uint8_t* value,
                    std::size_t valueLength, std::uint8_t, void* user) {
    Stream* stream = self(user).find(frame->hd.stream_id);
    if (stream == nullptr || stream->headDone) return 0; // trailers say nothing that we use
    stream->headBytes += nameLength + valueLength + 32;
    if (stream->headBytes > kMaxHead) stream->tooLarge = true;
    else self(user).field(*stream, {reinterpret_cast<const char*>(name), nameLength}, {reinterpret_cast<const char*>(value), valueLength});
    return 0;
}

void Http2::field(Stream& stream, std::string_view name, std::string_view value) {
    if (name == ":method") stream.request.method = value;
    else if (name == ":path") stream.path = value;
    else if (name == ":authority") stream.authority = value;
    else if (name.empty() || name[0] != ':') stream.request.headers.add(name, std::string(value));
}

int Http2::onData(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t length, void* user) {
    Http2& me = self(user);
    Stream* stream = me.find(id);
    if (stream == nullptr || stream->answer) return 0; // refused: the rest is dropped
    if (me.bodies_ + length > kMaxBodies) return nghttp2_submit_rst_stream(me.session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_ENHANCE_YOUR_CALM);
    if (stream->request.body.size() + length > kMaxBody) {
        me.bodies_ -= stream->request.body.size();
        stream->request.body.clear();
        me.refuse(id, *stream, refusal(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728"));
        return 0;
    }
    stream->request.body.append(reinterpret_cast<const char*>(data), length);
    me.bodies_ += length;
    return 0;
}

int Http2::onFrame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Http2& me = self(user);
    if (frame->hd.type == NGHTTP2_SETTINGS) me.greeted_ = true;
    Stream* stream = me.find(frame->hd.stream_id);
    if (stream == nullptr) return 0;
    if (frame->hd.type == NGHTTP2_RST_STREAM) ++me.resets_;
    if (frame->hd.type == NGHTTP2_HEADERS && !stream->headDone) me.headDone(frame->hd.stream_id, *stream);
    const bool carries = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (carries && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 && !stream->answer) me.dispatch(frame->hd.stream_id, *stream);
    return 0;
}

std::optional<ports::Response> Http2::refuseHead(Stream& stream) const {
    ports::Request& request = stream.request;
    if (stream.tooLarge) return malformed(431);
    if (request.method == "CONNECT") return malformed(405);
    const std::string host(request.headers.get("Host"));
    if (!host.empty() && !stream.authority.empty() && host != stream.authority) return malformed(400, "Host and :authority differ");
    if (stream.authority.empty()) stream.authority = host;
    request.headers.set("Host", stream.authority);
    if (!readTarget(stream.path, request)) return malformed(400);
    return guard(request, stream.authority, backend_.port);
}

void Http2::headDone(std::int32_t id, Stream& stream) {
    stream.headDone = true;
    ports::Request& request = stream.request;
    request.peer = peer_.address;
    request.clientChain = peer_.chain;
    request.tls = true;
    request.serverName = "localhost";
    if (auto refused = refuseHead(stream)) refuse(id, stream, std::move(*refused));
}

void Http2::dispatch(std::int32_t id, Stream& stream) {
    bodies_ -= stream.request.body.size();
    stream.answer = std::make_unique<Answer>(backend_, std::move(stream.request), [this, id] { news(id); });
}

void Http2::refuse(std::int32_t id, Stream& stream, ports::Response response) {
    stream.answer = std::make_unique<Answer>(backend_, std::move(response), stream.request.headers.get("Accept-Encoding"), [this, id] { news(id); });
    news_.insert(id);
}

std::size_t Http2::waiting() const {
    std::size_t bytes = 0;
    for (const auto& [id, stream] : streams_)
        if (stream.answer) bytes += stream.answer->available();
    return bytes;
}

void Http2::news(std::int32_t id) {
    news_.insert(id);
    const Stream* stream = find(id);
    if (stream != nullptr && stream->answer && stream->answer->available() > kHighWater && waiting() > kMaxAnswers) failed_ = true;
    wake_();
}

void Http2::submit(std::int32_t id, Stream& stream) {
    stream.submitted = true;
    std::vector<std::pair<std::string, std::string>> fields{{":status", std::to_string(stream.answer->status())}};
    for (const auto& [name, value] : stream.answer->headers().list()) {
        const std::string lower = base::toLower(name);
        if (lower != "connection" && lower != "transfer-encoding" && lower != "keep-alive" && lower != "upgrade" && lower != "content-length") fields.emplace_back(lower, value);
    }
    if (const auto length = stream.answer->length()) fields.emplace_back("content-length", std::to_string(*length));
    std::vector<nghttp2_nv> list;
    for (auto& [name, value] : fields)
        list.push_back({reinterpret_cast<std::uint8_t*>(name.data()), reinterpret_cast<std::uint8_t*>(value.data()), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
    nghttp2_data_provider body{};
    body.read_callback = onRead;
    nghttp2_submit_response(session_, id, list.data(), list.size(), stream.answer->ended() ? nullptr : &body);
}

ssize_t Http2::onRead(nghttp2_session* session, std::int32_t id, std::uint8_t* out, std::size_t length, std::uint32_t* flags, nghttp2_data_source*, void* user) {
    Stream* stream = self(user).find(id);
    if (stream == nullptr || !stream->answer || stream->answer->overflown()) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    const std::string bytes = stream->answer->take(length);
    std::memcpy(out, bytes.data(), bytes.size());
    if (stream->answer->ended()) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        // The rest of a request that was refused early is not wanted. Source: RFC 9113 section 8.1.
        if (nghttp2_session_get_stream_remote_close(session, id) == 0) nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_NO_ERROR);
    } else if (bytes.empty()) {
        return NGHTTP2_ERR_DEFERRED;
    }
    return static_cast<ssize_t>(bytes.size());
}

int Http2::onClose(nghttp2_session*, std::int32_t id, std::uint32_t, void* user) {
    Http2& me = self(user);
    const auto found = me.streams_.find(id);
    if (found == me.streams_.end()) return 0;
    if (!found->second.answer) me.bodies_ -= found->second.request.body.size();
    else if (found->second.answer->ready() && found->second.answer->ended()) ++me.completed_;
    me.streams_.erase(found);
    me.news_.erase(id);
    return 0;
}

void Http2::flush() {
    for (const std::int32_t id : std::exchange(news_, {})) {
        Stream* stream = find(id);
        if (stream == nullptr || !stream->answer || !stream->answer->ready()) continue;
        if (stream->answer->silent()) return fail();
        if (!stream->submitted) submit(id, *stream);
        else nghttp2_session_resume_data(session_, id);
    }
}

std::string Http2::take(std::size_t limit) {
    std::string out;
    if (!failed_) flush();
    if (failed_) return out;
    while (out.size() < limit) {
        const std::uint8_t* data = nullptr;
        const ssize_t length = nghttp2_session_mem_send(session_, &data);
        if (length < 0) {
            fail();
            return {};
        }
        if (length == 0) break;
        out.append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(length));
    }
    return out;
}
} // namespace

std::unique_ptr<Protocol> makeHttp2(Backend& backend, Peer peer, Wake wake) {
    return std::make_unique<Http2>(backend, std::move(peer), std::move(wake));
}

} // namespace gateway
