// Small tables that show all their rows: keys and values, today against plan, before and after, guardrails.
#pragma once

#include <QWidget>
#include <vector>

#include "widgets/theme.h"

namespace pilotlight::widgets {

// Label at the left, value at the right, a rule under each row.
class KeyValueTable : public QWidget {
    Q_OBJECT
public:
    struct Row {
        QString key, value;
        Role ink = Role::text;
        QString tooltip;
        int weight = 400;
    };
    explicit KeyValueTable(QWidget* parent = nullptr);
    void setRows(std::vector<Row> rows);
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;

private:
    std::vector<Row> rows_;
};

// "Memory   1,024 MB   2,048 MB" with headers; changed values in weight 600, unchanged muted.
class CompareTable : public QWidget {
    Q_OBJECT
public:
    enum class Layout {
        columns,  // both values right-aligned: today | plan
        arrow,    // before -> after, after left-aligned with a note: the plan dialog
    };
    struct Row {
        QString name, before, after;
        QString note;  // muted after `after`: "0.58 → 1.16 vCPU" (arrow layout)
        Role after_ink = Role::text;
        bool changed = true;
    };
    explicit CompareTable(Layout layout, QWidget* parent = nullptr);
    void setHeaders(const QString& name, const QString& before, const QString& after);
    void setRows(std::vector<Row> rows);
    void setEmphasis(bool after_is_bold);  // default true; false for money tables
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    Layout layout_;
    QString name_header_, before_header_, after_header_;
    std::vector<Row> rows_;
    bool bold_ = true;
};

// A tick, a veto or a caution before each line; reasons wrap.
class GuardrailList : public QWidget {
    Q_OBJECT
public:
    enum class Verdict { pass, veto, caution, overridden, unknown };
    struct Item {
        Verdict verdict = Verdict::pass;
        QString text;  // name and reason in one line of words
        QString tooltip;
    };
    explicit GuardrailList(QWidget* parent = nullptr);
    void setItems(std::vector<Item> items);
    [[nodiscard]] bool hasHeightForWidth() const override { return true; }
    [[nodiscard]] int heightForWidth(int width) const override;
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    [[nodiscard]] int rowHeight(const Item& item, int width) const;
    std::vector<Item> items_;
};

// Sentences, each behind a dot in its role's colour: "Needs you", "What the measurements say". With a muted text at the right.
class DotList : public QWidget {
    Q_OBJECT
public:
    struct Item {
        Role role = Role::muted;
        QString text, aside;
        QString id;  // given by activated()
    };
    explicit DotList(bool rules = true, QWidget* parent = nullptr);
    void setItems(std::vector<Item> items);
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

signals:
    void activated(const QString& id);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    [[nodiscard]] int rowAt(int y) const;
    std::vector<Item> items_;
    bool rules_;
    int current_ = -1;
};

}  // namespace pilotlight::widgets
