#include "core/platform/gcp/operations.h"

#include <algorithm>

namespace pilotlight::platform::gcp {

const ServiceInfo& info(Service service) {
    static const ServiceInfo table[] = {{Service::run, "run.googleapis.com"},
                                        {Service::functions, "cloudfunctions.googleapis.com"},
                                        {Service::monitoring, "monitoring.googleapis.com"},
                                        {Service::bigquery, "bigquery.googleapis.com"},
                                        {Service::billing, "cloudbilling.googleapis.com"}};
    return table[static_cast<std::size_t>(service)];
}

std::span<const OperationInfo> operations() {
    using enum Operation;
    static constexpr const char* kRun = "roles/run.viewer";
    static constexpr const char* kFunctions = "roles/cloudfunctions.viewer";
    static const std::vector<OperationInfo> table = {
        {list_locations, Service::run, "run.locations.list", {"run.locations.list"}, kRun, false, true},
        {list_services, Service::run, "run.services.list", {"run.services.list"}, kRun, false, true},
        {get_service, Service::run, "run.services.get", {"run.services.get"}, kRun, false, true},
        {list_functions, Service::functions, "cloudfunctions.functions.list", {"cloudfunctions.functions.list"}, kFunctions, false, true},
        {get_function, Service::functions, "cloudfunctions.functions.get", {"cloudfunctions.functions.get"}, kFunctions, false, true},
        {list_time_series,
         Service::monitoring,
         "monitoring.timeSeries.list",
         {"monitoring.timeSeries.list"},
         "roles/monitoring.viewer",
         false,
         true},
        {list_data_sets, Service::bigquery, "bigquery.datasets.list", {"bigquery.datasets.get"}, "roles/bigquery.dataViewer", false, true},
        {list_tables, Service::bigquery, "bigquery.tables.list", {"bigquery.tables.list"}, "roles/bigquery.dataViewer", false, true},
        {run_query,
         Service::bigquery,
         "bigquery.jobs.query",
         {"bigquery.jobs.create", "bigquery.tables.getData"},
         "roles/bigquery.jobUser",
         false,
         true},
        {get_query_results,
         Service::bigquery,
         "bigquery.jobs.getQueryResults",
         {"bigquery.jobs.create"},
         "roles/bigquery.jobUser",
         false,
         true},
        {list_skus, Service::billing, "cloudbilling.skus.list", {}, nullptr, false, true},
        {get_run_operation, Service::run, "run.operations.get", {"run.operations.get"}, kRun, false, true},
        {get_function_operation,
         Service::functions,
         "cloudfunctions.operations.get",
         {"cloudfunctions.operations.get"},
         kFunctions,
         false,
         true},
        {preview_service, Service::run, "run.services.update (validateOnly)", {"run.services.update"}, "roles/run.developer", true, true},
        {patch_service,
         Service::run,
         "run.services.update",
         {"run.services.update", "iam.serviceAccounts.actAs"},
         "roles/run.developer",
         true,
         false},
        {patch_function,
         Service::functions,
         "cloudfunctions.functions.update",
         {"cloudfunctions.functions.update", "iam.serviceAccounts.actAs"},
         "roles/cloudfunctions.developer",
         true,
         false},
        {patch_function_v1,
         Service::functions,
         "cloudfunctions.functions.update (v1)",
         {"cloudfunctions.functions.update", "iam.serviceAccounts.actAs"},
         "roles/cloudfunctions.developer",
         true,
         false},
    };
    return table;
}

const OperationInfo& info(Operation operation) {
    const auto all = operations();
    return *std::find_if(all.begin(), all.end(), [&](const OperationInfo& each) { return each.operation == operation; });
}

}  // namespace pilotlight::platform::gcp
