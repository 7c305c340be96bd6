#include "app/console/dialogs/revert_dialog.h"

#include <QLineEdit>

#include "app/console/models/words.h"
#include "core/workspace.h"
#include "widgets/card.h"
#include "widgets/state_view.h"

namespace pilotlight::console {

using namespace widgets;

namespace {
std::string functionName(Session& session, const std::string& id) {
    const auto* row = session.fleet()->function(id);
    return row ? row->function.name : id;
}
}  // namespace

RevertDialog::RevertDialog(Session& session, Change change, QWidget* parent)
    : QDialog(parent),
      session_(session),
      change_(std::move(change)),
      gate_(functionName(session, change_.function_id), session.environmentOf(change_.profile), session.readOnlyReason(change_.profile)) {
    const QString name = qs(functionName(session, change_.function_id));
    setWindowTitle(QStringLiteral("Revert %1").arg(name));
    setMinimumWidth(520);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->setSpacing(0);
    auto* band = new ColourBand;
    band->setEnvironment(bandOf(session_.environmentOf(change_.profile)), false);
    outer->addWidget(band);
    auto* column = new QVBoxLayout;
    column->setContentsMargins(24, 18, 24, 20);
    column->setSpacing(space::s);
    outer->addLayout(column);
    column->addWidget(makeLabel(windowTitle(), Type::title, Role::text, 600));
    banner_ = new Banner;
    banner_->hide();
    column->addWidget(banner_);
    for (const auto& setting : change_.changes) {
        column->addWidget(makeLabel(changeText({setting.setting, setting.after, setting.before})));
    }
    auto* says = makeLabel(QStringLiteral("Sent only if the settings are still what the change left; otherwise nothing is touched."),
                           Type::body, Role::muted);
    says->setWordWrap(true);
    column->addWidget(says);
    column->addSpacing(space::s);
    auto* foot = new QHBoxLayout;
    foot->setSpacing(space::s);
    if (gate_.needsTyping()) {
        foot->addWidget(makeLabel(QStringLiteral("Type %1 to revert").arg(name), Type::body, Role::muted));
        confirm_ = new QLineEdit;
        confirm_->setFixedWidth(180);
        connect(confirm_, &QLineEdit::textChanged, this, &RevertDialog::updateGate);
        foot->addWidget(confirm_);
    }
    foot->addStretch(1);
    auto* cancel = new QPushButton(QStringLiteral("Cancel"));
    revert_ = new QPushButton(QStringLiteral("Revert"));
    setButtonKind(revert_, gate_.needsTyping() ? "danger" : "primary");
    for (auto* button : {cancel, revert_}) {
        button->setAutoDefault(false);
        button->setFixedHeight(kPrimaryHeight);
        foot->addWidget(button);
    }
    column->addLayout(foot);
    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(revert_, &QPushButton::clicked, this, &RevertDialog::send);
    updateGate();
}

void RevertDialog::updateGate() {
    if (confirm_) gate_.setTyped(confirm_->text());
    revert_->setEnabled(!sending_ && gate_.open());
    revert_->setToolTip(gate_.reason());
}

void RevertDialog::send() {
    sending_ = true;
    updateGate();
    session_.makeWay();
    session_.jobs().run<change::ApplyResult>(
        {windowTitle(), Lane::write, true, false, true},
        [id = change_.id, confirm = gate_.confirmation()](Workspace& workspace, const JobContext& job) {
            return workspace.revert(id, true, confirm, job);
        },
        this,
        [this](Result<change::ApplyResult> result) {
            sending_ = false;
            session_.reload();
            if (!result) {
                banner_->show(Role::bad, qs(result.error().text()));
            } else if (result->status == ChangeStatus::refused || result->status == ChangeStatus::failed) {
                banner_->show(Role::bad, qs(result->detail));
            } else {
                accept();
                return;
            }
            updateGate();
        });
}

}  // namespace pilotlight::console
