// Settings as named text, the way plans, diffs and drift show them (contracts.md, Changing).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/domain/change.h"
#include "core/domain/function.h"

namespace pilotlight::change {

[[nodiscard]] std::string text(const InstanceLimit& limit);
// "Mon-Fri 08:00=5, Mon-Fri 18:00=0 (Europe/Paris)"
[[nodiscard]] std::string text(const WarmSchedule& schedule);

[[nodiscard]] const Qualifier* findQualifier(const Function& function, const std::string& name);
// Which qualifier holds the pool of `desired`: named, else the alias, else the only pool, else the only alias; "" where it is not clear.
[[nodiscard]] std::string poolQualifier(const Function& function, const DesiredSettings& desired, const std::string& alias);

// What `setting` ("memory_mb", "warm_pool@live") is now. With an alias, memory and timeout are those of the version it points at.
[[nodiscard]] std::string currentValue(const Function& function, const std::string& setting, const std::string& alias);

// What `desired` changes. `desired.pool_qualifier` must be settled (poolQualifier).
[[nodiscard]] std::vector<SettingChange> settingChanges(const Function& before, const DesiredSettings& desired, const std::string& alias);

// Every setting and revision that a plan rests on. Two equal maps: nothing has changed.
[[nodiscard]] std::map<std::string, std::string> settingsMap(const Function& function);
// Planned before -> what is there now.
[[nodiscard]] std::vector<SettingChange> drift(const Function& planned_on, const Function& now);

// Settings that bring `desired`'s settings back to what `before` had.
[[nodiscard]] DesiredSettings revertSettings(const Function& before, const DesiredSettings& desired, const std::string& alias);
// Those of `changes` that `now` does not show: setting, wanted, found.
[[nodiscard]] std::vector<SettingChange> notInForce(const Function& now, const std::vector<SettingChange>& changes,
                                                    const std::string& alias);

// "memory_mb 1024 -> 2048, warm_pool@live 2 -> 0"
[[nodiscard]] std::string text(const std::vector<SettingChange>& changes);

}  // namespace pilotlight::change
