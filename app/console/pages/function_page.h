// One function: Metrics, What-if, Recommendations, History.
#pragma once

#include "app/console/pages/page.h"

class QStackedWidget;

namespace pilotlight::console {

// One view of the function page.
class FunctionTab : public QWidget {
    Q_OBJECT
public:
    explicit FunctionTab(Session& session) : session_(session) {}
    // The function as the fleet has it now; called when it changes and when the tab is shown.
    virtual void setFunction(const FunctionRow& row) = 0;
    // Shown or hidden: what is hidden reads nothing.
    virtual void setActive(bool) {}
    [[nodiscard]] virtual QString basis() const { return {}; }
    virtual void undo() {}
    virtual void redo() {}
    virtual bool cancel() { return false; }
    [[nodiscard]] virtual QAbstractItemModel* exportModel() { return nullptr; }

signals:
    void basisChanged();
    void tabRequested(const QString& tab);

protected:
    Session& session_;
};

class WhatIfTab;

class FunctionPage : public Page {
    Q_OBJECT
public:
    explicit FunctionPage(Session& session);
    // tab: metrics, whatif, recommendations, history; empty = the one shown last.
    void open(const QString& id, const QString& tab);
    [[nodiscard]] QString functionId() const { return id_; }
    [[nodiscard]] FunctionTab* tab(const QString& name) const { return tabs_.value(name); }

    [[nodiscard]] Heading heading() const override;
    [[nodiscard]] QStringList views() const override { return titles_; }
    [[nodiscard]] int view() const override { return static_cast<int>(names_.indexOf(current_)); }
    void setView(int index) override { choose(names_.value(index)); }
    [[nodiscard]] bool usesRange() const override { return current_ == QLatin1String("metrics"); }
    [[nodiscard]] QString basis() const override;
    void undo() override;
    void redo() override;
    bool cancel() override;
    [[nodiscard]] QAbstractItemModel* exportModel() override;

private:
    void add(const QString& name, const QString& title, FunctionTab* tab);
    void choose(const QString& tab);
    void show();
    QString id_, current_ = QStringLiteral("metrics");
    QHash<QString, FunctionTab*> tabs_;
    QStringList names_, titles_;
    QStackedWidget* stack_;
};

}  // namespace pilotlight::console
