// Chunks of points and invocations come out of a file that anything may have happened to. What decodes must encode to the same values.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "core/store/chunk_codec.h"
#include "core/store/invocation_codec.h"

using namespace pilotlight;
using namespace pilotlight::store;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr seconds kPeriod(300);
    const Timestamp start(seconds(chunkSpanSeconds(kPeriod) * 20'000));
    std::vector<MetricPoint> points;
    if (decodeChunk({data, size}, start, kPeriod, points)) {
        Bytes again;
        encodeChunk(points, start, kPeriod, again);
        std::vector<MetricPoint> read;
        if (!decodeChunk(again, start, kPeriod, read) || read.size() != points.size()) std::abort();
        for (std::size_t i = 0; i < points.size(); ++i) {
            if (read[i].time != points[i].time || std::memcmp(&read[i].value, &points[i].value, sizeof(double)) != 0) std::abort();
        }
    } else if (!points.empty()) {
        std::abort();
    }
    std::vector<Invocation> rows;
    if (decodeInvocations({data, size}, start, rows)) {
        Bytes again;
        encodeInvocations(rows, start, again);
        std::vector<Invocation> read;
        if (!decodeInvocations(again, start, read) || read.size() != rows.size()) std::abort();
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (read[i].time != rows[i].time || read[i].request != rows[i].request || read[i].instance != rows[i].instance) std::abort();
        }
    } else if (!rows.empty()) {
        std::abort();
    }
    return 0;
}
