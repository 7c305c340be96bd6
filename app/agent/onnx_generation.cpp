// Greedy generation by an autoregressive model, with or without a cache of keys and values.
#ifdef PILOTLIGHT_ONNX
#include <algorithm>
#include <chrono>

#include "app/agent/onnx_api.h"

namespace pilotlight::agent {
namespace {

constexpr std::string_view kPast = "past_key_values.";
constexpr std::size_t kNone = static_cast<std::size_t>(-1);

Tensor integers(ElementType type, std::int64_t rows, const std::vector<std::int64_t>& row_major) {
    Tensor tensor{{}, type, {rows, static_cast<std::int64_t>(row_major.size()) / rows}, {}};
    const std::size_t size = bytesOf(type);
    tensor.data.resize(size * row_major.size());
    for (std::size_t i = 0; i < row_major.size(); ++i) std::copy_n(reinterpret_cast<const std::byte*>(&row_major[i]), size, tensor.data.data() + i * size);
    return tensor;
}

}  // namespace

Result<Generation> OnnxRuntime::Session::generate(int tokens) {
    auto& model = *impl_;
    const auto inputNamed = [&](std::string_view wanted) {
        const auto found = std::find_if(model.specs.begin(), model.specs.end(), [&](const auto& spec) { return spec.name == wanted; });
        return found == model.specs.end() ? kNone : static_cast<std::size_t>(found - model.specs.begin());
    };
    const auto outputNamed = [&](const std::string& wanted) {
        const auto found = std::find(model.output_names.begin(), model.output_names.end(), wanted);
        return found == model.output_names.end() ? kNone : static_cast<std::size_t>(found - model.output_names.begin());
    };
    const std::size_t ids = inputNamed("input_ids"), mask = inputNamed("attention_mask"), position = inputNamed("position_ids"), logits = outputNamed("logits");
    if (ids == kNone || logits == kNone || model.tensors[ids].shape.size() != 2 || model.tensors[ids].shape[0] < 1 || model.tensors[ids].shape[1] < 1)
        return fail(ErrorCode::unsupported, "The model does not generate tokens: it lacks an input input_ids of rows and columns or an output logits", {}, "Measure it without tokens.");
    std::vector<std::pair<std::size_t, std::size_t>> cache;  // input, output
    for (std::size_t i = 0; i < model.specs.size(); ++i)
        if (model.specs[i].name.rfind(kPast, 0) == 0) {
            const std::size_t present = outputNamed("present." + model.specs[i].name.substr(kPast.size()));
            if (present == kNone) return fail(ErrorCode::unsupported, "The model has no output for its input " + model.specs[i].name);
            cache.emplace_back(i, present);
        }

    const std::int64_t rows = model.tensors[ids].shape[0];
    const auto numbers = numbersOf(model.tensors[ids].type, model.tensors[ids].data.data(), model.tensors[ids].data.size() / bytesOf(model.tensors[ids].type));
    std::vector<std::int64_t> now(numbers.begin(), numbers.end());  // what is asked of the model in this step, row-major
    std::int64_t before = 0;                                         // columns that the cache holds
    std::vector<OnnxOwner<OrtValue>> kept;                           // the last step's outputs: the cache lives in them
    Generation generation;
    for (; generation.tokens < tokens; ++generation.tokens) {
        const auto begin = std::chrono::steady_clock::now();
        const std::int64_t columns = static_cast<std::int64_t>(now.size()) / rows;
        std::vector<Tensor> made;
        std::vector<OnnxOwner<OrtValue>> owned;
        made.reserve(3);
        std::vector<const OrtValue*> values;
        for (const auto& one : model.inputs) values.push_back(one.get());
        const auto put = [&](std::size_t input, const std::vector<std::int64_t>& row_major) -> Status {
            if (input == kNone) return {};
            made.push_back(integers(model.specs[input].type, rows, row_major));
            PILOTLIGHT_ASSIGN(auto value, model.valueOf(made.back()));
            values[input] = value.get();
            owned.push_back(std::move(value));
            return {};
        };
        std::vector<std::int64_t> places(now.size());
        for (std::size_t i = 0; i < places.size(); ++i) places[i] = before + static_cast<std::int64_t>(i) % columns;
        PILOTLIGHT_TRY(put(ids, now));
        PILOTLIGHT_TRY(put(mask, std::vector<std::int64_t>(static_cast<std::size_t>(rows * (before + columns)), 1)));
        PILOTLIGHT_TRY(put(position, places));
        for (const auto& [input, output] : cache)
            if (generation.tokens > 0) values[input] = kept[output].get();
        std::vector<OnnxOwner<OrtValue>> results;
        PILOTLIGHT_TRY(model.run(model.input_names, values, results));
        kept = std::move(results);

        PILOTLIGHT_ASSIGN(const auto view, model.view(*kept[logits]));
        if (view.shape.size() != 3 || view.shape[0] != rows || view.shape[1] < 1 || view.shape[2] < 1 || bytesOf(view.type) == 0)
            return fail(ErrorCode::unsupported, "The model's logits are " + shapeText(view.shape) + ", not rows, columns and vocabulary");
        std::vector<std::int64_t> chosen;
        const auto words = static_cast<std::size_t>(view.shape[2]);
        for (std::int64_t row = 0; row < rows; ++row) {
            const std::size_t last = static_cast<std::size_t>((row + 1) * view.shape[1] - 1) * words;
            const auto scores = numbersOf(view.type, static_cast<const std::byte*>(view.data) + last * bytesOf(view.type), words);
            chosen.push_back(std::max_element(scores.begin(), scores.end()) - scores.begin());
        }
        if (!cache.empty()) {
            before += columns;
            now = std::move(chosen);
        } else {
            std::vector<std::int64_t> longer;
            for (std::int64_t row = 0; row < rows; ++row) {
                longer.insert(longer.end(), now.begin() + row * columns, now.begin() + (row + 1) * columns);
                longer.push_back(chosen[static_cast<std::size_t>(row)]);
            }
            now = std::move(longer);
        }
        const double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
        (generation.tokens == 0 ? generation.first_ms : generation.rest_ms) += ms;
    }
    model.outputs = std::move(kept);
    return generation;
}

}  // namespace pilotlight::agent
#endif
