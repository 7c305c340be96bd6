#include "core/platform/aws/price_list_parser.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>

namespace pilotlight::platform::aws {

namespace dom = simdjson::dom;

namespace {

struct GroupMeter {
    std::string_view group;
    const char *meter, *unit, *architecture;
};
// Groups of offer AWSLambda that we price. INIT has none of its own: it is billed as duration.
constexpr GroupMeter kGroups[] = {
    {"AWS-Lambda-Requests", meter::kRequests, "request", "x86_64"},
    {"AWS-Lambda-Requests-ARM", meter::kRequests, "request", "arm64"},
    {"AWS-Lambda-Duration", meter::kDuration, "GB-s", "x86_64"},
    {"AWS-Lambda-Duration-ARM", meter::kDuration, "GB-s", "arm64"},
    {"AWS-Lambda-Provisioned-Concurrency", meter::kPoolKept, "GB-s", "x86_64"},
    {"AWS-Lambda-Provisioned-Concurrency-ARM", meter::kPoolKept, "GB-s", "arm64"},
    {"AWS-Lambda-Duration-Provisioned", meter::kPoolDuration, "GB-s", "x86_64"},
    {"AWS-Lambda-Duration-Provisioned-ARM", meter::kPoolDuration, "GB-s", "arm64"},
    {"AWS-Lambda-Storage-Duration", meter::kStorage, "GB-s", "x86_64"},
    {"AWS-Lambda-Storage-Duration-ARM", meter::kStorage, "GB-s", "arm64"},
};

tl::unexpected<Error> unreadable(const std::string& why) {
    return fail(ErrorCode::protocol, "The AWS price list cannot be read: " + why, "The prices known before stay in force.",
                "Sync again later.");
}

std::string_view text(dom::element element, std::string_view key) {
    std::string_view value;
    return element[key].get_string().get(value) == simdjson::SUCCESS ? value : std::string_view{};
}

Timestamp parseDate(std::string_view date) { return parseIso8601(date).value_or(Timestamp{}); }

struct Tiers {
    std::vector<PriceTier> tiers;
    Timestamp effective{};
};

Result<Tiers> readTiers(dom::element on_demand, std::string_view sku) {
    Tiers found;
    dom::object offers;
    if (on_demand[sku].get_object().get(offers) != simdjson::SUCCESS) return found;  // no on-demand term: nothing to price
    for (const auto offer : offers) {
        dom::object dimensions;
        if (offer.value["priceDimensions"].get_object().get(dimensions) != simdjson::SUCCESS) continue;
        const Timestamp effective = parseDate(text(offer.value, "effectiveDate"));
        if (!found.tiers.empty() && effective < found.effective) continue;  // an older term of the same SKU
        found.tiers.clear();
        found.effective = effective;
        for (const auto dimension : dimensions) {
            dom::element per_unit;
            if (dimension.value["pricePerUnit"].get(per_unit) != simdjson::SUCCESS) return unreadable("a price is missing");
            const std::string_view usd = text(per_unit, "USD");
            if (usd.empty()) return unreadable("a price is not in US dollars");
            const auto price = Money::parse(usd);
            if (!price) return unreadable(fmt::format("\"{}\" is no price", usd));
            double from = 0;
            const std::string_view begin = text(dimension.value, "beginRange");
            const auto [end, error] = std::from_chars(begin.data(), begin.data() + begin.size(), from);
            if (!begin.empty() && (error != std::errc{} || end != begin.data() + begin.size() || !(from >= 0))) {
                return unreadable(fmt::format("\"{}\" is no begin of a tier", begin));
            }
            found.tiers.push_back({from, *price});
        }
    }
    std::sort(found.tiers.begin(), found.tiers.end(), [](const PriceTier& a, const PriceTier& b) { return a.from < b.from; });
    return found;
}

}  // namespace

Result<std::vector<PriceBook>> parsePriceList(std::string_view body, Timestamp read_at) {
    dom::parser parser;
    dom::element root;
    dom::object products;
    dom::element on_demand;
    if (parser.parse(simdjson::padded_string(body)).get(root) != simdjson::SUCCESS) return unreadable("it is no JSON");
    if (text(root, "offerCode") != "AWSLambda") return unreadable("it is not the offer AWSLambda");
    if (root["products"].get_object().get(products) != simdjson::SUCCESS || root["terms"]["OnDemand"].get(on_demand) != simdjson::SUCCESS) {
        return unreadable("it has no products or no on-demand terms");
    }
    std::map<std::pair<std::string, std::string>, PriceBook> books;
    for (const auto product : products) {
        dom::element attributes;
        if (product.value["attributes"].get(attributes) != simdjson::SUCCESS) continue;
        const std::string_view group = text(attributes, "group");
        const auto known =
            std::find_if(std::begin(kGroups), std::end(kGroups), [&](const GroupMeter& each) { return each.group == group; });
        const std::string_view region = text(attributes, "regionCode");
        if (known == std::end(kGroups) || region.empty()) continue;
        PILOTLIGHT_ASSIGN(Tiers tiers, readTiers(on_demand, product.key));
        if (tiers.tiers.empty()) continue;
        PriceBook& book = books[{std::string(region), known->architecture}];
        book.platform = "aws";
        book.region = std::string(region);
        book.architecture = known->architecture;
        book.read_at = read_at;
        book.publication = std::string(text(root, "publicationDate"));
        book.valid_from = std::max(book.valid_from, tiers.effective);
        if (book.find(known->meter) != nullptr) continue;  // a second SKU of the group (free grant, private offer): the first one counts
        book.prices.push_back(
            {known->meter, known->unit, std::move(tiers.tiers), fmt::format("AWS Price List, AWSLambda, {}", region), std::string(group)});
    }
    std::vector<PriceBook> list;
    for (auto& [key, book] : books) list.push_back(std::move(book));
    if (list.empty()) return unreadable("it has no prices of Lambda functions");
    return list;
}

Result<std::string> priceListPath(std::string_view region_index, std::string_view region) {
    dom::parser parser;
    dom::element root;
    std::string_view path;
    if (parser.parse(simdjson::padded_string(region_index)).get(root) != simdjson::SUCCESS) return unreadable("its index is no JSON");
    if (root["regions"][region]["currentVersionUrl"].get_string().get(path) != simdjson::SUCCESS || !path.starts_with('/')) {
        return fail(ErrorCode::not_found, fmt::format("The AWS price list has no region {}", region), "Its prices are unknown.", {});
    }
    return std::string(path);
}

}  // namespace pilotlight::platform::aws
