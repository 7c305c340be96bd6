// Free grants: every cell of platform, billing mode and meter worked out by hand; once an account and month, never once a function (komiser).
#include <gtest/gtest.h>

#include "core/pricing/free_grants.h"

namespace pilotlight::pricing {
namespace {

struct Cell {
    const char* name;
    PlatformKind platform;
    const char *kind, *billing, *meter;
    double quantity;  // of each of two functions of one account
    const char* usd;  // that it costs
    double free;      // units taken off, of both together
    const char* worth;
};

Function functionOf(PlatformKind platform, const char* kind, const char* billing, const std::string& id, const std::string& account) {
    Function f;
    f.id = id;
    f.platform = platform;
    f.account = account;
    f.profile = account;
    if (*kind != 0) f.untuned[untuned_key::kKind] = kind;
    if (*billing != 0) f.untuned[untuned_key::kBilling] = billing;
    return f;
}

CostLine lineOf(const std::string& id, const char* meter, double quantity, const char* usd, const char* day) {
    CostLine line;
    line.function_id = id;
    line.meter = meter;
    line.quantity = quantity;
    line.amount = Money::parse(usd).value();
    line.period = {parseIso8601(day).value(), parseIso8601(day).value() + hours(24)};
    line.kind = CostKind::computed;
    return line;
}

std::vector<CostLine> grantsOf(const std::vector<CostLine>& lines, const std::vector<Function>& functions) {
    return freeGrants(lines, [&](const std::string& id) -> const Function* {
        for (const auto& f : functions)
            if (f.id == id) return &f;
        return nullptr;
    });
}

class GrantCell : public testing::TestWithParam<Cell> {};

TEST_P(GrantCell, IsTakenOffOnceAnAccount) {
    const auto& c = GetParam();
    const std::vector<Function> functions{functionOf(c.platform, c.kind, c.billing, "a", "1"), functionOf(c.platform, c.kind, c.billing, "b", "1")};
    const auto grants = grantsOf({lineOf("a", c.meter, c.quantity, c.usd, "2026-11-03"), lineOf("b", c.meter, c.quantity, c.usd, "2026-11-04")}, functions);
    if (c.free == 0) {
        EXPECT_TRUE(grants.empty());
        return;
    }
    ASSERT_EQ(grants.size(), 1u);
    EXPECT_DOUBLE_EQ(grants[0].quantity, -c.free);
    EXPECT_NEAR(grants[0].amount.toDouble(), -Money::parse(c.worth)->toDouble(), 1e-6);
    EXPECT_TRUE(grants[0].function_id.empty()) << "belongs to the account";
}

using enum PlatformKind;
INSTANTIATE_TEST_SUITE_P(
    Each, GrantCell,
    testing::Values(
        // 400,000 GB-s of the 600,000 that cost 10.00002
        Cell{"aws_duration", aws, "", "", meter::kDuration, 300'000, "5.00001", 400'000, "6.66668"},
        Cell{"aws_requests", aws, "", "", meter::kRequests, 300'000, "0.06", 600'000, "0.12"},  // all of it
        Cell{"aws_pool", aws, "", "", meter::kPoolKept, 300'000, "1.25", 0, ""},                // none for what is kept warm
        // 180,000 vCPU-s at 0.000024
        Cell{"gcp_vcpu", gcp, "service", "request", meter::kVcpu, 100'000, "2.4", 180'000, "4.32"},
        // Tier 2: the grant is worth what it is in Tier 1
        Cell{"gcp_vcpu_tier_2", gcp, "service", "request", meter::kVcpu, 100'000, "3.36", 180'000, "4.32"},
        Cell{"gcp_memory", gcp, "gen2", "request", meter::kMemory, 500'000, "1.25", 360'000, "0.9"},
        Cell{"gcp_requests", gcp, "service", "request", meter::kRequests, 5e6, "2", 2e6, "0.8"},
        Cell{"gcp_idle", gcp, "service", "request", meter::kIdleVcpu, 100'000, "0.25", 0, ""},
        Cell{"gcp_instance_vcpu", gcp, "service", "instance", meter::kVcpu, 200'000, "3.6", 240'000, "4.32"},
        Cell{"gcp_instance_memory", gcp, "service", "instance", meter::kMemory, 300'000, "0.6", 450'000, "0.9"},
        Cell{"gcp_gpu", gcp, "service", "instance", meter::kGpu, 100'000, "18.67", 0, ""},  // no GPU is free
        Cell{"gen1_cpu", gcp, "gen1", "request", meter::kVcpu, 150'000, "1.5", 200'000, "2"},
        Cell{"gen1_memory", gcp, "gen1", "request", meter::kMemory, 300'000, "0.75", 400'000, "1"},
        Cell{"consumption_time", azure, "consumption", "request", meter::kDuration, 300'000, "4.8", 400'000, "6.4"},
        Cell{"consumption_executions", azure, "consumption", "request", meter::kRequests, 1e6, "0.2", 1e6, "0.2"},
        Cell{"flex_time", azure, "flex", "request", meter::kDuration, 100'000, "2.6", 100'000, "2.6"},
        Cell{"flex_executions", azure, "flex", "request", meter::kRequests, 1e6, "0.4", 250'000, "0.1"},
        Cell{"flex_always_ready", azure, "flex", "request", meter::kPoolKept, 100'000, "0.4", 0, ""},
        Cell{"premium", azure, "premium", "instance", meter::kVcpu, 100'000, "4.8", 0, ""}),
    [](const auto& each) { return each.param.name; });

TEST(FreeGrants, EachMonthAndAccountHasItsOwn) {
    const std::vector<Function> functions{functionOf(aws, "", "", "a", "1"), functionOf(aws, "", "", "b", "2")};
    const auto grants = grantsOf({lineOf("a", meter::kDuration, 500'000, "8", "2026-10-31"), lineOf("a", meter::kDuration, 500'000, "8", "2026-11-01"),
                                  lineOf("a", meter::kInit, 100'000, "2", "2026-11-01"),  // INIT is duration
                                  lineOf("b", meter::kDuration, 1'000, "0.016", "2026-11-01"), lineOf("?", meter::kDuration, 1'000, "0.016", "2026-11-01")},
                                 functions);
    ASSERT_EQ(grants.size(), 3u);
    double sum = 0;
    for (const auto& grant : grants) sum += grant.amount.toDouble();
    EXPECT_NEAR(sum, -(6.4 + 10.0 * 4 / 6 + 0.016), 1e-6);
}

}  // namespace
}  // namespace pilotlight::pricing
