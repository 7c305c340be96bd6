#include "widgets/table_delegates.h"

#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QFileDialog>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QPainterPath>
#include <QSaveFile>
#include <cmath>

#include "widgets/chip.h"

namespace pilotlight::widgets {

void paintSparkline(QPainter& painter, const QRectF& rect, const QVector<float>& values, const QColor& ink) {
    float lo = INFINITY, hi = -INFINITY;
    int finite = 0;
    for (const float v : values) {
        if (!std::isfinite(v)) continue;
        lo = std::min(lo, v);
        hi = std::max(hi, v);
        ++finite;
    }
    if (finite < 2 || values.size() < 2) return;
    const double scale = hi > lo ? (rect.height() - 2) / (hi - lo) : 0;
    QPainterPath path;
    bool pen_down = false;
    for (int i = 0; i < values.size(); ++i) {
        if (!std::isfinite(values[i])) {
            pen_down = false;
            continue;
        }
        const QPointF point(rect.left() + rect.width() * i / (values.size() - 1),
                            scale > 0 ? rect.bottom() - 1 - (values[i] - lo) * scale : rect.center().y());
        if (pen_down)
            path.lineTo(point);
        else
            path.moveTo(point);
        pen_down = true;
    }
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(ink, 1.25, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.setBrush(Qt::NoBrush);
    painter.drawPath(path);
    painter.restore();
}

QString csvField(const QString& text) {
    if (!text.contains(QLatin1Char('"')) && !text.contains(QLatin1Char(',')) && !text.contains(QLatin1Char('\n')) &&
        !text.contains(QLatin1Char('\r'))) {
        return text;
    }
    QString quoted = text;
    quoted.replace(QLatin1Char('"'), QLatin1String("\"\""));
    return QLatin1Char('"') + quoted + QLatin1Char('"');
}

void CellDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    painter->save();
    painter->setClipRect(option.rect);
    const bool selected = option.state & QStyle::State_Selected;
    if (selected) {
        painter->fillRect(option.rect, mixed(colour(Role::surface), colour(Role::accent), Theme::instance().isDark() ? 0.22 : 0.14));
    } else if (option.state & QStyle::State_MouseOver) {
        painter->fillRect(option.rect, mixed(colour(Role::surface), colour(Role::raised), 0.6));
    }
    painter->fillRect(QRect(option.rect.left(), option.rect.bottom(), option.rect.width(), 1), colour(Role::border));
    QRectF area = QRectF(option.rect).adjusted(index.column() == 0 ? 2 : 8, 0, -8, -1);
    const QVariant spark = index.data(SparklineRole);
    const QVariant ink_value = index.data(InkRole);
    const Role ink = ink_value.isValid() ? static_cast<Role>(ink_value.toInt()) : Role::text;
    const QString text = index.data(Qt::DisplayRole).toString();
    const auto alignment = static_cast<Qt::Alignment>(index.data(Qt::TextAlignmentRole).toInt());
    const bool right = alignment & Qt::AlignRight;
    if (spark.isValid()) {
        const double wide = std::min(area.width(), 80.0);
        const QRectF box(right ? area.right() - wide : area.left(), area.center().y() - 7, wide, 14);
        paintSparkline(*painter, box, spark.value<QVector<float>>(), ink_value.isValid() ? colour(ink) : Theme::instance().series(0));
        painter->restore();
        return;
    }
    if (index.data(ChipRole).toBool()) {
        if (!text.isEmpty()) {
            const QSizeF size = chipSize(text);
            const double wide = std::min(size.width(), area.width());
            paintChip(*painter,
                      QRectF(right ? area.right() - wide : area.left(), area.center().y() - size.height() / 2, wide, size.height()), text,
                      ink_value.isValid() ? ink : Role::muted);
        }
        painter->restore();
        return;
    }
    const QVariant dot = index.data(DotRole);
    if (dot.isValid()) {
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(Qt::NoPen);
        painter->setBrush(colour(static_cast<Role>(dot.toInt())));
        painter->drawEllipse(QPointF(area.left() + 5, area.center().y()), 4.5, 4.5);
        area.setLeft(area.left() + 16);
    }
    const QVariant icon_value = index.data(Qt::DecorationRole);
    if (icon_value.canConvert<QIcon>() && !dot.isValid()) {
        icon_value.value<QIcon>().paint(painter, QRect(static_cast<int>(area.left()), static_cast<int>(area.center().y()) - 7, 15, 15));
        area.setLeft(area.left() + 20);
    }
    const QVariant weight = index.data(WeightRole);
    const QFont cell_font =
        index.data(MonoRole).toBool() ? Theme::instance().mono() : textFont(Type::body, weight.isValid() ? weight.toInt() : 400);
    const QFontMetricsF metrics(cell_font);
    painter->setFont(cell_font);
    painter->setPen(colour(ink));
    const QString shown = metrics.elidedText(text, Qt::ElideRight, area.width());
    painter->drawText(area, static_cast<int>(Qt::AlignVCenter | (right ? Qt::AlignRight : Qt::AlignLeft)) | Qt::TextSingleLine, shown);
    const QString secondary = index.data(SecondaryRole).toString();
    if (!secondary.isEmpty() && !right) {
        const QRectF rest = area.adjusted(metrics.horizontalAdvance(shown) + 8, 0, 0, 0);
        painter->setFont(textFont(Type::label));
        painter->setPen(colour(Role::muted));
        painter->drawText(rest, static_cast<int>(Qt::AlignVCenter | Qt::AlignLeft) | Qt::TextSingleLine,
                          QFontMetricsF(textFont(Type::label)).elidedText(secondary, Qt::ElideRight, rest.width()));
    }
    painter->restore();
}

QSize CellDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex& index) const {
    if (index.data(SparklineRole).isValid()) return {96, kRowHeight};
    const QVariant weight = index.data(WeightRole);
    const QString text = index.data(Qt::DisplayRole).toString();
    if (index.data(ChipRole).toBool()) return {static_cast<int>(std::ceil(chipSize(text).width())) + 18, kRowHeight};
    double wide = QFontMetricsF(textFont(Type::body, weight.isValid() ? weight.toInt() : 400)).horizontalAdvance(text) + 18;
    if (index.data(DotRole).isValid()) wide += 16;
    if (index.data(Qt::DecorationRole).canConvert<QIcon>()) wide += 20;
    const QString secondary = index.data(SecondaryRole).toString();
    if (!secondary.isEmpty()) wide += QFontMetricsF(textFont(Type::label)).horizontalAdvance(secondary) + 8;
    return {static_cast<int>(std::ceil(wide)), kRowHeight};
}

Table::Table(QWidget* parent) : QTableView(parent) {
    setItemDelegate(new CellDelegate(this));
    setShowGrid(false);
    setFrameShape(QFrame::NoFrame);
    setSelectionBehavior(QAbstractItemView::SelectRows);
    setSelectionMode(QAbstractItemView::ExtendedSelection);
    setEditTriggers(QAbstractItemView::NoEditTriggers);
    setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    setWordWrap(false);
    setTabKeyNavigation(false);
    setMouseTracking(true);
    setCornerButtonEnabled(false);
    verticalHeader()->hide();
    verticalHeader()->setMinimumSectionSize(kCompactRowHeight);
    verticalHeader()->setDefaultSectionSize(kRowHeight);
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    horizontalHeader()->setFixedHeight(kRowHeight);
    horizontalHeader()->setMinimumSectionSize(40);
    connect(this, &QTableView::doubleClicked, this, &Table::rowActivated);
    connect(&Theme::instance(), &Theme::changed, this, [this] { viewport()->update(); });
}

void Table::setModel(QAbstractItemModel* model) { QTableView::setModel(model); }

void Table::setCompact(bool compact) { verticalHeader()->setDefaultSectionSize(compact ? kCompactRowHeight : kRowHeight); }

void Table::fitHeight(int max_rows) {
    if (!model()) return;
    const int rows = max_rows > 0 ? std::min(max_rows, model()->rowCount()) : model()->rowCount();
    const int header = horizontalHeader()->isVisibleTo(this) ? kRowHeight : 0;
    setFixedHeight(header + rows * verticalHeader()->defaultSectionSize() + 2);
    if (max_rows <= 0) setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
}

QString Table::text(bool selected_only, QChar separator) const {
    if (!model()) return {};
    QString out;
    QList<int> columns;
    for (int visual = 0; visual < model()->columnCount(); ++visual) {
        const int column = horizontalHeader()->logicalIndex(visual);
        if (!isColumnHidden(column)) columns.append(column);
    }
    const bool csv = separator == QLatin1Char(',');
    const auto line = [&](auto field) {
        QStringList fields;
        for (const int column : columns) {
            QString value = field(column);
            if (csv)
                value = csvField(value);
            else
                value.replace(QLatin1Char('\t'), QLatin1Char(' '));
            fields.append(value);
        }
        out += fields.join(separator) + (csv ? QLatin1String("\r\n") : QLatin1String("\n"));
    };
    line([&](int column) { return model()->headerData(column, Qt::Horizontal).toString(); });
    for (int row = 0; row < model()->rowCount(); ++row) {
        if (selected_only && !selectionModel()->isRowSelected(row)) continue;
        line([&](int column) { return model()->index(row, column).data().toString(); });
    }
    return out;
}

QString Table::toCsv() const { return text(false, QLatin1Char(',')); }

void Table::keyPressEvent(QKeyEvent* event) {
    if (event->matches(QKeySequence::Copy)) {
        QApplication::clipboard()->setText(text(true, QLatin1Char('\t')));
        return;
    }
    if ((event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) && currentIndex().isValid()) {
        emit rowActivated(currentIndex());
        return;
    }
    QTableView::keyPressEvent(event);
}

void Table::contextMenuEvent(QContextMenuEvent* event) {
    if (contextMenuPolicy() == Qt::CustomContextMenu) {
        QTableView::contextMenuEvent(event);
        return;
    }
    QMenu menu(this);
    menu.addAction(icon(QStringLiteral("copy")), tr("Copy rows"), this,
                   [this] { QApplication::clipboard()->setText(text(selectionModel()->hasSelection(), QLatin1Char('\t'))); });
    menu.addAction(icon(QStringLiteral("export")), tr("Export table as CSV..."), this, [this] {
        const QString path = QFileDialog::getSaveFileName(this, tr("Export table"), QStringLiteral("table.csv"), tr("CSV (*.csv)"));
        if (path.isEmpty()) return;
        QSaveFile file(path);
        if (file.open(QIODevice::WriteOnly)) {
            file.write(toCsv().toUtf8());
            file.commit();
        }
    });
    menu.exec(event->globalPos());
}

}  // namespace pilotlight::widgets
