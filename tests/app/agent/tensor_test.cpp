#include "app/agent/tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>

#include "tests/support/data.h"

namespace pilotlight::agent {
namespace {

std::string npy(const std::string& header, const std::string& data, int version = 1) {
    std::string text = "\x93NUMPY";
    text += static_cast<char>(version);
    text += '\0';
    const std::size_t length = header.size();
    text += static_cast<char>(length & 0xff);
    text += static_cast<char>(length >> 8);
    if (version > 1) text += std::string(2, '\0');
    return text + header + data;
}
std::string floats(const std::vector<float>& values) { return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)}; }

TEST(Tensor, NpyHoldsWhatNumpyWrites) {
    for (const int version : {1, 2, 3}) {
        const auto tensor = parseNpy(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }          \n", floats({1, 2, 3, 4, 5, 6}), version));
        ASSERT_TRUE(tensor) << tensor.error().what;
        EXPECT_EQ(tensor->type, ElementType::float32);
        EXPECT_EQ(tensor->shape, (std::vector<std::int64_t>{2, 3}));
        EXPECT_EQ(numbersOf(tensor->type, tensor->data.data(), 6), (std::vector<double>{1, 2, 3, 4, 5, 6}));
    }
    const std::int64_t one = 16000;
    const auto scalar = parseNpy(npy("{'descr': '<i8', 'fortran_order': False, 'shape': (), }\n", std::string(reinterpret_cast<const char*>(&one), 8)));
    ASSERT_TRUE(scalar) << scalar.error().what;
    EXPECT_TRUE(scalar->shape.empty());
    EXPECT_EQ(shapeText(scalar->shape), "scalar");
}

TEST(Tensor, NpyThatIsNotTakenSaysWhy) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"", "Not a .npy"},
        {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", floats({1})), "needs 8"},
        {npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }\n", floats({1})), "Fortran"},
        {npy("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }\n", floats({1})), "type"},
        {npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n", floats({1})), "type"},
        {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999), }\n", ""), "1 GiB"},
        {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }\n", ""), "negative"},
        {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (x,), }\n", ""), "shape"},
        {npy("{'descr': '<f4', 'fortran_order': False, }\n", ""), "shape"},
        {npy("", "").substr(0, 9) + "\x7f\x7f\x7f", "cut off"},
    };
    for (const auto& [bytes, word] : cases) {
        const auto tensor = parseNpy(bytes);
        ASSERT_FALSE(tensor) << word;
        EXPECT_NE(tensor.error().what.find(word), std::string::npos) << tensor.error().what;
    }
}

TEST(Tensor, ProtoInEachOfItsForms) {
    // dims 2, float32, raw_data of two floats
    const auto raw = parseTensorProto(std::string("\x08\x02\x10\x01\x42\x01x\x4a\x08", 9) + floats({1.5F, -2}));
    ASSERT_TRUE(raw) << raw.error().what;
    EXPECT_EQ(raw->name, "x");
    EXPECT_EQ(numbersOf(raw->type, raw->data.data(), 2), (std::vector<double>{1.5, -2}));
    // dims packed (1, 2), int64, int64_data packed (3, -1)
    const auto packed = parseTensorProto(std::string("\x0a\x02\x01\x02\x10\x07\x3a\x0b\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 19));
    ASSERT_TRUE(packed) << packed.error().what;
    EXPECT_EQ(packed->shape, (std::vector<std::int64_t>{1, 2}));
    EXPECT_EQ(numbersOf(packed->type, packed->data.data(), 2), (std::vector<double>{3, -1}));
    // float_data one at a time
    const auto single = parseTensorProto(std::string("\x08\x01\x10\x01\x25", 5) + floats({7}));
    ASSERT_TRUE(single) << single.error().what;
    EXPECT_EQ(numbersOf(single->type, single->data.data(), 1), (std::vector<double>{7}));

    EXPECT_FALSE(parseTensorProto(std::string("\x08\x02\x10\x01\x4a\x04", 6) + floats({1})));            // too few bytes
    EXPECT_FALSE(parseTensorProto(std::string("\x08\x01\x10\x01\x70\x01", 6)));                          // external data
    EXPECT_FALSE(parseTensorProto(std::string("\x4a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11)));     // a length of 2^64 - 1
    EXPECT_FALSE(parseTensorProto("not protobuf"));
    EXPECT_FALSE(parseTensorProto(""));
}

TEST(Tensor, OpenDimensionsAreAskedOrSensible) {
    const InputSpec image{"x", ElementType::float32, {-1, 3, -1, -1}, {"", "", "", ""}};
    EXPECT_EQ(resolveShape(image, {}, 1), (std::vector<std::int64_t>{1, 3, 224, 224}));
    EXPECT_EQ(resolveShape(image, {{"x:2", 640}, {"x:3", 320}}, 8), (std::vector<std::int64_t>{8, 3, 640, 320}));
    const InputSpec channels_last{"x", ElementType::float32, {-1, -1, -1, 3}, {"N", "H", "W", ""}};
    EXPECT_EQ(resolveShape(channels_last, {{"W", 96}}, 2), (std::vector<std::int64_t>{2, 224, 96, 3}));
    const InputSpec words{"input_ids", ElementType::int64, {-1, -1}, {"batch_size", "sequence_length"}};
    EXPECT_EQ(resolveShape(words, {}, 4), (std::vector<std::int64_t>{4, 128}));
    EXPECT_EQ(resolveShape(words, {{"sequence_length", 16}}, 1), (std::vector<std::int64_t>{1, 16}));
    const InputSpec past{"past_key_values.0.key", ElementType::float32, {-1, 4, -1, 8}, {"batch_size", "", "past_sequence_length", ""}};
    EXPECT_EQ(resolveShape(past, {}, 1), (std::vector<std::int64_t>{1, 4, 0, 8}));
}

TEST(Tensor, MadeInputsAreTheSameEachTimeAndOfTheirType) {
    const InputSpec spec{"pixels", ElementType::float32, {1, 3, 8, 8}, {}};
    const auto one = makeInput(spec, {}, 1, 1), again = makeInput(spec, {}, 1, 1), other = makeInput(spec, {}, 1, 2);
    ASSERT_TRUE(one && again && other);
    EXPECT_EQ(one->data, again->data);
    EXPECT_NE(one->data, other->data);
    for (const double value : numbersOf(one->type, one->data.data(), 192)) EXPECT_TRUE(value >= -1 && value < 1) << value;

    const auto all = [](const char* name, ElementType type) {
        const auto made = makeInput({name, type, {2, 4}, {}}, {}, 1, 1);
        return numbersOf(type, made->data.data(), 8);
    };
    EXPECT_EQ(all("attention_mask", ElementType::int64), std::vector<double>(8, 1));
    EXPECT_EQ(all("token_type_ids", ElementType::int32), std::vector<double>(8, 0));
    EXPECT_EQ(all("position_ids", ElementType::int64), (std::vector<double>{0, 1, 2, 3, 0, 1, 2, 3}));
    EXPECT_EQ(all("use_cache", ElementType::boolean), std::vector<double>(8, 1));
    for (const double value : all("half", ElementType::float16)) EXPECT_TRUE(std::isfinite(value) && std::abs(value) <= 1 && value != 0) << value;

    const auto text = makeInput({"words", ElementType::text, {1}, {}}, {}, 1, 1);
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().code, ErrorCode::unsupported);
    EXPECT_FALSE(makeInput({"x", ElementType::float32, {-1, 100000, 100000}, {}}, {}, 1, 1));
}

TEST(Tensor, HalfPrecisionIsRead) {
    const std::uint16_t bits[] = {0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x8000};
    const auto values = numbersOf(ElementType::float16, bits, 6);
    EXPECT_EQ(values[0], 1.0);
    EXPECT_EQ(values[1], -2.0);
    EXPECT_DOUBLE_EQ(values[2], std::ldexp(1.0, -24));
    EXPECT_EQ(values[3], 65504.0);
    EXPECT_TRUE(std::isinf(values[4]));
    EXPECT_EQ(values[5], 0.0);
}

TEST(Tensor, AFolderNamesItsInputs) {
    const test::TemporaryDirectory folder;
    const auto write = [&](const std::string& name, const std::string& bytes) { std::ofstream(folder.path() / name, std::ios::binary) << bytes; };
    write("state.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n", floats({1})));
    write("input_1.pb", std::string("\x08\x01\x10\x01\x4a\x04", 6) + floats({2}));
    write("output_0.pb", "not read");
    const auto inputs = readInputs(folder.path());
    ASSERT_TRUE(inputs) << inputs.error().what;
    ASSERT_EQ(inputs->size(), 2U);
    EXPECT_EQ((*inputs)[0].position, 1U);
    EXPECT_EQ((*inputs)[1].tensor.name, "state");
    EXPECT_FALSE(readInputs(folder.path() / "absent.npy"));
}

}  // namespace
}  // namespace pilotlight::agent
