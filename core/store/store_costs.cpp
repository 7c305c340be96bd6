// Billed and computed cost lines, price books.
#include <fmt/format.h>

#include "core/store/bodies.h"

namespace pilotlight::store {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;

std::int64_t dayOf(Timestamp time) { return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count(); }

}  // namespace

Status Store::putCosts(const std::string& profile, TimeRange range, std::span<const CostLine> lines) {
    if (range.empty()) return {};
    std::vector<CostKind> kinds;
    for (const CostLine& line : lines) {
        if (!range.contains(line.period.begin)) {
            return fail(ErrorCode::invalid_argument, fmt::format("A cost line of {} begins at {}, outside the range that is replaced",
                                                                 line.usage_type, toIso8601(line.period.begin)));
        }
        if (std::find(kinds.begin(), kinds.end(), line.kind) == kinds.end()) kinds.push_back(line.kind);
    }
    if (kinds.empty()) kinds.push_back(CostKind::billed);  // an empty bill is an answer too
    return impl_->write(Touched::costs, [&]() -> Status {
        Database& database = impl_->database;
        for (const CostKind kind : kinds) {
            PILOTLIGHT_TRY(database.run("DELETE FROM cost_line WHERE profile = ? AND kind = ? AND day BETWEEN ? AND ?", profile, name(kind),
                                        dayOf(range.begin), dayOf(range.end - milliseconds(1))));
        }
        for (const CostLine& line : lines) {
            PILOTLIGHT_TRY(database.run(
                "INSERT INTO cost_line (profile, kind, day, begin, end, function_id, service, usage_type, meter, region, quantity, "
                "unit, unit_price, amount, estimated, source) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                profile, name(line.kind), dayOf(line.period.begin), toMs(line.period.begin), toMs(line.period.end), line.function_id,
                line.service, line.usage_type, line.meter, line.region, line.quantity, line.unit, line.unit_price.units(),
                line.amount.units(), line.estimated, line.source));
        }
        return {};
    });
}

Result<std::vector<CostLine>> Store::costs(TimeRange range) const {
    std::vector<CostLine> lines;
    // No line is longer than a month and a day: the index on `begin` bounds the search.
    PILOTLIGHT_TRY(impl_->database.each(
        "SELECT profile, kind, begin, end, function_id, service, usage_type, meter, region, quantity, unit, unit_price, amount, estimated, "
        "source "
        "FROM cost_line WHERE begin < ? AND begin >= ? AND (end > ? OR begin >= ?) ORDER BY begin, id",
        [&](Statement& row) -> Status {
            CostLine& line = lines.emplace_back();
            line.profile = row.text(0);
            if (auto kind = parseCostKind(row.view(1))) line.kind = *kind;
            line.period = {fromMs(row.integer(2)), fromMs(row.integer(3))};
            line.function_id = row.text(4);
            line.service = row.text(5);
            line.usage_type = row.text(6);
            line.meter = row.text(7);
            line.region = row.text(8);
            line.quantity = row.real(9);
            line.unit = row.text(10);
            line.unit_price = Money::fromUnits(row.integer(11));
            line.amount = Money::fromUnits(row.integer(12));
            line.estimated = row.integer(13) != 0;
            line.source = row.text(14);
            return {};
        },
        toMs(range.end), toMs(range.begin) - 32 * kDayMs, toMs(range.begin), toMs(range.begin)));
    return lines;
}

Status Store::putPriceBook(const PriceBook& book) {
    return impl_->write(Touched::costs, [&]() -> Status {
        PILOTLIGHT_TRY(impl_->database.run("DELETE FROM summarised WHERE function IN (SELECT id FROM function WHERE region = ?)", book.region));
        return impl_->database.run("INSERT OR REPLACE INTO price_book VALUES (?, ?, ?, ?, ?, ?)", book.platform, book.region,
                                   book.architecture, toMs(book.valid_from), toMs(book.read_at), toJson(book));
    });
}

Result<std::optional<PriceBook>> Store::priceBook(const std::string& platform, const std::string& region, const std::string& architecture,
                                                  Timestamp when) const {
    // In force = the latest that had begun; before the earliest that we know, that one is the nearest truth.
    PILOTLIGHT_ASSIGN(auto books,
                      bodies<PriceBook>(impl_->database,
                                        "SELECT body FROM price_book WHERE platform = ? AND region = ? AND architecture = ? "
                                        "ORDER BY valid_from > ?, CASE WHEN valid_from > ? THEN valid_from ELSE -valid_from END LIMIT 1",
                                        platform, region, architecture, toMs(when), toMs(when)));
    if (books.empty()) return std::optional<PriceBook>();
    return std::optional<PriceBook>(std::move(books.front()));
}

}  // namespace pilotlight::store
