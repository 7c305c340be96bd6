#include "widgets/figure_tile.h"

#include <QPainter>

#include "widgets/card.h"

namespace pilotlight::widgets {
namespace {

// Draws elided text with its left end at x and baseline y; returns the x after it.
double drawRun(QPainter& painter, const QFont& font, const QColor& ink, const QString& text, double x, double y, double right) {
    if (text.isEmpty() || x >= right) return x;
    painter.setFont(font);
    painter.setPen(ink);
    const QFontMetricsF metrics(font);
    const QString shown = metrics.elidedText(text, Qt::ElideRight, right - x);
    painter.drawText(QPointF(x, y), shown);
    return x + metrics.horizontalAdvance(shown);
}

}  // namespace

FigureTile::FigureTile(const QString& label, QWidget* parent) : QWidget(parent), label_(label) {
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(&Theme::instance(), &Theme::changed, this, [this] { update(); });
}

void FigureTile::setLabel(const QString& label) {
    label_ = label;
    update();
}

void FigureTile::setFigure(const Figure& figure) {
    if (figure == figure_) return;
    figure_ = figure;
    setToolTip(figure.tooltip);
    setAccessibleName(QStringLiteral("%1: %2 %3 %4").arg(label_, figure.value, figure.unit, figure.interval).simplified());
    setAccessibleDescription((figure.delta + QLatin1Char(' ') + figure.reference).trimmed());
    update();
}

QSize FigureTile::sizeHint() const { return {196, 94}; }
QSize FigureTile::minimumSizeHint() const { return {120, 94}; }

void FigureTile::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    paintCard(painter, rect());
    const double left = space::card_x, right = width() - space::card_x;
    drawRun(painter, textFont(Type::label), colour(Role::muted), label_, left, 26, right);
    const bool known = !figure_.value.isEmpty();
    const bool words = known && !figure_.value.at(figure_.value.size() - 1).isDigit() && figure_.value.at(0).isLetter();
    const Role ink = figure_.approximate || words || !known ? Role::muted : Role::text;
    const QFont big = textFont(Type::figure, figure_.approximate || words ? 500 : 600);
    double x = drawRun(painter, big, colour(ink), known ? figure_.value : QStringLiteral("–"), left, 55, right);
    const QFont small = textFont(Type::body, 500);
    if (!figure_.unit.isEmpty()) x = drawRun(painter, small, colour(Role::muted), figure_.unit, x + 5, 55, right);
    if (!figure_.interval.isEmpty()) drawRun(painter, small, colour(Role::muted), figure_.interval, x + 7, 55, right);
    x = drawRun(painter, textFont(Type::label), colour(figure_.delta_role), figure_.delta, left, 78, right);
    if (!figure_.reference.isEmpty()) {
        drawRun(painter, textFont(Type::label), colour(Role::muted), figure_.reference, figure_.delta.isEmpty() ? x : x + 5, 78, right);
    }
}

}  // namespace pilotlight::widgets
