#include "app/console/dialogs/plan_review_dialog.h"

#include <QFileDialog>
#include <QGridLayout>
#include <QLineEdit>
#include <QSaveFile>
#include <QScreen>
#include <QTimer>
#include <algorithm>

#include "app/console/models/words.h"
#include "core/change/patch.h"
#include "core/workspace.h"
#include "widgets/card.h"
#include "widgets/figure_tile.h"
#include "widgets/format.h"

namespace pilotlight::console {

using namespace widgets;

namespace {
QString firstVeto(const Plan& plan) {
    for (const auto& guardrail : plan.guardrails) {
        if (guardrail.verdict == Verdict::veto) return qs(guardrail.reason);
    }
    return {};
}
QString sentence(const std::string& text) {
    const QString words = qs(text);
    return words.left(1).toUpper() + words.mid(1) + (words.endsWith(QLatin1Char('.')) ? QString() : QStringLiteral("."));
}
bool keepsMoreWarm(const Plan& plan) {
    return std::any_of(plan.changes.begin(), plan.changes.end(), [](const SettingChange& change) {
        return change.setting.rfind("warm_pool", 0) == 0 && qs(change.after).toDouble() > qs(change.before).toDouble();
    });
}
// What a revert would set, in the words of this dialog; schedules are told by the plan itself.
QString undoText(const Plan& plan) {
    QStringList back;
    for (const auto& change : plan.changes) {
        if (change.setting.rfind("warm_schedule", 0) == 0) return plan.revert.empty() ? QString() : sentence(plan.revert);
        back << QStringLiteral("%1 back to %2").arg(settingLabel(change.setting), settingValue(change.setting, change.before));
    }
    return back.isEmpty() ? QString() : back.join(QStringLiteral(", ")) + QLatin1Char('.');
}
}  // namespace

PlanReviewDialog::PlanReviewDialog(Session& session, Plan plan, QWidget* parent)
    : QDialog(parent),
      session_(session),
      plan_(std::move(plan)),
      gate_(plan_.before.name, session.environmentOf(plan_.profile), session.readOnlyReason(plan_.profile)) {
    setWindowTitle(QStringLiteral("Apply to %1").arg(qs(plan_.before.name)));
    setMinimumWidth(740);
    gate_.setVetoed(firstVeto(plan_));
    build();
    expiry_ = new QTimer(this);
    expiry_->start(1000);
    connect(expiry_, &QTimer::timeout, this, &PlanReviewDialog::updateGate);
    updateGate();
}

void PlanReviewDialog::build() {
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->setSpacing(0);
    auto* band = new ColourBand;
    band->setEnvironment(bandOf(session_.environmentOf(plan_.profile)), !session_.readOnlyReason(plan_.profile).isEmpty());
    outer->addWidget(band);
    auto* column = new QVBoxLayout;
    column->setContentsMargins(24, 18, 24, 20);
    column->setSpacing(space::m);
    outer->addLayout(column);

    column->addWidget(makeLabel(windowTitle(), Type::title, Role::text, 600));
    QStringList facts{platformService(plan_.before.platform), qs(plan_.before.region),
                      plan_.alias.empty() ? QStringLiteral("$LATEST") : QStringLiteral("alias ") + qs(plan_.alias),
                      QStringLiteral("profile ") + qs(plan_.profile),
                      QStringLiteral("plan %1, expires %2").arg(qs(plan_.id), format::time(plan_.expires, QTimeZone::utc()))};
    for (const auto& recommendation : session_.fleet()->recommendations)
        if (recommendation.id == plan_.recommendation_id && !recommendation.risk.empty())
            facts << QStringLiteral("risk ") + qs(recommendation.risk);
    auto* says = makeLabel(facts.join(QStringLiteral(" · ")), Type::body, Role::muted);
    says->setContentsMargins(0, -8, 0, 0);
    column->addWidget(says);
    banner_ = new Banner;
    banner_->hide();
    column->addWidget(banner_);
    column->addWidget(changesTable());
    column->addWidget(effectTiles());

    auto* halves = new QHBoxLayout;
    halves->setSpacing(space::xl);
    auto* calls = new QVBoxLayout;
    calls->setSpacing(6);
    calls->addWidget(makeLabel(QStringLiteral("What will be called"), Type::body, Role::text, 600));
    for (const auto& call : plan_.calls) {
        auto* line = makeLabel(qs(call), Type::label, Role::muted);
        line->setFont(Theme::instance().mono());
        line->setWordWrap(true);
        calls->addWidget(line);
    }
    calls->addStretch(1);
    halves->addLayout(calls, 1);
    halves->addWidget(guardrails(), 1);
    column->addLayout(halves);

    column->addWidget(makeLabel(QStringLiteral("Then"), Type::body, Role::text, 600));
    QString then = QStringLiteral(
        "Watch 60 min (up to 6 h where traffic is low) against the baseline before. Revert by itself if errors, throttles, p95 or cold starts are worse "
        "with 95 % confidence; say so if "
        "there is too little traffic to tell.");
    if (!plan_.traffic.empty()) then = sentence(plan_.traffic) + QLatin1Char(' ') + then;
    if (keepsMoreWarm(plan_)) then += QStringLiteral(" The warm pool is paid for as long as it is kept, with or without requests.");
    if (const QString undo = undoText(plan_); !undo.isEmpty()) then += QStringLiteral(" To undo: ") + undo;
    auto* then_label = makeLabel(then, Type::body, Role::muted);
    then_label->setWordWrap(true);
    column->addWidget(then_label);
    column->addSpacing(4);

    auto* foot = new QHBoxLayout;
    foot->setSpacing(space::s);
    if (gate_.needsTyping()) {
        auto* ask =
            makeLabel(QStringLiteral("Type <b>%1</b> to apply").arg(qs(plan_.before.name).toHtmlEscaped()), Type::body, Role::muted);
        ask->setTextFormat(Qt::RichText);
        confirm_ = new QLineEdit;
        confirm_->setFixedWidth(200);
        confirm_->setAccessibleName(QStringLiteral("Name of the function, to confirm"));
        connect(confirm_, &QLineEdit::textChanged, this, &PlanReviewDialog::updateGate);
        foot->addWidget(ask);
        foot->addWidget(confirm_);
    }
    foot->addStretch(1);
    auto* patch = new QPushButton(QStringLiteral("Export patch"));
    cancel_ = new QPushButton(QStringLiteral("Cancel"));
    apply_ = new QPushButton(QStringLiteral("Apply"));
    setButtonKind(apply_, gate_.needsTyping() ? "danger" : "primary");
    for (auto* button : {patch, cancel_, apply_}) {
        button->setFixedHeight(kPrimaryHeight);
        button->setAutoDefault(false);
    }
    foot->addWidget(patch);
    foot->addWidget(cancel_);
    foot->addWidget(apply_);
    column->addLayout(foot);
    connect(patch, &QPushButton::clicked, this, &PlanReviewDialog::exportPatch);
    connect(cancel_, &QPushButton::clicked, this, &QDialog::reject);
    connect(apply_, &QPushButton::clicked, this, &PlanReviewDialog::apply);
    if (confirm_) {
        confirm_->setFocus();
    } else {
        cancel_->setFocus();  // Enter by mistake changes nothing
    }
}

void PlanReviewDialog::showEvent(QShowEvent* event) {
    // Wrapped lines need their height at the width they get, which a size hint does not know.
    const int needed = layout()->totalHeightForWidth(width());
    setMinimumHeight(std::min(needed, screen()->availableGeometry().height() - 60));
    QDialog::showEvent(event);
}

QWidget* PlanReviewDialog::changesTable() {
    auto* table = new QWidget;
    auto* grid = new QGridLayout(table);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(space::l);
    grid->setVerticalSpacing(0);
    grid->setColumnStretch(0, 3);
    grid->setColumnStretch(1, 2);
    grid->setColumnStretch(3, 6);
    int row = 0;
    const auto put = [&](QWidget* widget, int column, Qt::Alignment alignment = Qt::AlignVCenter) {
        widget->setMinimumHeight(kRowHeight);
        grid->addWidget(widget, row, column, alignment);
    };
    put(makeLabel(QStringLiteral("Setting"), Type::label, Role::muted, 500), 0);
    put(makeLabel(QStringLiteral("Now"), Type::label, Role::muted, 500), 1, Qt::AlignRight | Qt::AlignVCenter);
    put(makeLabel(QStringLiteral("After"), Type::label, Role::muted, 500), 3);
    grid->addWidget(makeRule(), ++row, 0, 1, 4);
    ++row;
    for (const auto& change : plan_.changes) {
        put(makeLabel(settingLabel(change.setting)), 0);
        put(makeLabel(settingValue(change.setting, change.before), Type::body, Role::muted), 1, Qt::AlignRight | Qt::AlignVCenter);
        put(makeLabel(QString(format::kArrow), Type::body, Role::faint), 2);
        auto* after = new QWidget;
        auto* line = new QHBoxLayout(after);
        line->setContentsMargins(0, 0, 0, 0);
        line->setSpacing(6);
        auto* value = makeLabel(settingValue(change.setting, change.after), Type::body, Role::text, 600);
        value->setWordWrap(change.setting.rfind("warm_schedule", 0) == 0);
        line->addWidget(value, value->wordWrap() ? 1 : 0);
        if (change.setting == "memory_mb" && plan_.before.platform == PlatformKind::aws) {
            line->addWidget(makeLabel(format::significant(lambdaVcpu({qs(change.before).toInt()})) + QLatin1Char(' ') + format::kArrow +
                                          QLatin1Char(' ') + format::vcpu(lambdaVcpu({qs(change.after).toInt()})),
                                      Type::body, Role::muted));
        } else if (change.setting == "instance_limit" && change.after != "none") {
            line->addWidget(makeLabel(plan_.before.platform == PlatformKind::aws ? QStringLiteral("reserved") : QStringLiteral("at most"),
                                      Type::body, Role::muted));
        }
        if (!value->wordWrap()) line->addStretch(1);
        put(after, 3, {});
        grid->addWidget(makeRule(), ++row, 0, 1, 4);
        ++row;
    }
    return table;
}

QWidget* PlanReviewDialog::effectTiles() {
    auto* tiles = new QWidget;
    auto* row = new QHBoxLayout(tiles);
    row->setContentsMargins(0, 4, 0, 4);
    row->setSpacing(space::gap);
    const auto unknown = [](const char* why) {
        Figure figure;
        figure.value = format::unknown();
        figure.reference = QString::fromUtf8(why);
        return figure;
    };
    const QString arrow = QStringLiteral(" ") + format::kArrow + QLatin1Char(' ');

    auto* cost = new FigureTile(QStringLiteral("Cost per month"));
    if (const auto& e = plan_.effect.cost_usd_month) {
        Figure figure;
        figure.value = format::moneySigned(e->after - e->before);
        figure.interval = format::moneySigned(e->lo - e->before) + QStringLiteral(" to ") + format::moneySigned(e->hi - e->before);
        figure.reference = format::moneyWhole(e->before) + arrow + format::moneyWhole(e->after);
        figure.tooltip = QStringLiteral("Per 30 days at the traffic of the last 14 days; 90 % interval");
        cost->setFigure(figure);
    } else {
        cost->setFigure(unknown("price or usage unknown"));
    }
    auto* p95 = new FigureTile(QStringLiteral("Latency p95"));
    if (const auto& e = plan_.effect.p95_ms) {
        Figure figure;
        const double delta = e->after - e->before;
        const auto quantity = format::duration(std::abs(delta));
        figure.value = (delta < 0 ? QString(format::kMinus) : delta > 0 ? QStringLiteral("+") : QString()) + quantity.value;
        figure.unit = quantity.unit;
        figure.reference = format::durationText(e->before) + arrow + format::durationText(e->after) +
                           QStringLiteral(" (%1)").arg(format::durationRange(e->lo, e->hi));
        p95->setFigure(figure);
    } else {
        p95->setFigure(unknown("too little data"));
    }
    auto* cold = new FigureTile(QStringLiteral("Cold starts"));
    if (const auto& e = plan_.effect.cold_start_share) {
        Figure figure;
        const double delta = 100 * (e->after - e->before);
        figure.value = (delta < 0   ? QString(format::kMinus)
                        : delta > 0 ? QStringLiteral("+")
                                    : QString()) +
                       format::number(std::abs(delta), 1);
        figure.unit = QStringLiteral("points");
        figure.reference = format::percent(e->before) + arrow + format::percent(e->after) +
                           QStringLiteral(" (%1)").arg(format::percentRange(e->lo, e->hi));
        cold->setFigure(figure);
    } else {
        cold->setFigure(unknown("no cold starts seen in logs"));
    }
    for (auto* tile : {cost, p95, cold}) row->addWidget(tile, 1);
    return tiles;
}

QWidget* PlanReviewDialog::guardrails() {
    auto* box = new QWidget;
    auto* column = new QVBoxLayout(box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    column->addWidget(makeLabel(QStringLiteral("Guardrails"), Type::body, Role::text, 600));
    for (const auto& guardrail : plan_.guardrails) {
        auto* row = new QHBoxLayout;
        row->setSpacing(6);
        const bool veto = guardrail.verdict == Verdict::veto;
        const Role role = veto ? Role::bad : guardrail.verdict == Verdict::overridden ? Role::caution : Role::good;
        auto* mark = new QLabel;
        mark->setPixmap(iconPixmap(veto                                       ? QStringLiteral("cross")
                                   : guardrail.verdict == Verdict::overridden ? QStringLiteral("caution")
                                                                              : QStringLiteral("check"),
                                   role, 14, devicePixelRatioF()));
        mark->setFixedWidth(16);
        row->addWidget(mark, 0, Qt::AlignTop);
        auto* text = makeLabel(qs(guardrail.reason.empty() ? guardrail.name : guardrail.reason), Type::body, veto ? Role::bad : Role::text);
        text->setWordWrap(true);
        row->addWidget(text, 1);
        if (veto && guardrail.name == "infrastructure-code") {
            auto* over = new QPushButton(QStringLiteral("Override"));
            over->setAutoDefault(false);
            connect(over, &QPushButton::clicked, this, [this] { emit planAgain({QStringLiteral("infrastructure-code")}); });
            row->addWidget(over);
        }
        column->addLayout(row);
    }
    column->addStretch(1);
    return box;
}

void PlanReviewDialog::updateGate() {
    if (confirm_) gate_.setTyped(confirm_->text());
    gate_.setExpired(plan_.expires != Timestamp{} && session_.now() >= plan_.expires);
    apply_->setEnabled(!sending_ && gate_.open());
    apply_->setToolTip(gate_.reason());
}

void PlanReviewDialog::apply() {
    if (sending_ || !gate_.open()) return;
    sending_ = true;
    cancel_->setText(QStringLiteral("Close"));
    apply_->setText(QStringLiteral("Applying…"));
    updateGate();
    session_.makeWay();
    const change::ApplyRequest request{plan_.id, true, gate_.confirmation()};
    session_.jobs().run<change::ApplyResult>(
        {QStringLiteral("Apply to %1").arg(qs(plan_.before.name)), Lane::write, true, false, true},
        [request](Workspace& workspace, const JobContext& job) { return workspace.apply(request, job); }, this,
        [this](Result<change::ApplyResult> result) {
            sending_ = false;
            apply_->setText(QStringLiteral("Apply"));
            session_.reload();
            if (!result) {
                banner_->show(Role::bad, qs(result.error().text()), {}, qs(result.error().text()));
            } else if (result->status == ChangeStatus::refused || result->status == ChangeStatus::failed) {
                QString text = qs(result->detail);
                if (!result->drift.empty()) text += QStringLiteral(" Now: ") + changesText(result->drift);
                disconnect(banner_, &Banner::actionRequested, this, nullptr);
                connect(banner_, &Banner::actionRequested, this, [this] { emit planAgain({}); });
                banner_->show(Role::bad, text, QStringLiteral("Plan again"), text);
            } else {
                emit applied(qs(result->change_id));
                accept();
                return;
            }
            updateGate();
        });
}

void PlanReviewDialog::exportPatch() {
    static const struct {
        const char* filter;
        const char* ending;
        change::PatchFormat format;
    } kinds[] = {{"Terraform (*.tf)", ".tf", change::PatchFormat::terraform},
                 {"SAM (*.sam.yaml)", ".sam.yaml", change::PatchFormat::sam},
                 {"CloudFormation (*.yaml)", ".yaml", change::PatchFormat::cloudformation},
                 {"AWS CLI (*.sh)", ".sh", change::PatchFormat::awscli}};
    QStringList filters;
    for (const auto& kind : kinds) filters << QString::fromLatin1(kind.filter);
    QString chosen = filters.front();
    QString path = QFileDialog::getSaveFileName(this, QStringLiteral("Export patch"), qs(plan_.before.name) + QStringLiteral(".tf"),
                                                filters.join(QStringLiteral(";;")), &chosen);
    if (path.isEmpty()) return;
    const auto& kind = kinds[std::max<qsizetype>(0, filters.indexOf(chosen))];
    if (!path.contains(QLatin1Char('.'))) path += QString::fromLatin1(kind.ending);
    QSaveFile file(path);
    const auto text = QString::fromStdString(change::exportPatch(plan_, kind.format));
    if (!file.open(QIODevice::WriteOnly) || file.write(text.toUtf8()) < 0 || !file.commit()) {
        banner_->show(Role::bad, QStringLiteral("The patch could not be written: ") + file.errorString());
    }
}

}  // namespace pilotlight::console
