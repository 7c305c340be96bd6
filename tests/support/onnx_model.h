// Writes small ONNX models: serialised ModelProto, field numbers as in onnx.proto.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace pilotlight::test {

class OnnxModel {
public:
    // Element types: 1 = float32, 7 = int64. A dimension is a size ("4") or a name ("batch").
    OnnxModel& input(const std::string& name, int type, const std::vector<std::string>& shape);
    OnnxModel& output(const std::string& name, int type, const std::vector<std::string>& shape);
    OnnxModel& node(const std::string& op, const std::vector<std::string>& inputs, const std::vector<std::string>& outputs,
                    const std::map<std::string, std::int64_t>& attributes = {});
    OnnxModel& constant(const std::string& name, const std::vector<std::int64_t>& shape, const std::vector<float>& values);
    OnnxModel& constant(const std::string& name, const std::vector<std::int64_t>& values);
    // Operators of opset 13.
    [[nodiscard]] std::string bytes() const;

private:
    std::string graph_;
};

} // namespace pilotlight::test
