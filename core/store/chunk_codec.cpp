#include "core/store/chunk_codec.h"

#include <bit>
#include <cmath>

namespace pilotlight::store {
namespace {

constexpr std::array<double, 6> kScales{1.0, 10.0, 100.0, 1'000.0, 10'000.0, 1'000'000.0};
constexpr int kRawBits = 7;
constexpr double kExactIntegers = 9007199254740992.0;  // 2^53
constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
constexpr std::size_t kBitmapBytes = kChunkSlots / 8;

enum TimeMode : int { kConsecutive = 0, kBitmap = 1, kIrregular = 2 };

bool scaled(double value, double scale, std::int64_t& out) {
    const double product = value * scale;
    if (!(std::fabs(product) < kExactIntegers)) return false;  // NaN and infinity too
    const double whole = std::nearbyint(product);
    out = static_cast<std::int64_t>(whole);
    return std::bit_cast<std::uint64_t>(static_cast<double>(out) / scale) == std::bit_cast<std::uint64_t>(value);  // no integer is -0
}

// Order-preserving: negative numbers reversed below positive ones.
std::uint64_t ordered(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    return bits & kSign ? ~bits : bits | kSign;
}
double fromOrdered(std::uint64_t value) { return std::bit_cast<double>(value & kSign ? value & ~kSign : ~value); }

int encodeScaled(std::span<const MetricPoint> points, std::vector<std::uint64_t>& column, std::int64_t& low) {
    std::vector<std::int64_t> whole(points.size());
    for (std::size_t mode = 0; mode < kScales.size(); ++mode) {
        bool fits = true;
        for (std::size_t i = 0; i < points.size() && fits; ++i) fits = scaled(points[i].value, kScales[mode], whole[i]);
        if (!fits) continue;
        low = *std::min_element(whole.begin(), whole.end());
        for (std::size_t i = 0; i < whole.size(); ++i) column[i] = static_cast<std::uint64_t>(whole[i] - low);
        return static_cast<int>(mode);
    }
    return kRawBits;
}

void putTimes(Bytes& out, std::span<const MetricPoint> points, Timestamp start, seconds period, TimeMode mode) {
    const std::int64_t period_ms = period.count() * 1000;
    const auto slot = [&](const MetricPoint& point) { return static_cast<std::uint64_t>((point.time - start).count() / period_ms); };
    if (mode == kConsecutive) {
        putVarint(out, slot(points.front()));
    } else if (mode == kBitmap) {
        const std::size_t at = out.size();
        out.resize(at + kBitmapBytes);
        for (const MetricPoint& point : points) out[at + slot(point) / 8] |= static_cast<std::uint8_t>(1u << (slot(point) % 8));
    } else {
        std::vector<std::uint64_t> offsets;
        offsets.reserve(points.size());
        for (const MetricPoint& point : points) offsets.push_back(static_cast<std::uint64_t>((point.time - start).count()));
        packSmallest(out, offsets);
    }
}

TimeMode timeMode(std::span<const MetricPoint> points, Timestamp start, seconds period) {
    const std::int64_t period_ms = period.count() * 1000;
    for (const MetricPoint& point : points) {
        if ((point.time - start).count() % period_ms != 0) return kIrregular;
    }
    const std::int64_t across = (points.back().time - points.front().time).count() / period_ms + 1;
    return across == static_cast<std::int64_t>(points.size()) ? kConsecutive : kBitmap;
}

Status damaged() {
    return fail(ErrorCode::storage, "A block of metric points in the workspace is damaged", "The rest of the workspace is not affected.",
                "Restore the workspace from a copy, or remove the profile and sync it again.");
}

}  // namespace

void encodeChunk(std::span<const MetricPoint> points, Timestamp start, seconds period, Bytes& out) {
    std::vector<std::uint64_t> column(points.size());
    std::int64_t low = 0;
    const int values = encodeScaled(points, column, low);
    const TimeMode times = timeMode(points, start, period);
    out.push_back(static_cast<std::uint8_t>(times | (values << 2)));
    putVarint(out, points.size());
    putTimes(out, points, start, period, times);
    if (values != kRawBits) {
        putVarint(out, zigzag(low));
    } else {
        const std::uint64_t first = ordered(points[0].value);
        std::uint64_t differing = 0, smallest = ~std::uint64_t{0};
        for (const MetricPoint& point : points) differing |= ordered(point.value) ^ first;
        const int shared = differing == 0 ? 63 : std::countr_zero(differing);
        for (const MetricPoint& point : points) smallest = std::min(smallest, ordered(point.value) >> shared);
        for (std::size_t i = 0; i < points.size(); ++i) column[i] = (ordered(points[i].value) >> shared) - smallest;
        out.push_back(static_cast<std::uint8_t>(shared));
        putVarint(out, first & ((std::uint64_t{1} << shared) - 1));
        putVarint(out, smallest);
    }
    packSmallest(out, column);
}

Status decodeChunk(std::span<const std::uint8_t> bytes, Timestamp start, seconds period, std::vector<MetricPoint>& points) {
    ByteReader in(bytes);
    const int head = in.byte();
    const int times = head & 3, values = (head >> 2) & 7;
    const std::uint64_t count = in.varint();
    const std::int64_t span_ms = chunkSpanSeconds(period) * 1000;
    // A packed block of 32 takes at least two bytes: a short blob cannot ask for a large allocation.
    if (!in.ok() || head >= 32 || times > kIrregular || count == 0 || count > static_cast<std::uint64_t>(span_ms) ||
        (values >= static_cast<int>(kScales.size()) && values != kRawBits) || count > in.left() * kBlock) {
        return damaged();
    }
    if (times != kIrregular && count > kChunkSlots) return damaged();
    const std::size_t begin = points.size();
    const std::size_t number = static_cast<std::size_t>(count);
    points.resize(begin + number);
    const auto broken = [&] {
        points.resize(begin);
        return damaged();
    };
    MetricPoint* const to = points.data() + begin;
    std::vector<std::uint64_t> column(number);
    if (times == kConsecutive) {
        const std::uint64_t first = in.varint();
        if (!in.ok() || first >= kChunkSlots || first + count > kChunkSlots) return broken();
        for (std::size_t i = 0; i < number; ++i) to[i].time = start + period * static_cast<std::int64_t>(first + i);
    } else if (times == kBitmap) {
        const std::uint8_t* bitmap = in.take(kBitmapBytes);
        if (!bitmap) return broken();
        std::size_t found = 0;
        for (std::int64_t slot = 0; slot < kChunkSlots; ++slot) {
            if ((bitmap[slot / 8] >> (slot % 8) & 1) == 0) continue;
            if (found == number) return broken();
            to[found++].time = start + period * slot;
        }
        if (found != number) return broken();
    } else {
        if (!unpackSmallest(in, column)) return broken();
        for (std::size_t i = 0; i < number; ++i) {
            if (column[i] >= static_cast<std::uint64_t>(span_ms) || (i > 0 && column[i] <= column[i - 1])) return broken();
            to[i].time = start + milliseconds(static_cast<std::int64_t>(column[i]));
        }
    }
    if (values != kRawBits) {
        const std::int64_t low = unzigzag(in.varint());
        if (!in.ok() || !unpackSmallest(in, column) || !in.atEnd()) return broken();
        const double scale = kScales[static_cast<std::size_t>(values)];
        for (std::size_t i = 0; i < number; ++i) {
            to[i].value = static_cast<double>(static_cast<std::int64_t>(column[i] + static_cast<std::uint64_t>(low))) / scale;
        }
        return {};
    }
    const int shared = in.byte();
    const std::uint64_t tail = in.varint();
    const std::uint64_t smallest = in.varint();
    if (!in.ok() || shared > 63 || !unpackSmallest(in, column) || !in.atEnd()) return broken();
    for (std::size_t i = 0; i < number; ++i) to[i].value = fromOrdered(((column[i] + smallest) << shared) | tail);
    return {};
}

ChunkSummary summarise(std::span<const MetricPoint> points) {
    ChunkSummary summary;
    bool any = false;
    for (const MetricPoint& point : points) {
        ++summary.points;
        if (std::isnan(point.value)) continue;
        summary.total += point.value;
        summary.low = any ? std::min(summary.low, point.value) : point.value;
        summary.high = any ? std::max(summary.high, point.value) : point.value;
        any = true;
    }
    return summary;
}

std::vector<MetricPoint> mergePoints(std::span<const MetricPoint> older, std::span<const MetricPoint> newer) {
    std::vector<MetricPoint> merged;
    merged.reserve(older.size() + newer.size());
    std::size_t o = 0, n = 0;
    while (o < older.size() || n < newer.size()) {
        if (n == newer.size() || (o < older.size() && older[o].time < newer[n].time)) {
            merged.push_back(older[o++]);
        } else {
            if (o < older.size() && older[o].time == newer[n].time) ++o;
            merged.push_back(newer[n++]);
        }
    }
    return merged;
}

}  // namespace pilotlight::store
