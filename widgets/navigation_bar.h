// The navigation at the left: 200 wide, 48 when collapsed.
#pragma once

#include <QAbstractButton>
#include <QWidget>
#include <vector>

#include "widgets/theme.h"

class QVBoxLayout;

namespace pilotlight::widgets {

class NavigationItem;

class NavigationBar : public QWidget {
    Q_OBJECT
public:
    explicit NavigationBar(const QString& product = QStringLiteral("Pilotlight"), QWidget* parent = nullptr);
    void addEntry(const QString& id, const QString& text, const QString& icon_name);
    void addFootEntry(const QString& id, const QString& text, const QString& icon_name);
    void setCount(const QString& id, int count);  // 0 = none
    void setCurrent(const QString& id);           // emits nothing
    [[nodiscard]] QString current() const { return current_; }
    void setCollapsed(bool collapsed);
    [[nodiscard]] bool isCollapsed() const { return collapsed_; }

signals:
    void activated(const QString& id);  // by the user
    void collapsedChanged(bool collapsed);

protected:
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    NavigationItem* add(const QString& id, const QString& text, const QString& icon_name);
    void choose(const QString& id);
    QString product_, current_;
    QVBoxLayout* entries_;
    QVBoxLayout* foot_;
    QAbstractButton* toggle_;
    std::vector<NavigationItem*> items_;
    bool collapsed_ = false;
};

// One entry; used by NavigationBar.
class NavigationItem : public QAbstractButton {
    Q_OBJECT
public:
    NavigationItem(QString id, const QString& text, QString icon_name, QWidget* parent);
    [[nodiscard]] const QString& id() const { return id_; }
    void setCount(int count);
    void setCollapsed(bool collapsed);
    [[nodiscard]] QSize sizeHint() const override { return {collapsed_ ? 32 : 184, 32}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString id_, icon_name_;
    int count_ = 0;
    bool collapsed_ = false;
};

}  // namespace pilotlight::widgets
