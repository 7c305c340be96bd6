#include "app/console/pages/functions_page.h"

#include <QHeaderView>
#include <QLineEdit>
#include <QMenu>
#include <QSet>
#include <QStyle>

#include "app/console/models/words.h"
#include "widgets/card.h"
#include "widgets/format.h"
#include "widgets/table_delegates.h"

namespace pilotlight::console {

using namespace widgets;

FunctionsPage::FunctionsPage(Session& session) : Page(session, QStringLiteral("functions")) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(space::page, space::page, space::page, space::page);
    column->setSpacing(space::gap);

    auto* bar = new QHBoxLayout;
    bar->setSpacing(space::s);
    filter_ = new QLineEdit;
    filter_->setPlaceholderText(QStringLiteral("Filter: name, platform:aws, p95>800ms, cold>5%, cost>100, -owner:terraform   ( / )"));
    filter_->setClearButtonEnabled(true);
    filter_->setAccessibleName(QStringLiteral("Filter"));
    filter_says_ = makeLabel({}, Type::label, Role::muted);
    columns_ = new QPushButton(icon(QStringLiteral("columns")), QStringLiteral("Columns"));
    bar->addWidget(filter_, 1);
    bar->addWidget(filter_says_);
    bar->addWidget(columns_);
    column->addLayout(bar);

    card_ = new Card(QStringLiteral("Functions"));
    model_ = new FunctionModel({}, this);
    proxy_ = new FunctionProxy(this);
    proxy_->setSourceModel(model_);
    table_ = new Table;
    table_->setModel(proxy_);
    table_->setSelectionMode(QAbstractItemView::ExtendedSelection);
    table_->setAccessibleName(QStringLiteral("Functions"));
    auto* header = table_->horizontalHeader();
    header->setSectionResizeMode(QHeaderView::Interactive);
    header->setSectionsMovable(true);
    const QHash<QString, int> widths{{"platform", 56}, {"profile", 90},   {"region", 104}, {"memory", 80},  {"used", 80},
                                     {"pool", 80},     {"limit", 56},     {"cost", 92},    {"saving", 118}, {"invocations", 90},
                                     {"errors", 58},   {"throttles", 78}, {"p50", 76},     {"p95", 76},     {"p99", 76},
                                     {"cold", 76},     {"owner", 110},    {"trend", 96}};
    for (int c = 0; c < model_->columnCount(); ++c)
        header->resizeSection(c, widths.value(model_->columns()[static_cast<std::size_t>(c)].key, 90));
    header->setSectionResizeMode(0, QHeaderView::Stretch);
    header->setMinimumSectionSize(56);
    for (const char* hidden : {"profile", "p50", "p99", "owner", "used"})
        table_->setColumnHidden(model_->columnOf(QString::fromLatin1(hidden)), true);
    table_->sortByColumn(model_->columnOf("cost"), Qt::DescendingOrder);
    card_->body()->addWidget(table_);
    card_->setState(PanelState::loading());
    column->addWidget(card_, 1);

    selection_ = new QWidget;
    auto* row = new QHBoxLayout(selection_);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(space::s);
    selection_text_ = makeLabel({}, Type::body, Role::text, 500);
    auto* metrics = new QPushButton(QStringLiteral("Metrics"));
    selection_what_if_ = new QPushButton(QStringLiteral("What if"));
    selection_plan_ = new QPushButton(QStringLiteral("Recommendation"));
    auto* judge = new QPushButton(QStringLiteral("Judge again"));
    auto* clear = new QPushButton(QStringLiteral("Clear selection"));
    setButtonKind(clear, "flat");
    row->addWidget(selection_text_);
    row->addWidget(metrics);
    row->addWidget(selection_what_if_);
    row->addWidget(selection_plan_);
    row->addWidget(judge);
    row->addStretch(1);
    row->addWidget(clear);
    selection_->hide();
    column->addWidget(selection_);

    const auto open = [this](const char* tab) {
        const auto ids = selectedIds();
        if (!ids.isEmpty()) emit session_.openFunction(ids.front(), QString::fromLatin1(tab));
    };
    connect(metrics, &QPushButton::clicked, this, [open] { open("metrics"); });
    connect(selection_what_if_, &QPushButton::clicked, this, [open] { open("whatif"); });
    connect(selection_plan_, &QPushButton::clicked, this, [open] { open("recommendations"); });
    connect(judge, &QPushButton::clicked, &session_, &Session::recommendNow);
    connect(clear, &QPushButton::clicked, table_, &QTableView::clearSelection);
    connect(columns_, &QPushButton::clicked, this, &FunctionsPage::chooseColumns);
    connect(filter_, &QLineEdit::textChanged, this, &FunctionsPage::applyFilter);
    connect(table_, &Table::rowActivated, this,
            [this](const QModelIndex& index) { emit session_.openFunction(index.data(KeyRole).toString(), {}); });
    connect(table_->selectionModel(), &QItemSelectionModel::selectionChanged, this, &FunctionsPage::showSelection);
    connect(card_, &Card::actionRequested, this, [this] {
        if (session_.fleet()->profiles.empty()) {
            emit session_.openPage(QStringLiteral("connections"));
        } else {
            session_.syncNow();
        }
    });
    connect(&session_, &Session::fleetChanged, this, &FunctionsPage::show);
    if (session_.loaded()) show();
}

Heading FunctionsPage::heading() const { return {{QStringLiteral("Functions")}, {}}; }

QAbstractItemModel* FunctionsPage::exportModel() { return proxy_; }

void FunctionsPage::focusFilter() {
    filter_->setFocus();
    filter_->selectAll();
}

bool FunctionsPage::cancel() {
    if (filter_->text().isEmpty()) return false;
    filter_->clear();
    table_->setFocus();
    return true;
}

void FunctionsPage::show() {
    const auto& fleet = *session_.fleet();
    if (!session_.loaded()) {
        if (session_.loadError()) card_->setState(PanelState::fromError(*session_.loadError()));
        return;
    }
    model_->setRows(functionItems(fleet));
    if (!fleet.functions.empty()) {
        card_->setState(PanelState::content());
    } else if (fleet.profiles.empty()) {
        card_->setState(
            PanelState::empty(QStringLiteral("Your functions will be listed here"),
                              QStringLiteral("Connect an account, read-only, or start the built-in sandbox with pilotlight --sandbox."),
                              QStringLiteral("Add a connection")));
    } else {
        card_->setState(session_.syncing() ? PanelState::loading(QStringLiteral("Reading functions"))
                                           : PanelState::empty(QStringLiteral("No function was found"), {}, QStringLiteral("Read now")));
    }
    applyFilter();
}

void FunctionsPage::applyFilter() {
    auto filter = Filter::parse(filter_->text(), functionTextFields(), functionNumberFields());
    const char* validity = filter_->text().isEmpty() ? "" : filter ? "good" : "bad";
    filter_->setProperty("validity", QString::fromLatin1(validity));
    filter_->style()->unpolish(filter_);
    filter_->style()->polish(filter_);
    if (!filter) {  // what is shown stays as it was until the words make sense
        setInk(filter_says_, Role::bad);
        filter_says_->setText(qs(filter.error().what));
        filter_->setToolTip(qs(filter.error().text()));
        return;
    }
    filter_->setToolTip({});
    setInk(filter_says_, Role::muted);
    proxy_->setFilter(std::move(*filter));
    const int all = model_->rowCount(), shown = proxy_->rowCount();
    filter_says_->setText(shown == all ? QString() : QStringLiteral("%1 of %2").arg(shown).arg(all));
    card_->setCaption(QStringLiteral("%1 in the range %2 to %3; p50, p95, p99 of the handler, INIT excluded")
                          .arg(all == 1 ? QStringLiteral("1 function") : QStringLiteral("%1 functions").arg(all),
                               format::dateTime(session_.fleet()->range.begin, QTimeZone::utc()),
                               format::dateTime(session_.fleet()->range.end, QTimeZone::utc())));
}

QStringList FunctionsPage::selectedIds() const {
    QStringList ids;
    for (const auto& index : table_->selectionModel()->selectedRows()) ids << index.data(KeyRole).toString();
    return ids;
}

void FunctionsPage::showSelection() {
    const auto ids = selectedIds();
    selection_->setVisible(!ids.isEmpty());
    if (ids.isEmpty()) return;
    double saving = 0;
    for (const auto& id : ids) {
        const int row = model_->rowOf(id);
        if (row < 0) continue;
        const auto& recommendation = model_->row(row).recommendation;
        if (recommendation && recommendation->status == RecommendationStatus::recommended && recommendation->saving_month)
            saving += recommendation->saving_month->value.toDouble();
    }
    QString text = QStringLiteral("%1 selected").arg(ids.size());
    if (saving > 0) text += QStringLiteral(", save %1 a month").arg(format::moneyWhole(saving));
    selection_text_->setText(text);
    selection_what_if_->setEnabled(ids.size() == 1);
    selection_plan_->setEnabled(ids.size() == 1);
}

void FunctionsPage::chooseColumns() {
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    for (int c = 1; c < model_->columnCount(); ++c) {
        const auto& column = model_->columns()[static_cast<std::size_t>(c)];
        auto* action = menu->addAction(column.title.isEmpty() ? QStringLiteral("Platform") : column.title);
        action->setCheckable(true);
        action->setChecked(!table_->isColumnHidden(c));
        connect(action, &QAction::toggled, table_, [this, c](bool on) { table_->setColumnHidden(c, !on); });
    }
    menu->popup(columns_->mapToGlobal(QPoint(0, columns_->height() + 4)));
}

}  // namespace pilotlight::console
