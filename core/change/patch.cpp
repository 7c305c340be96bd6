#include "core/change/patch.h"

#include <fmt/format.h>

#include <cctype>

#include "core/change/settings.h"

namespace pilotlight::change {
namespace {

// A name that every one of the languages takes as an identifier.
std::string identifier(const std::string& text, bool underscores) {
    std::string out;
    bool upper = true;
    for (const char c : text) {
        if (std::isalnum(static_cast<unsigned char>(c))) {
            out += underscores ? static_cast<char>(std::tolower(static_cast<unsigned char>(c)))
                   : upper     ? static_cast<char>(std::toupper(static_cast<unsigned char>(c)))
                               : c;
            upper = false;
        } else {
            if (underscores && !out.empty() && out.back() != '_') out += '_';
            upper = true;
        }
    }
    while (!out.empty() && out.back() == '_') out.pop_back();
    if (out.empty() || std::isdigit(static_cast<unsigned char>(out.front()))) out.insert(0, underscores ? "f_" : "F");
    return out;
}

std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

std::string oneLine(std::string text) {
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    }
    return text;
}

std::string header(const Plan& plan) {
    std::string out = "# Pilotlight plan " + plan.id + " for " + oneLine(plan.function_id) + "\n";
    for (const auto& change : plan.changes) out += "#   " + oneLine(change.setting + ": " + change.before + " -> " + change.after) + "\n";
    return out;
}

bool noLimit(const DesiredSettings& desired) { return desired.instance_limit && desired.instance_limit->kind == InstanceLimit::Kind::none; }

std::string terraform(const Plan& plan) {
    const auto& desired = plan.desired;
    const std::string id = identifier(plan.before.name, true);
    std::string out = header(plan);
    if (desired.memory || desired.timeout || desired.instance_limit) {
        out += fmt::format(
            "\n# Change these arguments of the resource whose function_name is \"{}\".\nresource \"aws_lambda_function\" \"{}\" {{\n",
            oneLine(plan.before.name), id);
        if (desired.memory) out += fmt::format("  memory_size = {} # was {}\n", desired.memory->value, plan.before.memory.value);
        if (desired.timeout) out += fmt::format("  timeout = {} # was {}\n", desired.timeout->count(), plan.before.timeout.count());
        if (desired.instance_limit) {
            out += fmt::format("  reserved_concurrent_executions = {} # was {}\n", noLimit(desired) ? -1 : desired.instance_limit->value,
                               text(plan.before.instance_limit));
        }
        if (!plan.alias.empty()) out += "  publish = true # so that the alias can move\n";
        out += "}\n";
    }
    const std::string qualifier = desired.pool_qualifier;
    if (desired.warm_pool) {
        if (*desired.warm_pool == 0) {
            out +=
                fmt::format("\n# Remove the resource aws_lambda_provisioned_concurrency_config of qualifier \"{}\".\n", oneLine(qualifier));
        } else {
            out += fmt::format(
                "\nresource \"aws_lambda_provisioned_concurrency_config\" \"{}_{}\" {{\n  function_name                     = "
                "aws_lambda_function.{}.function_name\n"
                "  qualifier                         = \"{}\"\n  provisioned_concurrent_executions = {}\n}}\n",
                id, identifier(qualifier, true), id, oneLine(qualifier), *desired.warm_pool);
        }
    }
    if (desired.warm_schedule) {
        const std::string name = id + "_" + identifier(qualifier, true);
        std::int32_t low = INT32_MAX, high = 0;
        for (const auto& entry : desired.warm_schedule->entries) {
            low = std::min(low, entry.level);
            high = std::max(high, entry.level);
        }
        out += fmt::format(
            "\nresource \"aws_appautoscaling_target\" \"{0}\" {{\n  service_namespace  = \"lambda\"\n  scalable_dimension = "
            "\"lambda:function:ProvisionedConcurrency\"\n"
            "  resource_id        = \"function:{1}:{2}\"\n  min_capacity       = {3}\n  max_capacity       = {4}\n}}\n",
            name, oneLine(plan.before.name), oneLine(qualifier), low, high);
        int n = 0;
        for (const auto& entry : desired.warm_schedule->entries) {
            static constexpr const char* kDays[] = {"MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"};
            std::string days;
            for (int day = 0; day < 7; ++day) {
                if ((entry.weekdays >> day) & 1) days += (days.empty() ? "" : ",") + std::string(kDays[day]);
            }
            out += fmt::format(
                "\nresource \"aws_appautoscaling_scheduled_action\" \"{0}_{1}\" {{\n  name               = \"{0}_{1}\"\n"
                "  service_namespace  = aws_appautoscaling_target.{0}.service_namespace\n  resource_id        = "
                "aws_appautoscaling_target.{0}.resource_id\n"
                "  scalable_dimension = aws_appautoscaling_target.{0}.scalable_dimension\n  schedule           = \"cron({2} {3} ? * {4} "
                "*)\"\n"
                "  timezone           = \"{5}\"\n  scalable_target_action {{\n    min_capacity = {6}\n    max_capacity = {6}\n  }}\n}}\n",
                name, ++n, entry.minute_of_day % 60, entry.minute_of_day / 60, days, oneLine(desired.warm_schedule->time_zone),
                entry.level);
        }
    }
    return out;
}

std::string cloudFormation(const Plan& plan, bool sam) {
    const auto& desired = plan.desired;
    std::string out = header(plan) + "Resources:\n";
    const std::string id = identifier(plan.before.name, false);
    out += fmt::format("  {}: # the resource whose FunctionName is {}\n    Type: {}\n    Properties:\n", id, oneLine(plan.before.name),
                       sam ? "AWS::Serverless::Function" : "AWS::Lambda::Function");
    if (desired.memory) out += fmt::format("      MemorySize: {} # was {}\n", desired.memory->value, plan.before.memory.value);
    if (desired.timeout) out += fmt::format("      Timeout: {} # was {}\n", desired.timeout->count(), plan.before.timeout.count());
    if (desired.instance_limit) {
        out += noLimit(desired) ? fmt::format("      # remove ReservedConcurrentExecutions (was {})\n", text(plan.before.instance_limit))
                                : fmt::format("      ReservedConcurrentExecutions: {} # was {}\n", desired.instance_limit->value,
                                              text(plan.before.instance_limit));
    }
    const std::string qualifier = desired.pool_qualifier;
    if (desired.warm_pool || desired.warm_schedule) {
        const auto* before = findQualifier(plan.before, qualifier);
        const std::int32_t was = before == nullptr ? 0 : before->warm_pool.value_or(0);
        std::int32_t level = desired.warm_pool.value_or(0);
        if (desired.warm_schedule) {
            for (const auto& entry : desired.warm_schedule->entries) level = std::max(level, entry.level);
        }
        const std::string indent = sam ? "      " : "    ";
        if (!sam)
            out += fmt::format("  {}{}: # the alias {}\n    Type: AWS::Lambda::Alias\n    Properties:\n", id, identifier(qualifier, false),
                               oneLine(qualifier));
        else if (!qualifier.empty())
            out += fmt::format("      AutoPublishAlias: {}\n", oneLine(qualifier));
        out += level == 0
                   ? fmt::format("      # remove ProvisionedConcurrencyConfig (was {})\n", was)
                   : fmt::format("      ProvisionedConcurrencyConfig:\n        ProvisionedConcurrentExecutions: {} # was {}\n", level, was);
        if (desired.warm_schedule)
            out += "      # and a schedule on AWS::ApplicationAutoScaling::ScalableTarget: " + oneLine(text(*desired.warm_schedule)) + "\n";
    }
    return out;
}

std::string awsCli(const Plan& plan) {
    const auto& desired = plan.desired;
    const auto& before = plan.before;
    const std::string common = " --function-name " + quoted(before.name) + " --region " + quoted(before.region);
    std::string out = "#!/bin/sh\n" + header(plan) + "set -eu\n";
    const bool configuration =
        (desired.memory && *desired.memory != before.memory) || (desired.timeout && *desired.timeout != before.timeout);
    if (configuration) {
        out += "aws lambda update-function-configuration" + common;
        if (desired.memory) out += fmt::format(" --memory-size {}", desired.memory->value);
        if (desired.timeout) out += fmt::format(" --timeout {}", desired.timeout->count());
        if (!before.revision.empty()) out += " --revision-id " + quoted(before.revision);
        out += "\naws lambda wait function-updated-v2" + common + "\n";
    }
    if (!plan.alias.empty() && (desired.memory || desired.timeout)) {
        out += "version=$(aws lambda publish-version" + common;
        if (!before.code_sha256.empty()) out += " --code-sha256 " + quoted(before.code_sha256);
        out += " --query Version --output text)\naws lambda wait published-version-active" + common +
               " --qualifier \"$version\"\naws lambda update-alias" + common + " --name " + quoted(plan.alias) +
               " --function-version \"$version\"";
        const auto* alias = findQualifier(before, plan.alias);
        if (alias != nullptr && !alias->revision.empty()) out += " --revision-id " + quoted(alias->revision);
        out += "\n";
        if (alias != nullptr && alias->warm_pool.value_or(0) > 0 && !desired.warm_pool) {
            out += fmt::format("aws lambda put-provisioned-concurrency-config{} --qualifier {} --provisioned-concurrent-executions {}\n",
                               common, quoted(plan.alias), *alias->warm_pool);
        }
    }
    std::string limit;
    if (desired.instance_limit) {
        limit = noLimit(desired) ? "aws lambda delete-function-concurrency" + common + "\n"
                                 : fmt::format("aws lambda put-function-concurrency{} --reserved-concurrent-executions {}\n", common,
                                               desired.instance_limit->value);
    }
    std::string pool;
    const auto* pooled = findQualifier(before, desired.pool_qualifier);
    if ((desired.warm_pool || desired.warm_schedule) && pooled != nullptr && pooled->scaling) {
        pool = fmt::format(
            "aws application-autoscaling deregister-scalable-target --service-namespace lambda --region {} --resource-id {} "
            "--scalable-dimension lambda:function:ProvisionedConcurrency\n",
            quoted(before.region), quoted("function:" + before.name + ":" + pooled->name));
    }
    if (desired.warm_pool) {
        pool +=
            *desired.warm_pool == 0
                ? fmt::format("aws lambda delete-provisioned-concurrency-config{} --qualifier {}\n", common, quoted(desired.pool_qualifier))
                : fmt::format("aws lambda put-provisioned-concurrency-config{} --qualifier {} --provisioned-concurrent-executions {}\n",
                              common, quoted(desired.pool_qualifier), *desired.warm_pool);
    }
    if (desired.warm_schedule) pool += "# schedule (Application Auto Scaling): " + oneLine(text(*desired.warm_schedule)) + "\n";
    const bool lowered =
        desired.instance_limit && desired.instance_limit->kind == InstanceLimit::Kind::limited &&
        (before.instance_limit.kind != InstanceLimit::Kind::limited || desired.instance_limit->value < before.instance_limit.value);
    return out + (lowered ? pool + limit : limit + pool);
}

}  // namespace

Result<PatchFormat> parsePatchFormat(std::string_view text) {
    for (const auto format : {PatchFormat::terraform, PatchFormat::cloudformation, PatchFormat::sam, PatchFormat::awscli}) {
        if (text == name(format)) return format;
    }
    return fail(ErrorCode::invalid_argument, "\"" + std::string(text.substr(0, 64)) + "\" is no patch format", {},
                "Use terraform, cloudformation, sam or awscli.");
}

const char* name(PatchFormat format) {
    switch (format) {
        case PatchFormat::terraform:
            return "terraform";
        case PatchFormat::cloudformation:
            return "cloudformation";
        case PatchFormat::sam:
            return "sam";
        case PatchFormat::awscli:
            return "awscli";
    }
    return "";
}

std::string exportPatch(const Plan& plan, PatchFormat format) {
    switch (format) {
        case PatchFormat::terraform:
            return terraform(plan);
        case PatchFormat::cloudformation:
            return cloudFormation(plan, false);
        case PatchFormat::sam:
            return cloudFormation(plan, true);
        case PatchFormat::awscli:
            return awsCli(plan);
    }
    return {};
}

}  // namespace pilotlight::change
