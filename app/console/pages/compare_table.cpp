#include "app/console/pages/compare_table.h"

#include <QFontMetrics>
#include <QHelpEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>

#include "widgets/theme.h"

namespace pilotlight::console {

using namespace widgets;

namespace {
constexpr int kLine = 28, kMark = 22;
}

CompareTable::CompareTable(const QString& today, const QString& plan, QWidget* parent) : QWidget(parent), today_(today), plan_(plan) {
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void CompareTable::setRows(std::vector<CompareRow> rows) {
    const bool other = rows.size() != rows_.size();
    rows_ = std::move(rows);
    if (other) updateGeometry();
    update();
}

QSize CompareTable::sizeHint() const { return {260, kLine * (static_cast<int>(rows_.size()) + 1) + 1}; }
QSize CompareTable::minimumSizeHint() const { return {200, sizeHint().height()}; }

void CompareTable::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const QFont plain = widgets::font(Type::body), strong = widgets::font(Type::body, 600);
    const QFontMetrics metrics(strong);
    int widest_plan = metrics.horizontalAdvance(plan_), widest_today = QFontMetrics(plain).horizontalAdvance(today_);
    for (const auto& row : rows_) {
        widest_plan = std::max(widest_plan, metrics.horizontalAdvance(row.plan));
        widest_today = std::max(widest_today, QFontMetrics(plain).horizontalAdvance(row.today));
    }
    const int plan_width = std::min(std::max(widest_plan + 4, 64), width() / 2);
    const int today_width = std::max(widest_today + 4, 64);
    const QRect plan_column(width() - plan_width, 0, plan_width, kLine);
    const QRect today_column(plan_column.left() - 16 - today_width, 0, today_width, kLine);
    const auto rule = [&](int y) { painter.fillRect(QRect(0, y, width(), 1), colour(Role::border)); };
    painter.setFont(widgets::font(Type::label));
    painter.setPen(colour(Role::muted));
    painter.drawText(today_column, Qt::AlignRight | Qt::AlignVCenter, today_);
    painter.drawText(plan_column, Qt::AlignRight | Qt::AlignVCenter, plan_);
    rule(kLine);
    int y = kLine + 1;
    for (const auto& row : rows_) {
        const int h = kLine - 1;
        painter.setFont(plain);
        painter.setPen(colour(Role::text));
        const QRect label(0, y, std::max(40, today_column.left() - 8), h);
        painter.drawText(label, Qt::AlignLeft | Qt::AlignVCenter, QFontMetrics(plain).elidedText(row.label, Qt::ElideRight, label.width()));
        painter.setPen(colour(Role::muted));
        painter.drawText(today_column.translated(0, y), Qt::AlignRight | Qt::AlignVCenter, row.today);
        painter.setFont(row.differs ? strong : plain);
        painter.setPen(colour(row.warm && row.differs ? Role::warm : row.differs ? Role::text : Role::muted));
        painter.drawText(plan_column.translated(0, y), Qt::AlignRight | Qt::AlignVCenter, QFontMetrics(painter.font()).elidedText(row.plan, Qt::ElideRight, plan_width));
        y += kLine;
        rule(y - 1);
    }
}

bool CompareTable::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const int at = (help->pos().y() - kLine) / kLine;
        if (help->pos().y() > kLine && at < static_cast<int>(rows_.size()) && !rows_[static_cast<std::size_t>(at)].tooltip.isEmpty()) {
            QToolTip::showText(help->globalPos(), rows_[static_cast<std::size_t>(at)].tooltip, this);
        } else {
            QToolTip::hideText();
        }
        return true;
    }
    return QWidget::event(event);
}

GuardrailList::GuardrailList(QWidget* parent) : QWidget(parent) {
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void GuardrailList::setRows(std::vector<GuardrailPreview> rows) {
    const bool other = rows.size() != rows_.size();
    rows_ = std::move(rows);
    if (other) updateGeometry();
    update();
}

bool GuardrailList::vetoed() const { return !firstVeto().isEmpty(); }

QString GuardrailList::firstVeto() const {
    for (const auto& row : rows_) {
        if (row.mark == GuardrailPreview::Mark::veto) return row.text;
    }
    return {};
}

QSize GuardrailList::sizeHint() const { return {260, kMark * static_cast<int>(rows_.size())}; }

void GuardrailList::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setFont(widgets::font(Type::body));
    const QFontMetrics metrics(painter.font());
    int y = 0;
    for (const auto& row : rows_) {
        const bool veto = row.mark == GuardrailPreview::Mark::veto, note = row.mark == GuardrailPreview::Mark::note;
        const QString name = veto ? QStringLiteral("cross") : note ? QStringLiteral("caution") : QStringLiteral("check");
        painter.drawPixmap(QPointF(0, y + (kMark - 12) / 2.0), iconPixmap(name, veto ? Role::bad : note ? Role::caution : Role::good, 12, devicePixelRatioF()));
        painter.setPen(colour(veto ? Role::bad : Role::muted));
        painter.drawText(QRect(18, y, width() - 18, kMark), Qt::AlignLeft | Qt::AlignVCenter, metrics.elidedText(row.text, Qt::ElideRight, width() - 18));
        y += kMark;
    }
}

bool GuardrailList::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const auto at = static_cast<std::size_t>(std::max(0, help->pos().y()) / kMark);
        if (at < rows_.size()) QToolTip::showText(help->globalPos(), rows_[at].text, this);
        return true;
    }
    return QWidget::event(event);
}

} // namespace pilotlight::console
