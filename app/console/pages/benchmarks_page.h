// Campaigns of the bench: the list, and of the chosen one latency and cost against size, cold starts by stage, the results and what they say.
// Campaigns are files that the command line writes too: the page follows the folder, so that it is live whoever runs one.
#pragma once

#include "app/console/models/benchmark_model.h"
#include "app/console/pages/page.h"
#include "core/bench/campaign_run.h"

class QLabel;
class QMenu;
class QPushButton;
class QScrollArea;
class QTimer;

namespace pilotlight::widgets {
class Card;
class Table;
}  // namespace pilotlight::widgets

namespace pilotlight::console {

class BenchmarksPage : public Page {
    Q_OBJECT
public:
    explicit BenchmarksPage(Session& session);
    [[nodiscard]] Heading heading() const override;
    [[nodiscard]] bool usesRange() const override { return false; }
    [[nodiscard]] QList<QWidget*> tools() override { return tools_; }
    [[nodiscard]] QAbstractItemModel* exportModel() override;
    [[nodiscard]] QString basis() const override;
    bool cancel() override;
    // Holds the running campaign after its trial, or lets it go on. Its budget stands still meanwhile.
    void setPaused(bool paused);

    // Starts a new campaign, or goes on with an interrupted one.
    void run(bench::Campaign campaign);
    void ask();  // the dialog
    [[nodiscard]] bool running() const { return job_ != 0; }

protected:
    void showEvent(QShowEvent* event) override;

private:
    using CampaignPtr = std::shared_ptr<const BenchCampaign>;
    // Reads what changed in the folder, off the GUI thread; one look at a time.
    void look();
    void take(std::vector<CampaignPtr> campaigns);
    [[nodiscard]] RunState runState() const;  // of the campaign that runs here
    void fillAll();  // the list too
    void fill();
    [[nodiscard]] CampaignPtr chosen() const;
    [[nodiscard]] CampaignPtr campaign(const QString& id) const;
    void fillCompareMenu();
    void fillUseMenu();
    void useFor(const std::string& function_id);

    std::string folder_;
    std::vector<CampaignPtr> campaigns_;
    std::optional<Error> error_;
    QString wanted_, other_;
    struct Seen;  // the folder as it was last read
    std::shared_ptr<const Seen> seen_;
    bool read_ = false, looking_ = false, look_again_ = false;
    std::shared_ptr<bench::Pause> pause_;
    RunState shown_state_ = RunState::no;
    JobId job_ = 0;
    QString running_id_;
    QTimer* timer_;
    CampaignModel* list_model_;
    widgets::Table* list_;
    BenchPointModel* points_model_;
    widgets::Table* points_;
    widgets::Card *list_card_, *latency_card_, *cost_card_, *cold_card_, *results_card_, *says_card_;
    QLabel* machine_;
    widgets::SizeChart *latency_, *cost_;
    widgets::StackBar* cold_;
    widgets::DotList* says_;
    QScrollArea* area_;
    QPushButton *pause_button_, *stop_, *compare_, *use_;
    QMenu *compare_menu_, *use_menu_;
    QList<QWidget*> tools_;
};

}  // namespace pilotlight::console
