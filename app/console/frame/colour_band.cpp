#include "app/console/frame/colour_band.h"

#include <QPainter>

#include "app/console/models/words.h"
#include "widgets/theme.h"

namespace pilotlight::console {

using namespace widgets;

ColourBand::ColourBand(QWidget* parent) : QWidget(parent) {
    setFixedHeight(3);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void ColourBand::setEnvironment(std::optional<Environment> environment, bool read_only) {
    environment_ = environment;
    read_only_ = read_only;
    const QString word = environment ? environmentLabel(*environment) : QStringLiteral("nothing connected");
    setToolTip(read_only && environment ? QStringLiteral("%1, read-only").arg(word) : word);
    setAccessibleName(QStringLiteral("Environment: ") + toolTip());
    update();
}

void ColourBand::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const QColor ink = environment_ ? colour(environmentRole(*environment_)) : colour(Role::border);
    painter.fillRect(rect(), ink);
    if (!read_only_ || !environment_) return;
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(colour(Role::canvas), 4));
    for (int x = -height(); x < width() + height(); x += 12) painter.drawLine(x, height() + 2, x + height() + 4, -2);
}

} // namespace pilotlight::console
