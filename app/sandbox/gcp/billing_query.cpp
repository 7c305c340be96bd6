// BigQuery v2: the data set of the billing export, and jobs.query for the one query that Pilotlight publishes (resources/queries).
#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "app/sandbox/billing.h"
#include "app/sandbox/gcp/bill.h"
#include "app/sandbox/gcp/google.h"
#include "app/sandbox/query_texts.h"

namespace pilotlight::sandbox::gcp {

using nlohmann::json;

namespace {

constexpr const char* kDataSet = "billing";
constexpr const char* kTable = "gcp_billing_export_v1_01A2B3_C4D5E6_F70819";
constexpr std::int64_t kBytes = 48'233'472;  // what the query scans

// Comments and white space apart.
std::string plain(const std::string& sql) {
    std::string out;
    for (std::size_t i = 0; i < sql.size(); ++i) {
        if (sql[i] == '-' && i + 1 < sql.size() && sql[i + 1] == '-') {
            while (i < sql.size() && sql[i] != '\n') ++i;
            continue;
        }
        if (sql[i] != ' ' && sql[i] != '\n' && sql[i] != '\t' && sql[i] != '\r') out += sql[i];
    }
    return out;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) text.replace(at, what.size(), with);
    return text;
}

struct Parameters {
    std::optional<Micros> from, to;
    std::vector<std::string> projects;
};

Answer<Parameters> parametersOf(const json& body) {
    Parameters out;
    for (const auto& each : body.value("queryParameters", json::array())) {
        const std::string name = each.value("name", "");
        const json value = each.value("parameterValue", json::object()), type = each.value("parameterType", json::object());
        if (name == "projects" && type.value("type", "") == "ARRAY") {
            for (const auto& item : value.value("arrayValues", json::array())) out.projects.push_back(item.value("value", ""));
        } else if ((name == "from" || name == "to") && type.value("type", "") == "TIMESTAMP") {
            (name == "from" ? out.from : out.to) = parseInstant(value.value("value", ""));
        } else {
            return badRequest("Query parameter '" + name + "' has an unexpected type.");
        }
    }
    if (!out.from || !out.to || out.projects.empty()) return badRequest("Query parameter 'from', 'to' or 'projects' not found at [13:25]");
    return out;
}

json rowsOf(const Project& project, const Parameters& parameters) {
    const auto& wanted = parameters.projects;
    if (std::find(wanted.begin(), wanted.end(), project.id()) == wanted.end()) return json::array();
    struct Sum {
        double amount = 0;
        std::int64_t pico = 0;
    };
    std::map<std::tuple<std::int32_t, std::string, std::string, std::string, std::string, std::string>, Sum> sums;
    const auto day = [](Micros t) { return static_cast<std::int32_t>(t / kDay); };
    for (const auto& line : billOf(project, day(*parameters.from), day(*parameters.to + kDay - 1))) {
        const bool first = tierOne(line.resource->spec.region);
        const char* name = !first && line.sku->description_tier2 != nullptr ? line.sku->description_tier2 : line.sku->description;
        auto& sum = sums[{line.day, line.sku->service, line.sku->id, replaced(name, "<region>", line.resource->spec.region),
                          line.resource->spec.region, line.sku->unit}];
        sum.amount += line.amount;
        sum.pico += line.picodollars;
    }
    json rows = json::array();
    for (const auto& [key, sum] : sums) {
        const auto& [at, service, sku, name, region, unit] = key;
        const auto cell = [](const std::string& v) { return json{{"v", v}}; };
        rows.push_back({{"f",
                         {cell(isoDate(static_cast<Micros>(at) * kDay)), cell(service), cell(sku), cell(name), cell(region), cell(unit),
                          cell(std::to_string(sum.amount)), cell(decimal(sum.pico, 12)), cell("0")}}});
    }
    return rows;
}

// The parameters travel in the job's id.
std::string jobIdOf(const Parameters& parameters) { return "job_" + std::to_string(*parameters.from) + "_" + std::to_string(*parameters.to); }

Answer<HttpResponse> query(Call& call) {
    auto parsed = bodyOf(call);
    if (!parsed) return tl::unexpected(parsed.error());
    const json& body = *parsed;
    static const json shape =
        json::parse(R"({"kind":1,"query":1,"maxResults":1,"defaultDataset":{"*":1},"timeoutMs":1,"dryRun":1,"preserveNulls":1,
      "useQueryCache":1,"useLegacySql":1,"parameterMode":1,"queryParameters":[{"name":1,"parameterType":{"*":1},"parameterValue":{"*":1}}],
      "location":1,"formatOptions":{"*":1},"connectionProperties":1,"labels":{"*":1},"maximumBytesBilled":1,"requestId":1,"createSession":1,
      "jobCreationMode":1,"jobTimeoutMs":1})");
    GOOGLE_TRY(checkFields(body, shape, "query_request"));
    if (body.value("useLegacySql", true)) return badRequest("Legacy SQL: table names are written [project:dataset.table].");
    if (body.value("location", "US") != "EU")
        return refuse(
            404, "NOT_FOUND",
            "Not found: Dataset " + call.project.id() + ":" + kDataSet + " was not found in location " + body.value("location", "US"));
    const std::string table = call.project.id() + "." + kDataSet + "." + kTable;
    if (plain(body.value("query", "")) != plain(replaced(std::string(billingExportQuery()), "{table}", table)))
        return badRequest("Syntax error: the sandbox answers the query of resources/queries/gcp_billing_export.sql on " + table + " only.");
    const auto parameters = parametersOf(body);
    if (!parameters) return tl::unexpected(parameters.error());
    json out = {{"kind", "bigquery#queryResponse"},
                {"jobReference", {{"projectId", call.project.id()}, {"jobId", jobIdOf(*parameters)}, {"location", "EU"}}},
                {"totalBytesProcessed", std::to_string(kBytes)},
                {"jobComplete", true},
                {"cacheHit", false}};
    if (body.value("dryRun", false)) return reply(out);
    if (const std::string most = body.value("maximumBytesBilled", ""); !most.empty() && std::atoll(most.c_str()) < kBytes)
        return badRequest("Query exceeded limit for bytes billed: " + most + ". " + std::to_string(kBytes) + " or higher required.");
    // Slower than the caller waits: the rows are asked for by jobs.getQueryResults.
    if (call.project.convergence_factor > 1) {
        out["jobComplete"] = false;
        return reply(out);
    }
    json fields = json::array();
    for (const char* name : {"day", "service_id", "sku_id", "sku", "region", "unit", "amount", "cost_usd", "credits_usd"})
        fields.push_back({{"name", name}, {"type", std::string(name) == "amount" ? "FLOAT" : "STRING"}, {"mode", "NULLABLE"}});
    out["schema"] = {{"fields", fields}};
    json rows = rowsOf(call.project, *parameters);
    out["totalRows"] = std::to_string(rows.size());
    const std::size_t most = body.value("maxResults", 1000);
    if (rows.size() > most) {
        // Further pages by jobs.getQueryResults.
        out["pageToken"] = std::to_string(most);
        rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(most), rows.end());
    }
    out["rows"] = std::move(rows);
    return reply(out);
}

Answer<HttpResponse> nextPage(Call& call) {
    GOOGLE_TRY(checkParameters(call, {"location", "pageToken", "maxResults", "timeoutMs", "startIndex"}));
    long long at = 0, from = 0, to = 0;
    if (std::sscanf(call.path[5].c_str(), "job_%lld_%lld", &from, &to) != 2 || from < 0 || to < from || to - from > 400 * kDay)
        return notFound("Not found: Job " + call.project.id() + ":" + call.path[5]);
    if (const std::string token = call.parameter("pageToken"); !token.empty() && (std::sscanf(token.c_str(), "%lld", &at) != 1 || at < 0))
        return badRequest("Invalid page token");
    const json rows = rowsOf(call.project, {from, to, {call.project.id()}});
    const auto most = static_cast<std::size_t>(std::max(1, std::atoi(("0" + call.parameter("maxResults")).c_str())));
    json out = {{"kind", "bigquery#getQueryResultsResponse"},
                {"jobReference", {{"projectId", call.project.id()}, {"jobId", call.path[5]}, {"location", "EU"}}},
                {"jobComplete", true},
                {"totalRows", std::to_string(rows.size())},
                {"rows", json::array()}};
    const auto first = std::min(rows.size(), static_cast<std::size_t>(at)), last = std::min(rows.size(), first + most);
    for (std::size_t i = first; i < last; ++i) out["rows"].push_back(rows[i]);
    if (last < rows.size()) out["pageToken"] = std::to_string(last);
    return reply(out);
}

}  // namespace

Answer<HttpResponse> handleBigQuery(Call& call) {
    const auto& path = call.path;  // bigquery v2 projects P datasets|queries ...
    if (path.size() < 5 || path[2] != "projects") return notFound("Method");
    const std::string set = call.project.id() + ":" + kDataSet;
    if (path[4] == "queries" && path.size() == 5 && call.request.method == "POST") return query(call);
    if (path[4] == "queries" && path.size() == 6 && call.request.method == "GET") return nextPage(call);
    if (path[4] == "datasets" && path.size() == 5) {
        GOOGLE_TRY(checkParameters(call, {"maxResults", "pageToken", "all", "filter"}));
        return reply(
            {{"kind", "bigquery#datasetList"},
             {"datasets",
              {{{"id", set}, {"datasetReference", {{"projectId", call.project.id()}, {"datasetId", kDataSet}}}, {"location", "EU"}}}}});
    }
    if (path[4] == "datasets" && path.size() == 7 && path[6] == "tables") {
        if (path[5] != kDataSet) return notFound("Not found: Dataset " + path[5]);
        GOOGLE_TRY(checkParameters(call, {"maxResults", "pageToken"}));
        return reply({{"kind", "bigquery#tableList"},
                      {"tables",
                       {{{"id", set + "." + kTable},
                         {"tableReference", {{"projectId", call.project.id()}, {"datasetId", kDataSet}, {"tableId", kTable}}},
                         {"type", "TABLE"}}}},
                      {"totalItems", 1}});
    }
    return notFound("Method");
}

}  // namespace pilotlight::sandbox::gcp
