#include "app/agent/tensor.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <random>

namespace pilotlight::agent {
namespace {

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::string lower(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

bool isInteger(ElementType type) {
    return type == ElementType::int64 || type == ElementType::int32 || type == ElementType::uint64 || type == ElementType::uint32;
}
bool isLength(const std::string& symbol) { return contains(symbol, "seq") || contains(symbol, "length") || contains(symbol, "tokens"); }

// IEEE 754 binary16, normal numbers of small size only; smaller than 2^-14 becomes 0.
std::uint16_t toHalf(float value) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, 4);
    const auto exponent = static_cast<int>((bits >> 23) & 0xff) - 127 + 15;
    const auto sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000);
    if (exponent <= 0) return sign;
    return static_cast<std::uint16_t>(sign | (exponent << 10) | ((bits >> 13) & 0x3ff));
}
double fromHalf(std::uint16_t half) {
    const int exponent = (half >> 10) & 0x1f;
    const int mantissa = half & 0x3ff;
    const double sign = (half & 0x8000) != 0 ? -1 : 1;
    if (exponent == 31) return mantissa != 0 ? std::numeric_limits<double>::quiet_NaN() : sign * std::numeric_limits<double>::infinity();
    return exponent == 0 ? sign * std::ldexp(mantissa, -24) : sign * std::ldexp(1024 + mantissa, exponent - 25);
}

template <typename T, typename Make>
void fill(std::vector<std::byte>& data, Make make) {
    for (std::size_t i = 0; i < data.size() / sizeof(T); ++i) {
        const T value = static_cast<T>(make(i));
        std::memcpy(data.data() + i * sizeof(T), &value, sizeof(T));
    }
}

template <typename T>
std::vector<double> numbers(const void* data, std::size_t count) {
    std::vector<double> result(count);
    for (std::size_t i = 0; i < count; ++i) {
        T value;
        std::memcpy(&value, static_cast<const std::byte*>(data) + i * sizeof(T), sizeof(T));
        result[i] = static_cast<double>(value);
    }
    return result;
}

}  // namespace

std::size_t bytesOf(ElementType type) {
    switch (type) {
        case ElementType::uint8: case ElementType::int8: case ElementType::boolean: return 1;
        case ElementType::uint16: case ElementType::int16: case ElementType::float16: return 2;
        case ElementType::float32: case ElementType::int32: case ElementType::uint32: return 4;
        case ElementType::int64: case ElementType::uint64: case ElementType::float64: return 8;
        case ElementType::text: break;
    }
    return 0;
}

const char* name(ElementType type) {
    static constexpr const char* kNames[] = {"float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "text", "boolean", "float16", "float64", "uint32", "uint64"};
    const int index = static_cast<int>(type) - 1;
    return index >= 0 && index < 13 ? kNames[index] : "unknown";
}

std::string shapeText(const std::vector<std::int64_t>& shape) {
    std::string text;
    for (const auto size : shape) text += (text.empty() ? "" : "x") + std::to_string(size);
    return text.empty() ? "scalar" : text;
}

std::vector<std::int64_t> resolveShape(const InputSpec& spec, const Dimensions& chosen, std::int64_t batch) {
    auto shape = spec.shape;
    const auto channels = [](std::int64_t size) { return size == 1 || size == 3 || size == 4; };
    const bool channels_first = shape.size() == 4 && channels(shape[1]);
    const bool channels_last = shape.size() == 4 && !channels_first && channels(shape[3]);
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (shape[i] >= 0) continue;
        const std::string symbol = i < spec.symbols.size() ? spec.symbols[i] : "";
        const std::string plain = lower(symbol);
        auto asked = chosen.find(symbol);
        if (symbol.empty() || asked == chosen.end()) asked = chosen.find(spec.name + ":" + std::to_string(i));
        if (asked != chosen.end())
            shape[i] = asked->second;
        else if (contains(plain, "past") && !contains(plain, "+"))
            shape[i] = 0;
        else if (i == 0 && !isLength(plain))
            shape[i] = batch;
        else if ((channels_first && i >= 2) || (channels_last && (i == 1 || i == 2)))
            shape[i] = 224;
        else if (isLength(plain) || (i == 1 && shape.size() == 2 && isInteger(spec.type)))
            shape[i] = 128;
        else
            shape[i] = 1;
    }
    return shape;
}

Result<Tensor> makeInput(const InputSpec& spec, const Dimensions& chosen, std::int64_t batch, std::uint32_t seed) {
    Tensor tensor{spec.name, spec.type, resolveShape(spec, chosen, batch), {}};
    const std::size_t size = bytesOf(spec.type);
    if (size == 0) return fail(ErrorCode::unsupported, "Input " + spec.name + " of the model is of a type that cannot be made up", {}, "Measure the model through a handler of your own.");
    std::size_t bytes = size;
    for (const auto dimension : tensor.shape) {
        if (dimension < 0 || (dimension > 0 && bytes > kMostTensorBytes / static_cast<std::size_t>(dimension)))
            return fail(ErrorCode::invalid_argument, "Input " + spec.name + " would be " + shapeText(tensor.shape) + ", larger than 1 GiB", {}, "Choose smaller dimensions.");
        bytes *= static_cast<std::size_t>(dimension);
    }
    tensor.data.resize(bytes);
    // Not std::uniform_*_distribution: its values differ between libraries.
    std::mt19937 random(seed + static_cast<std::uint32_t>(spec.name.size()));
    const auto real = [&](std::size_t) { return static_cast<float>(random() >> 8) / 8388608.0F - 1.0F; };
    const std::string plain = lower(spec.name);
    const auto last = tensor.shape.empty() ? std::size_t{1} : std::max<std::size_t>(1, static_cast<std::size_t>(tensor.shape.back()));
    const auto integer = [&](std::size_t i) -> std::uint32_t {
        if (contains(plain, "mask")) return 1;
        if (contains(plain, "type")) return 0;
        if (contains(plain, "position")) return static_cast<std::uint32_t>(i % last);
        return random() % 100;
    };
    switch (spec.type) {
        case ElementType::float32: fill<float>(tensor.data, real); break;
        case ElementType::float64: fill<double>(tensor.data, real); break;
        case ElementType::float16: fill<std::uint16_t>(tensor.data, [&](std::size_t i) { return toHalf(real(i)); }); break;
        case ElementType::boolean: fill<std::uint8_t>(tensor.data, [](std::size_t) { return 1; }); break;
        case ElementType::uint8: case ElementType::int8: fill<std::uint8_t>(tensor.data, integer); break;
        case ElementType::uint16: case ElementType::int16: fill<std::uint16_t>(tensor.data, integer); break;
        case ElementType::int32: case ElementType::uint32: fill<std::uint32_t>(tensor.data, integer); break;
        case ElementType::int64: case ElementType::uint64: fill<std::uint64_t>(tensor.data, integer); break;
        case ElementType::text: break;
    }
    return tensor;
}

std::vector<double> numbersOf(ElementType type, const void* data, std::size_t count) {
    switch (type) {
        case ElementType::float32: return numbers<float>(data, count);
        case ElementType::float64: return numbers<double>(data, count);
        case ElementType::int8: return numbers<std::int8_t>(data, count);
        case ElementType::boolean: case ElementType::uint8: return numbers<std::uint8_t>(data, count);
        case ElementType::int16: return numbers<std::int16_t>(data, count);
        case ElementType::uint16: return numbers<std::uint16_t>(data, count);
        case ElementType::int32: return numbers<std::int32_t>(data, count);
        case ElementType::uint32: return numbers<std::uint32_t>(data, count);
        case ElementType::int64: return numbers<std::int64_t>(data, count);
        case ElementType::uint64: return numbers<std::uint64_t>(data, count);
        case ElementType::float16: {
            auto result = numbers<std::uint16_t>(data, count);
            for (double& one : result) one = fromHalf(static_cast<std::uint16_t>(one));
            return result;
        }
        case ElementType::text: break;
    }
    return {};
}

}  // namespace pilotlight::agent
