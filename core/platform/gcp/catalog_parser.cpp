#include "core/platform/gcp/catalog_parser.h"

#include <nlohmann/json.hpp>

#include "core/platform/json_fields.h"
#include "core/pricing/cloud_run_cost.h"

namespace pilotlight::platform::gcp {

using nlohmann::json;
namespace rate = pricing::rate;

namespace {

// "Services CPU Tier 2  (Request-based billing)" -> "Services CPU (Request-based billing)": tiers are told apart by their regions.
std::string withoutTier(std::string text) {
    if (const auto at = text.find(" Tier 2"); at != std::string::npos) text.erase(at, 7);
    for (auto at = text.find("  "); at != std::string::npos; at = text.find("  ")) text.erase(at, 1);
    return text;
}

// "NVIDIA L4 GPU with no zonal redundancy in us-central1": names as readers of the Catalog quote them (2026-09, 2026-10). The one with
// redundancy was not seen itself; whatever says "zonal redundancy" without "no" or "without" before it is taken for it.
std::string gpuRateOf(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    const auto has = [&](const char* part) { return text.find(part) != std::string::npos; };
    if (!text.starts_with("nvidia ") || !has(" gpu") || !has("zonal redundancy")) return {};
    const bool single = has("no zonal redundancy") || has("without zonal redundancy");
    if (has("nvidia l4 ")) return single ? rate::kGpuL4 : rate::kGpuL4Redundant;
    if (has("nvidia rtx pro 6000 ")) return single ? rate::kGpuRtx6000 : rate::kGpuRtx6000Redundant;
    return {};
}

// units + nanos, per base unit of the meter.
std::optional<Money> unitPrice(const json& tier) {
    const json& price = objectField(tier, "unitPrice");
    if (textField(price, "currencyCode") != "USD") return std::nullopt;
    const auto units = integerField(price, "units"), nanos = integerField(price, "nanos");
    if (!units && !nanos) return std::nullopt;
    const std::int64_t whole = units.value_or(0), parts = nanos.value_or(0);
    if (whole < 0 || whole > 1'000'000 || parts < 0 || parts > 999'999'999) return std::nullopt;
    return Money::fromUnits(whole * Money::kScale + parts * 10);
}

}  // namespace

std::string rateOf(const std::string& description) {
    const std::string text = withoutTier(description);
    const auto begins = [&](const char* prefix) { return text.starts_with(prefix); };
    if (text == "Requests") return meter::kRequests;
    if (text == "Services CPU (Request-based billing)") return meter::kVcpu;
    if (text == "Services Memory (Request-based billing)") return meter::kMemory;
    if (text == "Services Min Instance CPU (Request-based billing)") return meter::kIdleVcpu;
    if (text == "Services Min Instance Memory (Request-based billing)") return meter::kIdleMemory;
    if (begins("Services CPU (Instance-based billing)")) return rate::kInstanceVcpu;
    if (begins("Services Memory (Instance-based billing)")) return rate::kInstanceMemory;
    if (text == "Cloud Run Functions Invocations") return rate::kGen1Requests;
    if (begins("Cloud Run functions (1st Gen) CPU")) return rate::kGen1Cpu;
    if (begins("Cloud Run functions (1st Gen) Memory")) return rate::kGen1Memory;
    if (begins("Cloud Run functions (1st Gen) Min Instance CPU")) return rate::kGen1IdleCpu;
    if (begins("Cloud Run functions (1st Gen) Min Instance Memory")) return rate::kGen1IdleMemory;
    return gpuRateOf(text);
}

CatalogReader::CatalogReader(const std::vector<std::string>& regions) : regions_(regions.begin(), regions.end()) {}

Result<std::string> CatalogReader::take(std::string_view body) {
    PILOTLIGHT_ASSIGN(const json root, parseObject(body, "cloudbilling.skus.list"));
    for (const auto& sku : arrayField(root, "skus")) {
        const std::string description = textField(sku, "description"), rate = rateOf(description);
        const std::string usage_type = textField(objectField(sku, "category"), "usageType");
        if (rate.empty() || (!usage_type.empty() && usage_type != "OnDemand")) continue;  // commitments are prices of their own
        const json& info = arrayField(sku, "pricingInfo");
        if (info.empty()) continue;
        const json& newest = info.back();  // in order of time
        const json& expression = objectField(newest, "pricingExpression");
        const std::string usage_unit = textField(expression, "usageUnit");
        Price price{rate, {}, {}, "Cloud Billing Catalog", textField(sku, "skuId") + " " + description};
        if (usage_unit == "count") price.unit = "request";
        if (usage_unit == "s") price.unit = rate.starts_with("gpu_") ? "GPU-s" : "vCPU-s";
        if (usage_unit == "GiBy.s" || usage_unit == "GBy.s") price.unit = "GiB-s";
        if (usage_unit == "GHz.s") price.unit = "GHz-s";
        if (price.unit.empty()) continue;  // another unit than the one we count in: not ours to convert
        bool readable = true;
        for (const auto& tier : arrayField(expression, "tieredRates")) {
            const auto usd = unitPrice(tier);
            if (!usd)
                readable = false;
            else
                price.tiers.push_back({numberField(tier, "startUsageAmount").value_or(0), *usd});
        }
        // A first tier at no price is the free grant, which is told apart from prices.
        if (price.tiers.size() > 1 && price.tiers.front().price == Money{}) {
            price.tiers.erase(price.tiers.begin());
            price.tiers.front().from = 0;
        }
        if (!readable || price.tiers.empty()) continue;
        newest_ = std::max(newest_, textField(newest, "effectiveTime"));
        const auto put = [&](const std::string& region) { prices_[region].push_back(price); };
        for (const auto& region : arrayField(sku, "serviceRegions")) {
            if (!region.is_string()) continue;
            const auto name = region.get<std::string>();
            if (name == "global") {
                for (const auto& each : regions_) put(each);
            } else if (regions_.contains(name)) {
                put(name);
            }
        }
    }
    return textField(root, "nextPageToken");
}

std::vector<PriceBook> CatalogReader::books(Timestamp now) const {
    std::vector<PriceBook> books;
    for (const auto& [region, prices] : prices_) {
        PriceBook book;
        book.platform = "gcp";
        book.region = region;
        book.architecture = "x86_64";
        book.publication = newest_;
        book.valid_from = parseIso8601(newest_).value_or(now);
        book.read_at = now;
        book.prices = prices;
        books.push_back(std::move(book));
    }
    return books;
}

}  // namespace pilotlight::platform::gcp
