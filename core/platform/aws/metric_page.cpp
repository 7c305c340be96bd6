#include "core/platform/aws/metric_page.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>

namespace pilotlight::platform::aws {

namespace dom = simdjson::dom;

namespace {

tl::unexpected<Error> unreadable(const char* why) {
    return fail(ErrorCode::protocol, std::string("The answer of cloudwatch:GetMetricData cannot be read: ") + why,
                "The metrics of this page are missing; nothing was stored of it.", "Check that the endpoint is CloudWatch's.");
}

bool parseId(std::string_view id, std::size_t queries, std::size_t& index) {
    if (id.size() < 2 || id[0] != 'q') return false;
    const auto [end, error] = std::from_chars(id.data() + 1, id.data() + id.size(), index);
    return error == std::errc{} && end == id.data() + id.size() && index < queries;
}

MetricStatus parseStatus(std::string_view text) {
    if (text == "Complete") return MetricStatus::complete;
    if (text == "PartialData") return MetricStatus::partial;
    if (text == "Forbidden") return MetricStatus::forbidden;
    return MetricStatus::internal_error;
}

constexpr double kLatestEpoch = 253402300799.0;  // the end of year 9999

}  // namespace

// The DOM parser: it picks the machine's vector instructions at run time, where the on-demand one would have to be compiled for them, and
// it checks the whole document.
struct MetricPageParser::Impl {
    dom::parser parser;

    // Epoch seconds as numbers (JSON 1.0), or ISO 8601 text.
    static bool readTime(dom::element item, Timestamp& time) {
        double epoch = 0;
        if (item.get_double().get(epoch) == simdjson::SUCCESS) {
            if (!(epoch >= 0 && epoch <= kLatestEpoch)) return false;
            time = Timestamp(milliseconds(static_cast<std::int64_t>(epoch * 1000.0 + 0.5)));
            return true;
        }
        std::string_view text;
        if (item.get_string().get(text) != simdjson::SUCCESS) return false;
        const auto parsed = parseIso8601(text);
        if (parsed) time = *parsed;
        return parsed.has_value();
    }

    // nullptr = fine.
    const char* readResult(dom::element object, std::size_t queries, MetricDataPage& page) const {
        std::string_view id, status;
        MetricResult result;
        if (object["Id"].get_string().get(id) != simdjson::SUCCESS || !parseId(id, queries, result.query))
            return "an id that was not asked for";
        if (object["StatusCode"].get_string().get(status) == simdjson::SUCCESS) result.status = parseStatus(status);
        dom::array times, values;
        const bool has_times = object["Timestamps"].get_array().get(times) == simdjson::SUCCESS;
        const bool has_values = object["Values"].get_array().get(values) == simdjson::SUCCESS;
        if (has_times != has_values) return "timestamps and values differ in number";
        if (has_times) {
            bool ascending = true;
            auto value = values.begin();
            for (const dom::element item : times) {
                MetricPoint point;
                if (!readTime(item, point.time)) return "timestamps are no times";
                if (!(value != values.end())) return "timestamps and values differ in number";
                if ((*value).get_double().get(point.value) != simdjson::SUCCESS) return "values are no numbers";
                ++value;
                ascending = ascending && (result.points.empty() || result.points.back().time < point.time);
                result.points.push_back(point);
            }
            if (value != values.end()) return "timestamps and values differ in number";
            if (!ascending) sortPoints(result.points);
        }
        page.results.push_back(std::move(result));
        return nullptr;
    }

    // For an endpoint that ignores ScanBy; of a doubled time the later word counts.
    static void sortPoints(std::vector<MetricPoint>& points) {
        std::stable_sort(points.begin(), points.end(), [](const MetricPoint& a, const MetricPoint& b) { return a.time < b.time; });
        const auto kept =
            std::unique(points.rbegin(), points.rend(), [](const MetricPoint& a, const MetricPoint& b) { return a.time == b.time; });
        points.erase(points.begin(), kept.base());
    }
};

MetricPageParser::MetricPageParser() : impl_(std::make_unique<Impl>()) {}
MetricPageParser::~MetricPageParser() = default;

Result<MetricDataPage> MetricPageParser::parse(std::string_view body, std::size_t queries) {
    dom::element root;
    if (impl_->parser.parse(body.data(), body.size(), true).get(root) != simdjson::SUCCESS) return unreadable("it is cut or no JSON");
    dom::array results;
    if (root["MetricDataResults"].get_array().get(results) != simdjson::SUCCESS) return unreadable("it has no results");
    MetricDataPage page;
    page.results.reserve(results.size());
    for (const dom::element item : results) {
        if (const char* why = impl_->readResult(item, queries, page)) return unreadable(why);
    }
    std::string_view text;
    if (root["NextToken"].get_string().get(text) == simdjson::SUCCESS) page.next_token = std::string(text);
    if (root["Messages"].at(0)["Value"].get_string().get(text) == simdjson::SUCCESS) page.message = std::string(text);
    return page;
}

}  // namespace pilotlight::platform::aws
