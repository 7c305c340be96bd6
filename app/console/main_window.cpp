#include "app/console/main_window.h"

#include <QFileDialog>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QSaveFile>
#include <QShortcut>
#include <QStackedWidget>
#include <algorithm>

#include "app/common/report.h"
#include "app/console/dialogs/shortcuts_dialog.h"
#include "app/console/frame/refresh_picker.h"
#include "app/console/frame/status_line.h"
#include "app/console/models/words.h"
#include "app/console/pages/benchmarks_page.h"
#include "app/console/pages/changes_page.h"
#include "app/console/pages/connections_page.h"
#include "app/console/pages/costs_page.h"
#include "app/console/pages/function_page.h"
#include "app/console/pages/functions_page.h"
#include "app/console/pages/overview_page.h"
#include "app/console/pages/reconciliation_page.h"
#include "app/console/pages/settings_page.h"
#include "app/console/startup.h"
#include "widgets/command_palette.h"
#include "widgets/navigation_bar.h"
#include "widgets/state_view.h"
#include "widgets/table_delegates.h"
#include "widgets/time_range_button.h"
#include "widgets/top_bar.h"

namespace pilotlight::console {

using namespace widgets;

namespace {
const QStringList& navigationPages() {
    static const QStringList pages{"overview", "functions", "costs", "reconciliation", "benchmarks", "changes", "connections", "settings"};
    return pages;
}
QString titleOf(const QString& page) { return page.left(1).toUpper() + page.mid(1); }
}  // namespace

MainWindow::MainWindow(Session& session) : session_(session) {
    setWindowTitle(QStringLiteral("Pilotlight"));
    setWindowIcon(icon(QStringLiteral("flame")));
    resize(1440, 900);
    auto* central = new QWidget;
    auto* column = new QVBoxLayout(central);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    band_ = new ColourBand;
    column->addWidget(band_);
    auto* row = new QHBoxLayout;
    row->setSpacing(0);
    column->addLayout(row, 1);
    navigation_ = new NavigationBar;
    for (const auto& name : navigationPages()) {
        if (name == QLatin1String("settings")) {
            navigation_->addFootEntry(name, titleOf(name), name);
        } else {
            navigation_->addEntry(name, titleOf(name), name);  // the icons bear the pages' names
        }
    }
    row->addWidget(navigation_);
    auto* right = new QVBoxLayout;
    right->setSpacing(0);
    row->addLayout(right, 1);
    top_ = new TopBar;
    range_ = new TimeRangeButton;
    range_->setClock([this] { return session_.now(); });
    range_->setChoice({qs(session_.range().from), qs(session_.range().to), true});
    refresh_ = new RefreshPicker(session_);
    banner_ = new Banner;
    banner_->hide();
    stack_ = new QStackedWidget;
    strip_ = new StatusStrip;
    status_ = new StatusLine(session_, *strip_);
    right->addWidget(top_);
    right->addWidget(banner_);
    right->addWidget(stack_, 1);
    right->addWidget(strip_);
    setCentralWidget(central);

    add(new OverviewPage(session_));
    add(new FunctionsPage(session_));
    add(new CostsPage(session_));
    add(new ReconciliationPage(session_));
    add(new BenchmarksPage(session_));
    add(new ChangesPage(session_));
    add(new ConnectionsPage(session_));
    add(new SettingsPage(session_));
    function_ = new FunctionPage(session_);
    add(function_);

    connect(navigation_, &NavigationBar::activated, this, &MainWindow::openPage);
    connect(&session_, &Session::openPage, this, &MainWindow::openPage);
    connect(&session_, &Session::openChange, this, [this](const QString& id) {
        static_cast<ChangesPage*>(pages_.value(QStringLiteral("changes")))->panel()->choose(id);
        openPage(QStringLiteral("changes"));
    });
    connect(&session_, &Session::openFunction, this, &MainWindow::openFunction);
    connect(&session_, &Session::fleetChanged, this, &MainWindow::showFleet);
    connect(&session_, &Session::reported, this, &MainWindow::showReport);
    connect(banner_, &Banner::dismissed, banner_, &QWidget::hide);
    connect(strip_, &StatusStrip::clicked, this, [this](const QString& id) {
        if (id == QLatin1String("palette")) openPalette();
    });
    connect(top_->breadcrumb(), &Breadcrumb::activated, this, [this] { openPage(QStringLiteral("functions")); });
    connect(top_->views(), &ViewSwitch::activated, this, [this](int index) {
        currentPage()->setView(index);
        showHeading();
    });
    connect(range_, &TimeRangeButton::rangeChanged, this, [this](const TimeRangeChoice& choice) {
        session_.setUtc(choice.utc);
        if (const auto set = session_.setRange({choice.from.toStdString(), choice.to.toStdString()}); !set)
            showReport(qs(set.error().what), qs(set.error().text()));
    });
    addShortcuts();
    openPage(QStringLiteral("overview"));
    showFleet();
}

void MainWindow::add(Page* page) {
    pages_.insert(page->name(), page);
    stack_->addWidget(page);
    connect(page, &Page::headingChanged, this, [this, page] {
        if (page == currentPage()) showHeading();
    });
}

Page* MainWindow::currentPage() const { return static_cast<Page*>(stack_->currentWidget()); }

QStringList MainWindow::pageNames() const {
    QStringList names = navigationPages();
    names.insert(2, QStringLiteral("function"));
    return names;
}

void MainWindow::openPage(const QString& name) {
    auto* next = pages_.value(name);
    if (next == nullptr) return;
    navigation_->setCurrent(name == QLatin1String("function") ? QStringLiteral("functions") : name);
    stack_->setCurrentWidget(next);
    top_->clearTools();
    for (auto* tool : next->tools()) {
        top_->addTool(tool);
        tool->show();
    }
    if (next->usesRange()) top_->addTool(range_);
    range_->setVisible(next->usesRange());
    top_->addTool(refresh_);
    refresh_->show();
    showHeading();
    if (!typing()) next->setFocus();
}

void MainWindow::showHeading() {
    auto* now = currentPage();
    const Heading heading = now->heading();
    top_->breadcrumb()->setPath(heading.crumbs);
    top_->setFacts({heading.chips.begin(), heading.chips.end()});
    top_->views()->setViews(now->views());
    top_->views()->setCurrent(now->view());
    top_->views()->setVisible(!now->views().isEmpty());
    range_->setVisible(now->usesRange());
    status_->setBasis(now->basis());
}

void MainWindow::openFunction(const QString& id, const QString& tab) {
    function_->open(id, tab);
    openPage(QStringLiteral("function"));
}

void MainWindow::showFleet() {
    const auto& fleet = *session_.fleet();
    band_->setEnvironment(bandOf(session_.worstEnvironment()), session_.allReadOnly());
    navigation_->setCount(QStringLiteral("functions"), static_cast<int>(fleet.functions.size()));
    navigation_->setCount(QStringLiteral("changes"),
                          static_cast<int>(std::count_if(fleet.changes.begin(), fleet.changes.end(), [](const Change& change) {
                              return change.status == ChangeStatus::watching || change.status == ChangeStatus::applied ||
                                     change.status == ChangeStatus::pending;
                          })));
    if (session_.loadError() && session_.loadError()->code != ErrorCode::cancelled) {
        showReport(qs(session_.loadError()->what), qs(session_.loadError()->text()));
    } else if (!fleet.problems.empty()) {
        showReport(qs(fleet.problems.front().what), qs(fleet.problems.front().text()));
    }
}

void MainWindow::showReport(const QString& text, const QString& detail) {
    if (text.isEmpty()) {
        banner_->hide();
        return;
    }
    banner_->show(Role::bad, detail.isEmpty() ? text : detail, {}, detail, true);
}

bool MainWindow::typing() const {
    auto* focus = QApplication::focusWidget();
    return qobject_cast<QLineEdit*>(focus) || qobject_cast<QPlainTextEdit*>(focus);
}

void MainWindow::addShortcuts() {
    const auto on = [this](const QKeySequence& keys, auto work) { connect(new QShortcut(keys, this), &QShortcut::activated, this, work); };
    const auto plain = [this, on](const QKeySequence& keys, auto work) {
        on(keys, [this, work] {
            if (!typing()) work();
        });
    };
    on(QKeySequence(QStringLiteral("Ctrl+K")), [this] { openPalette(); });
    on(QKeySequence(QStringLiteral("Ctrl+Shift+P")), [this] { openPalette(); });
    on(QKeySequence(QStringLiteral("Ctrl+P")), [this] { openFunctionFinder(); });
    on(QKeySequence(QStringLiteral("Ctrl+L")), [this] { range_->openPopup(); });
    on(QKeySequence(QStringLiteral("Ctrl+E")), [this] { exportTable(); });
    on(QKeySequence(QStringLiteral("Ctrl+Shift+E")), [this] { exportReport(); });
    on(QKeySequence(QStringLiteral("Ctrl+Shift+R")), [this] { session_.syncNow(); });
    on(QKeySequence(QStringLiteral("Ctrl+B")), [this] { navigation_->setCollapsed(!navigation_->isCollapsed()); });
    on(QKeySequence(QStringLiteral("Ctrl+Z")), [this] { currentPage()->undo(); });
    on(QKeySequence(QStringLiteral("Ctrl+Shift+Z")), [this] { currentPage()->redo(); });
    on(QKeySequence(Qt::Key_F11), [this] { isFullScreen() ? showNormal() : showFullScreen(); });
    on(QKeySequence(Qt::Key_Escape), [this] {
        if (!currentPage()->cancel()) session_.cancelJobs();
    });
    plain(QKeySequence(QStringLiteral("/")), [this] { currentPage()->focusFilter(); });
    plain(QKeySequence(QStringLiteral("?")), [this] { showShortcuts(); });
    on(QKeySequence(QStringLiteral("Alt+Left")), [this] { range_->goBack(); });
    on(QKeySequence(QStringLiteral("Alt+Right")), [this] { range_->goForward(); });
    for (int i = 0; i < navigationPages().size() && i < 9; ++i) {
        on(QKeySequence(QStringLiteral("Ctrl+%1").arg(i + 1)), [this, i] { openPage(navigationPages()[i]); });
    }
}

void MainWindow::openPalette() {
    std::vector<Command> commands;
    const auto& pages = navigationPages();
    for (int i = 0; i < pages.size(); ++i)
        commands.push_back(
            {QStringLiteral("page:") + pages[i], titleOf(pages[i]), QStringLiteral("Go to"), QStringLiteral("Ctrl+%1").arg(i + 1), {}});
    for (const auto& row : session_.fleet()->functions) {
        commands.push_back({QStringLiteral("whatif:") + qs(row.function.id),
                            QStringLiteral("What if: ") + qs(row.function.name),
                            qs(row.function.region),
                            {},
                            {}});
        commands.push_back({QStringLiteral("metrics:") + qs(row.function.id),
                            QStringLiteral("Metrics: ") + qs(row.function.name),
                            qs(row.function.region),
                            {},
                            {}});
    }
    commands.push_back({QStringLiteral("sync"), QStringLiteral("Read all connections now"), QStringLiteral("Data"),
                        QStringLiteral("Ctrl+Shift+R"), QStringLiteral("refresh sync")});
    commands.push_back(
        {QStringLiteral("judge"), QStringLiteral("Judge all functions again"), QStringLiteral("Data"), {}, QStringLiteral("recommend")});
    commands.push_back(
        {QStringLiteral("export"), QStringLiteral("Export the table as CSV…"), QStringLiteral("Data"), QStringLiteral("Ctrl+E"), {}});
    commands.push_back({QStringLiteral("report"), QStringLiteral("Write a report, PDF or HTML…"), QStringLiteral("Data"),
                        QStringLiteral("Ctrl+Shift+E"), QStringLiteral("print export")});
    commands.push_back(
        {QStringLiteral("range"), QStringLiteral("Choose the time range…"), QStringLiteral("View"), QStringLiteral("Ctrl+L"), {}});
    commands.push_back({QStringLiteral("theme:dark"), QStringLiteral("Dark theme"), QStringLiteral("View"), {}, {}});
    commands.push_back({QStringLiteral("theme:light"), QStringLiteral("Light theme"), QStringLiteral("View"), {}, {}});
    commands.push_back({QStringLiteral("theme:system"), QStringLiteral("Theme of the system"), QStringLiteral("View"), {}, {}});
    commands.push_back({QStringLiteral("collapse"),
                        QStringLiteral("Collapse or widen the navigation"),
                        QStringLiteral("View"),
                        QStringLiteral("Ctrl+B"),
                        {}});
    commands.push_back({QStringLiteral("cancel"), QStringLiteral("Cancel all jobs"), QStringLiteral("Data"), QStringLiteral("Esc"), {}});
    commands.push_back(
        {QStringLiteral("shortcuts"), QStringLiteral("Keyboard shortcuts"), QStringLiteral("Help"), QStringLiteral("?"), {}});
    auto* palette = new CommandPalette(this);
    palette->setAttribute(Qt::WA_DeleteOnClose);
    palette->setCommands(std::move(commands));
    connect(palette, &CommandPalette::triggered, this, &MainWindow::runCommand, Qt::QueuedConnection);
    palette->openOver(this);
}

void MainWindow::openFunctionFinder() {
    std::vector<Command> commands;
    for (const auto& row : session_.fleet()->functions) {
        commands.push_back({QStringLiteral("function:") + qs(row.function.id),
                            qs(row.function.name),
                            platformShort(row.function.platform) + QStringLiteral(" · ") + qs(row.function.region),
                            {},
                            {}});
    }
    auto* palette = new CommandPalette(this);
    palette->setAttribute(Qt::WA_DeleteOnClose);
    palette->setCommands(std::move(commands));
    connect(palette, &CommandPalette::triggered, this, &MainWindow::runCommand, Qt::QueuedConnection);
    palette->openOver(this);
}

void MainWindow::runCommand(const QString& id) {
    const QString verb = id.section(QLatin1Char(':'), 0, 0), what = id.section(QLatin1Char(':'), 1);
    if (verb == QLatin1String("page")) openPage(what);
    if (verb == QLatin1String("whatif") || verb == QLatin1String("metrics")) openFunction(what, verb);
    if (verb == QLatin1String("function")) openFunction(what, {});
    if (verb == QLatin1String("theme"))
        Theme::instance().setMode(what == QLatin1String("light")    ? Theme::Mode::light
                                  : what == QLatin1String("system") ? Theme::Mode::system
                                                                    : Theme::Mode::dark);
    if (verb == QLatin1String("sync")) session_.syncNow();
    if (verb == QLatin1String("judge")) session_.recommendNow();
    if (verb == QLatin1String("export")) exportTable();
    if (verb == QLatin1String("report")) exportReport();
    if (verb == QLatin1String("range")) range_->openPopup();
    if (verb == QLatin1String("collapse")) navigation_->setCollapsed(!navigation_->isCollapsed());
    if (verb == QLatin1String("cancel")) session_.cancelJobs();
    if (verb == QLatin1String("shortcuts")) showShortcuts();
}

void MainWindow::showShortcuts() {
    auto* dialog = new ShortcutsDialog(this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->show();
}

void MainWindow::exportTable() {
    auto* model = currentPage()->exportModel();
    if (model == nullptr) {
        showReport(QStringLiteral("This page has no table to export. Charts export from their context menu."), {});
        return;
    }
    const QString path = QFileDialog::getSaveFileName(this, QStringLiteral("Export as CSV"), currentPage()->name() + QStringLiteral(".csv"),
                                                      QStringLiteral("CSV (*.csv)"));
    if (path.isEmpty()) return;
    QString csv;
    for (int c = 0; c < model->columnCount(); ++c) {
        csv += (c ? QStringLiteral(",") : QString()) + csvField(model->headerData(c, Qt::Horizontal).toString());
    }
    csv += QStringLiteral("\r\n");
    for (int r = 0; r < model->rowCount(); ++r) {
        for (int c = 0; c < model->columnCount(); ++c) {
            const auto index = model->index(r, c);
            const QVariant raw = index.data(SortRole);
            // Raw numbers, so that another program can go on with them; unknown is empty.
            const QString text = raw.userType() == QMetaType::QString ? index.data().toString()
                                 : raw.isValid()                      ? QString::number(raw.toDouble(), 'g', 12)
                                                                      : QString();
            csv += (c ? QStringLiteral(",") : QString()) + csvField(text);
        }
        csv += QStringLiteral("\r\n");
    }
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(csv.toUtf8()) < 0 || !file.commit()) {
        showReport(QStringLiteral("The table could not be written: ") + file.errorString(), {});
    }
}

void MainWindow::exportReport() {
    QString kind;
    const QString path = QFileDialog::getSaveFileName(this, QStringLiteral("Write a report"), QStringLiteral("pilotlight-report.pdf"),
                                                      QStringLiteral("PDF (*.pdf);;HTML (*.html)"), &kind);
    if (path.isEmpty()) return;
    const auto say = [this](const Error& error) { showReport(qs(error.what), qs(error.text())); };
    if (path.endsWith(QLatin1String(".html")) || (!path.endsWith(QLatin1String(".pdf")) && kind.startsWith(QLatin1String("HTML")))) {
        session_.jobs().run<std::string>(
            {QStringLiteral("Write the report"), Lane::read, true},
            [range = session_.fleet()->range](Workspace& workspace, const JobContext& job) {
                return common::htmlReport(workspace, range, job);
            },
            this,
            [say, path](Result<std::string> html) {
                if (!html) {
                    if (html.error().code != ErrorCode::cancelled) say(html.error());
                    return;
                }
                QSaveFile file(path);
                if (!file.open(QIODevice::WriteOnly) || file.write(html->data(), static_cast<qint64>(html->size())) < 0 || !file.commit())
                    say({ErrorCode::storage, "The report could not be written: " + file.errorString().toStdString(), "There is no report",
                         "Choose another place, or free some room"});
            });
        return;
    }
    const QString back = currentPage()->name();
    const auto written = writePdfReport(session_, *this, path);
    openPage(back);
    if (!written) say(written.error());
}

}  // namespace pilotlight::console
