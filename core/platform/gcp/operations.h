// Every Google Cloud operation that Pilotlight calls, in one table. Requests are made from it and the permission texts are generated
// from it.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace pilotlight::platform::gcp {

enum class Service { run, functions, monitoring, bigquery, billing };

struct ServiceInfo {
    Service service;
    const char* host;  // "run.googleapis.com"
};
[[nodiscard]] const ServiceInfo& info(Service service);

enum class Operation {
    list_locations,
    list_services,
    get_service,
    list_functions,
    get_function,
    list_time_series,
    list_data_sets,
    list_tables,
    run_query,
    get_query_results,
    list_skus,
    get_run_operation,
    get_function_operation,
    preview_service,
    patch_service,
    patch_function,
    patch_function_v1,
};

struct OperationInfo {
    Operation operation;
    Service service;
    const char* name;                      // "run.services.list": shown, and the key of rate classes
    std::vector<const char*> permissions;  // IAM permissions that it needs
    const char* role;                      // the smallest predefined role that holds them; nullptr = none needed
    bool write;                            // changes something
    bool idempotent;                       // sending it twice does no harm
};
[[nodiscard]] const OperationInfo& info(Operation operation);
[[nodiscard]] std::span<const OperationInfo> operations();

}  // namespace pilotlight::platform::gcp
