#include "core/platform/gcp/costs.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/platform/gcp/catalog_parser.h"
#include "core/platform/gcp/gcp_platform.h"
#include "core/platform/json_fields.h"
#include "core/platform/query_texts.h"

namespace pilotlight::platform::gcp {

using nlohmann::json;

namespace {

constexpr int kMaxPages = 500;
// On-demand analysis: $6.25 a TiB (the first TiB of a month is free, which is not counted on).
constexpr double kDollarsAByte = 6.25 / 1099511627776.0;
constexpr std::int64_t kMostBytes = std::int64_t{64} << 30;

struct Table {
    std::string project, data_set, name, location;
    [[nodiscard]] std::string text() const { return project + "." + data_set + "." + name; }
};

// Rates that are billed as the meter they price.
std::string meterOf(const std::string& description) {
    const std::string rate = rateOf(description);
    if (rate.starts_with("gpu_")) return meter::kGpu;
    if (rate.ends_with("idle_cpu")) return meter::kIdleVcpu;
    if (rate.ends_with("idle_memory")) return meter::kIdleMemory;
    if (rate.ends_with("requests")) return meter::kRequests;
    if (rate.ends_with("memory")) return meter::kMemory;
    return rate.empty() ? meter::kOther : rate == meter::kIdleVcpu ? meter::kIdleVcpu : meter::kVcpu;
}

// The newest export table of a project; the detailed one holds the same sums and costs more to read.
Result<std::optional<Table>> findTable(GcpClient& client, const std::string& project, const JobContext& job) {
    PILOTLIGHT_ASSIGN(
        const auto answer,
        client.call({Operation::list_data_sets, "GET", "/bigquery/v2/projects/" + project + "/datasets", {{"maxResults", "1000"}}}, job));
    PILOTLIGHT_ASSIGN(const json sets, parseObject(answer.body, info(Operation::list_data_sets).name));
    std::optional<Table> found;
    for (const auto& set : arrayField(sets, "datasets")) {
        const std::string id = textField(objectField(set, "datasetReference"), "datasetId");
        if (id.empty()) continue;
        auto reply = client.call({Operation::list_tables,
                                  "GET",
                                  fmt::format("/bigquery/v2/projects/{}/datasets/{}/tables", project, id),
                                  {{"maxResults", "1000"}}},
                                 job);
        if (!reply) {
            if (reply.error().code == ErrorCode::permission_denied || reply.error().code == ErrorCode::not_found)
                continue;  // not ours to read
            return fail(reply.error());
        }
        PILOTLIGHT_ASSIGN(const json tables, parseObject(reply->body, info(Operation::list_tables).name));
        for (const auto& table : arrayField(tables, "tables")) {
            const std::string name = textField(objectField(table, "tableReference"), "tableId");
            const bool standard = name.starts_with("gcp_billing_export_v1_"),
                       detailed = name.starts_with("gcp_billing_export_resource_v1_");
            if (standard || (detailed && !found)) found = Table{project, id, name, textField(set, "location")};
        }
    }
    return found;
}

}  // namespace

std::string costQuery(const std::string& table, TimeRange days, const std::vector<std::string>& projects, const std::string& location,
                      bool dry_run, std::int64_t bytes_limit) {
    std::string query(billingExportQuery());
    query.replace(query.find("{table}"), 7, table);
    json names = json::array();
    for (const auto& project : projects) names.push_back({{"value", project}});
    const auto instant = [](const char* name, Timestamp t) {
        return json{{"name", name}, {"parameterType", {{"type", "TIMESTAMP"}}}, {"parameterValue", {{"value", toIso8601(t)}}}};
    };
    json body = {{"query", query},
                 {"useLegacySql", false},  // true where it is left out
                 {"location", location},
                 {"dryRun", dry_run},
                 {"timeoutMs", 20'000},
                 {"maxResults", 1000},
                 {"parameterMode", "NAMED"},
                 {"queryParameters",
                  {instant("from", days.begin),
                   instant("to", days.end),
                   {{"name", "projects"},
                    {"parameterType", {{"type", "ARRAY"}, {"arrayType", {{"type", "STRING"}}}}},
                    {"parameterValue", {{"arrayValues", names}}}}}}};
    if (!dry_run) body["maximumBytesBilled"] = std::to_string(bytes_limit);
    return body.dump();
}

Result<CostPage> parseCostPage(std::string_view body, const std::string& profile) {
    PILOTLIGHT_ASSIGN(const json root, parseObject(body, "bigquery.jobs.query"));
    CostPage page;
    const auto done = root.find("jobComplete");
    page.complete = done != root.end() && done->is_boolean() && done->get<bool>();
    page.next_token = textField(root, "pageToken");
    page.job_id = textField(objectField(root, "jobReference"), "jobId");
    page.location = textField(objectField(root, "jobReference"), "location");
    page.bytes = integerField(root, "totalBytesProcessed").value_or(0);
    for (const auto& row : arrayField(root, "rows")) {
        const json& cells = arrayField(row, "f");
        if (cells.size() != 9)
            return fail(ErrorCode::protocol, "A row of the billing export has other columns than were asked for", "Nothing was imported.",
                        {});
        const auto cell = [&](std::size_t i) { return textField(cells[i], "v"); };
        CostLine line;
        PILOTLIGHT_ASSIGN(const Timestamp day, parseIso8601(cell(0)));
        line.profile = profile;
        line.service = cell(1) == kRunServiceId ? "Cloud Run" : "Cloud Run functions";
        line.usage_type = cell(3);
        line.meter = meterOf(line.usage_type);
        line.region = cell(4);
        line.unit = cell(5);
        line.period = {day, day + hours{24}};
        line.quantity = numberField(cells[6], "v").value_or(0);
        line.source = "BigQuery billing export";
        line.kind = CostKind::billed;
        PILOTLIGHT_ASSIGN(line.amount, Money::parse(cell(7)));
        PILOTLIGHT_ASSIGN(const Money credits, Money::parse(cell(8)));
        page.lines.push_back(line);
        line.kind = CostKind::effective;
        line.amount += credits;  // negative ones
        page.lines.push_back(std::move(line));
    }
    return page;
}

Result<std::vector<CostLine>> GcpPlatform::readCosts(TimeRange range, const JobContext& job) {
    PILOTLIGHT_ASSIGN(const std::vector<std::string> projects, client_.projects());
    std::vector<CostLine> lines;
    const Timestamp now = clock()->now();
    const TimeRange days{floorTo(range.begin, hours{24}), ceilTo(std::min(range.end, now), hours{24})};
    if (days.empty()) return lines;
    std::optional<Table> table;
    for (const auto& project : projects) {
        PILOTLIGHT_ASSIGN(table, findTable(client_, project, job));
        if (table) break;
    }
    if (!table) {
        return fail(
            ErrorCode::not_found, "No billing export was found in BigQuery of " + projects.front(),
            "What was billed is unknown; computed costs are not affected.",
            "Export billing to BigQuery (Billing, Billing export), and name the project that holds it: --project P,BILLING-PROJECT.");
    }
    const std::string path = "/bigquery/v2/projects/" + table->project + "/queries";
    const auto ask = [&](bool dry_run, std::int64_t bytes) {
        GcpRequest request{
            Operation::run_query, "POST", path, {}, costQuery(table->text(), days, projects, table->location, dry_run, bytes)};
        if (!dry_run) request.price = Money::fromDouble(static_cast<double>(bytes) * kDollarsAByte);
        return client_.call(request, job);
    };
    PILOTLIGHT_ASSIGN(const auto tried, ask(true, 0));
    PILOTLIGHT_ASSIGN(const CostPage estimate, parseCostPage(tried.body, profile_.name));
    if (estimate.bytes > kMostBytes) {
        return fail(ErrorCode::budget_exceeded, fmt::format("Reading the bill would scan {} GB", estimate.bytes >> 30), "It was not read.",
                    "Ask for a shorter range.");
    }
    // Some more than was estimated: the table may have grown since.
    PILOTLIGHT_ASSIGN(auto answer, ask(false, std::max<std::int64_t>(estimate.bytes + estimate.bytes / 10, 10 << 20)));
    std::string job_id, location;
    for (int number = 0; number < kMaxPages; ++number) {
        PILOTLIGHT_TRY(job.check());
        PILOTLIGHT_ASSIGN(CostPage page, parseCostPage(answer.body, profile_.name));
        if (!page.job_id.empty()) {
            job_id = page.job_id;
            location = page.location;
        }
        std::move(page.lines.begin(), page.lines.end(), std::back_inserter(lines));
        job.report({"Costs", std::nullopt, 0, lines.size()});
        if (page.complete && page.next_token.empty()) return lines;
        GcpRequest more{Operation::get_query_results,
                        "GET",
                        path + "/" + job_id,
                        {{"location", location}, {"maxResults", "1000"}, {"timeoutMs", "20000"}}};
        if (!page.next_token.empty()) more.query.emplace_back("pageToken", page.next_token);
        PILOTLIGHT_ASSIGN(answer, client_.call(more, job));
    }
    return fail(ErrorCode::protocol, "bigquery.jobs.getQueryResults does not come to an end", "Reading was stopped.", {});
}

}  // namespace pilotlight::platform::gcp
