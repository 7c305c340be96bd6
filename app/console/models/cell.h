// What one cell of a table shows, as plain data; and how it is handed to the delegates of widgets/.
#pragma once

#include <QString>
#include <QVariant>
#include <QVector>
#include <optional>

#include "widgets/theme.h"

namespace pilotlight::console {

struct Cell {
    QString text;
    QVariant sort;  // what sorting and CSV use; invalid = unknown, always last
    widgets::Role role = widgets::Role::text;
    bool strong = false;
    bool chip = false;  // drawn as a small label
    QString tooltip;
    QVector<float> sparkline;               // drawn instead of text; NaN = gap
    QString secondary = {};                 // after the text, muted
    std::optional<widgets::Role> dot = {};  // before the text
    bool mono = false;
    friend bool operator==(const Cell&, const Cell&) = default;
};

inline constexpr int KeyRole = Qt::UserRole + 900;  // identity of the row; sorting goes by widgets::SortRole
[[nodiscard]] QVariant cellData(const Cell& cell, int role, bool numeric);

// Cells of the usual kinds; an unknown value reads "unknown" with its reason as tooltip and sorts last.
[[nodiscard]] Cell textCell(const QString& text, widgets::Role role = widgets::Role::text);
[[nodiscard]] Cell numberCell(const QString& text, double sort, widgets::Role role = widgets::Role::text);
[[nodiscard]] Cell unknownCell(const QString& why);

}  // namespace pilotlight::console
