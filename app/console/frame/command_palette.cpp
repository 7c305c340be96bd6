#include "app/console/frame/command_palette.h"

#include <QKeyEvent>
#include <QLineEdit>
#include <QListWidget>
#include <algorithm>

#include "widgets/theme.h"

namespace pilotlight::console {

using namespace widgets;

int fuzzyScore(const QString& query, const QString& text) {
    int score = 0, at = 0, run = 0;
    for (const QChar raw : query) {
        if (raw.isSpace()) continue;
        const QChar wanted = raw.toLower();
        int found = -1;
        for (int i = at; i < text.size(); ++i) {
            if (text[i].toLower() == wanted) {
                found = i;
                break;
            }
        }
        if (found < 0) return -1;
        const bool word = found == 0 || !text[found - 1].isLetterOrNumber();
        run = found == at && at > 0 ? run + 1 : 0;
        score += 1 + (word ? 6 : 0) + 3 * run;
        at = found + 1;
    }
    return score * 100 - static_cast<int>(text.size());
}

CommandPalette::CommandPalette(std::vector<Command> commands, const QString& placeholder, QWidget* parent)
    : QFrame(parent, Qt::Popup), commands_(std::move(commands)) {
    setObjectName(QStringLiteral("popup"));
    setAttribute(Qt::WA_DeleteOnClose);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(8, 8, 8, 8);
    column->setSpacing(6);
    query_ = new QLineEdit(this);
    query_->setPlaceholderText(placeholder);
    query_->installEventFilter(this);
    list_ = new QListWidget(this);
    list_->setFrameShape(QFrame::NoFrame);
    list_->setUniformItemSizes(true);
    list_->setFocusPolicy(Qt::NoFocus);
    column->addWidget(query_);
    column->addWidget(list_);
    connect(query_, &QLineEdit::textChanged, this, &CommandPalette::filter);
    connect(query_, &QLineEdit::returnPressed, this, &CommandPalette::run);
    connect(list_, &QListWidget::itemClicked, this, &CommandPalette::run);
    filter();
}

void CommandPalette::openOver(QWidget* window) {
    resize(560, 380);
    move(window->mapToGlobal(QPoint((window->width() - width()) / 2, 90)));
    show();
    query_->setFocus();
}

void CommandPalette::filter() {
    std::vector<std::pair<int, std::size_t>> ranked;
    for (std::size_t i = 0; i < commands_.size(); ++i) {
        const int score = query_->text().isEmpty() ? -static_cast<int>(i) : fuzzyScore(query_->text(), commands_[i].text);
        if (query_->text().isEmpty() || score != -1) ranked.emplace_back(score, i);
    }
    std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    list_->clear();
    for (const auto& [score, i] : ranked) {
        if (list_->count() >= 200) break;
        const auto& command = commands_[i];
        auto* item = new QListWidgetItem(command.hint.isEmpty() ? command.text : command.text + QStringLiteral("    ") + command.hint, list_);
        item->setData(Qt::UserRole, static_cast<int>(i));
        item->setSizeHint({0, kRowHeight});
    }
    list_->setCurrentRow(0);
}

void CommandPalette::run() {
    const auto* item = list_->currentItem();
    if (item == nullptr) return;
    const auto work = commands_[static_cast<std::size_t>(item->data(Qt::UserRole).toInt())].run;
    close();
    work();
}

bool CommandPalette::eventFilter(QObject* object, QEvent* event) {
    if (object == query_ && event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        const int move = key == Qt::Key_Down ? 1 : key == Qt::Key_Up ? -1 : key == Qt::Key_PageDown ? 10 : key == Qt::Key_PageUp ? -10 : 0;
        if (move != 0 && list_->count() > 0) {
            list_->setCurrentRow(std::clamp(list_->currentRow() + move, 0, list_->count() - 1));
            return true;
        }
    }
    return QFrame::eventFilter(object, event);
}

} // namespace pilotlight::console
