#include "widgets/command_palette.h"

#include <QKeyEvent>
#include <QLineEdit>
#include <QListWidget>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QVBoxLayout>
#include <algorithm>

#include "widgets/theme.h"

namespace pilotlight::widgets {
namespace {

class CommandDelegate final : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override { return {200, 32}; }
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        if (option.state & QStyle::State_Selected) {
            painter->setPen(Qt::NoPen);
            painter->setBrush(mixed(colour(Role::raised), colour(Role::accent), 0.24));
            painter->drawRoundedRect(option.rect, kControlRadius, kControlRadius);
        }
        const QRectF area = QRectF(option.rect).adjusted(10, 0, -10, 0);
        const QString aside = index.data(Qt::UserRole + 1).toString();
        const double wide = QFontMetricsF(textFont(Type::label)).horizontalAdvance(aside);
        painter->setFont(textFont(Type::body));
        painter->setPen(colour(Role::text));
        painter->drawText(
            area, Qt::AlignVCenter | Qt::AlignLeft,
            QFontMetricsF(textFont(Type::body)).elidedText(index.data().toString(), Qt::ElideRight, area.width() - wide - 16));
        painter->setFont(textFont(Type::label));
        painter->setPen(colour(Role::muted));
        painter->drawText(area, Qt::AlignVCenter | Qt::AlignRight, aside);
        painter->restore();
    }
};

}  // namespace

int matchScore(const QString& query, const QString& text) {
    if (query.isEmpty()) return 1;
    const QString wanted = query.toLower(), have = text.toLower();
    int score = 1, at = 0, run = 0;
    for (const QChar letter : wanted) {
        if (letter.isSpace()) {
            run = 0;
            continue;
        }
        const auto found = static_cast<int>(have.indexOf(letter, at));
        if (found < 0) return 0;
        const bool word_start = found == 0 || !have.at(found - 1).isLetterOrNumber();
        run = found == at ? run + 1 : 1;
        score += run * 2 + (word_start ? 8 : 0) - std::min(found - at, 6);
        at = found + 1;
    }
    if (have.startsWith(wanted))
        score += 30;
    else if (have.contains(wanted))
        score += 15;
    return std::max(score, 1);
}

CommandPalette::CommandPalette(QWidget* parent) : QFrame(parent, Qt::Popup), edit_(new QLineEdit(this)), list_(new QListWidget(this)) {
    setObjectName(QStringLiteral("popup"));
    setFixedSize(560, 400);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(space::s, space::s, space::s, space::s);
    layout->setSpacing(space::s);
    edit_->setPlaceholderText(tr("Go to a function, a page, or run a command"));
    edit_->setMinimumHeight(kPrimaryHeight);
    edit_->setAccessibleName(tr("Command"));
    edit_->addAction(icon(QStringLiteral("search")), QLineEdit::LeadingPosition);
    list_->setFrameShape(QFrame::NoFrame);
    list_->setItemDelegate(new CommandDelegate(list_));
    list_->setFocusPolicy(Qt::NoFocus);
    layout->addWidget(edit_);
    layout->addWidget(list_, 1);
    edit_->installEventFilter(this);
    connect(edit_, &QLineEdit::textChanged, this, &CommandPalette::search);
    connect(list_, &QListWidget::itemClicked, this, &CommandPalette::run);
}

void CommandPalette::setCommands(std::vector<Command> commands) {
    commands_ = std::move(commands);
    search();
}

void CommandPalette::openOver(QWidget* over) {
    edit_->clear();
    search();
    move(over->mapToGlobal(QPoint((over->width() - width()) / 2, 64)));
    show();
    edit_->setFocus();
}

QStringList CommandPalette::shownIds() const { return shown_; }

void CommandPalette::search() {
    struct Hit {
        int score;
        const Command* command;
    };
    std::vector<Hit> hits;
    for (const Command& command : commands_) {
        const int score = std::max(matchScore(edit_->text(), command.title) * 2,
                                   matchScore(edit_->text(), command.keywords + QLatin1Char(' ') + command.group));
        if (score > 0 &&
            (edit_->text().isEmpty() || matchScore(edit_->text(), command.title) > 0 || matchScore(edit_->text(), command.keywords) > 0)) {
            hits.push_back({score, &command});
        }
    }
    std::stable_sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) { return a.score > b.score; });
    list_->clear();
    shown_.clear();
    for (const Hit& hit : hits) {
        if (shown_.size() == 200) break;
        if (hit.score * 3 < hits.front().score) break;  // letters strewn over a title are no match beside a real one
        auto* item = new QListWidgetItem(hit.command->title, list_);
        item->setData(Qt::UserRole, hit.command->id);
        item->setData(Qt::UserRole + 1, hit.command->shortcut.isEmpty() ? hit.command->group : hit.command->shortcut);
        shown_ << hit.command->id;
    }
    list_->setCurrentRow(0);
}

void CommandPalette::run() {
    const QListWidgetItem* item = list_->currentItem();
    if (!item) return;
    const QString id = item->data(Qt::UserRole).toString();
    close();
    emit triggered(id);
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event) {
    if (watched == edit_ && event->type() == QEvent::KeyPress) {
        const auto* key = static_cast<QKeyEvent*>(event);
        const int rows = list_->count();
        switch (key->key()) {
            case Qt::Key_Down:
                if (rows > 0) list_->setCurrentRow((list_->currentRow() + 1) % rows);
                return true;
            case Qt::Key_Up:
                if (rows > 0) list_->setCurrentRow((list_->currentRow() + rows - 1) % rows);
                return true;
            case Qt::Key_Return:
            case Qt::Key_Enter:
                run();
                return true;
            case Qt::Key_Escape:
                close();
                return true;
            default:
                break;
        }
    }
    return QFrame::eventFilter(watched, event);
}

}  // namespace pilotlight::widgets
