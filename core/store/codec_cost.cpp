#include <nlohmann/json.hpp>

#include "core/store/codec.h"
#include "core/store/json_fields.h"

namespace pilotlight {

template <typename Archive>
void describe(Archive& field, PriceTier& tier) {
    field("from", tier.from);
    field("price", tier.price);
}
template <typename Archive>
void describe(Archive& field, Price& price) {
    field("meter", price.meter);
    field("unit", price.unit);
    field("tiers", price.tiers);
    field("source", price.source);
    field("source_id", price.source_id);
}
template <typename Archive>
void describe(Archive& field, PriceBook& book) {
    field("platform", book.platform);
    field("region", book.region);
    field("architecture", book.architecture);
    field("valid_from", book.valid_from);
    field("read_at", book.read_at);
    field("publication", book.publication);
    field("bundled", book.bundled);
    field("prices", book.prices);
}
template <typename Archive>
void describe(Archive& field, TimeRange& range) {
    field("begin", range.begin);
    field("end", range.end);
}

namespace store {

template <typename Archive>
void describe(Archive& field, ImportRecord& record) {
    field("profile", record.profile);
    field("kind", record.kind);
    field("started", record.started);
    field("ended", record.ended);
    field("range", record.range);
    field("functions", record.functions);
    field("points", record.points);
    field("invocations", record.invocations);
    field("cost_lines", record.cost_lines);
    field("oddities", record.oddities);
    field("problems", record.problems);
}

std::string toJson(const PriceBook& book) { return json::text(book); }
std::string toJson(const ImportRecord& record) { return json::text(record); }
Status fromJson(std::string_view text, PriceBook& book) { return json::parse(text, book); }
Status fromJson(std::string_view text, ImportRecord& record) { return json::parse(text, record); }

}  // namespace store
}  // namespace pilotlight
