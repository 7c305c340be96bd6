#include "widgets/state_view.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QProgressBar>
#include <QPushButton>
#include <QVBoxLayout>

namespace pilotlight::widgets {
namespace {

using Kind = PanelState::Kind;

QString iconOf(Kind kind) {
    switch (kind) {
        case Kind::error:
            return QStringLiteral("warning");
        case Kind::permission:
            return QStringLiteral("lock");
        case Kind::inconclusive:
            return QStringLiteral("clock");
        case Kind::empty:
            return QStringLiteral("info");
        default:
            return {};
    }
}

Role roleOf(Kind kind) {
    switch (kind) {
        case Kind::error:
            return Role::bad;
        case Kind::permission:
        case Kind::partial:
        case Kind::stale:
            return Role::caution;
        default:
            return Role::muted;
    }
}

PanelState make(Kind kind, QString title, QString detail, QString action) {
    PanelState state;
    state.kind = kind;
    state.title = std::move(title);
    state.detail = std::move(detail);
    state.action = std::move(action);
    return state;
}

}  // namespace

PanelState PanelState::empty(QString title, QString detail, QString action) {
    return make(Kind::empty, std::move(title), std::move(detail), std::move(action));
}
PanelState PanelState::partial(QString title, QString detail, QString action) {
    return make(Kind::partial, std::move(title), std::move(detail), std::move(action));
}
PanelState PanelState::stale(QString title, QString detail, QString action) {
    return make(Kind::stale, std::move(title), std::move(detail), std::move(action));
}
PanelState PanelState::inconclusive(QString title, QString detail, QString action) {
    return make(Kind::inconclusive, std::move(title), std::move(detail), std::move(action));
}
PanelState PanelState::loading(QString title, double progress, bool cancellable) {
    PanelState state = make(Kind::loading, std::move(title), {}, {});
    state.progress = progress;
    state.cancellable = cancellable;
    return state;
}
PanelState PanelState::fromError(const Error& error, QString action) {
    const bool permission = error.code == ErrorCode::permission_denied && !error.permission.empty();
    QString detail = QString::fromStdString(error.meaning);
    if (!error.action.empty()) detail += (detail.isEmpty() ? QString() : QStringLiteral(" ")) + QString::fromStdString(error.action);
    PanelState state = make(permission ? Kind::permission : Kind::error, QString::fromStdString(error.what), detail, std::move(action));
    state.copyable = QString::fromStdString(error.text());
    if (permission) state.copyable += QStringLiteral("\n") + QString::fromStdString(error.permission);
    return state;
}

StateView::StateView(QWidget* parent)
    : QWidget(parent),
      icon_(new QLabel(this)),
      title_(makeLabel({}, Type::body, Role::text, 500, this)),
      detail_(makeLabel({}, Type::label, Role::muted, 400, this)),
      progress_(new QProgressBar(this)),
      action_(new QPushButton(this)),
      copy_(new QPushButton(icon(QStringLiteral("copy")), tr("Copy details"), this)) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(space::l, space::m, space::l, space::m);
    layout->setSpacing(space::s);
    layout->addStretch(1);
    layout->addWidget(icon_, 0, Qt::AlignHCenter);
    for (QLabel* label : {title_, detail_}) {
        label->setAlignment(Qt::AlignCenter);
        label->setWordWrap(true);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
        layout->addWidget(label);
    }
    progress_->setFixedWidth(220);
    progress_->setTextVisible(false);
    layout->addWidget(progress_, 0, Qt::AlignHCenter);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(space::s);
    buttons->addStretch(1);
    buttons->addWidget(action_);
    buttons->addWidget(copy_);
    buttons->addStretch(1);
    setButtonKind(copy_, "flat");
    layout->addSpacing(space::xs);
    layout->addLayout(buttons);
    layout->addStretch(1);
    skeleton_timer_.setSingleShot(true);
    skeleton_timer_.setInterval(200);
    progress_timer_.setSingleShot(true);
    progress_timer_.setInterval(1000);
    connect(&skeleton_timer_, &QTimer::timeout, this, [this] {
        skeleton_ = true;
        arrange();
    });
    connect(&progress_timer_, &QTimer::timeout, this, [this] {
        progress_due_ = true;
        arrange();
    });
    connect(action_, &QPushButton::clicked, this, [this] {
        if (state_.kind == Kind::loading)
            emit cancelRequested();
        else
            emit actionRequested();
    });
    connect(copy_, &QPushButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(state_.copyable); });
    connect(&Theme::instance(), &Theme::changed, this, [this] { arrange(); });
    arrange();
}

void StateView::setState(const PanelState& state) {
    const bool starts = state.kind == Kind::loading && state_.kind != Kind::loading;
    state_ = state;
    if (starts) {
        skeleton_ = progress_due_ = false;
        skeleton_timer_.start();
        progress_timer_.start();
    } else if (state.kind != Kind::loading) {
        skeleton_timer_.stop();
        progress_timer_.stop();
    }
    setAccessibleName(state.title);
    setAccessibleDescription(state.detail);
    arrange();
}

void StateView::showAtOnce(bool with_progress) {
    skeleton_ = true;
    progress_due_ = with_progress;
    arrange();
}

void StateView::arrange() {
    const bool loading = state_.kind == Kind::loading;
    const QString name = iconOf(state_.kind);
    icon_->setVisible(!name.isEmpty());
    if (!name.isEmpty()) icon_->setPixmap(iconPixmap(name, roleOf(state_.kind), 20, devicePixelRatioF()));
    title_->setText(state_.title);
    title_->setVisible(!state_.title.isEmpty() && (!loading || progress_due_));
    detail_->setText(state_.detail);
    detail_->setVisible(!state_.detail.isEmpty());
    progress_->setVisible(loading && progress_due_);
    if (state_.progress >= 0) {
        progress_->setRange(0, 1000);
        progress_->setValue(qRound(state_.progress * 1000));
    } else {
        progress_->setRange(0, Theme::instance().reducedMotion() ? 1 : 0);
    }
    action_->setText(loading ? tr("Cancel") : state_.action);
    action_->setVisible(loading ? state_.cancellable && progress_due_ : !state_.action.isEmpty());
    copy_->setText(state_.kind == Kind::permission ? tr("Copy policy") : tr("Copy details"));
    copy_->setVisible(!loading && !state_.copyable.isEmpty());
    update();
}

void StateView::paintEvent(QPaintEvent*) {
    if (state_.kind != Kind::loading || !skeleton_ || progress_due_) return;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour(Role::raised));
    static constexpr double widths[] = {0.62, 0.86, 0.48, 0.74, 0.58};
    double y = 12;
    for (const double share : widths) {
        if (y + 14 > height() - 8) break;
        painter.drawRoundedRect(QRectF(0, y, width() * share, 14), 4, 4);
        y += 28;
    }
}

Banner::Banner(QWidget* parent)
    : QWidget(parent),
      icon_(new QLabel(this)),
      text_(makeLabel({}, Type::label, Role::text, 400, this)),
      action_(new QPushButton(this)),
      copy_(new QPushButton(icon(QStringLiteral("copy")), tr("Copy details"), this)),
      close_(new QPushButton(icon(QStringLiteral("close")), {}, this)) {
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(space::m, space::xs, space::xs, space::xs);
    layout->setSpacing(space::s);
    layout->addWidget(icon_);
    text_->setWordWrap(true);
    text_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    layout->addWidget(text_, 1);
    layout->addWidget(action_);
    layout->addWidget(copy_);
    layout->addWidget(close_);
    for (QPushButton* button : {copy_, close_}) setButtonKind(button, "flat");
    close_->setFixedWidth(kControlHeight);
    close_->setAccessibleName(tr("Dismiss"));
    connect(action_, &QPushButton::clicked, this, &Banner::actionRequested);
    connect(copy_, &QPushButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(copyable_); });
    connect(close_, &QPushButton::clicked, this, [this] {
        hide();
        emit dismissed();
    });
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        icon_->setPixmap(iconPixmap(role_ == Role::bad || role_ == Role::caution ? QStringLiteral("warning") : QStringLiteral("info"),
                                    role_, 16, devicePixelRatioF()));
    });
    setVisible(false);
}

void Banner::show(Role role, const QString& text, const QString& action, const QString& copyable, bool dismissable) {
    role_ = role;
    copyable_ = copyable;
    icon_->setPixmap(iconPixmap(role == Role::bad || role == Role::caution ? QStringLiteral("warning") : QStringLiteral("info"), role, 16,
                                devicePixelRatioF()));
    text_->setText(text);
    action_->setText(action);
    action_->setVisible(!action.isEmpty());
    copy_->setVisible(!copyable.isEmpty());
    close_->setVisible(dismissable);
    setAccessibleName(text);
    setVisible(true);
    update();
}

void Banner::setState(const PanelState& state) {
    if (state.kind != Kind::partial && state.kind != Kind::stale) {
        setVisible(false);
        return;
    }
    show(roleOf(state.kind), state.detail.isEmpty() ? state.title : state.title + QStringLiteral(". ") + state.detail, state.action,
         state.copyable);
}

void Banner::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(mixed(colour(Role::surface), colour(role_), 0.45));
    painter.setBrush(mixed(colour(Role::surface), colour(role_), 0.10));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), kControlRadius, kControlRadius);
}

}  // namespace pilotlight::widgets
