// The line at the foot of the window: facts at the left and right, some of them buttons.
#pragma once

#include <QWidget>
#include <vector>

#include "widgets/theme.h"

namespace pilotlight::widgets {

class StatusStrip : public QWidget {
    Q_OBJECT
public:
    enum class Side { left, right };
    explicit StatusStrip(QWidget* parent = nullptr);
    // Adds or replaces the item; an empty text removes it. Items stand in the order of their first appearance.
    void setItem(const QString& id, Side side, const QString& text, bool clickable = false, Role ink = Role::muted,
                 const QString& tooltip = {});
    // A thin bar before the item's text: 0..1; below 0 = none.
    void setProgress(const QString& id, double progress);
    [[nodiscard]] QString text(const QString& id) const;

signals:
    void clicked(const QString& id);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    bool event(QEvent* event) override;

private:
    struct Item {
        QString id, text, tooltip;
        Side side = Side::left;
        Role ink = Role::muted;
        bool clickable = false;
        double progress = -1;
        QRectF box;
    };
    void arrange();
    [[nodiscard]] const Item* itemAt(const QPointF& at) const;
    std::vector<Item> items_;
    QString hovered_;
};

}  // namespace pilotlight::widgets
