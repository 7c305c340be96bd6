#include "app/console/pages/changes_page.h"

#include <QHeaderView>

#include "app/console/models/function_model.h"
#include "app/console/models/words.h"
#include "app/console/pages/change_view.h"
#include "widgets/card.h"
#include "widgets/table_delegates.h"

namespace pilotlight::console {

using namespace widgets;

ChangesPanel::ChangesPanel(Session& session, bool with_function, QWidget* parent)
    : QWidget(parent), session_(session), with_function_(with_function) {
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(space::gap);
    card_ = new Card(QStringLiteral("Changes"), QStringLiteral("newest first, UTC"));
    model_ = new ChangeModel(with_function, this);
    auto* proxy = new SortProxy(this);
    proxy->setSourceModel(model_);
    proxy_ = proxy;
    table_ = new Table;
    table_->setModel(proxy_);
    table_->setSelectionMode(QAbstractItemView::SingleSelection);
    table_->setAccessibleName(QStringLiteral("Changes"));
    auto* header = table_->horizontalHeader();
    const QHash<QString, int> widths{{"time", 118}, {"status", 90}, {"function", 110}, {"predicted", 118}, {"realised", 120}};
    for (int c = 0; c < model_->columnCount(); ++c) {
        const auto& key = model_->columns()[static_cast<std::size_t>(c)].key;
        if (key == QLatin1String("change")) {
            header->setSectionResizeMode(c, QHeaderView::Stretch);
        } else {
            header->resizeSection(c, widths.value(key, 100));
        }
    }
    table_->sortByColumn(0, Qt::DescendingOrder);
    card_->body()->addWidget(table_);
    view_ = new ChangeView(session_);
    row->addWidget(card_, 8);
    row->addWidget(view_, 5);
    const auto select = [this](const QModelIndex& index) {
        const int at = model_->rowOf(index.data(KeyRole).toString());
        view_->setChange(at < 0 ? std::nullopt : std::optional<Change>(model_->row(at).change));
    };
    connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [select](const QModelIndex& now) { select(now); });
    connect(card_, &Card::actionRequested, this, [this] { emit session_.openPage(QStringLiteral("functions")); });
    connect(&session_, &Session::fleetChanged, this, &ChangesPanel::show);
    show();
}

QAbstractItemModel* ChangesPanel::model() const { return proxy_; }

void ChangesPanel::setFunction(const std::string& id) {
    function_id_ = id;
    show();
}

void ChangesPanel::choose(const QString& change_id) {
    wanted_ = change_id;
    show();
}

void ChangesPanel::show() {
    if (!session_.loaded()) {
        card_->setState(PanelState::loading());
        return;
    }
    model_->setRows(changeItems(*session_.fleet(), function_id_));
    if (model_->rowCount() == 0) {
        view_->setChange({});
        card_->setState(
            PanelState::empty(with_function_ ? QStringLiteral("Nothing has been changed yet")
                                             : QStringLiteral("This function has not been changed from here"),
                              QStringLiteral("A change appears here the moment it is applied, with what it promised and what it brought."),
                              with_function_ ? QStringLiteral("Open Functions") : QString()));
        return;
    }
    card_->setState(PanelState::content());
    QModelIndex target = table_->currentIndex();
    for (int r = 0; r < proxy_->rowCount(); ++r) {
        if (!wanted_.isEmpty() && proxy_->index(r, 0).data(KeyRole).toString() == wanted_) {
            target = proxy_->index(r, 0);
            wanted_.clear();
        }
    }
    if (!target.isValid()) target = proxy_->index(0, 0);
    table_->setCurrentIndex(target.siblingAtColumn(0));
    const int at = model_->rowOf(target.data(KeyRole).toString());
    view_->setChange(at < 0 ? std::nullopt : std::optional<Change>(model_->row(at).change));
}

ChangesPage::ChangesPage(Session& session) : Page(session, QStringLiteral("changes")) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(space::page, space::page, space::page, space::page);
    panel_ = new ChangesPanel(session, true);
    column->addWidget(panel_);
}

Heading ChangesPage::heading() const { return {{QStringLiteral("Changes")}, {}}; }
QAbstractItemModel* ChangesPage::exportModel() { return panel_->model(); }

}  // namespace pilotlight::console
