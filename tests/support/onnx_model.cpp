#include "tests/support/onnx_model.h"

#include <cstring>

namespace pilotlight::test {
namespace {

void varint(std::string& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out += static_cast<char>(0x80 | (value & 0x7f));
    out += static_cast<char>(value);
}
void number(std::string& out, int field, std::int64_t value) {
    varint(out, static_cast<std::uint64_t>(field) << 3);
    varint(out, static_cast<std::uint64_t>(value));
}
void text(std::string& out, int field, const std::string& value) {
    varint(out, static_cast<std::uint64_t>(field) << 3 | 2);
    varint(out, value.size());
    out += value;
}

std::string valueInfo(const std::string& name, int type, const std::vector<std::string>& shape) {
    std::string dims, tensor, types, info;
    for (const auto& one : shape) {
        std::string dim;
        if (one.find_first_not_of("0123456789") == std::string::npos)
            number(dim, 1, std::stoll(one));
        else
            text(dim, 2, one);
        text(dims, 1, dim);
    }
    number(tensor, 1, type);
    text(tensor, 2, dims);
    text(types, 1, tensor);
    text(info, 1, name);
    text(info, 2, types);
    return info;
}

std::string tensor(const std::string& name, int type, const std::vector<std::int64_t>& shape, const void* data, std::size_t size) {
    std::string out;
    for (const auto one : shape) number(out, 1, one);
    number(out, 2, type);
    text(out, 8, name);
    text(out, 9, std::string(static_cast<const char*>(data), size));
    return out;
}

} // namespace

OnnxModel& OnnxModel::input(const std::string& name, int type, const std::vector<std::string>& shape) {
    text(graph_, 11, valueInfo(name, type, shape));
    return *this;
}
OnnxModel& OnnxModel::output(const std::string& name, int type, const std::vector<std::string>& shape) {
    text(graph_, 12, valueInfo(name, type, shape));
    return *this;
}
OnnxModel& OnnxModel::node(const std::string& op, const std::vector<std::string>& inputs, const std::vector<std::string>& outputs,
                           const std::map<std::string, std::int64_t>& attributes) {
    std::string out;
    for (const auto& one : inputs) text(out, 1, one);
    for (const auto& one : outputs) text(out, 2, one);
    text(out, 4, op);
    for (const auto& [name, value] : attributes) {
        std::string attribute;
        text(attribute, 1, name);
        number(attribute, 3, value);
        number(attribute, 20, 2); // AttributeProto.INT
        text(out, 5, attribute);
    }
    text(graph_, 1, out);
    return *this;
}
OnnxModel& OnnxModel::constant(const std::string& name, const std::vector<std::int64_t>& shape, const std::vector<float>& values) {
    text(graph_, 5, tensor(name, 1, shape, values.data(), values.size() * sizeof(float)));
    return *this;
}
OnnxModel& OnnxModel::constant(const std::string& name, const std::vector<std::int64_t>& values) {
    text(graph_, 5, tensor(name, 7, {static_cast<std::int64_t>(values.size())}, values.data(), values.size() * sizeof(std::int64_t)));
    return *this;
}

std::string OnnxModel::bytes() const {
    std::string graph = graph_, opset, model;
    test::text(graph, 2, "g");
    number(opset, 2, 13);
    number(model, 1, 8);
    test::text(model, 7, graph);
    test::text(model, 8, opset);
    return model;
}

} // namespace pilotlight::test
