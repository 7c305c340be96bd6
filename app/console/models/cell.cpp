#include "app/console/models/cell.h"

#include "widgets/format.h"
#include "widgets/table_delegates.h"

namespace pilotlight::console {

Cell textCell(const QString& text, widgets::Role role) {
    Cell cell;
    cell.text = text;
    cell.sort = text;
    cell.role = role;
    return cell;
}

Cell numberCell(const QString& text, double sort, widgets::Role role) {
    Cell cell;
    cell.text = text;
    cell.sort = sort;
    cell.role = role;
    return cell;
}

Cell unknownCell(const QString& why) {
    Cell cell;
    cell.text = widgets::format::unknown();
    cell.role = widgets::Role::faint;
    cell.tooltip = why;
    return cell;
}

QVariant cellData(const Cell& cell, int role, bool numeric) {
    switch (role) {
        case Qt::DisplayRole:
            return cell.sparkline.isEmpty() ? cell.text : QString();
        case Qt::ToolTipRole:
            return cell.tooltip.isEmpty() ? QVariant() : cell.tooltip;
        case Qt::TextAlignmentRole:
            return int((numeric ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
        case widgets::InkRole:
            return int(cell.role);
        case widgets::WeightRole:
            return cell.strong ? QVariant(600) : QVariant();
        case widgets::SecondaryRole:
            return cell.secondary.isEmpty() ? QVariant() : cell.secondary;
        case widgets::ChipRole:
            return cell.chip ? QVariant(true) : QVariant();
        case widgets::DotRole:
            return cell.dot ? QVariant(int(*cell.dot)) : QVariant();
        case widgets::SparklineRole:
            return cell.sparkline.isEmpty() ? QVariant() : QVariant::fromValue(cell.sparkline);
        case widgets::SortRole:
            return cell.sort;
        case widgets::MonoRole:
            return cell.mono ? QVariant(true) : QVariant();
        default:
            return {};
    }
}

}  // namespace pilotlight::console
