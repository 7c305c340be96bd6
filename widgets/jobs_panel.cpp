#include "widgets/jobs_panel.h"

#include <QLabel>
#include <QListView>
#include <QMouseEvent>
#include <QPainter>
#include <QVBoxLayout>
#include <algorithm>

#include "widgets/theme.h"

namespace pilotlight::widgets {

JobsPanel::JobsPanel(QWidget* parent)
    : QFrame(parent), list_(new QListView(this)), empty_(makeLabel(tr("Nothing is running."), Type::label, Role::muted)) {
    setObjectName(QStringLiteral("popup"));
    setMinimumWidth(380);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(space::card_x, space::card_y, space::s, space::card_y);
    layout->setSpacing(space::s);
    layout->addWidget(makeLabel(tr("Jobs"), Type::body, Role::text, 600));
    layout->addWidget(empty_);
    layout->addWidget(list_, 1);
    list_->setFrameShape(QFrame::NoFrame);
    list_->setMouseTracking(true);
    list_->setSelectionMode(QAbstractItemView::NoSelection);
    list_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    list_->setAccessibleName(tr("Jobs"));
    auto* delegate = new JobDelegate(list_);
    list_->setItemDelegate(delegate);
    connect(delegate, &JobDelegate::cancelClicked, this, &JobsPanel::cancelRequested);
    connect(&Theme::instance(), &Theme::changed, list_->viewport(), qOverload<>(&QWidget::update));
}

void JobsPanel::setModel(QAbstractItemModel* model) {
    model_ = model;
    list_->setModel(model);
    for (const auto signal : {&QAbstractItemModel::rowsInserted, &QAbstractItemModel::rowsRemoved})
        connect(model, signal, this, &JobsPanel::updateEmpty);
    connect(model, &QAbstractItemModel::modelReset, this, &JobsPanel::updateEmpty);
    updateEmpty();
}

void JobsPanel::updateEmpty() {
    const int rows = model_ ? model_->rowCount() : 0;
    empty_->setVisible(rows == 0);
    list_->setVisible(rows > 0);
    list_->setMinimumHeight(std::min(rows, 6) * 58 + 2);
}

QRect JobDelegate::cancelRect(const QRect& cell) { return {cell.right() - 72, cell.top() + 10, 64, 24}; }

QSize JobDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const { return {340, 58}; }

void JobDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const QRect cell = option.rect;
    const auto state = static_cast<JobState>(index.data(JobStateRole).toInt());
    const bool active = state == JobState::running || state == JobState::waiting;
    const bool cancellable = active && index.data(JobCancellableRole).toBool();
    const double right = cancellable ? cancelRect(cell).left() - 12 : cell.right() - 8;
    QString title = index.data(JobTitleRole).toString();
    if (title.isEmpty()) title = index.data(Qt::DisplayRole).toString();
    static constexpr const char* words[] = {"waiting", "", "done", "failed", "cancelled"};
    static constexpr Role inks[] = {Role::muted, Role::muted, Role::good, Role::bad, Role::muted};
    const QString word = QLatin1String(words[static_cast<int>(state)]);
    const QFontMetricsF label(textFont(Type::label));
    const double word_width = word.isEmpty() || cancellable ? 0 : label.horizontalAdvance(word) + 8;
    painter->setFont(textFont(Type::body));
    painter->setPen(colour(Role::text));
    painter->drawText(QRectF(cell.left(), cell.top() + 6, right - cell.left() - word_width, 18), Qt::AlignVCenter | Qt::AlignLeft,
                      QFontMetricsF(textFont(Type::body)).elidedText(title, Qt::ElideRight, right - cell.left() - word_width));
    painter->setFont(textFont(Type::label));
    if (word_width > 0) {
        painter->setPen(colour(inks[static_cast<int>(state)]));
        painter->drawText(QRectF(right - word_width, cell.top() + 6, word_width, 18), Qt::AlignVCenter | Qt::AlignRight, word);
    }
    painter->setPen(colour(Role::muted));
    painter->drawText(QRectF(cell.left(), cell.top() + 25, right - cell.left(), 16), Qt::AlignVCenter | Qt::AlignLeft,
                      label.elidedText(index.data(JobDetailRole).toString(), Qt::ElideRight, right - cell.left()));
    if (state == JobState::running) {
        const double progress = index.data(JobProgressRole).isValid() ? index.data(JobProgressRole).toDouble() : -1;
        const QRectF bar(cell.left(), cell.top() + 46, right - cell.left(), 3);
        painter->setPen(Qt::NoPen);
        painter->setBrush(colour(Role::border));
        painter->drawRoundedRect(bar, 1.5, 1.5);
        painter->setBrush(colour(Role::accent));
        // Unknown length: a fixed piece in the middle; nothing moves.
        const QRectF done = progress >= 0 ? QRectF(bar.topLeft(), QSizeF(bar.width() * std::clamp(progress, 0.0, 1.0), 3))
                                          : QRectF(bar.left() + bar.width() * 0.35, bar.top(), bar.width() * 0.3, 3);
        painter->drawRoundedRect(done, 1.5, 1.5);
    }
    if (cancellable) {
        const QRectF button = QRectF(cancelRect(cell)).adjusted(0.5, 0.5, -0.5, -0.5);
        painter->setPen(QPen(colour(Role::border), 1));
        painter->setBrush(option.state & QStyle::State_MouseOver ? colour(Role::border) : colour(Role::raised));
        painter->drawRoundedRect(button, kControlRadius, kControlRadius);
        painter->setPen(colour(Role::text));
        painter->drawText(button, Qt::AlignCenter, tr("Cancel"));
    }
    painter->fillRect(QRect(cell.left(), cell.bottom(), cell.width() - 8, 1), colour(Role::border));
    painter->restore();
}

bool JobDelegate::editorEvent(QEvent* event, QAbstractItemModel*, const QStyleOptionViewItem& option, const QModelIndex& index) {
    if (event->type() != QEvent::MouseButtonRelease || !index.data(JobCancellableRole).toBool()) return false;
    if (!cancelRect(option.rect).contains(static_cast<QMouseEvent*>(event)->pos())) return false;
    emit cancelClicked(index);
    return true;
}

}  // namespace pilotlight::widgets
