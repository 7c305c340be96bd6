// AwsPlatform behind a client that answers with recorded shapes.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json_fwd.hpp>

#include "core/platform/aws/aws_platform.h"
#include "tests/core/platform/fake_aws.h"

namespace pilotlight::platform::aws {

using nlohmann::json;
using test::answer;
using test::FakeAws;

inline Timestamp at(const char* text) { return parseIso8601(text).value(); }
inline const std::string kArn = "arn:aws:lambda:us-east-1:123456789012:function:";
inline const std::string kMetrics = "GraniteServiceVersion20100801.GetMetricData";
inline const std::string kLogs = "Logs_20140328.FilterLogEvents";
inline const std::string kCosts = "AWSInsightsIndexService.GetCostAndUsage";
inline const std::string kTargets = "AnyScaleFrontendService.DescribeScalableTargets";
inline const std::string kActions = "AnyScaleFrontendService.DescribeScheduledActions";

[[nodiscard]] json configuration(const std::string& name, int memory = 1024, const std::string& version = "$LATEST");

class Aws : public testing::Test {
protected:
    Aws();
    AwsPlatform& platform();
    void addFunction(const std::string& name);
    void listed(const std::vector<std::string>& names);
    Function function(const std::string& name = "chat");

    Profile profile;
    std::shared_ptr<FakeAws> fake = std::make_shared<FakeAws>();
    std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>(at("2026-11-24T12:00:00Z"));
    std::shared_ptr<net::ApiMeter> meter = std::make_shared<net::ApiMeter>(100'000, Money::dollars(5));
    JobContext job;

private:
    std::unique_ptr<AwsPlatform> platform_;
};

}  // namespace pilotlight::platform::aws
