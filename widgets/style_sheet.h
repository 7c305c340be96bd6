// The application's one style sheet, built from the tokens.
#pragma once

#include <QString>

#include "widgets/theme.h"

namespace pilotlight::widgets {

[[nodiscard]] QString styleSheet(const Tokens& tokens, const QString& mono_family);
// Value of the dynamic property "ink" on labels.
[[nodiscard]] QString inkName(Role role);

}  // namespace pilotlight::widgets
