#include "app/console/main_window.h"

#include <QFileDialog>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QSaveFile>
#include <QShortcut>
#include <QStackedWidget>
#include <algorithm>

#include "app/console/dialogs/shortcuts_dialog.h"
#include "app/console/frame/colour_band.h"
#include "app/console/frame/command_palette.h"
#include "app/console/frame/navigation.h"
#include "app/console/frame/status_bar.h"
#include "app/console/frame/top_bar.h"
#include "app/console/models/words.h"
#include "app/console/pages/announced_page.h"
#include "app/console/pages/changes_page.h"
#include "app/console/pages/connections_page.h"
#include "app/console/pages/costs_page.h"
#include "app/console/pages/function_page.h"
#include "app/console/pages/functions_page.h"
#include "app/console/pages/overview_page.h"
#include "app/console/pages/settings_page.h"
#include "widgets/state_view.h"
#include "widgets/table_delegates.h"

namespace pilotlight::console {

using namespace widgets;

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
    navigation_ = new Navigation;
    row->addWidget(navigation_);
    auto* right = new QVBoxLayout;
    right->setSpacing(0);
    row->addLayout(right, 1);
    top_ = new TopBar(session_);
    banner_ = new Banner;
    banner_->hide();
    stack_ = new QStackedWidget;
    status_ = new StatusBar(session_);
    right->addWidget(top_);
    right->addWidget(banner_);
    right->addWidget(stack_, 1);
    right->addWidget(status_);
    setCentralWidget(central);

    add(new OverviewPage(session_));
    add(new FunctionsPage(session_));
    add(new CostsPage(session_));
    add(new AnnouncedPage(session_, QStringLiteral("reconciliation"),
                          QStringLiteral("The bill beside what the usage should have cost"),
                          QStringLiteral("Day by day and meter by meter: what the platform billed, what Pilotlight computes from usage and list prices, and why the "
                                         "two differ. It needs imported bills, which this version cannot read yet. Computed costs are complete today."),
                          QStringLiteral("Open Costs"), QStringLiteral("costs")));
    add(new AnnouncedPage(session_, QStringLiteral("benchmarks"),
                          QStringLiteral("Your model, measured on this machine at serverless sizes"),
                          QStringLiteral("Latency, cold start by stage and peak memory at each size, from runs of the real handler here. The bench agent is not part of "
                                         "this version. Until then what-if rests on the sizes the cloud has measured."),
                          QStringLiteral("Open a what-if"), QStringLiteral("functions")));
    add(new ChangesPage(session_));
    add(new ConnectionsPage(session_));
    add(new SettingsPage(session_));
    function_ = new FunctionPage(session_);
    add(function_);

    connect(navigation_, &Navigation::chosen, this, &MainWindow::openPage);
    connect(&session_, &Session::openPage, this, &MainWindow::openPage);
    connect(&session_, &Session::openChange, this, [this](const QString& id) {
        static_cast<ChangesPage*>(pages_.value(QStringLiteral("changes")))->panel()->choose(id);
        openPage(QStringLiteral("changes"));
    });
    connect(&session_, &Session::openFunction, this, &MainWindow::openFunction);
    connect(&session_, &Session::fleetChanged, this, &MainWindow::showFleet);
    connect(&session_, &Session::reported, this, &MainWindow::showReport);
    connect(banner_, &Banner::dismissed, banner_, &QWidget::hide);
    connect(status_, &StatusBar::paletteRequested, this, &MainWindow::openPalette);
    connect(top_, &TopBar::crumbClicked, this, [this] { openPage(QStringLiteral("functions")); });
    addShortcuts();
    openPage(QStringLiteral("overview"));
    showFleet();
}

void MainWindow::add(Page* page) {
    pages_.insert(page->name(), page);
    stack_->addWidget(page);
    connect(page, &Page::headingChanged, this, [this, page] {
        if (page == currentPage()) status_->setBasis(page->basis());
    });
}

Page* MainWindow::currentPage() const { return static_cast<Page*>(stack_->currentWidget()); }

QStringList MainWindow::pageNames() const {
    QStringList names = navigation_->pages();
    names.insert(2, QStringLiteral("function"));
    return names;
}

void MainWindow::openPage(const QString& name) {
    auto* next = pages_.value(name);
    if (next == nullptr) return;
    navigation_->setCurrent(name == QLatin1String("function") ? QStringLiteral("functions") : name);
    stack_->setCurrentWidget(next);
    top_->setPage(next);
    status_->setBasis(next->basis());
    if (!typing()) next->setFocus();
}

void MainWindow::openFunction(const QString& id, const QString& tab) {
    function_->open(id, tab);
    openPage(QStringLiteral("function"));
}

void MainWindow::showFleet() {
    const auto& fleet = *session_.fleet();
    band_->setEnvironment(session_.worstEnvironment(), session_.allReadOnly());
    navigation_->setCount(QStringLiteral("functions"), static_cast<int>(fleet.functions.size()));
    navigation_->setCount(QStringLiteral("changes"), static_cast<int>(std::count_if(fleet.changes.begin(), fleet.changes.end(), [](const Change& change) {
                              return change.status == ChangeStatus::watching || change.status == ChangeStatus::applied || change.status == ChangeStatus::pending;
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
    on(QKeySequence(QStringLiteral("Ctrl+L")), [this] { top_->range()->openPopup(); });
    on(QKeySequence(QStringLiteral("Ctrl+E")), [this] { exportTable(); });
    on(QKeySequence(QStringLiteral("Ctrl+Shift+R")), [this] { session_.syncNow(); });
    on(QKeySequence(QStringLiteral("Ctrl+B")), [this] { navigation_->setCollapsed(!navigation_->collapsed()); });
    on(QKeySequence(QStringLiteral("Ctrl+Z")), [this] { currentPage()->undo(); });
    on(QKeySequence(QStringLiteral("Ctrl+Shift+Z")), [this] { currentPage()->redo(); });
    on(QKeySequence(Qt::Key_F11), [this] { isFullScreen() ? showNormal() : showFullScreen(); });
    on(QKeySequence(Qt::Key_Escape), [this] {
        if (!currentPage()->cancel()) session_.cancelJobs();
    });
    plain(QKeySequence(QStringLiteral("/")), [this] { currentPage()->focusFilter(); });
    plain(QKeySequence(QStringLiteral("?")), [this] { showShortcuts(); });
    for (int i = 0; i < navigation_->pages().size() && i < 9; ++i) {
        on(QKeySequence(QStringLiteral("Ctrl+%1").arg(i + 1)), [this, i] { openPage(navigation_->pages()[i]); });
    }
}

void MainWindow::openPalette() {
    std::vector<Command> commands;
    const auto& pages = navigation_->pages();
    for (int i = 0; i < pages.size(); ++i) {
        commands.push_back({QStringLiteral("Go to ") + Navigation::titleOf(pages[i]), QStringLiteral("Ctrl+%1").arg(i + 1), [this, name = pages[i]] { openPage(name); }});
    }
    commands.push_back({QStringLiteral("Read all connections now"), QStringLiteral("Ctrl+Shift+R"), [this] { session_.syncNow(); }});
    commands.push_back({QStringLiteral("Judge all functions again"), {}, [this] { session_.recommendNow(); }});
    commands.push_back({QStringLiteral("Export the table as CSV…"), QStringLiteral("Ctrl+E"), [this] { exportTable(); }});
    commands.push_back({QStringLiteral("Choose the time range…"), QStringLiteral("Ctrl+L"), [this] { top_->range()->openPopup(); }});
    commands.push_back({QStringLiteral("Dark theme"), {}, [] { Theme::instance().setMode(Theme::Mode::dark); }});
    commands.push_back({QStringLiteral("Light theme"), {}, [] { Theme::instance().setMode(Theme::Mode::light); }});
    commands.push_back({QStringLiteral("Theme of the system"), {}, [] { Theme::instance().setMode(Theme::Mode::system); }});
    commands.push_back({QStringLiteral("Collapse or widen the navigation"), QStringLiteral("Ctrl+B"), [this] { navigation_->setCollapsed(!navigation_->collapsed()); }});
    commands.push_back({QStringLiteral("Cancel all jobs"), QStringLiteral("Esc"), [this] { session_.cancelJobs(); }});
    commands.push_back({QStringLiteral("Keyboard shortcuts"), QStringLiteral("?"), [this] { showShortcuts(); }});
    for (const auto& row : session_.fleet()->functions) {
        const QString id = qs(row.function.id);
        commands.push_back({QStringLiteral("What if: ") + qs(row.function.name), qs(row.function.region), [this, id] { openFunction(id, QStringLiteral("whatif")); }});
        commands.push_back({QStringLiteral("Metrics: ") + qs(row.function.name), qs(row.function.region), [this, id] { openFunction(id, QStringLiteral("metrics")); }});
    }
    (new CommandPalette(std::move(commands), QStringLiteral("Type what you want to do"), this))->openOver(this);
}

void MainWindow::openFunctionFinder() {
    std::vector<Command> commands;
    for (const auto& row : session_.fleet()->functions) {
        commands.push_back({qs(row.function.name), platformShort(row.function.platform) + QStringLiteral(" · ") + qs(row.function.region),
                            [this, id = qs(row.function.id)] { openFunction(id, {}); }});
    }
    (new CommandPalette(std::move(commands), QStringLiteral("Go to function"), this))->openOver(this);
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
    const QString path = QFileDialog::getSaveFileName(this, QStringLiteral("Export as CSV"), currentPage()->name() + QStringLiteral(".csv"), QStringLiteral("CSV (*.csv)"));
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
            const QString text = raw.userType() == QMetaType::QString ? index.data().toString() : raw.isValid() ? QString::number(raw.toDouble(), 'g', 12) : QString();
            csv += (c ? QStringLiteral(",") : QString()) + csvField(text);
        }
        csv += QStringLiteral("\r\n");
    }
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(csv.toUtf8()) < 0 || !file.commit()) {
        showReport(QStringLiteral("The table could not be written: ") + file.errorString(), {});
    }
}

} // namespace pilotlight::console
