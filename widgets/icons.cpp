#include <QFile>
#include <QGuiApplication>
#include <QIconEngine>
#include <QPainter>
#include <QPixmapCache>
#include <QSvgRenderer>

#include "widgets/theme.h"

namespace pilotlight::widgets {
namespace {

// Draws in the colour its role has at that moment, so that a change of theme needs no new icon.
class ThemeIconEngine final : public QIconEngine {
public:
    ThemeIconEngine(QString name, Role role) : name_(std::move(name)), role_(role) {}
    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override {
        const Role role = mode == QIcon::Disabled ? Role::faint : role_;
        const int size = std::min(rect.width(), rect.height());
        const QPixmap pixmap = iconPixmap(name_, role, size, painter->device()->devicePixelRatioF());
        painter->drawPixmap(QPointF(rect.x() + (rect.width() - size) / 2.0, rect.y() + (rect.height() - size) / 2.0), pixmap);
    }
    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State) override {
        // The size is in device pixels here.
        return iconPixmap(name_, mode == QIcon::Disabled ? Role::faint : role_, std::min(size.width(), size.height()), 1.0);
    }
    [[nodiscard]] QIconEngine* clone() const override { return new ThemeIconEngine(name_, role_); }

private:
    QString name_;
    Role role_;
};

}  // namespace

QIcon icon(const QString& name, Role role) { return QIcon(new ThemeIconEngine(name, role)); }

QPixmap iconPixmap(const QString& name, Role role, int size, double device_pixel_ratio) {
    const QString code = colour(role).name();
    const QString key =
        QStringLiteral("pl/%1/%2/%3/%4/%5").arg(name, code).arg(size).arg(device_pixel_ratio).arg(Theme::instance().isDark());
    QPixmap pixmap;
    if (QPixmapCache::find(key, &pixmap)) return pixmap;
    QFile file(QStringLiteral(":/icons/%1.svg").arg(name));
    QByteArray svg;
    if (file.open(QIODevice::ReadOnly)) svg = file.readAll();
    svg.replace("currentColor", code.toLatin1());
    svg.replace("accentColor", colour(Role::accent).name().toLatin1());
    svg.replace("warmColor", colour(Role::warm).name().toLatin1());
    const int device_size = qRound(size * device_pixel_ratio);
    pixmap = QPixmap(device_size, device_size);
    pixmap.fill(Qt::transparent);
    if (!svg.isEmpty()) {
        QSvgRenderer renderer(svg);
        QPainter painter(&pixmap);
        renderer.render(&painter, QRectF(0, 0, device_size, device_size));
    }
    pixmap.setDevicePixelRatio(device_pixel_ratio);
    QPixmapCache::insert(key, pixmap);
    return pixmap;
}

}  // namespace pilotlight::widgets
