// Breadcrumb, facts, view switch and tools above every page; and the coloured band above that.
#pragma once

#include <QAbstractButton>
#include <QWidget>
#include <vector>

#include "widgets/theme.h"

class QHBoxLayout;

namespace pilotlight::widgets {

// 3 px on top of every window and dialog: the most dangerous connected environment.
class ColourBand : public QWidget {
    Q_OBJECT
public:
    enum class Environment { none, dev, staging, production };
    explicit ColourBand(QWidget* parent = nullptr);
    void setEnvironment(Environment environment, bool read_only);  // hatched where all that is shown is read-only
    [[nodiscard]] static Role roleOf(Environment environment);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    Environment environment_ = Environment::none;
    bool read_only_ = false;
};

// "Functions / chat-inference"; all but the last are links.
class Breadcrumb : public QWidget {
    Q_OBJECT
public:
    explicit Breadcrumb(QWidget* parent = nullptr);
    void setPath(const QStringList& parts);
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

signals:
    void activated(int part);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;

private:
    [[nodiscard]] QRectF partRect(int part) const;
    [[nodiscard]] int partAt(const QPointF& at) const;
    QStringList parts_;
    int hovered_ = -1;
};

// One of a row of exclusive buttons. Left/right and Ctrl+PageUp/PageDown move.
class ViewSwitch : public QWidget {
    Q_OBJECT
public:
    explicit ViewSwitch(QWidget* parent = nullptr);
    void setViews(const QStringList& names);
    void setCurrent(int index);  // emits nothing
    [[nodiscard]] int current() const { return current_; }

signals:
    void activated(int index);

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    QHBoxLayout* layout_;
    std::vector<QAbstractButton*> buttons_;
    int current_ = -1;
};

class TopBar : public QWidget {
    Q_OBJECT
public:
    explicit TopBar(QWidget* parent = nullptr);
    [[nodiscard]] Breadcrumb* breadcrumb() const { return breadcrumb_; }
    [[nodiscard]] ViewSwitch* views() const { return views_; }
    // "AWS Lambda · us-east-1 · live", then the environment in its colour.
    void setFacts(const std::vector<std::pair<QString, Role>>& facts);
    void addTool(QWidget* widget);  // at the right end, in order
    void clearTools();              // removes and hides; does not delete

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    Breadcrumb* breadcrumb_;
    ViewSwitch* views_;
    QHBoxLayout* facts_;
    QHBoxLayout* tools_;
};

}  // namespace pilotlight::widgets
