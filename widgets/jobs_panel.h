// Everything slow that runs or has run: title, what it is doing, bytes and cost in words, progress, cancel. Rows come from any model.
#pragma once

#include <QFrame>
#include <QStyledItemDelegate>

class QAbstractItemModel;
class QListView;
class QLabel;

namespace pilotlight::widgets {

enum JobRole : int {
    JobTitleRole = Qt::UserRole + 1,  // QString; also Qt::DisplayRole
    JobDetailRole,                    // QString: "page 4 of 12 · 2.1 MB · $0.02 · retry in 3 s"
    JobProgressRole,                  // double 0..1; < 0 = unknown length
    JobStateRole,                     // int(JobState)
    JobCancellableRole,               // bool
};
enum class JobState { waiting, running, done, failed, cancelled };

class JobsPanel : public QFrame {
    Q_OBJECT
public:
    explicit JobsPanel(QWidget* parent = nullptr);
    void setModel(QAbstractItemModel* model);

signals:
    void cancelRequested(const QModelIndex& index);

private:
    void updateEmpty();
    QListView* list_;
    QLabel* empty_;
    QAbstractItemModel* model_ = nullptr;
};

class JobDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    bool editorEvent(QEvent* event, QAbstractItemModel* model, const QStyleOptionViewItem& option, const QModelIndex& index) override;

signals:
    void cancelClicked(const QModelIndex& index);

private:
    [[nodiscard]] static QRect cancelRect(const QRect& cell);
};

}  // namespace pilotlight::widgets
