// A tensor in memory, the files that hold one, and the input that a model asks for. No ONNX Runtime here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace pilotlight::agent {

// Numbers of TensorProto.DataType in onnx.proto; ONNX Runtime's are the same.
enum class ElementType : int { float32 = 1, uint8, int8, uint16, int16, int32, int64, text, boolean, float16, float64, uint32, uint64 };
[[nodiscard]] std::size_t bytesOf(ElementType type);     // 0: not a type of fixed size that we handle
[[nodiscard]] const char* name(ElementType type);        // "float32", "int64"; "unknown"

inline constexpr std::size_t kMostTensorBytes = 1U << 30;

struct Tensor {
    std::string name;                     // empty where the file holds none
    ElementType type = ElementType::float32;
    std::vector<std::int64_t> shape;      // empty = a scalar
    std::vector<std::byte> data;          // row-major, little-endian, exactly the shape's elements
};

// NumPy's format 1.0 to 3.0 (numpy.lib.format). Only C order, little-endian, and the types above.
[[nodiscard]] Result<Tensor> parseNpy(std::string_view bytes);
// A serialised onnx.TensorProto, as the ONNX project's test data. Data that lies in another file is refused.
[[nodiscard]] Result<Tensor> parseTensorProto(std::string_view bytes);
// A .npy or .pb file, or a folder of them in the order of their names. A .npy in a folder is for the input that it is named after;
// input_N is the N-th, as in ONNX's test data.
struct InputFile {
    Tensor tensor;
    std::size_t position = 0;             // of the input that it is for, where the tensor has no name
};
[[nodiscard]] Result<std::vector<InputFile>> readInputs(const std::string& path);

// An input as the model declares it.
struct InputSpec {
    std::string name;
    ElementType type = ElementType::float32;
    std::vector<std::int64_t> shape;      // -1 = not fixed
    std::vector<std::string> symbols;     // name of each dimension that is not fixed; may be empty
};
// Sizes for dimensions that the model leaves open, by the dimension's name or as "input:index".
using Dimensions = std::map<std::string, std::int64_t>;

// Open dimensions: as chosen; else 0 for one whose name says "past"; else `batch` for the first, unless it is named like a length; else 224
// for height and width of an image (rank 4 with 1, 3 or 4 channels); else 128 for a length or the second of two of integers; else 1.
[[nodiscard]] std::vector<std::int64_t> resolveShape(const InputSpec& spec, const Dimensions& chosen, std::int64_t batch);
// Values that the seed and the name fix: floats in [-1, 1); integers 0..99; masks 1; token types 0; positions ascending; booleans true.
// unsupported: text, or a type that is not handled. invalid_argument: larger than kMostTensorBytes.
[[nodiscard]] Result<Tensor> makeInput(const InputSpec& spec, const Dimensions& chosen, std::int64_t batch, std::uint32_t seed);

// Every element as a number. Text and unknown types give none.
[[nodiscard]] std::vector<double> numbersOf(ElementType type, const void* data, std::size_t count);
// "1x3x224x224"; "scalar"
[[nodiscard]] std::string shapeText(const std::vector<std::int64_t>& shape);

}  // namespace pilotlight::agent
