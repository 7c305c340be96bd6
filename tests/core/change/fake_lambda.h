// A small Lambda behind the HttpClient seam: one account, one region, revisions, versions, aliases, pools, reserved concurrency.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/net/http_client.h"
#include "core/net/url.h"

namespace pilotlight::test {

class FakeLambda final : public net::HttpClient {
public:
    using json = nlohmann::json;
    struct Version {
        int memory = 1024, timeout = 30;
        std::string code = "code-1", runtime = "python3.12", handler = "app.main";
    };
    struct Alias {
        std::string version;
        int revision = 1;
    };
    struct Function {
        std::string name;
        Version latest;
        int revision = 1;
        std::map<std::string, Version> versions;
        std::map<std::string, Alias> aliases;
        std::map<std::string, int> pools;
        std::optional<int> reserved;
        std::map<std::string, std::string> tags;
        int in_progress = 0;  // reads that still see InProgress
        int pool_in_progress = 0;
        bool update_fails = false;  // LastUpdateStatus Failed after the next update
        std::string last_status = "Successful";
    };
    // What becomes of one request. `effect`: the service acts on it; `reply`: the answer comes back.
    struct Fate {
        bool effect = true, reply = true;
        int status = 0;  // an error of the service instead of an answer (no effect)
        std::string code;
    };

    std::map<std::string, Function> functions;
    int unreserved = 900, account_limit = 1000;
    struct Target {
        int low = 1, high = 9;
        std::map<std::string, json> actions;  // by name, as Application Auto Scaling describes them
    };
    std::map<std::string, Target> targets;  // by resource: "function:ocr:live"
    std::vector<std::string> writes;  // accepted ones: "UpdateFunctionConfiguration MemorySize=2048"
    std::function<Fate(const std::string& operation, bool is_write)> fate;
    int requests = 0;

    static std::string arn(const std::string& name) { return "arn:aws:lambda:us-east-1:123456789012:function:" + name; }

    Result<net::HttpResponse> send(const net::HttpRequest& request, std::stop_token stop) override {
        if (stop.stop_requested()) return fail(ErrorCode::cancelled, "Cancelled");
        ++requests;
        const auto parts = net::splitUrl(request.url);
        const std::string operation = operationOf(request, parts);
        const bool write = request.method != "GET" && operation.find("Describe") == std::string::npos;
        const Fate what = fate ? fate(operation, write) : Fate{};
        if (what.status != 0) return answer(what.status, {{"message", what.code}}, what.code);
        if (!what.effect) return fail(ErrorCode::network, "the connection was lost");
        auto response = act(request, parts, operation);
        if (!what.reply) return fail(ErrorCode::network, "closed without an answer");
        if (stop.stop_requested()) return fail(ErrorCode::cancelled, "Cancelled");
        return response;
    }
    std::vector<Result<net::HttpResponse>> sendAll(std::span<const net::HttpRequest> requests_, std::size_t,
                                                   std::stop_token stop) override {
        std::vector<Result<net::HttpResponse>> out;
        for (const auto& request : requests_) out.push_back(send(request, stop));
        return out;
    }

private:
    static net::HttpResponse answer(int status, const json& body, const std::string& error = "") {
        net::HttpResponse response;
        response.status = status;
        response.body = status == 204 ? "" : body.dump();
        response.headers = {{"x-amzn-requestid", "req-1"}};
        if (!error.empty()) response.headers.emplace_back("x-amzn-errortype", error);
        return response;
    }
    static net::HttpResponse notFound(const std::string& code = "ResourceNotFoundException") {
        return answer(404, {{"Message", "not found"}}, code);
    }

    static std::vector<std::string> segments(const std::string& path) {
        std::vector<std::string> out;
        std::size_t at = 1;
        while (at <= path.size()) {
            auto end = path.find('/', at);
            if (end == std::string::npos) end = path.size();
            if (end > at) out.push_back(net::percentDecode(path.substr(at, end - at)));
            at = end + 1;
        }
        return out;
    }

    static std::string operationOf(const net::HttpRequest& request, const net::UrlParts& parts) {
        for (const auto& [name, value] : request.headers) {
            if (name == "X-Amz-Target") return value.substr(value.find('.') + 1);
        }
        const auto path = segments(parts.path);
        if (path.size() == 3) return request.method + " function";
        if (path.size() >= 4) return request.method + " " + path[3];
        return request.method + " " + (path.empty() ? "" : path.back());
    }

    json configuration(const Function& function, const Version& version, const std::string& number) const {
        return {{"FunctionName", function.name},
                {"FunctionArn", arn(function.name) + (number == "$LATEST" ? "" : ":" + number)},
                {"Version", number},
                {"Runtime", version.runtime},
                {"Handler", version.handler},
                {"Role", "arn:aws:iam::123456789012:role/x"},
                {"PackageType", "Zip"},
                {"Architectures", {"x86_64"}},
                {"MemorySize", version.memory},
                {"Timeout", version.timeout},
                {"CodeSha256", version.code},
                {"LastModified", "2026-11-01T00:00:00.000+0000"},
                {"State", "Active"},
                {"LastUpdateStatus", number == "$LATEST" ? function.last_status : "Successful"},
                {"RevisionId", "rev-" + number + "-" + std::to_string(function.revision)}};
    }

    // nullptr: no such qualifier.
    const Version* resolve(const Function& function, const std::string& qualifier, std::string& number) const {
        number = qualifier;
        if (const auto alias = function.aliases.find(qualifier); alias != function.aliases.end()) number = alias->second.version;
        if (number.empty() || number == "$LATEST") {
            number = "$LATEST";
            return &function.latest;
        }
        const auto at = function.versions.find(number);
        return at == function.versions.end() ? nullptr : &at->second;
    }

    json pool(Function& function, const std::string& qualifier, int level) {
        const bool waiting = function.pool_in_progress > 0;
        if (waiting) --function.pool_in_progress;
        return {{"FunctionArn", arn(function.name) + ":" + qualifier},
                {"RequestedProvisionedConcurrentExecutions", level},
                {"AllocatedProvisionedConcurrentExecutions", waiting ? 0 : level},
                {"AvailableProvisionedConcurrentExecutions", waiting ? 0 : level},
                {"Status", waiting ? "IN_PROGRESS" : "READY"}};
    }

    void touch(Function& function) {
        if (function.in_progress > 0) {
            --function.in_progress;
            function.last_status = "InProgress";
        } else if (function.last_status == "InProgress") {
            function.last_status = function.update_fails ? "Failed" : "Successful";
        }
    }

    net::HttpResponse act(const net::HttpRequest& request, const net::UrlParts& parts, const std::string& operation) {
        if (operation.starts_with("DescribeScalableTargets")) {
            json described = json::array();
            for (const auto& [resource, target] : targets) {
                described.push_back({{"ServiceNamespace", "lambda"},
                                    {"ResourceId", resource},
                                    {"ScalableDimension", "lambda:function:ProvisionedConcurrency"},
                                    {"MinCapacity", target.low},
                                    {"MaxCapacity", target.high}});
            }
            return answer(200, {{"ScalableTargets", described}});
        }
        if (operation == "DescribeScheduledActions") {
            json actions = json::array();
            for (const auto& [resource, target] : targets) {
                for (const auto& [name, action] : target.actions) actions.push_back(action);
            }
            return answer(200, {{"ScheduledActions", actions}});
        }
        if (operation.ends_with("ScalableTarget") || operation.ends_with("ScheduledAction"))
            return scaling(operation, json::parse(request.body));
        if (operation == "DescribeScalingPolicies") return answer(200, {{"ScalingPolicies", json::array()}});
        const auto path = segments(parts.path);
        if (!path.empty() && path.back() == "account-settings") {
            return answer(200,
                          {{"AccountLimit", {{"ConcurrentExecutions", account_limit}, {"UnreservedConcurrentExecutions", unreserved}}}});
        }
        if (!path.empty() && path.back() == "event-source-mappings") return answer(200, {{"EventSourceMappings", json::array()}});
        if (path.size() < 3 || path[1] != "functions") return answer(404, {{"Message", "no such path"}});
        const auto found = functions.find(path[2]);
        if (found == functions.end()) return notFound();
        Function& function = found->second;
        const json body = request.body.empty() ? json::object() : json::parse(request.body);
        std::string qualifier;
        for (const auto& [name, value] : net::splitQuery(parts.query)) {
            if (name == "Qualifier") qualifier = value;
        }
        const std::string rest = path.size() > 3 ? path[3] : "";
        std::string number;
        if (rest.empty() || (rest == "configuration" && request.method == "GET")) {
            touch(function);
            const Version* version = resolve(function, qualifier, number);
            if (version == nullptr) return notFound();
            const json configured = configuration(function, *version, number);
            if (!rest.empty()) return answer(200, configured);
            json reply{{"Configuration", configured}, {"Tags", function.tags}};
            if (function.reserved) reply["Concurrency"] = {{"ReservedConcurrentExecutions", *function.reserved}};
            return answer(200, reply);
        }
        if (rest == "configuration") return update(function, body);
        if (rest == "versions" && request.method == "POST") return publish(function, body);
        if (rest == "versions") {
            json list = json::array({configuration(function, function.latest, "$LATEST")});
            for (const auto& [each, version] : function.versions) list.push_back(configuration(function, version, each));
            return answer(200, {{"Versions", list}});
        }
        if (rest == "aliases") return aliases(function, request, path, body);
        if (rest == "concurrency") return concurrency(function, request, body);
        if (rest == "provisioned-concurrency") return pools(function, request, parts.query, qualifier, body);
        return answer(404, {{"Message", "no such path"}});
    }

    net::HttpResponse scaling(const std::string& operation, const json& body) {
        const std::string resource = body["ResourceId"];
        if (operation == "RegisterScalableTarget") {
            Target& target = targets[resource];
            target.low = body["MinCapacity"];
            target.high = body["MaxCapacity"];
        } else if (!targets.contains(resource)) {
            return answer(400, {{"message", "no target"}}, "ObjectNotFoundException");
        } else if (operation == "DeregisterScalableTarget") {
            targets.erase(resource);
        } else if (operation == "PutScheduledAction") {
            targets[resource].actions[body["ScheduledActionName"]] = body;
        } else if (targets[resource].actions.erase(body["ScheduledActionName"]) == 0) {
            return answer(400, {{"message", "no action"}}, "ObjectNotFoundException");
        }
        writes.push_back(operation + " " + body.value("ScheduledActionName", resource));
        return answer(200, json::object());
    }

    net::HttpResponse update(Function& function, const json& body) {
        if (body.contains("RevisionId") && body["RevisionId"] != "rev-$LATEST-" + std::to_string(function.revision)) {
            return answer(412, {{"message", "The RevisionId provided does not match"}}, "PreconditionFailedException");
        }
        std::string words;
        if (body.contains("MemorySize")) words += " MemorySize=" + std::to_string(function.latest.memory = body["MemorySize"].get<int>());
        if (body.contains("Timeout")) words += " Timeout=" + std::to_string(function.latest.timeout = body["Timeout"].get<int>());
        ++function.revision;
        function.last_status = function.in_progress > 0 || function.update_fails ? "InProgress" : "Successful";
        writes.push_back("UpdateFunctionConfiguration" + words);
        return answer(200, configuration(function, function.latest, "$LATEST"));
    }

    net::HttpResponse publish(Function& function, const json& body) {
        if (body.contains("CodeSha256") && body["CodeSha256"] != function.latest.code)
            return answer(400, {{"message", "code"}}, "InvalidParameterValueException");
        const std::string number = std::to_string(function.versions.size() + 1);
        function.versions[number] = function.latest;
        writes.push_back("PublishVersion " + number);
        return answer(201, configuration(function, function.latest, number));
    }

    net::HttpResponse aliases(Function& function, const net::HttpRequest& request, const std::vector<std::string>& path, const json& body) {
        const auto describe = [&](const std::string& name, const Alias& alias) {
            return json{{"Name", name},
                        {"AliasArn", arn(function.name) + ":" + name},
                        {"FunctionVersion", alias.version},
                        {"RevisionId", "alias-" + std::to_string(alias.revision)}};
        };
        if (path.size() == 4) {
            json list = json::array();
            for (const auto& [name, alias] : function.aliases) list.push_back(describe(name, alias));
            return answer(200, {{"Aliases", list}});
        }
        const auto at = function.aliases.find(path[4]);
        if (at == function.aliases.end()) return notFound();
        if (request.method == "PUT") {
            if (body.contains("RevisionId") && body["RevisionId"] != "alias-" + std::to_string(at->second.revision))
                return answer(412, {{"message", "x"}}, "PreconditionFailedException");
            at->second.version = body["FunctionVersion"];
            ++at->second.revision;
            writes.push_back("UpdateAlias " + at->first + "=" + at->second.version);
        }
        return answer(200, describe(at->first, at->second));
    }

    net::HttpResponse concurrency(Function& function, const net::HttpRequest& request, const json& body) {
        if (request.method == "PUT") {
            function.reserved = body["ReservedConcurrentExecutions"].get<int>();
            writes.push_back("PutFunctionConcurrency " + std::to_string(*function.reserved));
        } else if (request.method == "DELETE") {
            function.reserved.reset();
            writes.emplace_back("DeleteFunctionConcurrency");
            return answer(204, {});
        }
        return answer(200, function.reserved ? json{{"ReservedConcurrentExecutions", *function.reserved}} : json::object());
    }

    net::HttpResponse pools(Function& function, const net::HttpRequest& request, const std::string& query, const std::string& qualifier,
                            const json& body) {
        if (query.find("List=ALL") != std::string::npos) {
            json list = json::array();
            for (const auto& [name, level] : function.pools) list.push_back(pool(function, name, level));
            return answer(200, {{"ProvisionedConcurrencyConfigs", list}});
        }
        if (request.method == "PUT") {
            function.pools[qualifier] = body["ProvisionedConcurrentExecutions"].get<int>();
            writes.push_back("PutProvisionedConcurrencyConfig " + qualifier + "=" + std::to_string(function.pools[qualifier]));
            return answer(202, pool(function, qualifier, function.pools[qualifier]));
        }
        const auto at = function.pools.find(qualifier);
        if (at == function.pools.end()) return notFound("ProvisionedConcurrencyConfigNotFoundException");
        if (request.method == "DELETE") {
            function.pools.erase(at);
            writes.push_back("DeleteProvisionedConcurrencyConfig " + qualifier);
            return answer(204, {});
        }
        return answer(200, pool(function, qualifier, at->second));
    }
};

}  // namespace pilotlight::test
