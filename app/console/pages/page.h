// A page of the main window.
#pragma once

#include <QList>
#include <QPair>
#include <QStringList>
#include <QWidget>

#include "app/console/session.h"
#include "widgets/theme.h"

class QAbstractItemModel;

namespace pilotlight::console {

// What the top bar says: "Functions / chat-inference", chips for what this is.
struct Heading {
    QStringList crumbs;  // the last is the page itself
    QList<QPair<QString, widgets::Role>> chips;
};

class Page : public QWidget {
    Q_OBJECT
public:
    Page(Session& session, QString name, QWidget* parent = nullptr);

    [[nodiscard]] const QString& name() const { return name_; }
    [[nodiscard]] virtual Heading heading() const = 0;
    // The page's views, shown as a switch in the top bar; empty = just one.
    [[nodiscard]] virtual QStringList views() const { return {}; }
    [[nodiscard]] virtual int view() const { return -1; }
    virtual void setView(int) {}
    // Widgets of this page for the top bar, left of the time range.
    [[nodiscard]] virtual QList<QWidget*> tools() { return {}; }
    [[nodiscard]] virtual bool usesRange() const { return true; }
    // Status bar, left of the API meter: what the numbers rest on.
    [[nodiscard]] virtual QString basis() const { return {}; }
    virtual void focusFilter() {}
    virtual void undo() {}
    virtual void redo() {}
    // Esc: gives up what this page is waiting for. false = nothing to cancel.
    virtual bool cancel() { return false; }
    // The table that Export means; null = none.
    [[nodiscard]] virtual QAbstractItemModel* exportModel() { return nullptr; }

signals:
    void headingChanged();

protected:
    Session& session_;

private:
    QString name_;
};

}  // namespace pilotlight::console
