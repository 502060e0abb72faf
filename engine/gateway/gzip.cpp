#include "gateway/gzip.h"

#include "base/assert.h"
#include "base/strings.h"

#include <zlib.h>

namespace gateway {

// Level 1, as the API server: most of the gain for little time.
std::string gzip(std::string_view bytes) {
    z_stream stream{};
    const int started = deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
    BASE_ASSERT(started == Z_OK);
    std::string out(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int ended = deflate(&stream, Z_FINISH);
    BASE_ASSERT(ended == Z_STREAM_END);
    out.resize(out.size() - stream.avail_out);
    deflateEnd(&stream);
    return out;
}

bool acceptsGzip(std::string_view acceptEncoding) {
    for (const std::string& part : base::split(acceptEncoding, ',')) {
        const auto pieces = base::split(part, ';');
        if (base::trim(pieces[0]) != "gzip" && base::trim(pieces[0]) != "*") continue;
        const std::string_view weight = pieces.size() > 1 ? base::trim(pieces[1]) : std::string_view();
        return weight != "q=0" && weight != "q=0.0";
    }
    return false;
}

} // namespace gateway
