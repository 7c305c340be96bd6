#include "core/net/gzip.h"

#include <zlib.h>

#include <array>

namespace pilotlight::net {

Result<std::string> gunzip(std::string_view data, std::uint64_t max_bytes) {
    z_stream stream{};
    if (inflateInit2(&stream, 15 + 32) != Z_OK) return fail(ErrorCode::internal, "zlib could not be started");
    struct End {
        z_stream* stream;
        ~End() { inflateEnd(stream); }
    } end{&stream};
    std::string out;
    std::array<char, 64 * 1024> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
    stream.avail_in = static_cast<uInt>(data.size());
    int state = Z_OK;
    while (true) {
        stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
        stream.avail_out = static_cast<uInt>(buffer.size());
        state = inflate(&stream, Z_NO_FLUSH);
        const std::size_t produced = buffer.size() - stream.avail_out;
        if (out.size() + produced > max_bytes) {
            return fail(ErrorCode::network,
                        "The answer is longer than the " + std::to_string(max_bytes) + " bytes that were expected at most");
        }
        out.append(buffer.data(), produced);
        if (state == Z_STREAM_END) {
            if (stream.avail_in == 0) return out;
            if (inflateReset(&stream) != Z_OK) break;
            continue;
        }
        if (state != Z_OK || (stream.avail_in == 0 && produced == 0)) break;
    }
    return fail(ErrorCode::network, "The compressed answer is cut or damaged");
}

}  // namespace pilotlight::net
