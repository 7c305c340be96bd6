// Domain values in the words of the screen (ui.md, "Words and numbers"). No Function is decided upon here.
#pragma once

#include <QString>
#include <QStringList>

#include "core/domain/change.h"
#include "core/domain/cost.h"
#include "core/domain/function.h"
#include "core/domain/tuning.h"
#include "widgets/theme.h"
#include "widgets/top_bar.h"

namespace pilotlight {
struct FunctionRow;
}

namespace pilotlight::console {

struct Fleet;

[[nodiscard]] inline QString qs(const std::string& text) { return QString::fromStdString(text); }

[[nodiscard]] QString platformShort(PlatformKind kind);           // "AWS"
[[nodiscard]] QString platformService(PlatformKind kind);         // "AWS Lambda"
[[nodiscard]] QString poolWord(PlatformKind kind);                // "provisioned", "minimum instances"
[[nodiscard]] QString limitWord(PlatformKind kind);               // "reserved concurrency"
[[nodiscard]] QString meterLabel(const std::string& meter);       // "Duration, on demand"
[[nodiscard]] QString environmentLabel(Environment environment);  // "production"
[[nodiscard]] widgets::Role environmentRole(Environment environment);
[[nodiscard]] widgets::ColourBand::Environment bandOf(std::optional<Environment> environment);

[[nodiscard]] QString settingLabel(const std::string& setting);                            // "Warm pool on live"
[[nodiscard]] QString settingValue(const std::string& setting, const std::string& value);  // "2,048 MB", "unset"
[[nodiscard]] QString changeText(const SettingChange& change);                             // "Memory 1,024 → 2,048 MB"
[[nodiscard]] QString changesText(const std::vector<SettingChange>& changes);
[[nodiscard]] QString scheduleText(const WarmSchedule& schedule);  // "6 Mon–Fri 08–19, else 0 (UTC)"

[[nodiscard]] QString statusLabel(ChangeStatus status);
[[nodiscard]] widgets::Role statusRole(ChangeStatus status);

// "Save $96 a month (78–114)", "Costs $12 a month more (8–15)", "Faster at the same cost", "Inconclusive".
[[nodiscard]] QString savingText(const Recommendation& recommendation);
// "−$96 ± 18"; empty when there is none.
[[nodiscard]] QString savingShort(const Recommendation& recommendation);
[[nodiscard]] QString limitText(const InstanceLimit& limit);  // "40", "unset", "unknown"
[[nodiscard]] QString shortId(const std::string& id);
// "list price", or with what factors of which connections.
[[nodiscard]] QString pricesText(const Fleet& fleet);

// What it would cost per 30 days if the period went on like this.
[[nodiscard]] double perMonth(Money amount, TimeRange period);
// Of a row: by the time that was read. 0 where its cost is unknown.
[[nodiscard]] double perMonth(const FunctionRow& row);

// Settings that are shown and never set: "billed by the instance · startup CPU boost: shown only, Pilotlight does not set these"; empty = none.
[[nodiscard]] QString shownOnlyText(const Function& function);
// Functions inside an Azure app: "2 functions: transcribe (http), tidy (timer, disabled)"; empty where they were not read.
[[nodiscard]] QString appFunctionsText(const Function& function);

}  // namespace pilotlight::console
