// Small facts in a box (platform, region, environment) and small counts in a pill.
#pragma once

#include <QWidget>

#include "widgets/theme.h"

namespace pilotlight::widgets {

class Chip : public QWidget {
    Q_OBJECT
public:
    // `ink` = muted for facts; bad / caution / good for an environment or a verdict.
    explicit Chip(const QString& text = {}, Role ink = Role::muted, QWidget* parent = nullptr);
    void setText(const QString& text);
    void setInk(Role ink);
    // With a cross that emits removed(); for filters.
    void setRemovable(bool on);
    [[nodiscard]] const QString& text() const { return text_; }
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

signals:
    void clicked();
    void removed();

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;

private:
    QString text_;
    Role ink_;
    bool removable_ = false;
};

// A text too long for a line is shown up to its first ": ", with all of it as the tooltip.
[[nodiscard]] Chip* makeShortChip(const QString& text, Role ink, QWidget* parent);

// Lays chips out in lines, as wide as there is room.
class ChipFlow : public QWidget {
    Q_OBJECT
public:
    explicit ChipFlow(QWidget* parent = nullptr);
    void setChips(const QList<QPair<QString, Role>>& chips);
    [[nodiscard]] bool hasHeightForWidth() const override { return true; }
    [[nodiscard]] int heightForWidth(int width) const override;
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    int arrange(int width, bool move) const;
    QList<Chip*> chips_;
};

class Badge : public QWidget {
    Q_OBJECT
public:
    explicit Badge(int count = 0, QWidget* parent = nullptr);
    void setCount(int count);  // hidden at 0; "99+" above 99
    [[nodiscard]] QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    int count_;
};

void paintChip(QPainter& painter, const QRectF& rect, const QString& text, Role ink);
[[nodiscard]] QSizeF chipSize(const QString& text);
void paintBadge(QPainter& painter, const QRectF& rect, int count, Role background);
[[nodiscard]] QSizeF badgeSize(int count);

}  // namespace pilotlight::widgets
