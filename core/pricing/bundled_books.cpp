#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/pricing/bundled_json.h"
#include "core/pricing/price_book.h"

namespace pilotlight::pricing {
namespace {

using nlohmann::json;

std::string text(const json& object, const char* key) {
    const auto at = object.find(key);
    return at != object.end() && at->is_string() ? at->get<std::string>() : std::string{};
}

std::optional<Price> parsePrice(const json& row, const std::string& source) {
    Price price{text(row, "meter"), text(row, "unit"), {}, source, text(row, "source_id")};
    for (const auto& tier : row.value("tiers", json::array())) {
        const auto usd = Money::parse(text(tier, "usd"));
        if (!usd) return std::nullopt;
        price.tiers.push_back({tier.value("from", 0.0), *usd});
    }
    if (price.meter.empty() || price.tiers.empty()) return std::nullopt;
    return price;
}

// Our own file: what cannot be read in it is left out, and a test counts what must be there.
std::vector<PriceBook> parseBooks(std::string_view document) {
    std::vector<PriceBook> books;
    const json root = json::parse(document, nullptr, false);
    if (!root.is_object()) return books;
    const json sources = root.value("sources", json::object());
    for (const auto& entry : root.value("books", json::array())) {
        PriceBook book;
        book.platform = text(root, "platform");
        book.publication = text(entry, "publication");
        book.bundled = true;
        if (const auto from = parseIso8601(text(entry, "valid_from"))) book.valid_from = *from;
        if (const auto published = parseIso8601(book.publication)) book.read_at = *published;
        for (const auto& row : entry.value("prices", json::array())) {
            const std::string source = text(row.contains("source") ? row : entry, "source");  // a row may have one of its own
            if (auto price = parsePrice(row, text(sources, source.c_str()))) book.prices.push_back(std::move(*price));
        }
        for (const auto& region : entry.value("regions", std::vector<std::string>{})) {
            for (const auto& architecture : entry.value("architectures", std::vector<std::string>{})) {
                book.region = region;
                book.architecture = architecture;
                books.push_back(book);
            }
        }
    }
    std::sort(books.begin(), books.end(), [](const PriceBook& a, const PriceBook& b) {
        return std::tie(a.region, a.architecture) < std::tie(b.region, b.architecture);
    });
    return books;
}

}  // namespace

const std::vector<PriceBook>& bundledBooks() {
    static const std::vector<PriceBook> books = [] {
        std::vector<PriceBook> all;
        for (const auto document : bundledJson()) {
            auto some = parseBooks(document);
            std::move(some.begin(), some.end(), std::back_inserter(all));
        }
        return all;
    }();
    return books;
}

std::optional<PriceBook> bundledBook(const std::string& platform, const std::string& region, const std::string& architecture) {
    for (const auto& book : bundledBooks()) {
        if (book.platform == platform && book.region == region && book.architecture == architecture) return book;
    }
    return std::nullopt;
}

std::string describe(const PriceBook& book) {
    const std::string day = book.publication.size() > 10 ? book.publication.substr(0, 10) : book.publication;
    return fmt::format("{} prices of {} ({})", book.region, day.empty() ? "unknown date" : day, book.bundled ? "bundled" : "price list");
}

}  // namespace pilotlight::pricing
