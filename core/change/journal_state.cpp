#include "core/change/journal_state.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace pilotlight::change {

using nlohmann::json;

namespace {

std::string stringAt(const json& object, const char* key) {
    const auto at = object.find(key);
    return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::optional<std::size_t> indexAt(const json& object) {
    const auto at = object.find("index");
    if (at == object.end() || !at->is_number_integer() || at->get<std::int64_t>() < 0) return std::nullopt;
    return static_cast<std::size_t>(at->get<std::int64_t>());
}

Timestamp timeAt(const json& object, const char* key) {
    const auto parsed = parseIso8601(stringAt(object, key));
    return parsed ? *parsed : Timestamp{};
}

}  // namespace

bool JournalState::anySent() const {
    return std::any_of(steps.begin(), steps.end(), [](const StepProgress& step) { return step.attempts > 0; });
}
bool JournalState::anyDone() const {
    return std::any_of(steps.begin(), steps.end(), [](const StepProgress& step) { return step.done; });
}
bool JournalState::allDone() const {
    return std::all_of(steps.begin(), steps.end(), [](const StepProgress& step) { return step.done; });
}

std::string mergedContext(const std::string& context, const std::string& more) {
    json all = json::parse(context, nullptr, false);
    if (!all.is_object()) all = json::object();
    const json fresh = json::parse(more, nullptr, false);
    if (fresh.is_object()) all.update(fresh);
    return all.dump();
}

JournalState readJournal(const std::vector<JournalEntry>& journal) {
    JournalState state;
    for (const auto& item : journal) {
        json detail = json::parse(item.detail, nullptr, false);
        if (!detail.is_object()) detail = json::object();
        const std::string kind = item.step.substr(0, item.step.find(' '));
        if (item.step == entry::kStarted) {
            state.started = true;
            state.reverts = stringAt(detail, "reverts");
            state.by = stringAt(detail, "by");
            const auto steps = detail.find("steps");
            if (steps != detail.end() && steps->is_array()) {
                for (const auto& each : *steps) {
                    if (each.is_object())
                        state.steps.push_back({{stringAt(each, "operation"), stringAt(each, "describe"), stringAt(each, "arguments")}});
                }
            }
        } else if (kind == entry::kSend || kind == entry::kDone) {
            const auto index = indexAt(detail);
            if (!index || *index >= state.steps.size()) continue;
            if (kind == entry::kSend) {
                ++state.steps[*index].attempts;
            } else {
                state.steps[*index].done = true;
                state.context = mergedContext(state.context, stringAt(detail, "output"));
            }
        } else if (item.step == entry::kRestoring) {
            state.restoring = true;
            state.restore_reason = stringAt(detail, "reason");
        } else if (item.step == entry::kApplied || item.step == entry::kFailed || item.step == entry::kRefused) {
            state.ended = true;
        } else if (item.step == entry::kWatch) {
            ++state.looks;
            state.observed_until = std::max(state.observed_until, timeAt(detail, "observed_until"));
        } else if (item.step == entry::kRealised) {
            state.realised_at = std::max(state.realised_at, item.time);
        }
    }
    return state;
}

}  // namespace pilotlight::change
