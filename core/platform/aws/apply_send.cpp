// Sends the steps of a change one by one, and looks whether they have happened.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/platform/aws/apply_state.h"
#include "core/platform/aws/apply_steps.h"
#include "core/platform/aws/aws_platform.h"
#include "core/platform/aws/regions.h"
#include "core/platform/aws/scaling.h"
#include "core/platform/json_fields.h"

namespace pilotlight::platform::aws {

using nlohmann::json;

namespace {

constexpr int kMaxPolls = 300;  // as the waiter FunctionUpdatedV2 of the AWS SDKs: 1 s x 300
constexpr milliseconds kPollInterval{1'000};

tl::unexpected<Error> stale(const std::string& what) {
    return fail(ErrorCode::stale, what, "Somebody changed it since the plan was made; nothing was written.", "Make a new plan.");
}

std::int32_t integer(const json& object, const char* key) {
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(integerField(object, key).value_or(0), INT32_MIN, INT32_MAX));
}

class Sender {
public:
    Sender(AwsClient& client, const Function& before, const json& arguments, const json& context, const std::string& plan_id,
           const JobContext& job)
        : client_(client),
          before_(before),
          arguments_(arguments),
          context_(context),
          plan_id_(plan_id),
          job_(job),
          reader_(client, before.region, before.name, job) {}

    Result<StepResult> send(const std::string& operation) {
        if (operation == step::kUpdate) return update();
        if (operation == step::kWaitUpdate) return waitForUpdate();
        if (operation == step::kPublish) return publish();
        if (operation == step::kWaitVersion) return waitForVersion();
        if (operation == step::kMoveAlias) return moveAlias();
        if (operation == step::kPutLimit || operation == step::kDeleteLimit) return limit(operation == step::kPutLimit);
        if (operation == step::kPutPool || operation == step::kDeletePool) return pool(operation == step::kPutPool);
        return scaling(operation);
    }

    Result<bool> hasHappened(const std::string& operation) {
        if (operation == step::kUpdate) {
            PILOTLIGHT_ASSIGN(const ConfigurationState now, reader_.configuration());
            return asWanted(now);
        }
        if (operation == step::kWaitUpdate) {
            PILOTLIGHT_ASSIGN(const ConfigurationState now, reader_.configuration());
            return asWanted(now) && now.update_status != "InProgress" && now.update_status != "Failed";
        }
        if (operation == step::kPublish) {
            PILOTLIGHT_ASSIGN(const auto version, publishedVersion());
            return version.has_value();
        }
        if (operation == step::kWaitVersion) {
            PILOTLIGHT_ASSIGN(const auto version, publishedVersion());
            if (!version) return false;
            PILOTLIGHT_ASSIGN(const ConfigurationState now, reader_.configuration(*version));
            return now.state.empty() || now.state == "Active";
        }
        if (operation == step::kMoveAlias) {
            PILOTLIGHT_ASSIGN(const auto version, publishedVersion());
            PILOTLIGHT_ASSIGN(const AliasState now, reader_.alias(textField(arguments_, "alias")));
            return version && now.version == *version;
        }
        if (operation == step::kPutLimit || operation == step::kDeleteLimit) {
            PILOTLIGHT_ASSIGN(const auto now, reader_.limit());
            return operation == step::kPutLimit ? now == integer(arguments_, "value") : !now.has_value();
        }
        if (operation == step::kPutPool || operation == step::kDeletePool) {
            PILOTLIGHT_ASSIGN(const PoolState now, reader_.pool(qualifier()));
            return now.requested == (operation == step::kPutPool ? integer(arguments_, "value") : 0);
        }
        const std::string resource = scalingResource(before_.name, qualifier());
        if (operation == step::kRegister || operation == step::kDeregister) {
            PILOTLIGHT_ASSIGN(const auto target, readScalableTarget(client_, before_.region, resource, job_));
            if (operation == step::kDeregister) return !target.has_value();
            return target && target->min_capacity == integer(arguments_, "min") && target->max_capacity == integer(arguments_, "max");
        }
        if (operation == step::kPutAction || operation == step::kDeleteAction) {
            PILOTLIGHT_ASSIGN(const auto actions, readScheduledActions(client_, before_.region, resource, job_));
            const std::string name = textField(arguments_, "name");
            const auto at = std::find_if(actions.begin(), actions.end(), [&](const ScheduledAction& each) { return each.name == name; });
            if (operation == step::kDeleteAction) return at == actions.end();
            return at != actions.end() && at->schedule == textField(arguments_, "schedule") && at->min_capacity == bound("min") &&
                   at->max_capacity == bound("max");
        }
        return fail(ErrorCode::invalid_argument, fmt::format("\"{}\" is no step of a Lambda change", operation), {}, {});
    }

private:
    [[nodiscard]] std::string qualifier() const { return textField(arguments_, "qualifier"); }
    [[nodiscard]] std::optional<std::int32_t> bound(const char* key) const {
        return arguments_.contains(key) ? std::optional(integer(arguments_, key)) : std::nullopt;
    }
    [[nodiscard]] std::string contextText(const char* key) const { return textField(context_, key); }

    [[nodiscard]] bool asWanted(const ConfigurationState& now) const {
        const auto memory = integerField(arguments_, "memory_mb"), timeout = integerField(arguments_, "timeout_s");
        return (!memory || now.memory_mb == *memory) && (!timeout || now.timeout_s == *timeout);
    }

    Result<StepResult> write(AwsRequest request, const char* version_key = nullptr) {
        request.plan_id = plan_id_;
        PILOTLIGHT_ASSIGN(const auto response, client_.call(request, job_));
        StepResult result;
        result.request_id = std::string(response.header("x-amzn-requestid"));
        json output = json::object();
        if (const json reply = json::parse(response.body, nullptr, false); reply.is_object()) {
            if (const std::string revision = textField(reply, "RevisionId"); !revision.empty()) {
                output[request.operation == Operation::update_alias ? "alias_revision" : "revision"] = revision;
            }
            if (version_key != nullptr) output["version"] = textField(reply, version_key);
        }
        result.output = output.dump();
        return result;
    }

    AwsRequest lambda(Operation operation, const char* method, const char* date, const std::string& rest, const std::string& query,
                      const json& body) {
        return restRequest(operation, before_.region, method, functionPath(date, before_.name, rest), query,
                           body.is_null() ? std::string{} : body.dump());
    }

    Result<StepResult> update() {
        json body = json::object();
        if (const auto memory = integerField(arguments_, "memory_mb")) body["MemorySize"] = *memory;
        if (const auto timeout = integerField(arguments_, "timeout_s")) body["Timeout"] = *timeout;
        std::string revision = contextText("revision");
        if (revision.empty()) revision = textField(arguments_, "revision");
        if (!revision.empty()) {
            body["RevisionId"] = revision;
        } else {
            PILOTLIGHT_ASSIGN(const ConfigurationState now, reader_.configuration());
            if (now.memory_mb != before_.memory.value || now.timeout_s != before_.timeout.count() ||
                now.code_sha256 != before_.code_sha256) {
                return stale(fmt::format("{} has {} MB and {} s now", before_.name, now.memory_mb, now.timeout_s));
            }
        }
        return write(lambda(Operation::update_function_configuration, "PUT", "2015-03-31", "/configuration", {}, body));
    }

    Result<StepResult> waitForUpdate() {
        for (int poll = 0; poll < kMaxPolls; ++poll) {
            PILOTLIGHT_ASSIGN(const ConfigurationState now, reader_.configuration());
            if (now.update_status == "Failed") {
                return fail(ErrorCode::conflict, fmt::format("Lambda could not update {}: {}", before_.name, now.update_reason),
                            "The old configuration keeps serving.", "Look into the reason, then make a new plan.");
            }
            if (now.update_status != "InProgress") {
                if (!asWanted(now) || (!before_.code_sha256.empty() && now.code_sha256 != before_.code_sha256)) {
                    return stale(fmt::format("{} is not what was just set", before_.name));
                }
                return StepResult{{}, json{{"revision", now.revision}}.dump()};
            }
            PILOTLIGHT_TRY(pause());
        }
        return fail(ErrorCode::conflict, fmt::format("The update of {} is still in progress", before_.name), {}, "Try again later.");
    }

    Result<StepResult> publish() {
        json body = {{"Description", "pilotlight plan/" + plan_id_}};
        if (!before_.code_sha256.empty()) body["CodeSha256"] = before_.code_sha256;
        std::string revision = contextText("revision");
        if (revision.empty()) revision = before_.revision;
        if (!revision.empty()) body["RevisionId"] = revision;
        return write(lambda(Operation::publish_version, "POST", "2015-03-31", "/versions", {}, body), "Version");
    }

    // From the reply of the step that made it, else by looking.
    Result<std::optional<std::string>> publishedVersion() {
        if (const std::string known = contextText("version"); !known.empty()) return known;
        std::string above;
        for (const auto& each : before_.qualifiers) {
            if (each.kind == "alias" && each.version.size() >= above.size() && each.version > above) above = each.version;
        }
        if (const std::string from = textField(arguments_, "from"); !from.empty()) above = from;
        return reader_.matchingVersion(before_.code_sha256, integer(arguments_, "memory_mb"), integer(arguments_, "timeout_s"), above);
    }

    Result<StepResult> waitForVersion() {
        PILOTLIGHT_ASSIGN(const auto version, publishedVersion());
        if (!version)
            return fail(ErrorCode::not_found, fmt::format("The published version of {} is not there", before_.name), {},
                        "Make a new plan.");
        for (int poll = 0; poll < kMaxPolls; ++poll) {
            PILOTLIGHT_ASSIGN(const ConfigurationState now, reader_.configuration(*version));
            if (now.state.empty() || now.state == "Active") return StepResult{{}, json{{"version", *version}}.dump()};
            if (now.state == "Failed") {
                return fail(ErrorCode::conflict, fmt::format("Version {} of {} failed", *version, before_.name), "The alias was not moved.",
                            "Make a new plan.");
            }
            PILOTLIGHT_TRY(pause());
        }
        return fail(ErrorCode::conflict, fmt::format("Version {} of {} is not active yet", *version, before_.name),
                    "The alias was not moved.", "Try again later.");
    }

    Result<StepResult> moveAlias() {
        const std::string alias = textField(arguments_, "alias");
        PILOTLIGHT_ASSIGN(const auto version, publishedVersion());
        if (!version)
            return fail(ErrorCode::not_found, fmt::format("The published version of {} is not there", before_.name), {},
                        "Make a new plan.");
        json body = {{"FunctionVersion", *version}};
        const std::string revision = textField(arguments_, "revision");
        if (!revision.empty()) {
            body["RevisionId"] = revision;
        } else {
            PILOTLIGHT_ASSIGN(const AliasState now, reader_.alias(alias));
            if (now.version != textField(arguments_, "from"))
                return stale(fmt::format("Alias {} points at version {} now", alias, now.version));
        }
        return write(lambda(Operation::update_alias, "PUT", "2015-03-31", "/aliases/" + percentEncoded(alias), {}, body));
    }

    Result<StepResult> limit(bool put) {
        if (arguments_.contains("before")) {
            PILOTLIGHT_ASSIGN(const auto now, reader_.limit());
            const auto planned = integerField(arguments_, "before");
            if (now.has_value() != planned.has_value() || (now && *now != *planned)) {
                return stale(fmt::format("Reserved concurrency of {} is {} now", before_.name, now ? std::to_string(*now) : "none"));
            }
        }
        if (put) {
            return write(lambda(Operation::put_function_concurrency, "PUT", "2017-10-31", "/concurrency", {},
                                {{"ReservedConcurrentExecutions", integer(arguments_, "value")}}));
        }
        return write(lambda(Operation::delete_function_concurrency, "DELETE", "2017-10-31", "/concurrency", {}, nullptr));
    }

    Result<StepResult> pool(bool put) {
        const bool again = arguments_.contains("again") && arguments_["again"].is_boolean() && arguments_["again"].get<bool>();
        if (arguments_.contains("before") && !again) {
            PILOTLIGHT_ASSIGN(const PoolState now, reader_.pool(qualifier()));
            if (now.requested != integer(arguments_, "before")) {
                return stale(fmt::format("Provisioned concurrency of {}:{} is {} now", before_.name, qualifier(), now.requested));
            }
        }
        const std::string query = "Qualifier=" + percentEncoded(qualifier());
        if (put) {
            return write(lambda(Operation::put_pool, "PUT", "2019-09-30", "/provisioned-concurrency", query,
                                {{"ProvisionedConcurrentExecutions", integer(arguments_, "value")}}));
        }
        return write(lambda(Operation::delete_pool, "DELETE", "2019-09-30", "/provisioned-concurrency", query, nullptr));
    }

    Result<StepResult> scaling(const std::string& operation) {
        json body = {{"ServiceNamespace", "lambda"},
                     {"ResourceId", scalingResource(before_.name, qualifier())},
                     {"ScalableDimension", "lambda:function:ProvisionedConcurrency"}};
        Operation call{};
        if (operation == step::kRegister) {
            call = Operation::register_scalable_target;
            body["MinCapacity"] = integer(arguments_, "min");
            body["MaxCapacity"] = integer(arguments_, "max");
            for (const auto& each : arrayField(arguments_, "suspended")) body["SuspendedState"][each.get<std::string>()] = true;
        } else if (operation == step::kDeregister) {
            call = Operation::deregister_scalable_target;
        } else if (operation == step::kPutAction) {
            call = Operation::put_scheduled_action;
            body["ScheduledActionName"] = textField(arguments_, "name");
            body["Schedule"] = textField(arguments_, "schedule");
            if (const std::string zone = textField(arguments_, "time_zone"); !zone.empty()) body["Timezone"] = zone;
            for (const auto& [key, member] : {std::pair{"begins", "StartTime"}, std::pair{"ends", "EndTime"}}) {
                if (arguments_.contains(key)) body[member] = arguments_[key];
            }
            body["ScalableTargetAction"] = json::object();
            if (const auto low = bound("min")) body["ScalableTargetAction"]["MinCapacity"] = *low;
            if (const auto high = bound("max")) body["ScalableTargetAction"]["MaxCapacity"] = *high;
        } else if (operation == step::kDeleteAction) {
            call = Operation::delete_scheduled_action;
            body["ScheduledActionName"] = textField(arguments_, "name");
        } else {
            return fail(ErrorCode::invalid_argument, fmt::format("\"{}\" is no step of a Lambda change", operation), {}, {});
        }
        return write(jsonRequest(call, before_.region, body.dump()));
    }

    Status pause() {
        client_.wallClock()->sleepFor(kPollInterval, job_.stopToken());
        return job_.check();
    }

    AwsClient& client_;
    const Function& before_;
    const json& arguments_;
    const json& context_;
    const std::string& plan_id_;
    const JobContext& job_;
    StateReader reader_;
};

struct Parsed {
    json arguments, context;
};
Result<Parsed> parse(const ApplyStep& step, const std::string& context) {
    Parsed parsed;
    PILOTLIGHT_ASSIGN(parsed.arguments, parseObject(step.arguments, step.operation));
    parsed.context = context.empty() ? json::object() : json::parse(context, nullptr, false);
    if (!parsed.context.is_object()) return fail(ErrorCode::invalid_argument, "The context of a step is no JSON object", {}, {});
    return parsed;
}

}  // namespace

Result<std::vector<ApplyStep>> AwsPlatform::steps(const Function& before, const DesiredSettings& desired, const std::string& alias) const {
    return planSteps(before, desired, alias);
}

Result<StepResult> AwsPlatform::send(const Function& before, const ApplyStep& step, const std::string& context, const std::string& plan_id,
                                     const JobContext& job) {
    if (!profile_.write) {
        return fail(ErrorCode::refused, fmt::format("Profile {} is read-only", profile_.name), "Nothing was changed.",
                    "Add the profile again with --write.");
    }
    PILOTLIGHT_ASSIGN(const Parsed parsed, parse(step, context));
    return Sender(client_, before, parsed.arguments, parsed.context, plan_id, job).send(step.operation);
}

Result<bool> AwsPlatform::hasHappened(const Function& before, const ApplyStep& step, const std::string& context, const JobContext& job) {
    PILOTLIGHT_ASSIGN(const Parsed parsed, parse(step, context));
    return Sender(client_, before, parsed.arguments, parsed.context, {}, job).hasHappened(step.operation);
}

Result<ConvergenceReport> AwsPlatform::convergence(const std::string& function_id, const JobContext& job) {
    const auto arn = parseFunctionArn(function_id);
    if (!arn) return fail(ErrorCode::invalid_argument, fmt::format("\"{}\" is no ARN of a Lambda function", function_id), {}, {});
    const StateReader reader(client_, arn->region, arn->name, job);
    PILOTLIGHT_ASSIGN(const ConfigurationState now, reader.configuration());
    if (now.update_status == "Failed") return ConvergenceReport{Convergence::failed, "the update failed: " + now.update_reason};
    if (now.update_status == "InProgress") return ConvergenceReport{Convergence::in_progress, "the update is in progress"};
    const auto pools = reader.pools();
    if (!pools) {
        // An endpoint without provisioned concurrency has none to wait for.
        if (pools.error().code == ErrorCode::unsupported || pools.error().code == ErrorCode::not_found)
            return ConvergenceReport{Convergence::done, "updated"};
        return fail(pools.error());
    }
    for (const PoolState& pool : *pools) {
        if (pool.status == "FAILED") return ConvergenceReport{Convergence::failed, "the warm pool failed: " + pool.reason};
    }
    for (const PoolState& pool : *pools) {
        if (pool.status == "IN_PROGRESS") return ConvergenceReport{Convergence::in_progress, "the warm pool is being filled"};
    }
    return ConvergenceReport{Convergence::done, "updated"};
}

}  // namespace pilotlight::platform::aws
