// Cloud Billing Catalog: SKUs of Cloud Run and Cloud Functions. No charge.
#include <fmt/format.h>

#include "core/platform/gcp/catalog_parser.h"
#include "core/platform/gcp/gcp_platform.h"

namespace pilotlight::platform::gcp {

namespace {
constexpr int kMaxPages = 200;
}

Result<std::vector<PriceBook>> GcpPlatform::readPrices(const std::vector<std::string>& regions, const JobContext& job) {
    CatalogReader reader(regions);
    for (const char* service : {kRunServiceId, kFunctionsServiceId}) {
        GcpRequest request{
            Operation::list_skus, "GET", fmt::format("/v1/services/{}/skus", service), {{"currencyCode", "USD"}, {"pageSize", "5000"}}};
        const auto query = request.query;
        for (int page = 0;; ++page) {
            if (page == kMaxPages)
                return fail(ErrorCode::protocol, "cloudbilling.skus.list does not come to an end", "Reading was stopped.", {});
            PILOTLIGHT_TRY(job.check());
            PILOTLIGHT_ASSIGN(const auto response, client_.call(request, job));
            PILOTLIGHT_ASSIGN(const std::string token, reader.take(response.body));
            if (token.empty()) break;
            request.query = query;
            request.query.emplace_back("pageToken", token);
        }
        job.report({"Prices", std::nullopt, 0, 0});
    }
    return reader.books(clock()->now());
}

}  // namespace pilotlight::platform::gcp
