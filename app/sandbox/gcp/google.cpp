#include "app/sandbox/gcp/google.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "app/sandbox/aws/call.h"

namespace pilotlight::sandbox::gcp {

using nlohmann::json;

namespace {

std::vector<std::string> segmentsOf(const std::string& path, std::string& verb) {
    std::vector<std::string> segments;
    std::size_t i = 1;
    while (i < path.size()) {
        const auto end = std::min(path.find('/', i), path.size());
        if (end > i) segments.push_back(percentDecode(std::string_view(path).substr(i, end - i)));
        i = end + 1;
    }
    if (!segments.empty()) {
        const auto colon = segments.back().rfind(':');
        if (colon != std::string::npos) {
            verb = segments.back().substr(colon + 1);
            segments.back().resize(colon);
        }
    }
    return segments;
}

const char* kindOf(const std::string& method) {
    return method == "GET" ? "Get" : method == "PATCH" ? "Patch" : method == "POST" ? "Post" : method == "DELETE" ? "Delete" : "Put";
}

// The service that owns a path, as operations begin with it.
std::string ownerOf(const std::vector<std::string>& s) {
    if (s.size() < 2) return {};
    if (s[0] == "bigquery" && s[1] == "v2") return "bigquery";
    if (s[0] == "v3" && s.size() >= 4 && s[1] == "projects" && s[3] == "timeSeries") return "monitoring";
    if (s[0] == "v1" && s[1] == "services") return "cloudbilling";
    if (s[0] == "v1" && s[1] == "operations") return "cloudfunctions1";
    const bool located = s.size() >= 4 && s[1] == "projects" && s[3] == "locations";
    if (s[0] == "v1" && located) return s.size() == 4 ? "run" : s.size() > 5 && s[5] == "functions" ? "cloudfunctions1" : "";
    if (s[0] == "v2" && located && s.size() >= 6) return s[5] == "functions" ? "cloudfunctions" : "run";
    return {};
}

const std::initializer_list<const char*> kStandard = {"alt", "prettyPrint", "fields", "key", "quotaUser", "$alt", "$.xgafv", "userProject"};

}  // namespace

std::string Call::parameter(const std::string& name) const {
    const auto found = query.find(name);
    return found == query.end() || found->second.empty() ? std::string{} : found->second.front();
}

std::string operationOf(const HttpRequest& request) {
    if (request.path == "/token" && request.method == "POST") return "oauth2.Token";
    std::string verb;
    const auto s = segmentsOf(request.path, verb);
    const std::string owner = ownerOf(s);
    if (owner.empty()) return {};
    if (owner == "monitoring") return "monitoring.ListTimeSeries";
    if (owner == "bigquery") return request.method == "POST" ? "bigquery.Query" : "bigquery." + std::string(s.back());
    if (owner == "cloudbilling") return "cloudbilling.ListSkus";
    const std::string what = s[s.size() % 2 == 0 ? s.size() - 1 : s.size() - 2];
    if (!verb.empty()) return owner + "." + verb;
    const bool list = request.method == "GET" && s.size() % 2 == 0;
    return owner + "." + (list ? "List" : kindOf(request.method)) + what;
}

tl::unexpected<ServiceError> badRequest(std::string message) { return refuse(400, "INVALID_ARGUMENT", std::move(message)); }
tl::unexpected<ServiceError> notFound(const std::string& what) { return refuse(404, "NOT_FOUND", what + " was not found."); }

HttpResponse errorResponse(const ServiceError& error) {
    json body = {{"code", error.status}, {"message", error.message}, {"status", error.code}};
    if (!error.reason.empty())
        body["details"] = {{{"@type", "type.googleapis.com/google.rpc.ErrorInfo"}, {"reason", error.reason}, {"domain", "googleapis.com"}}};
    return jsonResponse({{"error", body}}, error.status, "application/json; charset=UTF-8");
}

std::optional<HttpResponse> refusalOf(Fault::Kind kind, const std::string& operation, const Project& project) {
    const std::string host = operation.starts_with("run.")          ? "run.googleapis.com"
                             : operation.starts_with("monitoring.") ? "monitoring.googleapis.com"
                             : operation.starts_with("bigquery.")   ? "bigquery.googleapis.com"
                             : operation.starts_with("cloudbill")   ? "cloudbilling.googleapis.com"
                                                                    : "cloudfunctions.googleapis.com";
    if (kind == Fault::Kind::denied)
        return errorResponse({403, "PERMISSION_DENIED", "The caller does not have permission", {}, "IAM_PERMISSION_DENIED"});
    if (kind == Fault::Kind::expired)
        return errorResponse({401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", {}, "ACCESS_TOKEN_EXPIRED"});
    if (kind == Fault::Kind::quota)
        return jsonResponse({{"error", {{"code", 403}, {"message", "Quota exceeded: Your project exceeded quota."}, {"status", "PERMISSION_DENIED"},
                                        {"errors", {{{"reason", "quotaExceeded"}, {"domain", "usageLimits"}}}}}}},
                            403, "application/json; charset=UTF-8");
    if (kind == Fault::Kind::disabled)
        return jsonResponse({{"error",
                              {{"code", 403},
                               {"message", host + " has not been used in project " + project.id() + " before or it is disabled."},
                               {"status", "PERMISSION_DENIED"},
                               {"details",
                                {{{"@type", "type.googleapis.com/google.rpc.ErrorInfo"},
                                  {"reason", "SERVICE_DISABLED"},
                                  {"domain", "googleapis.com"},
                                  {"metadata", {{"service", host}, {"consumer", "projects/" + project.id()}}}}}}}}},
                            403, "application/json; charset=UTF-8");
    return std::nullopt;
}

HttpResponse reply(const json& body) { return jsonResponse(body, 200, "application/json; charset=UTF-8"); }

Answer<json> bodyOf(const Call& call) {
    const ::pilotlight::sandbox::HttpRequest& request = call.request;
    if (request.body.empty()) return json::object();
    if (nestedTooDeep(request.body)) return badRequest("Invalid JSON payload received. Message too deep.");
    json body = json::parse(request.body, nullptr, false);
    if (!body.is_object()) return badRequest("Invalid JSON payload received. Unexpected token.");
    return body;
}

Answer<void> checkParameters(const Call& call, std::initializer_list<const char*> known) {
    for (const auto& [name, values] : call.query) {
        const auto is = [&name = name](const char* each) { return name == each; };
        if (std::any_of(known.begin(), known.end(), is) || std::any_of(kStandard.begin(), kStandard.end(), is)) continue;
        return badRequest("Invalid JSON payload received. Unknown name \"" + name + "\": Cannot bind query parameter. Field '" + name +
                          "' could not be found in request message.");
    }
    return {};
}

Answer<void> checkFields(const json& body, const json& shape, const std::string& where) {
    if (body.is_array()) {
        for (std::size_t i = 0; i < body.size(); ++i)
            GOOGLE_TRY(checkFields(body[i], shape.is_array() ? shape[0] : shape, where + "[" + std::to_string(i) + "]"));
        return {};
    }
    if (!body.is_object() || !shape.is_object()) return {};
    for (const auto& [key, value] : body.items()) {
        auto at = shape.find(key);
        if (at == shape.end()) at = shape.find("*");
        if (at == shape.end())
            return badRequest("Invalid JSON payload received. Unknown name \"" + key + "\"" + (where.empty() ? "" : " at '" + where + "'") +
                              ": Cannot find field.");
        GOOGLE_TRY(checkFields(value, *at, where.empty() ? key : where + "." + key));
    }
    return {};
}

Answer<std::vector<std::string>> maskOf(const std::string& text, const json& shape) {
    std::vector<std::string> paths;
    std::size_t i = 0;
    while (i <= text.size() && !text.empty()) {
        const auto end = std::min(text.find(',', i), text.size());
        paths.push_back(text.substr(i, end - i));
        i = end + 1;
    }
    for (const auto& path : paths) {
        const json* at = &shape;
        std::size_t from = 0;
        while (from <= path.size()) {
            const auto end = std::min(path.find('.', from), path.size());
            const std::string name = path.substr(from, end - from);
            const auto found = at->is_object() ? at->find(name) : at->end();
            if (name.empty() || !at->is_object() || (found == at->end() && !at->contains("*")))
                return badRequest("Invalid value at 'update_mask' (type.googleapis.com/google.protobuf.FieldMask), \"" + path + "\"");
            at = found == at->end() ? &(*at)["*"] : &*found;
            from = end + 1;
        }
    }
    return paths;
}

void copyField(const json& from, json& to, const std::string& path) {
    const auto dot = path.find('.');
    const std::string name = path.substr(0, dot);
    const json* source = from.is_object() && from.contains(name) ? &from.at(name) : nullptr;
    if (dot == std::string::npos) {
        if (source != nullptr)
            to[name] = *source;
        else if (to.is_object())
            to.erase(name);
        return;
    }
    static const json nothing = json::object();
    if (!to.is_object() || !to.contains(name)) to[name] = json::object();
    copyField(source != nullptr ? *source : nothing, to[name], path.substr(dot + 1));
}

Answer<Page> pageOf(const Call& call, std::size_t size, std::size_t default_size, std::size_t most, const std::string& what) {
    std::size_t wanted = default_size;
    if (const std::string text = call.parameter("pageSize"); !text.empty()) {
        std::int64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc{} || end != text.data() + text.size() || value < 0)
            return badRequest("Invalid value at 'page_size' (TYPE_INT32), \"" + text + "\"");
        if (value > 0) wanted = std::min(most, static_cast<std::size_t>(value));
    }
    Page page;
    if (const std::string token = call.parameter("pageToken"); !token.empty()) {
        const auto position = readToken(token, what);
        if (!position || *position > size) return badRequest("The page token is invalid.");
        page.first = *position;
    }
    page.last = std::min(size, page.first + wanted);
    if (page.last < size) page.next = makeToken(page.last, what);
    return page;
}

HttpResponse answer(const HttpRequest& request, Project& project, TokenIssuer& tokens, std::int64_t real_now) {
    if (request.path == "/token") return tokens.handle(request, real_now);
    if (const auto known = tokens.check(request, real_now); !known) return errorResponse(known.error());
    Call call{request, project, {}, {}, {}};
    call.path = segmentsOf(request.path, call.verb);
    for (auto& [name, value] : request.query()) call.query[name].push_back(value);
    const std::string owner = ownerOf(call.path);
    const std::size_t at = owner == "bigquery" ? 3 : 2;
    if (owner != "cloudbilling" && owner != "cloudfunctions1" && call.path.size() > at && call.path[at] != project.id() &&
        call.path[1] != "services") {
        return errorResponse({403, "PERMISSION_DENIED", "The caller does not have permission", {}, "IAM_PERMISSION_DENIED"});
    }
    Answer<HttpResponse> result = refuse(404, "NOT_FOUND", "Requested entity was not found.");
    if (owner == "run") result = handleRun(call);
    if (owner == "cloudfunctions") result = handleFunctions(call);
    if (owner == "cloudfunctions1") result = handleFunctionsV1(call);
    if (owner == "monitoring") result = handleMonitoring(call);
    if (owner == "bigquery") result = handleBigQuery(call);
    if (owner == "cloudbilling") result = handleCatalog(call);
    return result ? std::move(*result) : errorResponse(result.error());
}

}  // namespace pilotlight::sandbox::gcp
