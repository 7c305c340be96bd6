#include <gtest/gtest.h>

#include <fstream>

#include "core/net/aws_config.h"
#include "core/net/subprocess.h"
#include "tests/support/data.h"

namespace pilotlight::net {
namespace {

TEST(AwsIni, SectionsNestedValuesAndComments) {
    const auto ini = parseAwsIni(
        "\xEF\xBB\xBF# comment\r\n[default]\r\nregion = eu-west-1\r\n ; no\n"
        "[profile  \"prod one\" ] # trailing\n"
        "aws_secret_access_key = a#b;c=d==\n"
        "s3 =\n  max_concurrent_requests = 20\n  addressing_style=path\n"
        "output = json\n"
        "[broken\nregion = nowhere\n"
        "[services local]\nlambda =\n  endpoint_url = http://localhost:4566\n"
        "[default]\nOutput=text\nnovalue\n= 3\n");
    ASSERT_EQ(ini.count("default"), 1u);
    EXPECT_EQ(ini.at("default").values.at("region"), "eu-west-1");
    EXPECT_EQ(ini.at("default").values.at("output"), "text");
    ASSERT_EQ(ini.count("profile prod one"), 1u);
    const auto& prod = ini.at("profile prod one");
    EXPECT_EQ(prod.values.at("aws_secret_access_key"), "a#b;c=d==");
    EXPECT_EQ(prod.nested.at("s3").at("addressing_style"), "path");
    EXPECT_EQ(prod.values.at("output"), "json");
    EXPECT_EQ(ini.at("services local").nested.at("lambda").at("endpoint_url"), "http://localhost:4566");
    for (const auto& [title, section] : ini) EXPECT_EQ(section.values.count("novalue"), 0u) << title;
    EXPECT_TRUE(parseAwsIni("").empty());
    EXPECT_TRUE(parseAwsIni("[]\n=\n[ ]\nx=1").empty());
}

class AwsConfigFiles : public ::testing::Test {
protected:
    void write(const std::string& config, const std::string& credentials = "") {
        std::filesystem::create_directories(dir_.path() / ".aws");
        std::ofstream(dir_.path() / ".aws" / "config") << config;
        std::ofstream(dir_.path() / ".aws" / "credentials") << credentials;
        variables_["HOME"] = dir_.path().string();
    }
    EnvironmentReader reader() {
        return [this](const char* name) -> std::optional<std::string> {
            const auto at = variables_.find(name);
            return at == variables_.end() ? std::nullopt : std::optional(at->second);
        };
    }
    test::TemporaryDirectory dir_;
    std::map<std::string, std::string> variables_;
};

TEST_F(AwsConfigFiles, RegionOrder) {
    write("[default]\nregion = eu-north-1\n[profile prod]\nregion=ap-south-1\n");
    EXPECT_EQ(AwsConfig::load(reader()).region(reader(), "prod"), "ap-south-1");
    EXPECT_EQ(AwsConfig::load(reader()).region(reader(), "default"), "eu-north-1");
    EXPECT_FALSE(AwsConfig::load(reader()).region(reader(), "nobody"));
    variables_["AWS_DEFAULT_REGION"] = "us-west-2";
    EXPECT_EQ(AwsConfig::load(reader()).region(reader(), "prod"), "us-west-2");
    variables_["AWS_REGION"] = "us-east-2";
    EXPECT_EQ(AwsConfig::load(reader()).region(reader(), "prod"), "us-east-2");
}

TEST_F(AwsConfigFiles, EndpointOrder) {
    write(
        "[profile dev]\nservices = local\nendpoint_url = http://all:1/\n[services local]\ncloudwatch_logs =\n  endpoint_url = "
        "http://logs:2\n");
    const auto at = [&](const char* service) { return AwsConfig::load(reader()).endpoint(reader(), "dev", service); };
    EXPECT_EQ(at("CLOUDWATCH_LOGS"), "http://logs:2");
    EXPECT_EQ(at("LAMBDA"), "http://all:1");
    variables_["AWS_ENDPOINT_URL"] = "http://env:3/";
    EXPECT_EQ(at("CLOUDWATCH_LOGS"), "http://env:3");
    variables_["AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"] = "http://env-logs:4";
    EXPECT_EQ(at("CLOUDWATCH_LOGS"), "http://env-logs:4");
    EXPECT_EQ(at("LAMBDA"), "http://env:3");
    variables_["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "True";
    EXPECT_FALSE(at("LAMBDA"));
}

TEST_F(AwsConfigFiles, OtherFilesAndCredentialsWin) {
    write("[profile x]\nregion = a\naws_access_key_id = fromconfig\n", "[x]\naws_access_key_id = fromcredentials\n");
    EXPECT_EQ(AwsConfig::load(reader()).value("x", "aws_access_key_id"), "fromcredentials");
    std::ofstream(dir_.path() / "elsewhere") << "[profile y]\nregion = b\n";
    variables_["AWS_CONFIG_FILE"] = "~/elsewhere";
    const auto config = AwsConfig::load(reader());
    EXPECT_TRUE(config.hasProfile("y"));
    EXPECT_TRUE(config.hasProfile("x"));  // still in the credentials file
    EXPECT_EQ(config.profile("x"), nullptr);
}

TEST(AwsDnsSuffix, ByPartition) {
    EXPECT_EQ(awsDnsSuffix("us-gov-west-1"), "amazonaws.com");
    EXPECT_EQ(awsDnsSuffix("cn-north-1"), "amazonaws.com.cn");
    EXPECT_EQ(awsDnsSuffix("eusc-de-east-1"), "amazonaws.eu");
}

TEST(Subprocess, SplitsWithoutAShell) {
    using Words = std::vector<std::string>;
    EXPECT_EQ(splitCommand("a  b\tc").value(), (Words{"a", "b", "c"}));
    EXPECT_EQ(splitCommand(R"("/opt/my tool" 'it''s' "a\"b" c\ d "")").value(), (Words{"/opt/my tool", "its", "a\"b", "c d", ""}));
    EXPECT_EQ(splitCommand("echo $HOME;rm `x` | y").value(), (Words{"echo", "$HOME;rm", "`x`", "|", "y"}));
    EXPECT_EQ(splitCommand("a 'b").error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(splitCommand("  ").error().code, ErrorCode::invalid_argument);
}

TEST(Subprocess, RunsTimesOutAndStops) {
    const auto good = runProcess({"sh", "-c", "echo out; echo err >&2; exit 3"}, seconds(10), {});
    ASSERT_TRUE(good);
    EXPECT_EQ(good->out, "out\n");
    EXPECT_EQ(good->error, "err\n");
    EXPECT_EQ(good->exit_code, 3);
    EXPECT_EQ(runProcess({"/nowhere/such-program"}, seconds(1), {}).error().code, ErrorCode::not_found);
    const auto started = std::chrono::steady_clock::now();
    EXPECT_EQ(runProcess({"sh", "-c", "sleep 30 & sleep 30"}, milliseconds(150), {}).error().code, ErrorCode::network);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_EQ(runProcess({"sleep", "30"}, seconds(30), stop.get_token()).error().code, ErrorCode::cancelled);
    EXPECT_LT(std::chrono::steady_clock::now() - started, seconds(10));
}

}  // namespace
}  // namespace pilotlight::net
