#include "core/platform/aws/usage_types.h"

#include "core/domain/cost.h"

namespace pilotlight::platform::aws {
namespace {

struct Known {
    std::string_view name;
    const char *meter, *unit;
};
// Usage types of AWS Lambda in Cost Explorer and the CUR; each but the SnapStart and edge ones also with "-ARM".
constexpr Known kKnown[] = {
    {"Request", meter::kRequests, "request"},
    {"Lambda-GB-Second", meter::kDuration, "GB-s"},
    {"Lambda-Provisioned-Concurrency", meter::kPoolKept, "GB-s"},
    {"Lambda-Provisioned-GB-Second", meter::kPoolDuration, "GB-s"},
    {"Lambda-Storage-GB-Second", meter::kStorage, "GB-s"},
    {"Lambda-SnapStart-Cached-GB-S", meter::kOther, "GB-s"},
    {"Lambda-SnapStart-Restored-GB", meter::kOther, "GB"},
    {"Lambda-Streaming-Response-Processed-Bytes", meter::kOther, "GB"},
    {"Lambda-Edge-Request", meter::kOther, "request"},
    {"Lambda-Edge-GB-Second", meter::kOther, "GB-s"},
};

const Known* find(std::string_view name) {
    constexpr std::string_view arm = "-ARM";
    if (name.ends_with(arm)) name.remove_suffix(arm.size());
    for (const Known& known : kKnown) {
        if (known.name == name) return &known;
    }
    return nullptr;
}

}  // namespace

UsageType parseUsageType(std::string_view usage_type) {
    if (const Known* known = find(usage_type)) return {{}, known->meter, known->unit};
    // "<REGION>-<name>"; "Global-Request" is what the free tier covered.
    const auto dash = usage_type.find('-');
    if (dash != std::string_view::npos) {
        if (const Known* known = find(usage_type.substr(dash + 1))) {
            return {std::string(usage_type.substr(0, dash)), known->meter, known->unit};
        }
    }
    return {{}, meter::kOther, {}};
}

}  // namespace pilotlight::platform::aws
