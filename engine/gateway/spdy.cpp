#include "gateway/spdy.h"

#include "base/assets.h"

#include <zlib.h>

namespace gateway {
namespace {
std::uint32_t read32(std::string_view bytes, std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i])); };
    return byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3);
}
void put32(std::string& out, std::uint32_t value) {
    for (int shift : {24, 16, 8, 0}) out += static_cast<char>(value >> shift);
}
std::string_view dictionary() { return base::asset("gateway/spdy3-dictionary.bin"); }

std::string controlFrame(std::uint16_t type, std::uint8_t flags, std::string_view body) {
    std::string out = "\x80\x03";
    out += static_cast<char>(type >> 8);
    out += static_cast<char>(type);
    put32(out, static_cast<std::uint32_t>(flags) << 24 | static_cast<std::uint32_t>(body.size()));
    return out.append(body);
}
} // namespace

// Header blocks of one direction share one compression context for the whole connection.
struct SpdyCodec::State {
    z_stream inflater{}, deflater{};
    std::string buffer;

    base::Result<std::string> decompress(std::string_view bytes) {
        std::string out;
        inflater.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
        inflater.avail_in = static_cast<uInt>(bytes.size());
        while (inflater.avail_in > 0) {
            char chunk[4096];
            inflater.next_out = reinterpret_cast<Bytef*>(chunk);
            inflater.avail_out = sizeof chunk;
            const int code = inflate(&inflater, Z_SYNC_FLUSH);
            const auto* known = reinterpret_cast<const Bytef*>(dictionary().data());
            if (code == Z_NEED_DICT && inflateSetDictionary(&inflater, known, static_cast<uInt>(dictionary().size())) == Z_OK) continue;
            // Another dictionary, or an end of what goes on as long as the connection: no way forward.
            if (code != Z_OK && code != Z_BUF_ERROR) return base::makeError("spdy: bad header compression");
            out.append(chunk, sizeof chunk - inflater.avail_out);
            if (out.size() > kMaxHeaders) return base::makeError("spdy: header block too large");
            if (code == Z_BUF_ERROR && inflater.avail_out == sizeof chunk) break;
        }
        return out;
    }

    std::string compress(std::string_view bytes) {
        std::string out;
        deflater.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
        deflater.avail_in = static_cast<uInt>(bytes.size());
        do {
            char chunk[4096];
            deflater.next_out = reinterpret_cast<Bytef*>(chunk);
            deflater.avail_out = sizeof chunk;
            deflate(&deflater, Z_SYNC_FLUSH);
            out.append(chunk, sizeof chunk - deflater.avail_out);
        } while (deflater.avail_out == 0);
        return out;
    }
};

SpdyCodec::SpdyCodec() : state_(std::make_unique<State>()) {
    inflateInit(&state_->inflater);
    deflateInit(&state_->deflater, Z_BEST_SPEED);
    deflateSetDictionary(&state_->deflater, reinterpret_cast<const Bytef*>(dictionary().data()), static_cast<uInt>(dictionary().size()));
}

SpdyCodec::~SpdyCodec() {
    inflateEnd(&state_->inflater);
    deflateEnd(&state_->deflater);
}

namespace {
base::Result<std::map<std::string, std::string>> parseHeaders(std::string_view block) {
    std::map<std::string, std::string> headers;
    const auto bad = [] { return base::makeError("spdy: malformed header block"); };
    if (block.size() < 4) return bad();
    std::uint32_t count = read32(block, 0);
    std::size_t at = 4;
    const auto take = [&](std::string& out) {
        if (at + 4 > block.size()) return false;
        const std::uint32_t length = read32(block, at);
        at += 4;
        if (length > block.size() - at) return false;
        out = block.substr(at, length);
        at += length;
        return true;
    };
    for (; count > 0; --count) {
        std::string name, value;
        if (!take(name) || !take(value)) return bad();
        headers[name] = value;
    }
    return headers;
}
} // namespace

base::Result<std::vector<SpdyFrame>> SpdyCodec::feed(std::string_view bytes) {
    std::string& buffer = state_->buffer;
    buffer.append(bytes);
    std::vector<SpdyFrame> frames;
    std::size_t at = 0;
    while (buffer.size() - at >= 8) {
        const std::string_view head = std::string_view(buffer).substr(at);
        const std::uint32_t word = read32(head, 4);
        const std::size_t length = word & 0xffffff;
        if (length > kMaxFrame) return base::makeError("spdy: frame too large");
        if (head.size() < 8 + length) break;
        const std::string_view body = head.substr(8, length);
        const auto flags = static_cast<std::uint8_t>(word >> 24);
        SpdyFrame frame;
        if ((head[0] & '\x80') == 0) {
            frame.kind = SpdyFrame::Data;
            frame.stream = read32(head, 0) & 0x7fffffff;
            frame.data = body;
            frame.finish = (flags & 1) != 0;
        } else {
            const std::uint32_t type = read32(head, 0) & 0xffff;
            frame.kind = type == 1 ? SpdyFrame::SynStream : type == 2 ? SpdyFrame::SynReply : type == 3 ? SpdyFrame::Reset : type == 4 ? SpdyFrame::Settings
                       : type == 6 ? SpdyFrame::Ping : type == 7 ? SpdyFrame::GoAway : type == 8 ? SpdyFrame::Headers : type == 9 ? SpdyFrame::WindowUpdate : SpdyFrame::Unknown;
            if (length >= 4) frame.stream = read32(body, 0) & 0x7fffffff;
            frame.finish = (flags & 1) != 0 && type != 4;
            if (frame.kind == SpdyFrame::Ping) frame.data = body;
            const std::size_t skip = frame.kind == SpdyFrame::SynStream ? 10 : 4;
            if (frame.kind == SpdyFrame::SynStream || frame.kind == SpdyFrame::SynReply || frame.kind == SpdyFrame::Headers) {
                if (body.size() < skip) return base::makeError("spdy: short control frame");
                BASE_TRY(const std::string block, state_->decompress(body.substr(skip)));
                BASE_TRY(frame.headers, parseHeaders(block));
            }
        }
        frames.push_back(std::move(frame));
        at += 8 + length;
    }
    buffer.erase(0, at);
    return frames;
}

namespace {
std::string headerBlock(const std::map<std::string, std::string>& headers) {
    std::string block;
    put32(block, static_cast<std::uint32_t>(headers.size()));
    for (const auto& [name, value] : headers) {
        put32(block, static_cast<std::uint32_t>(name.size()));
        block += name;
        put32(block, static_cast<std::uint32_t>(value.size()));
        block += value;
    }
    return block;
}
} // namespace

std::string SpdyCodec::synStream(std::uint32_t stream, const std::map<std::string, std::string>& headers, bool finish) {
    std::string body;
    put32(body, stream);
    body.append(6, '\0'); // no associated stream, priority 0
    return controlFrame(1, finish ? 1 : 0, body + state_->compress(headerBlock(headers)));
}

std::string SpdyCodec::synReply(std::uint32_t stream, const std::map<std::string, std::string>& headers) {
    std::string body;
    put32(body, stream);
    return controlFrame(2, 0, body + state_->compress(headerBlock(headers)));
}

std::string SpdyCodec::data(std::uint32_t stream, std::string_view bytes, bool finish) {
    std::string out;
    put32(out, stream);
    put32(out, (finish ? 0x01000000U : 0U) | static_cast<std::uint32_t>(bytes.size()));
    return out.append(bytes);
}

std::string SpdyCodec::ping(std::string_view id) { return controlFrame(6, 0, id); }

std::string SpdyCodec::reset(std::uint32_t stream) {
    std::string body;
    put32(body, stream);
    put32(body, 5); // CANCEL
    return controlFrame(3, 0, body);
}

} // namespace gateway
