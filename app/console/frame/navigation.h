// Pages at the left; collapses to icons.
#pragma once

#include <QAbstractButton>
#include <QHash>
#include <QWidget>

namespace pilotlight::console {

class NavigationButton : public QAbstractButton {
    Q_OBJECT
public:
    NavigationButton(const QString& icon, const QString& text, QWidget* parent);
    void setCount(int count);
    void setCollapsed(bool collapsed);
    [[nodiscard]] QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void enterEvent(QEnterEvent* event) override;
    void leaveEvent(QEvent* event) override;

private:
    QString icon_;
    int count_ = 0;
    bool collapsed_ = false;
};

class Navigation : public QWidget {
    Q_OBJECT
public:
    explicit Navigation(QWidget* parent = nullptr);
    void setCurrent(const QString& page);
    void setCount(const QString& page, int count);
    void setCollapsed(bool collapsed);
    [[nodiscard]] bool collapsed() const { return collapsed_; }
    // In the order of Ctrl+1 .. Ctrl+9.
    [[nodiscard]] const QStringList& pages() const { return pages_; }
    [[nodiscard]] static QString titleOf(const QString& page);

signals:
    void chosen(const QString& page);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void add(const QString& page);
    QHash<QString, NavigationButton*> buttons_;
    QStringList pages_;
    bool collapsed_ = false;
};

} // namespace pilotlight::console
