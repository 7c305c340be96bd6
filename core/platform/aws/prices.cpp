// Price List bulk files: no credentials, no charge.
#include <fmt/format.h>

#include "core/platform/aws/aws_platform.h"
#include "core/platform/aws/price_list_parser.h"
#include "core/platform/aws/regions.h"

namespace pilotlight::platform::aws {

Result<std::vector<PriceBook>> AwsPlatform::readPrices(const std::vector<std::string>& regions, const JobContext& job) {
    const std::string root = "/offers/v1.0/aws/AWSLambda/current/";
    std::vector<PriceBook> books;
    std::optional<Error> first_error;
    const auto get = [&](const std::string& path) {
        AwsRequest request;
        request.operation = Operation::read_price_list;
        request.method = "GET";
        request.path = path;
        return client_.call(request, job);
    };
    for (const auto& region : regions) {
        PILOTLIGHT_TRY(job.check());
        // The region's file has a fixed address; the index is the documented way and the second try.
        auto file = get(root + percentEncoded(region) + "/index.json");
        if (!file && (file.error().code == ErrorCode::not_found || file.error().code == ErrorCode::unsupported ||
                      file.error().code == ErrorCode::permission_denied)) {  // S3 says 403 where a file is not there
            auto index = get(root + "region_index.json");
            auto path = index ? priceListPath(index->body, region) : Result<std::string>(tl::unexpect, index.error());
            if (path) file = get(*path);
        }
        auto parsed = file ? parsePriceList(file->body, clock()->now()) : Result<std::vector<PriceBook>>(tl::unexpect, file.error());
        if (!parsed) {
            if (parsed.error().code == ErrorCode::cancelled || parsed.error().code == ErrorCode::budget_exceeded)
                return fail(parsed.error());
            if (!first_error) first_error = parsed.error();
            continue;
        }
        for (auto& book : *parsed) {
            if (book.region == region) books.push_back(std::move(book));
        }
        job.report({fmt::format("Prices, {}", region), std::nullopt, file->wire_bytes, books.size()});
    }
    // Some regions' prices are better than none; those that are missing are "price unknown" on screen.
    if (books.empty() && first_error) return fail(std::move(*first_error));
    return books;
}

}  // namespace pilotlight::platform::aws
