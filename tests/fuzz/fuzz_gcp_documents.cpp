// Google Cloud's answers: time series, services and functions, catalog, billing export, quantities.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "core/platform/gcp/catalog_parser.h"
#include "core/platform/gcp/costs.h"
#include "core/platform/gcp/function_parse.h"
#include "core/platform/gcp/metric_page.h"
#include "core/platform/gcp/resource_name.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace pilotlight;
    using namespace pilotlight::platform::gcp;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    static TimeSeriesParser parser;
    if (const auto page = parser.parse(text)) {
        for (const auto& series : page->series)
            for (const auto& point : series.points)
                if (point.distribution && point.p50 > point.p99) __builtin_trap();  // percentiles ascend
    }
    CatalogReader reader({"us-central1"});
    (void)reader.take(text);
    for (const auto& book : reader.books({}))
        for (const auto& price : book.prices)
            if (price.tiers.empty() || price.tiers.front().price < Money{}) __builtin_trap();
    (void)parseCostPage(text, "profile");
    if (const auto name = parseResourceName(text); name && name->text() != text) __builtin_trap();
    if (const auto memory = parseMemory(text); memory && *memory < 0) __builtin_trap();
    (void)parseCpu(text);
    (void)parseSeconds(text);
    const auto document = nlohmann::json::parse(text, nullptr, false);
    if (document.is_object()) {
        if (auto function = parseService(document, "profile", {})) joinFunction(*function, document);
        (void)parseFirstGeneration(document, "profile", {});
    }
    return 0;
}
