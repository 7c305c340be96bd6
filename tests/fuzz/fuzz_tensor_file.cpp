// .npy and TensorProto files are bytes from outside: what is taken has exactly the bytes that its shape and type need.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "app/agent/tensor.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace pilotlight::agent;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    for (const auto& tensor : {parseNpy(bytes), parseTensorProto(bytes)}) {
        if (!tensor) continue;
        std::size_t needed = bytesOf(tensor->type);
        for (const auto one : tensor->shape) needed *= static_cast<std::size_t>(one);
        if (needed != tensor->data.size() || bytesOf(tensor->type) == 0) __builtin_trap();
        if (numbersOf(tensor->type, tensor->data.data(), needed / bytesOf(tensor->type)).size() != needed / bytesOf(tensor->type)) __builtin_trap();
    }
    return 0;
}
