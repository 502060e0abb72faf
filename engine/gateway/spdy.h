#pragma once
// SPDY/3.1 framing as kubectl uses it for port-forward and, before 1.30, for exec and attach: streams
// with a few headers, data, half close. No flow control, as the Go library on the other side.
// Source: SPDY Protocol Draft 3.1, sections 2.6 (control frames) and 2.6.10 (name/value header block).

#include "base/result.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

struct SpdyFrame {
    enum Kind { SynStream, SynReply, Reset, Settings, Ping, GoAway, Headers, WindowUpdate, Data, Unknown } kind = Unknown;
    std::uint32_t stream = 0;
    bool finish = false;
    std::map<std::string, std::string> headers; // SynStream, Headers
    std::string data;                           // Data; Ping: its id as received
};

class SpdyCodec {
public:
    SpdyCodec();
    ~SpdyCodec();
    SpdyCodec(const SpdyCodec&) = delete;
    SpdyCodec& operator=(const SpdyCodec&) = delete;

    // Complete frames of the bytes received so far. An error ends the connection.
    base::Result<std::vector<SpdyFrame>> feed(std::string_view bytes);

    std::string synStream(std::uint32_t stream, const std::map<std::string, std::string>& headers, bool finish);
    std::string synReply(std::uint32_t stream, const std::map<std::string, std::string>& headers);
    static std::string data(std::uint32_t stream, std::string_view bytes, bool finish);
    static std::string ping(std::string_view id);
    static std::string reset(std::uint32_t stream);

    static constexpr std::size_t kMaxFrame = 1024 * 1024;
    static constexpr std::size_t kMaxHeaders = 64 * 1024; // decompressed

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace gateway
