// What a panel shows instead of its content, and the strip above content that is partial or stale (ui.md, "States").
#pragma once

#include <QTimer>
#include <QWidget>

#include "core/base/result.h"
#include "widgets/theme.h"

class QProgressBar;
class QPushButton;
class QLabel;

namespace pilotlight::widgets {

struct PanelState {
    enum class Kind { content, empty, loading, partial, stale, error, permission, inconclusive };
    Kind kind = Kind::content;
    QString title;             // empty: what would be here; error: what happened; inconclusive: what is needed
    QString detail;            // what it means, why, since when
    QString action;            // label of the one thing to do; empty = no button
    QString copyable;          // details or policy text behind "Copy details"; empty = no button
    double progress = -1;      // loading: 0..1; below 0 = unknown
    bool cancellable = false;  // loading: shows Cancel

    [[nodiscard]] static PanelState content() { return {}; }
    [[nodiscard]] static PanelState empty(QString title, QString detail = {}, QString action = {});
    [[nodiscard]] static PanelState loading(QString title = {}, double progress = -1, bool cancellable = false);
    [[nodiscard]] static PanelState partial(QString title, QString detail = {}, QString action = {});
    [[nodiscard]] static PanelState stale(QString title, QString detail = {}, QString action = {});
    [[nodiscard]] static PanelState inconclusive(QString title, QString detail = {}, QString action = {});
    // Kind permission where a permission is named, else error. `action` is the button's label.
    [[nodiscard]] static PanelState fromError(const Error& error, QString action = {});
    // The content stays visible under a strip.
    [[nodiscard]] bool keepsContent() const { return kind == Kind::content || kind == Kind::partial || kind == Kind::stale; }
};

class StateView : public QWidget {
    Q_OBJECT
public:
    explicit StateView(QWidget* parent = nullptr);
    void setState(const PanelState& state);
    [[nodiscard]] const PanelState& state() const { return state_; }
    // Skeleton blocks appear 200 ms after loading begins, the progress bar after 1 s; this skips the wait.
    void showAtOnce(bool with_progress = true);

signals:
    void actionRequested();
    void cancelRequested();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void arrange();
    PanelState state_;
    QLabel* icon_;
    QLabel* title_;
    QLabel* detail_;
    QProgressBar* progress_;
    QPushButton* action_;
    QPushButton* copy_;
    QTimer skeleton_timer_, progress_timer_;
    bool skeleton_ = false, progress_due_ = false;
};

// One line over content: partial, stale, read-only, an error of the page. Appears once, in place.
class Banner : public QWidget {
    Q_OBJECT
public:
    explicit Banner(QWidget* parent = nullptr);
    void show(Role role, const QString& text, const QString& action = {}, const QString& copyable = {}, bool dismissable = false);
    void setState(const PanelState& state);  // hides itself where the state has no strip

signals:
    void actionRequested();
    void dismissed();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    Role role_ = Role::caution;
    QLabel* icon_;
    QLabel* text_;
    QPushButton* action_;
    QPushButton* copy_;
    QPushButton* close_;
    QString copyable_;
};

}  // namespace pilotlight::widgets
