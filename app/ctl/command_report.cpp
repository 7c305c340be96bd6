// report, policy
#include <CLI/CLI.hpp>
#include <fstream>
#include <memory>

#include "app/common/report.h"
#include "app/ctl/context.h"
#include "core/platform/aws/policy.h"
#include "core/platform/azure/operations.h"
#include "core/platform/gcp/policy.h"

namespace pilotlight::ctl {
namespace {

struct ReportCommand {
    RangeOptions range;
    std::string file;
};

void writeReport(Context& context, const ReportCommand& command) {
    const auto workspace = context.workspace();
    if (!workspace) return context.fail(workspace.error());
    const auto range = context.range(command.range.from, command.range.to, (*workspace)->now());
    if (!range) return context.fail(range.error());
    const auto html = common::htmlReport(**workspace, *range, context.job());
    if (!html) return context.fail(html.error());
    if (command.file.empty() || command.file == "-") return context.out(*html);
    std::ofstream file(command.file, std::ios::binary | std::ios::trunc);
    file << *html;
    file.close();
    if (!file) return context.fail({ErrorCode::storage, "The file " + command.file + " cannot be written", "There is no report", "Choose another place, or free some room"});
    context.note("Report written to " + command.file);
}

struct PolicyCommand {
    std::string kind = "read", platform = "aws", account = "*", region = "*";
};

} // namespace

void addReportCommands(CLI::App& app, Context& context) {
    auto report = std::make_shared<ReportCommand>();
    auto* report_command = app.add_subcommand("report", "One HTML file: costs, functions, recommendations, changes, with their sources");
    report->range.addTo(*report_command);
    report_command->add_option("--output,-o", report->file, "File to write; stdout where it is left out");
    report_command->callback([report, &context] { writeReport(context, *report); });

    auto policy = std::make_shared<PolicyCommand>();
    auto* policy_command = app.add_subcommand("policy", "Least-privilege policy for what Pilotlight calls (AWS: IAM policy; Google Cloud and Azure: custom role)");
    policy_command->add_option("kind", policy->kind, "read, or apply (what applying needs besides)")->check(CLI::IsMember({"read", "apply"}))->capture_default_str();
    policy_command->add_option("--platform", policy->platform, "aws, gcp or azure")->check(CLI::IsMember({"aws", "gcp", "azure"}))->capture_default_str();
    policy_command->add_option("--account", policy->account, "Account that may be changed")->capture_default_str();
    policy_command->add_option("--region", policy->region, "Region that may be changed")->capture_default_str();
    policy_command->callback([policy, &context] {
        const std::string subscription = policy->account == "*" ? std::string() : policy->account;
        if (policy->platform == "azure") return context.out(policy->kind == "read" ? platform::azure::readPolicy(subscription) : platform::azure::applyPolicy(subscription));
        if (policy->platform == "gcp") return context.out(policy->kind == "read" ? platform::gcp::readPolicy() : platform::gcp::applyPolicy());
        context.out(policy->kind == "read" ? platform::aws::readPolicy() : platform::aws::applyPolicy(policy->account, policy->region));
    });
}

} // namespace pilotlight::ctl
