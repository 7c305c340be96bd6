// Campaigns of the bench: the list, and of the chosen one latency and cost against size, cold starts by stage, the results and what they say.
// Campaigns are files that the command line writes too: the page follows the folder, so that it is live whoever runs one.
#pragma once

#include <QFileInfo>

#include "app/console/models/benchmark_model.h"
#include "app/console/pages/page.h"

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

    // Starts a new campaign, or goes on with an interrupted one.
    void run(bench::Campaign campaign);
    void ask();  // the dialog
    [[nodiscard]] bool running() const { return job_ != 0; }

protected:
    void showEvent(QShowEvent* event) override;

private:
    using CampaignPtr = std::shared_ptr<const BenchCampaign>;
    void look();  // reads the folder again where it changed
    void readFolder();
    void fill();
    [[nodiscard]] CampaignPtr chosen() const;
    [[nodiscard]] CampaignPtr campaign(const QString& id) const;
    void fillCompareMenu();
    void fillUseMenu();
    void useFor(const std::string& function_id);

    std::string folder_;
    std::vector<CampaignPtr> campaigns_;
    std::optional<Error> error_;
    QString seen_, wanted_, other_;
    bool read_ = false;
    std::unique_ptr<Latest> reading_;
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
    QPushButton *stop_, *compare_, *use_;
    QMenu *compare_menu_, *use_menu_;
    QList<QWidget*> tools_;
};

}  // namespace pilotlight::console
