// Everything that the sliders and the charts of a what-if change, as one step back.
#pragma once

#include <QUndoCommand>
#include <functional>

#include "app/console/models/what_if_state.h"

namespace pilotlight::console {

class StateCommand : public QUndoCommand {
public:
    StateCommand(WhatIfState before, WhatIfState after, std::function<void(const WhatIfState&)> apply, const QString& text)
        : QUndoCommand(text), before_(std::move(before)), after_(std::move(after)), apply_(std::move(apply)) {}
    void undo() override { apply_(before_); }
    void redo() override { apply_(after_); }

private:
    WhatIfState before_, after_;
    std::function<void(const WhatIfState&)> apply_;
};

}  // namespace pilotlight::console
