#include "core/platform/gcp/metric_page.h"

#include <simdjson.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "core/platform/gcp/distribution.h"

namespace pilotlight::platform::gcp {

namespace dom = simdjson::dom;

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kMostBuckets = 10'000;

tl::unexpected<Error> unreadable(const char* why) {
    return fail(ErrorCode::protocol, std::string("The answer of monitoring.timeSeries.list cannot be read: ") + why,
                "The metrics of this page are missing; nothing was stored of it.", "Check that the endpoint is Cloud Monitoring's.");
}

std::string_view textAt(dom::element object, std::string_view key) {
    std::string_view text;
    return object[key].get_string().get(text) == simdjson::SUCCESS ? text : std::string_view{};
}

// A number, or one in a string (64-bit integers are).
std::optional<double> numberOf(dom::element value) {
    double number = 0;
    if (value.get_double().get(number) == simdjson::SUCCESS) return number;
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
    return number;
}

double numberAt(dom::element object, std::string_view key, double otherwise = 0) {
    dom::element value;
    return object[key].get(value) == simdjson::SUCCESS ? numberOf(value).value_or(otherwise) : otherwise;
}

std::int64_t countAt(dom::element value) {
    const double number = numberOf(value).value_or(0);
    return number > 0 && number < 9e15 ? static_cast<std::int64_t>(number) : 0;
}

bool readBuckets(dom::element options, Buckets& buckets) {
    dom::element kind;
    if (options["linearBuckets"].get(kind) == simdjson::SUCCESS) {
        buckets.kind = Buckets::Kind::linear;
        buckets.width = numberAt(kind, "width");
        buckets.offset = numberAt(kind, "offset");
    } else if (options["exponentialBuckets"].get(kind) == simdjson::SUCCESS) {
        buckets.kind = Buckets::Kind::exponential;
        buckets.growth = numberAt(kind, "growthFactor");
        buckets.scale = numberAt(kind, "scale");
        if (!(buckets.growth > 1) || !(buckets.scale > 0)) return false;
    } else if (options["explicitBuckets"].get(kind) == simdjson::SUCCESS) {
        buckets.kind = Buckets::Kind::explicit_bounds;
        dom::array bounds;
        if (kind["bounds"].get_array().get(bounds) == simdjson::SUCCESS) {
            for (const auto bound : bounds) {
                if (buckets.bounds.size() >= kMostBuckets) return false;
                const double value = numberOf(bound).value_or(kNone);
                if (std::isnan(value) || (!buckets.bounds.empty() && value <= buckets.bounds.back())) return false;
                buckets.bounds.push_back(value);
            }
        }
        return true;
    } else {
        return false;
    }
    const double finite = numberAt(kind, "numFiniteBuckets");
    if (!(finite >= 1 && finite <= static_cast<double>(kMostBuckets)) || (buckets.kind == Buckets::Kind::linear && !(buckets.width > 0)))
        return false;
    buckets.finite = static_cast<std::int64_t>(finite);
    return true;
}

// Distributions without readable buckets keep their count and mean.
void readDistribution(dom::element value, TimePoint& point) {
    Distribution distribution;
    point.distribution = true;
    point.count = numberAt(value, "count");
    point.value = numberAt(value, "mean");
    point.p50 = point.p90 = point.p95 = point.p99 = point.highest = kNone;
    dom::element options, range;
    if (value["bucketOptions"].get(options) != simdjson::SUCCESS || !readBuckets(options, distribution.buckets)) return;
    if (value["range"].get(range) == simdjson::SUCCESS) {
        distribution.minimum = numberAt(range, "min");
        distribution.maximum = numberAt(range, "max");
        if (*distribution.minimum > *distribution.maximum) distribution.minimum = distribution.maximum = std::nullopt;
    }
    dom::array counts;
    if (value["bucketCounts"].get_array().get(counts) != simdjson::SUCCESS) return;
    for (const auto count : counts) {
        if (distribution.counts.size() > kMostBuckets + 2) return;
        distribution.counts.push_back(countAt(count));
    }
    point.p50 = distribution.percentile(0.50).value_or(kNone);
    point.p90 = distribution.percentile(0.90).value_or(kNone);
    point.p95 = distribution.percentile(0.95).value_or(kNone);
    point.p99 = distribution.percentile(0.99).value_or(kNone);
    point.highest = distribution.highest().value_or(kNone);
}

bool readPoint(dom::element item, TimePoint& point) {
    dom::element interval, value, inner;
    if (item["interval"].get(interval) != simdjson::SUCCESS) return false;
    const auto end = parseIso8601(textAt(interval, "endTime"));
    if (!end) return false;
    point.end = *end;
    if (item["value"].get(value) != simdjson::SUCCESS) return false;
    if (value["distributionValue"].get(inner) == simdjson::SUCCESS) {
        readDistribution(inner, point);
        return point.count > 0;
    }
    for (const char* key : {"doubleValue", "int64Value"}) {
        if (value[key].get(inner) != simdjson::SUCCESS) continue;
        const auto number = numberOf(inner);
        point.value = number.value_or(0);
        return number.has_value();
    }
    return false;
}

void readLabels(dom::element series, const char* of, TimeSeries& out) {
    dom::object labels;
    if (series[of]["labels"].get_object().get(labels) != simdjson::SUCCESS) return;
    for (const auto [key, value] : labels) {
        std::string_view text;
        if (value.get_string().get(text) == simdjson::SUCCESS) out.labels[std::string(of) + "." + std::string(key)] = std::string(text);
    }
}

}  // namespace

struct TimeSeriesParser::Impl {
    dom::parser parser;
};

TimeSeriesParser::TimeSeriesParser() : impl_(std::make_unique<Impl>()) {}
TimeSeriesParser::~TimeSeriesParser() = default;

Result<TimeSeriesPage> TimeSeriesParser::parse(std::string_view body) {
    dom::element root;
    if (impl_->parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS) return unreadable("it is no JSON");
    if (!root.is_object()) return unreadable("it is no object");
    TimeSeriesPage page;
    page.next_token = std::string(textAt(root, "nextPageToken"));
    dom::array errors;
    if (root["executionErrors"].get_array().get(errors) == simdjson::SUCCESS)
        for (const auto error : errors) page.problem = std::string(textAt(error, "message"));
    dom::array all;
    if (root["timeSeries"].get_array().get(all) != simdjson::SUCCESS) return page;  // no series: nothing was measured
    for (const auto item : all) {
        if (!item.is_object()) return unreadable("a series is no object");
        TimeSeries series;
        readLabels(item, "metric", series);
        readLabels(item, "resource", series);
        dom::array points;
        if (item["points"].get_array().get(points) == simdjson::SUCCESS) {
            for (const auto each : points) {
                TimePoint point;
                if (each.is_object() && readPoint(each, point)) series.points.push_back(point);
            }
        }
        page.points += static_cast<std::int64_t>(series.points.size());
        page.series.push_back(std::move(series));
    }
    return page;
}

}  // namespace pilotlight::platform::gcp
