// .npy and .pb files: bytes from outside, every length checked before it is used.
#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "app/agent/tensor.h"

namespace pilotlight::agent {
namespace {

tl::unexpected<Error> bad(const std::string& what) { return fail(ErrorCode::invalid_argument, what); }

Result<std::size_t> bytesNeeded(const Tensor& tensor) {
    std::size_t bytes = bytesOf(tensor.type);
    if (bytes == 0) return bad("Elements of this type are not handled");
    if (tensor.shape.size() > 32) return bad("More than 32 dimensions");
    for (const auto size : tensor.shape) {
        if (size < 0) return bad("A dimension is negative");
        if (size > 0 && bytes > kMostTensorBytes / static_cast<std::size_t>(size)) return bad("The tensor is larger than 1 GiB");
        bytes *= static_cast<std::size_t>(size);
    }
    return bytes;
}

void append(std::vector<std::byte>& data, const void* bytes, std::size_t count) {
    const auto* begin = static_cast<const std::byte*>(bytes);
    data.insert(data.end(), begin, begin + count);
}

// Wire format of Protocol Buffers (protobuf.dev, "Encoding"): a field's key, then a varint, 8 bytes, a length and its bytes, or 4 bytes.
class Wire {
public:
    explicit Wire(std::string_view bytes) : rest_(bytes) {}
    [[nodiscard]] bool atEnd() const { return rest_.empty(); }
    bool varint(std::uint64_t& value) {
        value = 0;
        for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
            const auto byte = static_cast<std::uint8_t>(rest_.front());
            rest_.remove_prefix(1);
            value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
            if ((byte & 0x80) == 0) return true;
        }
        return false;
    }
    bool take(std::size_t count, std::string_view& bytes) {
        if (count > rest_.size()) return false;
        bytes = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return true;
    }

private:
    std::string_view rest_;
};

// Repeated numbers, packed or one at a time, of one wire type.
struct Field {
    std::uint64_t number = 0, type = 0, value = 0;
    std::string_view bytes;
};
bool next(Wire& wire, Field& field) {
    std::uint64_t key = 0;
    if (!wire.varint(key)) return false;
    field = {key >> 3, key & 7, 0, {}};
    std::uint64_t length = 0;
    switch (field.type) {
        case 0: return wire.varint(field.value);
        case 1: return wire.take(8, field.bytes);
        case 2: return wire.varint(length) && length <= kMostTensorBytes && wire.take(static_cast<std::size_t>(length), field.bytes);
        case 5: return wire.take(4, field.bytes);
        default: return false;
    }
}
bool addVarints(const Field& field, std::vector<std::int64_t>& values) {
    if (field.type == 0) {
        values.push_back(static_cast<std::int64_t>(field.value));
        return true;
    }
    if (field.type != 2) return false;
    Wire packed(field.bytes);
    while (!packed.atEnd()) {
        std::uint64_t value = 0;
        if (!packed.varint(value)) return false;
        values.push_back(static_cast<std::int64_t>(value));
    }
    return true;
}

// What a .npy header says about `key`: the text after "'key':".
std::string_view entry(std::string_view header, const std::string& key) {
    const auto at = header.find("'" + key + "'");
    if (at == std::string_view::npos) return {};
    auto rest = header.substr(at + key.size() + 2);
    const auto colon = rest.find(':');
    if (colon == std::string_view::npos) return {};
    rest.remove_prefix(colon + 1);
    while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    return rest;
}

Result<std::string> readFile(const std::filesystem::path& path) {
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (error) return fail(ErrorCode::not_found, "The input " + path.string() + " cannot be read");
    if (size > kMostTensorBytes + 65536) return bad("The input " + path.string() + " is larger than 1 GiB");
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail(ErrorCode::not_found, "The input " + path.string() + " cannot be read");
    return std::string(std::istreambuf_iterator<char>(file), {});
}

Result<Tensor> readTensor(const std::filesystem::path& path) {
    PILOTLIGHT_ASSIGN(const auto bytes, readFile(path));
    auto tensor = path.extension() == ".npy" ? parseNpy(bytes) : parseTensorProto(bytes);
    if (!tensor) return bad(path.string() + ": " + tensor.error().what);
    return tensor;
}

}  // namespace

Result<Tensor> parseNpy(std::string_view bytes) {
    if (bytes.size() < 12 || bytes.substr(0, 6) != "\x93NUMPY") return bad("Not a .npy file");
    const auto at = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<std::uint8_t>(bytes[i])); };
    const std::size_t major = at(6);
    if (major < 1 || major > 3) return bad("A .npy file of a version that is not known");
    const std::size_t begin = major == 1 ? 10 : 12;
    const std::size_t length = major == 1 ? at(8) | at(9) << 8 : at(8) | at(9) << 8 | at(10) << 16 | at(11) << 24;
    if (length > bytes.size() - begin) return bad("The .npy header is cut off");
    const auto header = bytes.substr(begin, length);

    const auto type = entry(header, "descr");
    Tensor tensor;
    static const std::pair<std::string_view, ElementType> kTypes[] = {
        {"'<f4'", ElementType::float32}, {"'<f8'", ElementType::float64}, {"'<f2'", ElementType::float16}, {"'<i8'", ElementType::int64},
        {"'<i4'", ElementType::int32},   {"'<i2'", ElementType::int16},   {"'|i1'", ElementType::int8},    {"'|u1'", ElementType::uint8},
        {"'<u2'", ElementType::uint16},  {"'<u4'", ElementType::uint32},  {"'<u8'", ElementType::uint64},  {"'|b1'", ElementType::boolean}};
    const auto* known = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const auto& one) { return type.substr(0, one.first.size()) == one.first; });
    if (known == std::end(kTypes)) return bad("The .npy holds elements of a type that is not handled (little-endian numbers are)");
    tensor.type = known->second;
    if (entry(header, "fortran_order").substr(0, 5) != "False") return bad("The .npy is in Fortran order; save it with numpy.ascontiguousarray");
    auto shape = entry(header, "shape");
    if (shape.empty() || shape.front() != '(') return bad("The .npy header has no shape");
    shape = shape.substr(1, shape.find(')') == std::string_view::npos ? 0 : shape.find(')') - 1);
    while (!shape.empty()) {
        if (shape.front() == ' ' || shape.front() == ',') {
            shape.remove_prefix(1);
            continue;
        }
        std::int64_t size = 0;
        const auto [end, error] = std::from_chars(shape.data(), shape.data() + shape.size(), size);
        if (error != std::errc()) return bad("The .npy's shape cannot be read");
        tensor.shape.push_back(size);
        shape.remove_prefix(static_cast<std::size_t>(end - shape.data()));
    }
    PILOTLIGHT_ASSIGN(const std::size_t needed, bytesNeeded(tensor));
    const auto data = bytes.substr(begin + length);
    if (data.size() != needed) return bad("The .npy holds " + std::to_string(data.size()) + " bytes where its shape needs " + std::to_string(needed));
    append(tensor.data, data.data(), needed);
    return tensor;
}

// Fields of TensorProto in onnx.proto: dims 1, data_type 2, float_data 4, int32_data 5, int64_data 7, name 8, raw_data 9, double_data 10,
// uint64_data 11, external_data 13, data_location 14.
Result<Tensor> parseTensorProto(std::string_view bytes) {
    Tensor tensor;
    Wire wire(bytes);
    std::vector<std::int64_t> integers;
    std::uint64_t type = 0;
    bool good = true;
    while (good && !wire.atEnd()) {
        Field field;
        good = next(wire, field);
        if (!good) break;
        switch (field.number) {
            case 1: good = addVarints(field, tensor.shape); break;
            case 2: type = field.value; break;
            case 4: case 9: case 10: append(tensor.data, field.bytes.data(), field.bytes.size()); break;
            case 5: case 7: case 11: good = addVarints(field, integers); break;
            case 8: tensor.name.assign(field.bytes); break;
            case 13: return bad("The tensor's data lies in another file; give a .npy instead");
            case 14: if (field.value != 0) return bad("The tensor's data lies in another file; give a .npy instead"); break;
            default: break;
        }
    }
    if (!good) return bad("Not a serialised TensorProto");
    if (type == 0 || type > 13) return bad("The tensor holds elements of a type that is not handled");
    tensor.type = static_cast<ElementType>(type);
    PILOTLIGHT_ASSIGN(const std::size_t needed, bytesNeeded(tensor));
    if (!integers.empty() && tensor.data.empty()) {
        const std::size_t size = bytesOf(tensor.type);
        if (integers.size() > kMostTensorBytes / 8) return bad("The tensor is larger than 1 GiB");
        for (const auto one : integers) append(tensor.data, &one, size);  // little-endian: the low bytes come first
    }
    if (tensor.data.size() != needed) return bad("The tensor holds " + std::to_string(tensor.data.size()) + " bytes where its shape needs " + std::to_string(needed));
    return tensor;
}

Result<std::vector<InputFile>> readInputs(const std::string& path) {
    namespace fs = std::filesystem;
    std::error_code error;
    std::vector<InputFile> inputs;
    if (!fs::is_directory(path, error)) {
        PILOTLIGHT_ASSIGN(auto tensor, readTensor(path));
        inputs.push_back({std::move(tensor), 0});
        return inputs;
    }
    std::vector<fs::path> files;
    for (const auto& one : fs::directory_iterator(path, error))
        if ((one.path().extension() == ".npy" || one.path().extension() == ".pb") && one.path().stem().string().rfind("output_", 0) != 0) files.push_back(one.path());
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
        PILOTLIGHT_ASSIGN(auto tensor, readTensor(file));
        InputFile input{std::move(tensor), inputs.size()};
        const std::string stem = file.stem().string();
        if (stem.rfind("input_", 0) == 0)
            std::from_chars(stem.data() + 6, stem.data() + stem.size(), input.position);
        else if (input.tensor.name.empty())
            input.tensor.name = stem;
        inputs.push_back(std::move(input));
    }
    if (inputs.empty()) return bad("The folder " + path + " holds no .npy or .pb file");
    return inputs;
}

}  // namespace pilotlight::agent
