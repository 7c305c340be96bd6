#include "core/platform/aws/apply_state.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "core/platform/aws/function_parse.h"
#include "core/platform/json_fields.h"

namespace pilotlight::platform::aws {

using nlohmann::json;

namespace {

std::int32_t small(const json& object, const char* key) {
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(integerField(object, key).value_or(0), 0, INT32_MAX));
}

ConfigurationState parseState(const json& object) {
    return {small(object, "MemorySize"),
            small(object, "Timeout"),
            textField(object, "State"),
            textField(object, "LastUpdateStatus"),
            textField(object, "LastUpdateStatusReason"),
            textField(object, "RevisionId"),
            textField(object, "CodeSha256"),
            textField(object, "Version")};
}

std::int64_t versionNumber(const std::string& text) {
    std::int64_t number = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() ? number : -1;
}

PoolState poolState(const json& object) {
    const PoolReading reading = parsePool(object);
    return {reading.requested, reading.status, reading.status_reason};
}

}  // namespace

Result<ConfigurationState> StateReader::configuration(const std::string& qualifier) const {
    const auto request =
        restRequest(Operation::get_function_configuration, region_, "GET", functionPath("2015-03-31", name_, "/configuration"),
                    qualifier.empty() ? std::string{} : "Qualifier=" + percentEncoded(qualifier));
    PILOTLIGHT_ASSIGN(const auto response, client_.call(request, job_));
    PILOTLIGHT_ASSIGN(const json object, parseObject(response.body, info(request.operation).name));
    return parseState(object);
}

Result<std::optional<std::int32_t>> StateReader::limit() const {
    const auto request =
        restRequest(Operation::get_function_concurrency, region_, "GET", functionPath("2019-09-30", name_, "/concurrency"));
    PILOTLIGHT_ASSIGN(const auto response, client_.call(request, job_));
    if (response.body.empty()) return std::nullopt;
    PILOTLIGHT_ASSIGN(const json object, parseObject(response.body, info(request.operation).name));
    const auto value = integerField(object, "ReservedConcurrentExecutions");
    if (!value) return std::nullopt;
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(*value, 0, INT32_MAX));
}

Result<PoolState> StateReader::pool(const std::string& qualifier) const {
    const auto request = restRequest(Operation::get_pool, region_, "GET", functionPath("2019-09-30", name_, "/provisioned-concurrency"),
                                     "Qualifier=" + percentEncoded(qualifier));
    const auto response = client_.call(request, job_);
    if (!response) {
        if (response.error().code == ErrorCode::not_found) return PoolState{};
        return fail(response.error());
    }
    PILOTLIGHT_ASSIGN(const json object, parseObject(response->body, info(request.operation).name));
    return poolState(object);
}

Result<std::vector<PoolState>> StateReader::pools() const {
    const auto request = restRequest(Operation::list_pools, region_, "GET", functionPath("2019-09-30", name_, "/provisioned-concurrency"),
                                     "List=ALL&MaxItems=50");
    PILOTLIGHT_ASSIGN(const auto response, client_.call(request, job_));
    PILOTLIGHT_ASSIGN(const json object, parseObject(response.body, info(request.operation).name));
    std::vector<PoolState> all;
    for (const auto& item : arrayField(object, "ProvisionedConcurrencyConfigs")) all.push_back(poolState(item));
    return all;
}

Result<AliasState> StateReader::alias(const std::string& alias_name) const {
    const auto request =
        restRequest(Operation::get_alias, region_, "GET", functionPath("2015-03-31", name_, "/aliases/" + percentEncoded(alias_name)));
    PILOTLIGHT_ASSIGN(const auto response, client_.call(request, job_));
    PILOTLIGHT_ASSIGN(const json object, parseObject(response.body, info(request.operation).name));
    return AliasState{textField(object, "FunctionVersion"), textField(object, "RevisionId")};
}

Result<std::optional<std::string>> StateReader::matchingVersion(const std::string& code_sha256, std::int32_t memory_mb,
                                                                std::int32_t timeout_s, const std::string& above) const {
    constexpr int max_pages = 1'000;
    const std::int64_t floor = versionNumber(above);
    std::int64_t newest = -1;
    std::optional<std::string> found;
    std::string query;
    for (int page = 0; page < max_pages; ++page) {
        const auto request = restRequest(Operation::list_versions, region_, "GET", functionPath("2015-03-31", name_, "/versions"), query);
        PILOTLIGHT_ASSIGN(const auto response, client_.call(request, job_));
        PILOTLIGHT_ASSIGN(const json object, parseObject(response.body, info(request.operation).name));
        for (const auto& item : arrayField(object, "Versions")) {
            const ConfigurationState state = parseState(item);
            const std::int64_t number = versionNumber(state.version);
            if (number > std::max(floor, newest) && state.memory_mb == memory_mb && state.timeout_s == timeout_s &&
                (code_sha256.empty() || state.code_sha256 == code_sha256)) {
                newest = number;
                found = state.version;
            }
        }
        const std::string marker = textField(object, "NextMarker");
        if (marker.empty()) break;
        query = "Marker=" + percentEncoded(marker);
    }
    return found;
}

}  // namespace pilotlight::platform::aws
