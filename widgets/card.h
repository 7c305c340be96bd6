// The surface every panel stands on: title, caption, tools at the right of the header, a body, and its state.
#pragma once

#include <QWidget>

#include "widgets/state_view.h"
#include "widgets/theme.h"

class QHBoxLayout;
class QVBoxLayout;

namespace pilotlight::widgets {

class ElidedLabel;

class Card : public QWidget {
    Q_OBJECT
public:
    explicit Card(const QString& title = {}, const QString& caption = {}, QWidget* parent = nullptr);
    void setTitle(const QString& title);
    // Statistic, effective period, unit, source: "p50, p95, p99 per 15 min, log scale".
    void setCaption(const QString& caption);
    void setCaptionToolTip(const QString& text);  // empty = the caption itself where it is elided
    void addTool(QWidget* widget);  // right end of the header
    // Content goes here (spacing 8, no margins).
    [[nodiscard]] QVBoxLayout* body() const { return body_; }
    void setState(const PanelState& state);  // content keeps its size while hidden
    [[nodiscard]] StateView* stateView() const { return state_view_; }
    // Draws no border and no surface of its own (for cards inside dialogs).
    void setPlain(bool plain);

signals:
    void actionRequested();  // the state's one button
    void cancelRequested();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void updateHeader();
    ElidedLabel* title_;
    ElidedLabel* caption_;
    QWidget* header_;
    QHBoxLayout* tools_;
    Banner* banner_;
    QWidget* content_;
    QVBoxLayout* body_;
    StateView* state_view_;
    bool plain_ = false;
};

// Rounded surface with border, as Card paints itself.
void paintCard(QPainter& painter, const QRectF& rect);
// 1 px line in border colour.
[[nodiscard]] QWidget* makeRule(QWidget* parent = nullptr);

}  // namespace pilotlight::widgets
