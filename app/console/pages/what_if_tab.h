// The heart: sliders, and what would follow from them.
#pragma once

#include "app/console/models/what_if_state.h"
#include "app/console/pages/function_page.h"
#include "widgets/state_view.h"

class QComboBox;
class QLabel;
class QPushButton;
class QTimer;
class QUndoStack;
class QStackedWidget;
class QVBoxLayout;

namespace pilotlight::widgets {
class Card;
class CdfChart;
class ChipFlow;
class CompareTable;
class GuardrailList;
class FigureTile;
class ParetoChart;
class SettingSlider;
class StackBar;
class WeekChart;
}  // namespace pilotlight::widgets

namespace pilotlight::console {

class ElsewherePanel;
class PlanReviewDialog;

class WhatIfTab : public FunctionTab {
    Q_OBJECT
public:
    explicit WhatIfTab(Session& session);
    ~WhatIfTab() override;
    void setFunction(const FunctionRow& row) override;
    void setActive(bool active) override;
    [[nodiscard]] QString basis() const override;
    void undo() override;
    void redo() override;
    bool cancel() override;

    // For tests and the frame: the state shown, whether an engine answers, and the last answer.
    [[nodiscard]] const WhatIfState& state() const { return state_; }
    [[nodiscard]] bool ready() const { return engine_ != nullptr; }
    [[nodiscard]] const std::optional<WhatIfResult>& result() const { return result_; }
    [[nodiscard]] widgets::SettingSlider* slider(const QString& name) const;
    [[nodiscard]] QPushButton* reviewButton() const { return review_; }
    [[nodiscard]] ElsewherePanel* elsewhere() const { return elsewhere_; }
    void showElsewhere(bool on);  // in place of the meters
    // Sets everything at once, as one undo step.
    void setState(const WhatIfState& state, const QString& undo_text);
    void review();
    // Goes to what is recommended, if anything is.
    void takeRecommendation();

signals:
    void planReady(pilotlight::console::PlanReviewDialog* dialog);

private:
    void buildLeft(QWidget* parent);
    void buildRight(QVBoxLayout* column);
    void setMemoryMap();
    void limitMemory();  // to what the vCPU now chosen allows
    void load();
    void useEngine(std::shared_ptr<const tuning::Engine> engine);
    void search();
    void applyState(const WhatIfState& state);  // sliders, pool and answers follow
    void syncControls();
    void answer();  // quick now, exact soon
    void showResult(const WhatIfResult& result);
    void showChips();
    void setPanels(const widgets::PanelState& state);
    void commitSlo(double ms);
    void plan(const QStringList& overrides);
    [[nodiscard]] double limitSliderValue(const InstanceLimit& limit) const;

    Latest engine_job_, exact_job_, search_job_, plan_job_;
    std::optional<FunctionRow> row_;
    std::shared_ptr<const tuning::Engine> engine_;
    std::optional<tuning::Engine::SearchResult> search_;
    std::optional<WhatIfResult> result_;
    SliderRanges ranges_;
    WhatIfState state_, drag_before_;
    bool active_ = false, stale_ = true, updating_ = false, dragging_ = false;
    QString loaded_id_;
    QUndoStack* undo_;
    QTimer* exact_timer_;

    widgets::Card* left_;
    widgets::SettingSlider *memory_, *vcpu_, *concurrency_, *pool_, *limit_, *traffic_, *surge_;
    widgets::ChipFlow* chips_;
    widgets::GuardrailList* guardrails_;
    widgets::CompareTable* plan_table_;
    QComboBox* through_;
    QPushButton *review_, *patch_;
    QLabel* notice_;
    widgets::FigureTile *cost_, *p95_, *cold_, *throttled_;
    widgets::Card *cdf_card_, *pareto_card_, *week_card_, *money_card_;
    widgets::CdfChart* cdf_;
    widgets::ParetoChart* pareto_;
    widgets::WeekChart* week_;
    widgets::CompareTable* money_;
    widgets::StackBar* stack_;
    QStackedWidget* money_pages_;
    ElsewherePanel* elsewhere_;
    QPushButton* elsewhere_button_;
};

}  // namespace pilotlight::console
