// What is recommended for one function: the change, its worth, the reasons, effort and risk; or what is missing to tell.
#pragma once

#include "app/console/pages/function_page.h"

class QVBoxLayout;

namespace pilotlight::widgets {
class Card;
}

namespace pilotlight::console {

class RecommendationsTab : public FunctionTab {
    Q_OBJECT
public:
    explicit RecommendationsTab(Session& session);
    void setFunction(const FunctionRow& row) override;

private:
    void show();
    void plan(const std::string& recommendation_id, const QStringList& overrides);
    std::optional<FunctionRow> row_;
    Latest plan_job_;
    widgets::Card* card_;
    QVBoxLayout* content_;
    std::optional<Recommendation> shown_;
    bool planning_ = false;
};

}  // namespace pilotlight::console
