// Metric series at a longer period: from whole-chunk sums where a chunk lies inside one bucket, else from the points.
#include <fmt/format.h>
#include <cmath>

#include "core/store/chunk_codec.h"
#include "core/store/keys.h"
#include "core/store/store_impl.h"

namespace pilotlight::store {
namespace {

bool adds(Statistic statistic) { return statistic == Statistic::sum || statistic == Statistic::sample_count; }

struct Bucket {
    double value = 0, weight = 0;
    bool any = false;
};

void carry(Bucket& bucket, Statistic statistic, double total, double low, double high) {
    if (adds(statistic))
        bucket.value += total;
    else if (statistic == Statistic::maximum)
        bucket.value = bucket.any ? std::max(bucket.value, high) : high;
    else
        bucket.value = bucket.any ? std::min(bucket.value, low) : low;
    bucket.any = true;
}

// Whole buckets of `period` that are covered throughout.
RangeSet wholeBuckets(const RangeSet& coverage, milliseconds period) {
    RangeSet whole;
    for (const TimeRange& range : coverage.ranges()) {
        const TimeRange inner{ceilTo(range.begin, period), floorTo(range.end, period)};
        if (!inner.empty()) whole.add(inner);
    }
    return whole;
}

tl::unexpected<Error> unsupported(const SeriesKey& key, const std::string& why) {
    return fail(ErrorCode::unsupported,
                fmt::format("{} {} cannot be shown at a longer period: {}", name(key.metric), name(key.statistic), why), "",
                fmt::format("Use the stored period of {} s.", key.period.count()));
}

}  // namespace

Result<MetricSeries> Store::rolledUp(const SeriesKey& key, TimeRange range, seconds period) const {
    if (period == key.period || period.count() == 0) return series(key, range);
    if (period < key.period || period.count() % key.period.count() != 0) {
        return fail(ErrorCode::invalid_argument,
                    fmt::format("{} s is not a multiple of the stored period of {} s", period.count(), key.period.count()));
    }
    const bool average = key.statistic == Statistic::average;
    if (!adds(key.statistic) && !average && key.statistic != Statistic::minimum && key.statistic != Statistic::maximum) {
        return unsupported(key, "percentiles of parts do not give the percentile of the whole");
    }
    Impl& impl = *impl_;
    return impl.readTogether([&]() -> Result<MetricSeries> {
        MetricSeries out{key, {}, {}};
        out.key.period = period;
        if (range.empty()) return out;
        const TimeRange whole{floorTo(std::max(range.begin, kEarliest), period), ceilTo(std::min(range.end, kLatest), period)};
        PILOTLIGHT_ASSIGN(const RangeSet covered, coverage(key, whole));
        out.coverage = wholeBuckets(covered, period);
        std::map<std::int64_t, Bucket> buckets;  // by start, ms
        const std::int64_t width = milliseconds(period).count();
        const auto bucketOf = [&](Timestamp time) -> Bucket& { return buckets[toMs(time) / width * width]; };

        if (average) {
            PILOTLIGHT_ASSIGN(const MetricSeries values, series(key, whole));
            if (values.points.empty()) return out;
            SeriesKey counts_key = key;
            counts_key.statistic = Statistic::sample_count;
            PILOTLIGHT_ASSIGN(MetricSeries counts, series(counts_key, whole));
            if (counts.points.empty() && key.metric == Metric::duration) {  // one sample an invocation
                counts_key.metric = Metric::invocations;
                counts_key.statistic = Statistic::sum;
                PILOTLIGHT_ASSIGN(counts, series(counts_key, whole));
            }
            if (counts.points.empty()) return unsupported(key, "there are no sample counts to weigh the averages with");
            auto count = counts.points.begin();
            for (const MetricPoint& point : values.points) {
                while (count != counts.points.end() && count->time < point.time) ++count;
                if (count == counts.points.end()) break;
                if (count->time != point.time || !(count->value > 0)) continue;
                Bucket& bucket = bucketOf(point.time);
                bucket.value += point.value * count->value;
                bucket.weight += count->value;
                bucket.any = true;
            }
            for (const auto& [start, bucket] : buckets) out.points.push_back({fromMs(start), bucket.value / bucket.weight});
            return out;
        }

        const std::int64_t span = chunkSpanSeconds(key.period);
        const bool by_chunk = period.count() % span == 0;  // chunks are aligned to 1970 as buckets are, so each lies inside one
        if (!by_chunk) {
            PILOTLIGHT_ASSIGN(const MetricSeries values, series(key, whole));
            for (const MetricPoint& point : values.points) {
                if (std::isnan(point.value)) continue;
                carry(bucketOf(point.time), key.statistic, point.value, point.value, point.value);
            }
        } else {
            PILOTLIGHT_ASSIGN(const std::int64_t id, impl.findSeries(key));
            if (id == 0) return out;
            std::int64_t first = 0, last = -1;
            PILOTLIGHT_TRY(impl.database.each(
                "SELECT coalesce(first_chunk, 0), coalesce(last_chunk, -1) FROM series WHERE id = ?",
                [&](Statement& row) -> Status {
                    first = std::max(row.integer(0), chunkStartSeconds(whole.begin, key.period));
                    last = std::min(row.integer(1), chunkStartSeconds(whole.end - milliseconds(1), key.period));
                    return {};
                },
                id));
            for (std::int64_t start = first; start <= last; start += span) {
                PILOTLIGHT_TRY(impl.database.each(
                    "SELECT total, low, high FROM metric_rollup WHERE key = ?",
                    [&](Statement& row) -> Status {
                        const double nan = std::numeric_limits<double>::quiet_NaN();  // infinities of both signs; SQLite keeps that as NULL
                        carry(bucketOf(Timestamp(seconds(start))), key.statistic, row.optionalReal(0).value_or(nan), row.real(1),
                              row.real(2));
                        return {};
                    },
                    chunkKey(start, id)));
            }
        }
        for (const auto& [start, bucket] : buckets) out.points.push_back({fromMs(start), bucket.value});
        return out;
    });
}

}  // namespace pilotlight::store
