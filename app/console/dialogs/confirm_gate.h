// Whether a change may be sent: what must be typed, what forbids it. One place for the plan and the revert dialog.
#pragma once

#include <QString>

#include "core/domain/change.h"

namespace pilotlight::console {

class ConfirmGate {
public:
    ConfirmGate(std::string function_name, Environment environment, QString read_only_reason)
        : name_(std::move(function_name)), environment_(environment), read_only_(std::move(read_only_reason)) {}

    // Production wants the function's name typed.
    [[nodiscard]] bool needsTyping() const { return environment_ == Environment::production; }
    void setTyped(const QString& text) { typed_ = text; }
    void setVetoed(const QString& reason) { vetoed_ = reason; }
    void setExpired(bool expired) { expired_ = expired; }
    // Why not; empty = it may be sent.
    [[nodiscard]] QString reason() const;
    [[nodiscard]] bool open() const { return reason().isEmpty(); }
    // What to hand to core as confirmation.
    [[nodiscard]] std::string confirmation() const { return needsTyping() ? typed_.trimmed().toStdString() : name_; }

private:
    std::string name_;
    Environment environment_;
    QString read_only_, typed_, vetoed_;
    bool expired_ = false;
};

}  // namespace pilotlight::console
