#include "app/console/pages/benchmarks_page.h"

#include <QDateTime>
#include <QDir>
#include <QFileInfo>
#include <QHeaderView>
#include <QLabel>
#include <QMap>
#include <QMenu>
#include <QPushButton>
#include <QScrollArea>
#include <QTimer>
#include <algorithm>
#include <utility>

#include "app/common/campaigns.h"
#include "app/console/dialogs/new_benchmark_dialog.h"
#include "app/console/models/function_model.h"
#include "app/console/models/words.h"
#include "core/bench/campaign_file.h"
#include "core/workspace.h"
#include "widgets/card.h"
#include "widgets/format.h"
#include "widgets/table_delegates.h"

namespace pilotlight::console {

using namespace widgets;

namespace {
constexpr int kListWidth = 264, kSettingWidth = 84, kSettingMargin = 24;
}

BenchmarksPage::BenchmarksPage(Session& session)
    : Page(session, QStringLiteral("benchmarks")), folder_(common::benchFolder(session.options().workspace)) {
    pause_button_ = new QPushButton(QStringLiteral("Pause"), this);
    stop_ = new QPushButton(QStringLiteral("Stop"), this);
    compare_ = new QPushButton(QStringLiteral("Compare…"), this);
    use_ = new QPushButton(QStringLiteral("Use in What-if"), this);
    compare_menu_ = new QMenu(compare_);
    use_menu_ = new QMenu(use_);
    compare_->setMenu(compare_menu_);
    use_->setMenu(use_menu_);
    tools_ << pause_button_ << stop_ << compare_ << use_;
    for (auto* tool : tools_) tool->hide();
    connect(compare_menu_, &QMenu::aboutToShow, this, &BenchmarksPage::fillCompareMenu);
    connect(use_menu_, &QMenu::aboutToShow, this, &BenchmarksPage::fillUseMenu);
    connect(pause_button_, &QPushButton::clicked, this, [this] { setPaused(pause_ && !pause_->wanted()); });
    connect(stop_, &QPushButton::clicked, this, [this] {
        if (running())
            cancel();
        else if (const auto campaign = chosen())
            run(campaign->campaign);
    });

    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(space::page, space::page, space::page, space::page);
    row->setSpacing(space::gap);
    list_card_ = new Card(QStringLiteral("Campaigns"), QStringLiteral("newest first"));
    list_model_ = new CampaignModel(this);
    auto* proxy = new SortProxy(this);
    proxy->setSourceModel(list_model_);
    list_ = new Table;
    list_->setModel(proxy);
    list_->setSelectionMode(QAbstractItemView::SingleSelection);
    list_->setAccessibleName(QStringLiteral("Campaigns"));
    list_->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
    list_->horizontalHeader()->resizeSection(1, 84);
    list_->horizontalHeader()->hide();
    list_->sortByColumn(1, Qt::DescendingOrder);
    list_card_->body()->addWidget(list_);
    auto* begin = new QPushButton(QStringLiteral("New benchmark…"));
    setButtonKind(begin, "primary");
    begin->setFixedHeight(kPrimaryHeight);
    list_card_->body()->addWidget(begin);
    row->addWidget(list_card_);
    connect(begin, &QPushButton::clicked, this, &BenchmarksPage::ask);
    connect(list_card_, &Card::actionRequested, this, &BenchmarksPage::ask);

    area_ = new QScrollArea;
    area_->setWidgetResizable(true);
    area_->setFrameShape(QFrame::NoFrame);
    auto* details = new QWidget;
    details->setObjectName(QStringLiteral("page"));
    auto* column = new QVBoxLayout(details);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(space::gap);
    auto* charts = new QHBoxLayout;
    charts->setSpacing(space::gap);
    latency_card_ = new Card(QStringLiteral("Latency against size"), QStringLiteral("hollow = predicted"));
    latency_ = new SizeChart;
    latency_->setExportName(QStringLiteral("latency-against-size"));
    latency_->setAccessibleName(QStringLiteral("Latency against size"));
    latency_card_->body()->addWidget(latency_);
    cost_card_ = new Card(QStringLiteral("Cost against size"), QStringLiteral("per 1,000 requests"));
    cost_ = new SizeChart;
    cost_->setExportName(QStringLiteral("cost-against-size"));
    cost_->setAccessibleName(QStringLiteral("Cost against size"));
    cost_->setValueFormat([](double v) { return QStringLiteral("$") + QString::number(v, 'g', 3); });
    cost_->setMargins({64, 12, 24, 24});
    cost_card_->body()->addWidget(cost_);
    cold_card_ = new Card(QStringLiteral("Cold start by stage"));
    cold_ = new StackBar;
    cold_->setBarHeight(26);
    cold_->setLegend(true);
    cold_->setValueFormat([](double v) { return format::durationText(v); });
    cold_card_->body()->addWidget(cold_);
    cold_card_->body()->addStretch(1);
    for (auto* card : {latency_card_, cost_card_, cold_card_}) {
        card->setMinimumHeight(250);
        charts->addWidget(card, 1);
    }
    column->addLayout(charts, 3);
    results_card_ = new Card(QStringLiteral("Results"));
    machine_ = makeLabel({}, Type::caption, Role::muted);
    results_card_->addTool(machine_);
    points_model_ = new BenchPointModel(this);
    points_ = new Table;
    points_->setModel(points_model_);
    points_->setSortingEnabled(false);
    points_->setAccessibleName(QStringLiteral("Results"));
    auto* header = points_->horizontalHeader();
    const QHash<QString, int> widths{{"size", 78}, {"vcpu", 58}, {"threads", kSettingWidth}, {"thousand", 92}};
    for (int c = 0; c < points_model_->columnCount(); ++c) header->resizeSection(c, widths.value(points_model_->columns()[static_cast<std::size_t>(c)].key, 84));
    header->setSectionResizeMode(points_model_->columnOf(QStringLiteral("verdict")), QHeaderView::Stretch);
    results_card_->body()->addWidget(points_);
    column->addWidget(results_card_);
    says_card_ = new Card(QStringLiteral("What the measurements say"));
    says_ = new DotList(false);
    says_card_->body()->addWidget(says_);
    column->addWidget(says_card_);
    column->addStretch(1);
    area_->setWidget(details);
    row->addWidget(area_, 1);

    connect(list_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex& now) {
        const QString id = now.data(KeyRole).toString();
        if (id == wanted_) return;
        wanted_ = id;
        other_.clear();
        fill();
    });
    timer_ = new QTimer(this);
    timer_->setInterval(1000);
    connect(timer_, &QTimer::timeout, this, &BenchmarksPage::look);
    timer_->start();
    fill();
}

Heading BenchmarksPage::heading() const {
    const auto campaign = chosen();
    if (!campaign) return {{QStringLiteral("Benchmarks")}, {}};
    return {{QStringLiteral("Benchmarks"), targetName(campaign->campaign.plan.trial.target)},
            {{targetKind(campaign->campaign.plan.trial.target), Role::muted}, {platformService(campaign->campaign.plan.platform) + QStringLiteral(" sizes"), Role::muted}}};
}

QAbstractItemModel* BenchmarksPage::exportModel() { return points_model_; }

QString BenchmarksPage::basis() const {
    const auto campaign = chosen();
    return campaign && campaign->campaign.agent ? QStringLiteral("measured on ") + machineText(campaign->campaign.agent->machine) : QString();
}

bool BenchmarksPage::cancel() {
    if (!running()) return false;
    session_.jobs().cancel(job_);
    return true;
}

void BenchmarksPage::showEvent(QShowEvent* event) {
    Page::showEvent(event);
    look();
}

// Each file's size and time, and the campaign that it held: only what changed is read again.
struct BenchmarksPage::Seen {
    struct File {
        qint64 size = 0, modified = 0;
        CampaignPtr campaign;
    };
    QMap<QString, File> files;  // by name; ids begin with the time
    bool changed = true;        // since the look before
};

void BenchmarksPage::look() {
    if (!isVisible()) return;
    if (runState() != shown_state_) fillAll();
    if (looking_) {
        look_again_ = true;
        return;
    }
    looking_ = true;
    session_.jobs().run<std::shared_ptr<const Seen>>(
        {.title = QStringLiteral("Read campaigns")},
        [folder = folder_, before = seen_](Workspace&, const JobContext&) -> Result<std::shared_ptr<const Seen>> {
            auto seen = std::make_shared<Seen>();
            seen->changed = before == nullptr;
            for (const auto& file : QDir(qs(folder)).entryInfoList({QStringLiteral("*.jsonl")}, QDir::Files, QDir::Name)) {
                Seen::File now{file.size(), file.lastModified().toMSecsSinceEpoch(), nullptr};
                const auto old = before ? before->files.constFind(file.fileName()) : QMap<QString, Seen::File>::const_iterator();
                if (before && old != before->files.constEnd() && old->size == now.size && old->modified == now.modified) {
                    now.campaign = old->campaign;
                } else {
                    seen->changed = true;
                    auto campaign = bench::readCampaign(folder, file.completeBaseName().toStdString());
                    if (campaign)
                        now.campaign = std::make_shared<const BenchCampaign>(workedOut(std::move(*campaign)));
                    else if (campaign.error().code == ErrorCode::storage)
                        return fail(campaign.error());
                }
                seen->files.insert(file.fileName(), std::move(now));
            }
            seen->changed = seen->changed || seen->files.size() != before->files.size();
            return std::shared_ptr<const Seen>(std::move(seen));
        },
        this, [this](Result<std::shared_ptr<const Seen>> seen) {
            looking_ = false;
            if (seen) {
                seen_ = *seen;
                std::vector<CampaignPtr> campaigns;
                for (auto file = seen_->files.constEnd(); file != seen_->files.constBegin();) {
                    if ((--file)->campaign) campaigns.push_back(file->campaign);
                }
                if (seen_->changed || error_ || !read_) {
                    error_.reset();
                    take(std::move(campaigns));
                }
            } else if (seen.error().code != ErrorCode::cancelled) {
                error_ = seen.error();
                read_ = true;
                fill();
            }
            if (std::exchange(look_again_, false)) look();
        });
}

void BenchmarksPage::take(std::vector<CampaignPtr> campaigns) {
    read_ = true;
    campaigns_ = std::move(campaigns);
    if (wanted_.isEmpty() && !campaigns_.empty()) wanted_ = qs(campaigns_.front()->campaign.plan.id);
    fillAll();
}

RunState BenchmarksPage::runState() const {
    if (!running()) return RunState::no;
    if (!pause_->wanted()) return RunState::running;
    return pause_->holding() ? RunState::paused : RunState::pausing;
}

void BenchmarksPage::setPaused(bool paused) {
    if (!running()) return;
    pause_->hold(paused);
    fillAll();
}

BenchmarksPage::CampaignPtr BenchmarksPage::campaign(const QString& id) const {
    for (const auto& each : campaigns_) {
        if (qs(each->campaign.plan.id) == id) return each;
    }
    return nullptr;
}

BenchmarksPage::CampaignPtr BenchmarksPage::chosen() const { return campaign(wanted_); }

void BenchmarksPage::fillAll() {
    list_model_->setRunning(running_id_, runState() == RunState::paused);
    list_model_->setRows(campaigns_);
    for (int r = 0; r < list_->model()->rowCount(); ++r) {
        if (list_->model()->index(r, 0).data(KeyRole).toString() == wanted_ && list_->currentIndex().row() != r) list_->setCurrentIndex(list_->model()->index(r, 0));
    }
    fill();
}

void BenchmarksPage::fill() {
    shown_state_ = runState();
    const auto shown = chosen();
    pause_button_->setVisible(false);
    stop_->setVisible(false);
    if (campaigns_.empty()) {
        if (error_)
            list_card_->setState(PanelState::fromError(*error_));
        else if (!read_)
            list_card_->setState(PanelState::loading());
        else
            list_card_->setState(PanelState::empty(QStringLiteral("No campaign yet"),
                                                   QStringLiteral("Runs your model or handler here at serverless sizes: latency, cold start by stage, memory, and what each size would cost."),
                                                   QStringLiteral("New benchmark")));
    } else {
        list_card_->setState(PanelState::content());
    }
    // An empty page is one panel with the one thing to do.
    list_card_->setMinimumWidth(kListWidth);
    list_card_->setMaximumWidth(campaigns_.empty() ? QWIDGETSIZE_MAX : kListWidth);
    area_->setVisible(shown != nullptr);
    const bool mine = running() && shown && qs(shown->campaign.plan.id) == running_id_;
    const bool unfinished = shown && shown->campaign.end != bench::CampaignEnd::complete;
    const bool held = mine && pause_->wanted();
    pause_button_->setVisible(mine);
    pause_button_->setText(held ? QStringLiteral("Resume") : QStringLiteral("Pause"));
    pause_button_->setToolTip(held ? QStringLiteral("Measures on") : QStringLiteral("Lets this trial end and begins no other until Resume; the time budget stands still"));
    stop_->setText(mine ? QStringLiteral("Stop") : QStringLiteral("Go on"));
    stop_->setEnabled(mine || !running());
    stop_->setToolTip(mine ? QStringLiteral("What was measured is kept; Go on continues from it") : QStringLiteral("Measures what is still missing"));
    stop_->setVisible(mine || unfinished);
    compare_->setVisible(shown != nullptr);
    compare_->setEnabled(campaigns_.size() > 1);
    use_->setVisible(shown != nullptr);
    use_->setEnabled(shown && !shown->observations.empty());
    emit headingChanged();
    if (!shown) return;
    const auto other = campaign(other_);
    latency_card_->setCaption(other ? QStringLiteral("means") : QStringLiteral("hollow = predicted"));
    auto latency = latencyLines(*shown, other.get());
    const bool measured = !latency.series.empty();
    const auto waiting = measured ? PanelState::content()
                         : mine   ? PanelState::loading(QStringLiteral("Measuring"))
                                  : PanelState::empty(QStringLiteral("Nothing was measured"), shown->points.empty() ? QString() : qs(shown->points.front().verdict));
    for (auto* card : {latency_card_, cost_card_, cold_card_}) card->setState(waiting);
    latency_->setData(std::move(latency.sizes), std::move(latency.series));
    auto cost = costLines(*shown);
    cost_->setData(std::move(cost.sizes), std::move(cost.series));
    auto cold = coldBars(*shown);
    cold_->setParts(std::move(cold.parts));
    cold_->setRows(std::move(cold.rows));
    cold_card_->setCaption(QStringLiteral("median of %1 fresh processes").arg(shown->campaign.plan.colds));
    int samples = 0;
    std::string engine;
    for (const auto& point : shown->points) samples += point.samples;
    for (const auto& trial : shown->campaign.trials) {
        if (!trial.result.engine.empty()) engine = trial.result.engine;
    }
    results_card_->setCaption(QStringLiteral("%1; %2 requests%3").arg(campaignState(*shown, mine ? shown_state_ : RunState::no), format::integer(samples), engine.empty() ? QString() : QStringLiteral(", ") + qs(engine)));
    machine_->setText(shown->campaign.agent ? machineText(shown->campaign.agent->machine) : QString());
    auto rows = benchRows(*shown);
    int setting_width = kSettingWidth;
    for (const auto& each : rows) setting_width = std::max(setting_width, points_->fontMetrics().horizontalAdvance(each.setting) + kSettingMargin);
    points_->horizontalHeader()->resizeSection(points_model_->columnOf(QStringLiteral("threads")), setting_width);
    points_model_->setRows(std::move(rows));
    points_->sortByColumn(0, Qt::AscendingOrder);
    points_->fitHeight(10);
    auto items = findingItems(*shown, other.get());
    says_card_->setVisible(!items.empty());
    says_->setItems(std::move(items));
}

void BenchmarksPage::ask() {
    NewBenchmarkDialog dialog(this);
    if (dialog.exec() != QDialog::Accepted) return;
    auto plan = dialog.plan();
    if (!plan) {
        emit session_.reported(qs(plan.error().what), qs(plan.error().text()));
        return;
    }
    bench::Campaign campaign;
    campaign.plan = std::move(*plan);
    run(std::move(campaign));
}

void BenchmarksPage::run(bench::Campaign campaign) {
    if (running()) {
        emit session_.reported(QStringLiteral("A benchmark is running; two at once would disturb each other"), {});
        return;
    }
    running_id_ = wanted_ = qs(campaign.plan.id);
    pause_ = std::make_shared<bench::Pause>();
    other_.clear();
    job_ = session_.jobs().run<bool>(
        {.title = QStringLiteral("Benchmark ") + targetName(campaign.plan.trial.target), .lane = Lane::compute, .visible = true, .urgent = true},
        [folder = folder_, campaign = std::move(campaign), pause = pause_](Workspace&, const JobContext& job) mutable -> Result<bool> {
            PILOTLIGHT_TRY(common::runSession(folder, campaign, job, {}, pause.get()));
            return true;
        },
        this, [this](Result<bool> done) {
            job_ = 0;
            running_id_.clear();
            if (!done && done.error().code != ErrorCode::cancelled) emit session_.reported(qs(done.error().what), qs(done.error().text()));
            fillAll();
            look();
        });
    fillAll();
}

void BenchmarksPage::fillCompareMenu() {
    compare_menu_->clear();
    for (const auto& each : campaigns_) {
        const QString id = qs(each->campaign.plan.id);
        if (id == wanted_) continue;
        auto* action = compare_menu_->addAction(targetName(each->campaign.plan.trial.target) + QStringLiteral("  ·  ") + qs(each->campaign.plan.created).left(16).replace(QLatin1Char('T'), QLatin1Char(' ')), this, [this, id] {
            other_ = id == other_ ? QString() : id;
            fill();
        });
        action->setCheckable(true);
        action->setChecked(id == other_);
    }
}

void BenchmarksPage::fillUseMenu() {
    use_menu_->clear();
    for (const auto& row : session_.fleet()->functions) {
        use_menu_->addAction(qs(row.function.name), this, [this, id = row.function.id] { useFor(id); });
    }
    if (use_menu_->isEmpty()) use_menu_->addAction(QStringLiteral("Connect a platform first"))->setEnabled(false);
}

// The function's what-ifs then rest on these sizes too.
void BenchmarksPage::useFor(const std::string& function_id) {
    const auto shown = chosen();
    if (!shown) return;
    session_.jobs().run<bool>(
        {.title = QStringLiteral("Use a benchmark in What-if"), .lane = Lane::write, .visible = true, .urgent = true},
        [function_id, observations = shown->observations](Workspace& workspace, const JobContext&) -> Result<bool> {
            PILOTLIGHT_TRY(workspace.addObservations(function_id, observations));
            return true;
        },
        this, [this, function_id](Result<bool> done) {
            if (done)
                emit session_.openFunction(qs(function_id), QStringLiteral("whatif"));
            else
                emit session_.reported(qs(done.error().what), qs(done.error().text()));
        });
}

}  // namespace pilotlight::console
