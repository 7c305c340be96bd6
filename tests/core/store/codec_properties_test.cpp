// The codecs lose nothing and survive any bytes.
#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include <bit>
#include <cmath>

#include "core/store/chunk_codec.h"
#include "core/store/invocation_codec.h"
#include "core/store/keys.h"
#include "core/store/packing.h"
#include "tests/core/store/store_support.h"

namespace pilotlight::store {
namespace {

constexpr seconds kPeriod(300);

// Every kind of double a series may hold, mixed within one chunk.
rc::Gen<double> anyDouble() {
    return rc::gen::oneOf(
        rc::gen::map(rc::gen::inRange<std::int64_t>(-5, 5000), [](std::int64_t v) { return double(v); }),
        rc::gen::map(rc::gen::inRange<std::int64_t>(-99999, 99999), [](std::int64_t v) { return double(v) / 100; }),
        rc::gen::map(rc::gen::arbitrary<std::uint64_t>(), [](std::uint64_t v) { return std::bit_cast<double>(v); }),
        rc::gen::map(rc::gen::arbitrary<float>(), [](float v) { return double(v); }),
        rc::gen::element(0.0, -0.0, std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
                         std::numeric_limits<double>::quiet_NaN(), std::bit_cast<double>(0xfff8000000000123ull), 9007199254740992.0,
                         9007199254740993.0, std::numeric_limits<double>::denorm_min(), std::numeric_limits<double>::max(), 0.1, 1e-300));
}

void roundTrip(const std::vector<MetricPoint>& points, Timestamp start) {
    Bytes bytes;
    encodeChunk(points, start, kPeriod, bytes);
    std::vector<MetricPoint> read;
    const Status decoded = decodeChunk(bytes, start, kPeriod, read);
    RC_ASSERT(decoded.has_value());
    RC_ASSERT(read.size() == points.size());
    for (std::size_t i = 0; i < points.size(); ++i) {
        RC_ASSERT(read[i].time == points[i].time);
        RC_ASSERT(std::bit_cast<std::uint64_t>(read[i].value) == std::bit_cast<std::uint64_t>(points[i].value));
    }
}

RC_GTEST_PROP(ChunkCodec, OnTheGrid, ()) {
    std::vector<MetricPoint> points;
    const int density = *rc::gen::inRange(1, 101);
    for (int slot = 0; slot < kChunkSlots; ++slot) {
        if (*rc::gen::inRange(0, 100) < density) points.push_back({kDay + kPeriod * slot, *anyDouble()});
    }
    RC_PRE(!points.empty());
    roundTrip(points, kDay);
}

RC_GTEST_PROP(ChunkCodec, OneKindOfValue, ()) {
    // Mixed kinds always end as raw bits; one kind exercises the integer modes.
    const double scale = *rc::gen::element(1.0, 10.0, 100.0, 1000.0, 10000.0, 1000000.0);
    const auto width = *rc::gen::element<std::int64_t>(2, 1000, 1'000'000, 1'000'000'000'000);
    std::vector<MetricPoint> points;
    const int count = *rc::gen::inRange(1, static_cast<int>(kChunkSlots) + 1);
    for (int i = 0; i < count; ++i) points.push_back({kDay + kPeriod * i, double(*rc::gen::inRange<std::int64_t>(-width, width)) / scale});
    roundTrip(points, kDay);
}

RC_GTEST_PROP(ChunkCodec, IrregularTimes, ()) {
    auto offsets = *rc::gen::unique<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, 86'400'000));
    RC_PRE(!offsets.empty());
    std::sort(offsets.begin(), offsets.end());
    std::vector<MetricPoint> points;
    for (const auto offset : offsets) points.push_back({kDay + milliseconds(offset), *anyDouble()});
    roundTrip(points, kDay);
}

RC_GTEST_PROP(ChunkCodec, SurvivesAnyBytes, (const std::vector<std::uint8_t>& bytes)) {
    std::vector<MetricPoint> points{{kDay, 1}};
    if (!decodeChunk(bytes, kDay, kPeriod, points)) RC_ASSERT(points.size() == 1u);
    std::vector<Invocation> rows(1);
    if (!decodeInvocations(bytes, kDay, rows)) RC_ASSERT(rows.size() == 1u);
}

RC_GTEST_PROP(ChunkCodec, NoticesCutsAndSurvivesFlips, ()) {
    std::vector<MetricPoint> points;
    for (int i = 0; i < 288; ++i) points.push_back({kDay + kPeriod * i, *anyDouble()});
    Bytes bytes;
    encodeChunk(points, kDay, kPeriod, bytes);
    std::vector<MetricPoint> read;
    const auto cut = *rc::gen::inRange<std::size_t>(0, bytes.size());
    RC_ASSERT_FALSE(decodeChunk(std::span(bytes).first(cut), kDay, kPeriod, read).has_value());
    RC_ASSERT(read.empty());
    bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] ^= static_cast<std::uint8_t>(1 << *rc::gen::inRange(0, 8));
    (void)decodeChunk(bytes, kDay, kPeriod, read);  // must not crash or read outside; sanitizers watch
}

RC_GTEST_PROP(Packing, AnyColumn, ()) {
    const int bits = *rc::gen::inRange(0, 65);
    const std::uint64_t mask = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
    const auto base = *rc::gen::element<std::uint64_t>(0, 1, std::uint64_t{1} << 40, ~std::uint64_t{0} - mask);
    auto values = *rc::gen::container<std::vector<std::uint64_t>>(
        rc::gen::map(rc::gen::arbitrary<std::uint64_t>(), [&](auto v) { return base + (v & mask); }));
    Bytes bytes;
    pack(bytes, values);
    RC_ASSERT(bytes.size() == packedSize(values));
    ByteReader in(bytes);
    std::vector<std::uint64_t> read(values.size());
    RC_ASSERT(unpack(in, read));
    RC_ASSERT(in.atEnd());
    RC_ASSERT(read == values);
    Bytes smallest;
    packSmallest(smallest, values);
    ByteReader again(smallest);
    std::vector<std::uint64_t> back(values.size());
    RC_ASSERT(unpackSmallest(again, back));
    RC_ASSERT(back == values);
    RC_ASSERT(smallest.size() <= bytes.size() + 1);
}

RC_GTEST_PROP(InvocationCodec, AnyRows, ()) {
    const bool wild = *rc::gen::arbitrary<bool>();
    const auto number = [&]() -> float {
        if (wild) return std::bit_cast<float>(*rc::gen::arbitrary<std::uint32_t>());
        return static_cast<float>(*rc::gen::inRange(0, 2'000'000)) / 100.0f;
    };
    std::vector<Invocation> rows(*rc::gen::inRange<std::size_t>(1, 200));
    for (Invocation& row : rows) {
        row.time = kDay + milliseconds(*rc::gen::inRange<std::int64_t>(0, 3'600'000));
        row.duration_ms = number();
        row.init_ms = *rc::gen::inRange(0, 5) == 0 ? number() : -1.0f;
        if (!row.cold()) row.init_ms = -1.0f;
        row.billed_ms = *rc::gen::arbitrary<bool>() ? number() : std::ceil(row.duration_ms);
        row.max_memory_used_mb = number();
        row.memory_mb = *rc::gen::inRange(-1, 10240);
        row.instance = *rc::gen::element<std::uint64_t>(1, 2, 3, ~std::uint64_t{0});
        row.request = *rc::gen::arbitrary<std::uint64_t>();
        row.failed = *rc::gen::arbitrary<bool>();
        row.timed_out = *rc::gen::arbitrary<bool>();
        row.provisioned = *rc::gen::arbitrary<bool>();
    }
    const auto sorted = mergeInvocations({}, rows);
    Bytes bytes;
    encodeInvocations(sorted, kDay, bytes);
    std::vector<Invocation> read;
    RC_ASSERT(decodeInvocations(bytes, kDay, read).has_value());
    RC_ASSERT(read.size() == sorted.size());
    for (std::size_t i = 0; i < read.size(); ++i) {
        const auto bits = [](float value) { return std::bit_cast<std::uint32_t>(value); };
        RC_ASSERT(read[i].time == sorted[i].time);
        RC_ASSERT(bits(read[i].duration_ms) == bits(sorted[i].duration_ms));
        RC_ASSERT(bits(read[i].billed_ms) == bits(sorted[i].billed_ms));
        RC_ASSERT(bits(read[i].init_ms) == bits(sorted[i].init_ms));
        RC_ASSERT(bits(read[i].max_memory_used_mb) == bits(sorted[i].max_memory_used_mb));
        RC_ASSERT(read[i].memory_mb == sorted[i].memory_mb);
        RC_ASSERT(read[i].instance == sorted[i].instance);
        RC_ASSERT(read[i].request == sorted[i].request);
        RC_ASSERT(read[i].failed == sorted[i].failed && read[i].timed_out == sorted[i].timed_out &&
                  read[i].provisioned == sorted[i].provisioned);
    }
    const auto cut = *rc::gen::inRange<std::size_t>(0, bytes.size());
    std::vector<Invocation> none;
    RC_ASSERT_FALSE(decodeInvocations(std::span(bytes).first(cut), kDay, none).has_value());
    RC_ASSERT(mergeInvocations(sorted, rows).size() == sorted.size());  // merging again adds nothing
}

// The store against a plain map: overlapping rewrites, gaps, coverage.
TEST(MetricsModel, AgreesWithAMap) {
    std::mt19937_64 random(5);
    for (int round = 0; round < 6; ++round) {
        Workspace workspace;
        Store store = workspace.writer();
        const seconds period = round % 3 == 0 ? seconds(60) : round % 3 == 1 ? seconds(300) : seconds(3600);
        const auto k = key(Metric::duration, Statistic::average, "arn:f", period);
        std::map<Timestamp, double> model;
        std::vector<bool> covered(2000, false);
        for (int write = 0; write < 40; ++write) {
            MetricSeries series{k, {}, {}};
            const std::int64_t first = static_cast<std::int64_t>(random() % 1500), count = 1 + static_cast<std::int64_t>(random() % 400);
            for (std::int64_t i = first; i < first + count; ++i) {
                if (random() % 4 == 0) continue;
                const Timestamp time = kDay + period * i + milliseconds(random() % 50 == 0 ? 1 : 0);
                const double value = random() % 2 == 0 ? double(random() % 100) : std::bit_cast<double>(random());
                series.points.push_back({time, value});
                model[time] = value;
            }
            series.coverage.add({kDay + period * first, kDay + period * (first + count)});
            std::fill(covered.begin() + first, covered.begin() + first + count, true);
            ASSERT_OK(store.putSeries(std::vector{series}));
        }
        const auto from = static_cast<std::int64_t>(random() % 500), to = from + static_cast<std::int64_t>(random() % 1500);
        const TimeRange window{kDay + period * from, kDay + period * to};
        const auto read = store.series(k, window).value();
        std::vector<MetricPoint> expected;
        for (auto it = model.lower_bound(window.begin); it != model.end() && it->first < window.end; ++it)
            expected.push_back({it->first, it->second});
        ASSERT_EQ(read.points.size(), expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            ASSERT_EQ(read.points[i].time, expected[i].time);
            ASSERT_EQ(std::bit_cast<std::uint64_t>(read.points[i].value), std::bit_cast<std::uint64_t>(expected[i].value));
        }
        for (std::int64_t i = from; i < to; ++i) {
            ASSERT_EQ(read.coverage.covers({kDay + period * i, kDay + period * (i + 1)}), covered[static_cast<std::size_t>(i)]) << i;
        }
        for (std::size_t i = 1; i < read.coverage.ranges().size(); ++i) {
            ASSERT_LT(read.coverage.ranges()[i - 1].end, read.coverage.ranges()[i].begin);
        }
    }
}

}  // namespace
}  // namespace pilotlight::store
