// ONNX Runtime in this process: what sessions compute. Skipped where packaging/onnxruntime has fetched nothing.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#include "app/agent/onnx_runtime.h"
#include "tests/support/data.h"
#include "tests/support/onnx_model.h"

namespace pilotlight::agent {
namespace {

std::filesystem::path models() { return PILOTLIGHT_MODELS; }

class OnnxSession : public testing::Test {
protected:
    void SetUp() override {
        if (!std::filesystem::exists(models())) GTEST_SKIP() << "skipped: packaging/onnxruntime has not been run";
        auto loaded = OnnxRuntime::load();
        ASSERT_TRUE(loaded) << loaded.error().text();
        runtime_ = std::move(*loaded);
        const auto made = runtime_->makeEnvironment();
        ASSERT_TRUE(made) << made.error().text();
    }
    std::string write(const std::string& name, const std::string& bytes) {
        std::ofstream(folder_.path() / name, std::ios::binary) << bytes;
        return folder_.path() / name;
    }
    std::vector<double> outputsOf(const SessionOptions& options) {
        auto session = runtime_->open(options);
        EXPECT_TRUE(session) << session.error().text();
        if (!session) return {};
        const auto done = (*session)->run();
        EXPECT_TRUE(done) << done.error().text();
        auto outputs = (*session)->outputs();
        EXPECT_TRUE(outputs);
        return outputs ? *outputs : std::vector<double>();
    }
    test::TemporaryDirectory folder_;
    std::unique_ptr<OnnxRuntime> runtime_;
};

std::vector<double> expectedIn(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    const auto tensor = parseTensorProto(std::string(std::istreambuf_iterator<char>(stream), {}));
    EXPECT_TRUE(tensor) << file;
    return tensor ? numbersOf(tensor->type, tensor->data.data(), tensor->data.size() / bytesOf(tensor->type)) : std::vector<double>();
}

TEST(OnnxOutputs, DifferencesAreElementwiseAndNeverHideNonsense) {
    const double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
    using List = std::vector<double>;
    EXPECT_EQ(largestDifference(List{1, 2}, List{1, 2}), 0);
    EXPECT_DOUBLE_EQ(largestDifference(List{0.93, 0}, List{0.03, 0}), 0.9 / 1.03);
    EXPECT_EQ(largestDifference(List{1, 3}, List{3, 1}), 1);  // sums are equal
    EXPECT_EQ(largestDifference(List{1}, List{1, 1}), inf);
    EXPECT_EQ(largestDifference(List{nan}, List{1}), inf);
    EXPECT_EQ(largestDifference(List{inf, nan}, List{inf, nan}), 0);
}

TEST_F(OnnxSession, VersionIsNegotiated) {
    EXPECT_GE(runtime_->apiVersion(), 12);
    EXPECT_EQ(runtime_->version().rfind("1.", 0), 0U);
    EXPECT_EQ(runtime_->devices().front(), "cpu");
}

// Else it would be measured as if an item of it took an eighth of the time.
TEST_F(OnnxSession, ABatchThatTheModelDoesNotTakeIsRefused) {
    const auto fixed = runtime_->open({.model = models() / "light/light_squeezenet.onnx", .batch = 8});
    ASSERT_FALSE(fixed);
    EXPECT_EQ(fixed.error().code, ErrorCode::unsupported);
    EXPECT_NE(fixed.error().what.find("takes no batch of 8"), std::string::npos) << fixed.error().text();
    const auto open = test::OnnxModel().input("x", 1, {"batch", "4"}).output("y", 1, {"batch", "4"}).node("Relu", {"x"}, {"y"}).bytes();
    EXPECT_EQ(outputsOf({.model = write("relu.onnx", open), .batch = 8}).size(), 32U);
}

TEST_F(OnnxSession, ComputesWhatTheOnnxProjectSays) {
    int compared = 0;
    for (const auto& one : std::filesystem::directory_iterator(models() / "node")) {
        const auto expected = expectedIn(one.path() / "test_data_set_0/output_0.pb");
        const auto given = outputsOf({.model = one.path() / "model.onnx", .input = one.path() / "test_data_set_0"});
        EXPECT_LT(largestDifference(given, expected), 1e-5) << one.path();
        ++compared;
    }
    EXPECT_EQ(compared, 4);
    for (const char* name : {"light_squeezenet", "light_shufflenet", "light_inception_v1"}) {
        const auto given = outputsOf({.model = models() / "light" / (std::string(name) + ".onnx")});
        EXPECT_LT(largestDifference(given, expectedIn(models() / "light" / (std::string(name) + "_output_0.pb"))), 1e-4) << name;
    }
}

TEST_F(OnnxSession, RunsRealModelsOnInputsFromTheirShapes) {
    EXPECT_EQ(outputsOf({.model = models() / "blazeface.onnx"}).size(), 896U * 17U);
    EXPECT_EQ(outputsOf({.model = models() / "ocr_detect.onnx", .dimensions = {{"x:2", 64}, {"x:3", 96}}}).size(), 64U * 96U);
    // The voice detector branches on its sample rate, which is given in a file beside two made inputs.
    const std::int64_t rate = 16000;
    const std::string header = "{'descr': '<i8', 'fortran_order': False, 'shape': (), }\n";
    std::filesystem::create_directory(folder_.path() / "input");
    write("input/sr.npy", std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size()) + '\0' + header + std::string(reinterpret_cast<const char*>(&rate), 8));
    EXPECT_EQ(outputsOf({.model = models() / "silero_vad.onnx", .dimensions = {{"input:1", 576}}, .input = folder_.path() / "input"}).size(), 1U + 2 * 128);
}

TEST_F(OnnxSession, ModelsThatCannotBeReadSayWhatIsWrong) {
    std::ifstream whole(models() / "blazeface.onnx", std::ios::binary);
    std::string bytes(5000, '\0');
    whole.read(bytes.data(), 5000);
    const std::string cut = write("cut.onnx", bytes), empty = write("empty.onnx", ""), sparse = write("sparse.onnx", "");
    std::filesystem::resize_file(sparse, 3ULL << 30);
    for (const auto& model : {cut, empty, sparse, std::string("/absent.onnx")}) {
        const auto session = runtime_->open({.model = model});
        ASSERT_FALSE(session) << model;
        EXPECT_NE(session.error().what.find("could not be loaded"), std::string::npos) << session.error().what;
    }
}

TEST_F(OnnxSession, InputsThatDoNotFitAreRefused) {
    const auto model = models() / "node/test_add/model.onnx";
    const auto other = models() / "node/test_argmax_default_axis_example/test_data_set_0/output_0.pb";  // int64
    const auto session = runtime_->open({.model = model, .input = other});
    ASSERT_FALSE(session);
    EXPECT_NE(session.error().what.find("int64"), std::string::npos) << session.error().what;
}

TEST_F(OnnxSession, ADeviceThatCannotBeUsedIsUnsupported) {
    for (const char* device : {"cuda", "nosuch"}) {
        const auto session = runtime_->open({.model = models() / "blazeface.onnx", .device = device});
        ASSERT_FALSE(session) << device;
        EXPECT_EQ(session.error().code, ErrorCode::unsupported) << session.error().text();
    }
}

TEST_F(OnnxSession, NodesAreCountedWhereTheyRan) {
    const auto session = runtime_->open({.model = models() / "light/light_squeezenet.onnx", .count_nodes = true});
    ASSERT_TRUE(session) << session.error().text();
    ASSERT_TRUE((*session)->run());
    const auto placement = (*session)->placement();
    ASSERT_TRUE(placement) << placement.error().text();
    EXPECT_EQ(placement->on_device, 0);
    EXPECT_GT(placement->all, 30);
}

// A language model whose next word depends on the mean of all words so far: with a cache of embeddings and without.
std::string languageModel(bool cached) {
    std::vector<float> embedding, projection;
    for (int i = 0; i < 16 * 4; ++i) embedding.push_back(static_cast<float>((i * 7) % 13) / 13);
    for (int i = 0; i < 4 * 16; ++i) projection.push_back(static_cast<float>((i * 11) % 17) / 17 - 0.5F);
    test::OnnxModel model;
    model.input("input_ids", 7, {"batch", "sequence"});
    model.constant("E", {16, 4}, embedding).constant("W", {4, 16}, projection).constant("axis", {1});
    model.node("Gather", {"E", "small"}, {"words"});
    model.constant("limit", std::vector<std::int64_t>{16});
    model.node("Mod", {"input_ids", "limit"}, {"small"});
    if (cached) {
        model.input("attention_mask", 7, {"batch", "total"}).input("past_key_values.0.key", 1, {"batch", "1", "past", "4"});
        model.output("logits", 1, {"batch", "sequence", "16"}).output("present.0.key", 1, {"batch", "1", "total", "4"});
        model.node("Unsqueeze", {"words", "axis"}, {"heads"});
        model.node("Concat", {"past_key_values.0.key", "heads"}, {"present.0.key"}, {{"axis", 2}});
        model.node("Squeeze", {"present.0.key", "axis"}, {"context"});
        model.node("Cast", {"attention_mask"}, {"weights"}, {{"to", 1}});
        model.node("ReduceSum", {"weights", "axis"}, {"length"}, {{"keepdims", 1}});
        model.node("Unsqueeze", {"length", "axis"}, {"lengths"});
    } else {
        model.output("logits", 1, {"batch", "sequence", "16"});
        model.node("Identity", {"words"}, {"context"});
        model.node("Mul", {"input_ids", "zero"}, {"zeros"}).node("Add", {"zeros", "one"}, {"ones"});
        model.constant("zero", std::vector<std::int64_t>{0}).constant("one", std::vector<std::int64_t>{1});
        model.node("Cast", {"ones"}, {"weights"}, {{"to", 1}});
        model.node("ReduceSum", {"weights", "axis"}, {"length"}, {{"keepdims", 1}});
        model.node("Unsqueeze", {"length", "axis"}, {"lengths"});
    }
    model.node("ReduceSum", {"context", "axis"}, {"sum"}, {{"keepdims", 1}});
    model.node("Div", {"sum", "lengths"}, {"mean"}).node("Add", {"words", "mean"}, {"hidden"}).node("MatMul", {"hidden", "W"}, {"logits"});
    return model.bytes();
}

TEST_F(OnnxSession, GeneratesTheSameWordsWithAndWithoutACache) {
    for (const std::int64_t rows : {1, 3}) {
        std::vector<double> last[2];
        for (const bool cached : {false, true}) {
            const auto session = runtime_->open({.model = write("lm.onnx", languageModel(cached)), .dimensions = {{"sequence", 5}}, .batch = rows});
            ASSERT_TRUE(session) << session.error().text();
            const auto generation = (*session)->generate(12);
            ASSERT_TRUE(generation) << generation.error().text();
            EXPECT_EQ(generation->tokens, 12);
            EXPECT_GT(generation->first_ms, 0);
            EXPECT_GT(generation->rest_ms, 0);
            const auto outputs = (*session)->outputs();
            ASSERT_TRUE(outputs);
            // Logits of the last word of the first row: the last of 5 + 11 columns without a cache, the only one with it.
            const std::size_t at = cached ? 0 : 15 * 16;
            ASSERT_GE(outputs->size(), at + 16);
            last[cached ? 1 : 0].assign(outputs->begin() + static_cast<std::ptrdiff_t>(at), outputs->begin() + static_cast<std::ptrdiff_t>(at) + 16);
        }
        EXPECT_LT(largestDifference(last[1], last[0]), 1e-5) << rows;
        double spread = 0;
        for (const double value : last[0]) spread = std::max(spread, std::abs(value - last[0][0]));
        EXPECT_GT(spread, 0.01);  // the comparison would else say nothing
    }
}

TEST_F(OnnxSession, AModelThatMakesNoTokensSaysSo) {
    const auto session = runtime_->open({.model = models() / "blazeface.onnx"});
    ASSERT_TRUE(session);
    const auto generation = (*session)->generate(3);
    ASSERT_FALSE(generation);
    EXPECT_EQ(generation.error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace pilotlight::agent
