// The same requests on the other platforms: cost and p95 of each, and under each amount what it is made of.
#pragma once

#include <QWidget>
#include <memory>

#include "app/console/session.h"
#include "core/tuning/engine.h"

class QLabel;

namespace pilotlight::widgets {
class KeyValueTable;
}

namespace pilotlight::console {

class ElsewherePanel : public QWidget {
    Q_OBJECT
public:
    explicit ElsewherePanel(Session& session, QWidget* parent = nullptr);
    // Asked anew where the engine or the traffic is another; at once where it is in sight, else when it comes into sight.
    void ask(std::shared_ptr<const tuning::Engine> engine, double traffic);
    void clear();
    [[nodiscard]] const std::optional<tuning::Elsewhere>& answer() const { return answer_; }

protected:
    void showEvent(QShowEvent* event) override;

private:
    void load();
    void show(const tuning::Elsewhere& answer);

    Latest job_;
    std::shared_ptr<const tuning::Engine> engine_;
    double traffic_ = 1;
    bool stale_ = false;
    std::optional<tuning::Elsewhere> answer_;
    widgets::KeyValueTable* table_;
    QLabel* note_;
};

// "Cloud Run, us-east4, 1 vCPU, 2,048 MB", and the amounts behind a cost, a line each.
[[nodiscard]] QString sizeText(const tuning::Placement& place);
[[nodiscard]] QString amountsText(const tuning::Placement& place);

}  // namespace pilotlight::console
