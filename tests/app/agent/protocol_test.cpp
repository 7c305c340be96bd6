// Lines as a broken front end would send them.
#include "tests/app/agent/support.h"

namespace pilotlight::test {
namespace {

std::vector<std::string> talk(const Folder& folder, const std::string& input) {
    const std::string path = folder.script("input", input);
    const auto done = runProgram({"sh", "-c", "(cat " + path + "; sleep 2) | exec \"$0\"", builtProgram("pilotlight-agent")});
    EXPECT_EQ(done.exit_code, 0) << done.err;
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < done.out.size();) {
        const auto end = done.out.find('\n', at);
        lines.push_back(done.out.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

TEST(AgentProtocol, BadLinesAreAnsweredAndDoNoHarm) {
    const Folder folder;
    std::string input = "nonsense\n{\"v\":1,\"type\":\"trial\"}\n{\"v\":1,\"type\":\"cancel\",\"id\":\"nobody\"}\n{\"v\":9,\"type\":\"quit\"}\n";
    input += std::string(bench::kMostRequestBytes + 100'000, 'x') + "\n";
    input += R"({"v":1,"type":"trial","id":"good","size":{"memory_mb":128,"vcpu":1},"target":{"command":["true"]}})" "\n";
    const auto lines = talk(folder, input);
    int errors = 0, results = 0;
    for (const auto& line : lines) {
        const auto event = bench::parseEvent(line);
        ASSERT_TRUE(event) << line.substr(0, 200);
        errors += std::holds_alternative<bench::ErrorEvent>(*event);
        if (const auto* result = std::get_if<bench::TrialResult>(&*event)) {
            ++results;
            EXPECT_EQ(result->id, "good");
            EXPECT_EQ(result->status, bench::TrialStatus::ok) << result->detail;
        }
    }
    EXPECT_EQ(errors, 5);
    EXPECT_EQ(results, 1);
}

TEST(AgentProtocol, ModelsWithoutARuntimeSayWhatToDo) {
    auto agent = startAgent();
    const auto devices = agent.devices({});
    ASSERT_TRUE(devices);
    ASSERT_FALSE(devices->empty());
    if (devices->front().available) GTEST_SKIP() << "ONNX Runtime is there";
    const auto result = agent.run(trialOf({.kind = bench::Target::Kind::onnx, .model = "/tmp/some.onnx"}), {});
    ASSERT_TRUE(result);
    EXPECT_EQ(result->status, bench::TrialStatus::unsupported);
    EXPECT_NE(result->detail.find("packaging/onnxruntime"), std::string::npos) << result->detail;
}

TEST(AgentProtocol, OptionsAreAnswered) {
    EXPECT_EQ(runProgram({builtProgram("pilotlight-agent"), "--help"}).exit_code, 0);
    EXPECT_NE(runProgram({builtProgram("pilotlight-agent"), "--version"}).out.find("protocol 1"), std::string::npos);
    const auto wrong = runProgram({builtProgram("pilotlight-agent"), "--wrong"});
    EXPECT_EQ(wrong.exit_code, 2);
    EXPECT_NE(wrong.err.find("--wrong"), std::string::npos);
}

}  // namespace
}  // namespace pilotlight::test
