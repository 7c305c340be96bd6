#include "app/console/dialogs/confirm_gate.h"

#include "app/console/models/words.h"

namespace pilotlight::console {

QString ConfirmGate::reason() const {
    if (!read_only_.isEmpty()) return read_only_;
    if (!vetoed_.isEmpty()) return QStringLiteral("A guardrail says no: ") + vetoed_;
    if (expired_) return QStringLiteral("This plan has expired. Settings may have changed since; plan again.");
    if (needsTyping() && typed_.trimmed() != qs(name_)) return QStringLiteral("Type %1 to apply").arg(qs(name_));
    return {};
}

}  // namespace pilotlight::console
