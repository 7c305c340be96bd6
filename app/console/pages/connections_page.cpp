#include "app/console/pages/connections_page.h"

#include <QClipboard>
#include <QGridLayout>
#include <QGuiApplication>
#include <QJsonDocument>
#include <QJsonObject>
#include <QMessageBox>
#include <QScrollArea>

#include "app/console/dialogs/add_connection_dialog.h"
#include "app/console/models/words.h"
#include "core/workspace.h"
#include "widgets/card.h"
#include "widgets/chip.h"
#include "widgets/elided_label.h"
#include "widgets/format.h"

namespace pilotlight::console {

using namespace widgets;

ImportProblem parseImportProblem(const std::string& json) {
    const auto object = QJsonDocument::fromJson(QByteArray::fromStdString(json)).object();
    const auto text = [&](const char* key) { return object.value(QLatin1String(key)).toString(); };
    ImportProblem problem{text("scope"),   text("operation"), text("code"),       text("what"),
                          text("meaning"), text("action"),    text("permission"), text("policy")};
    if (object.isEmpty()) problem.what = qs(json);
    return problem;
}

ConnectionsPage::ConnectionsPage(Session& session) : Page(session, QStringLiteral("connections")) {
    auto* add_button = new QPushButton(QStringLiteral("Add a connection…"), this);
    add_button->hide();
    connect(add_button, &QPushButton::clicked, this, &ConnectionsPage::add);
    tools_ << add_button;
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    auto* area = new QScrollArea;
    area->setWidgetResizable(true);
    area->setFrameShape(QFrame::NoFrame);
    auto* inner = new QWidget;
    inner->setObjectName(QStringLiteral("page"));
    auto* column = new QVBoxLayout(inner);
    column->setContentsMargins(space::page, space::page, space::page, space::page);
    column->setSpacing(space::gap);
    empty_ = new Card;
    empty_->setMinimumHeight(320);
    connect(empty_, &Card::actionRequested, this, &ConnectionsPage::add);
    column->addWidget(empty_);
    cards_ = new QVBoxLayout;
    cards_->setSpacing(space::gap);
    column->addLayout(cards_);
    column->addStretch(1);
    area->setWidget(inner);
    outer->addWidget(area);
    connect(&session_, &Session::fleetChanged, this, &ConnectionsPage::show);
    connect(&session_, &Session::syncChanged, this, &ConnectionsPage::show);
    show();
}

Heading ConnectionsPage::heading() const { return {{QStringLiteral("Connections")}, {}}; }

void ConnectionsPage::show() {
    while (auto* item = cards_->takeAt(0)) {
        if (item->widget()) {
            item->widget()->hide();
            item->widget()->deleteLater();
        }
        delete item;
    }
    const auto& fleet = *session_.fleet();
    empty_->setVisible(fleet.profiles.empty());
    if (!session_.loaded()) {
        empty_->setState(session_.loadError() ? PanelState::fromError(*session_.loadError()) : PanelState::loading());
    } else {
        empty_->setState(PanelState::empty(QStringLiteral("Nothing is connected"),
                                           QStringLiteral("Add an AWS account; it is read-only unless you allow more, and no secret is "
                                                          "stored. Or start pilotlight --sandbox for a fleet to play with."),
                                           QStringLiteral("Add a connection")));
    }
    for (const auto& health : fleet.profiles) cards_->addWidget(profileCard(health));
}

QWidget* ConnectionsPage::profileCard(const ProfileHealth& health) {
    const Profile& profile = health.profile;
    const QString name = qs(profile.name);
    auto* card = new Card(name, platformService(profile.platform));
    card->addTool(new Chip(environmentLabel(profile.environment), environmentRole(profile.environment)));
    card->addTool(
        new Chip(profile.write ? QStringLiteral("may write") : QStringLiteral("read-only"), profile.write ? Role::caution : Role::muted));
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(space::xl);
    grid->setVerticalSpacing(6);
    grid->setColumnStretch(1, 1);
    int row = 0;
    const auto fact = [&](const char* label, const QString& value, Role ink = Role::text) {
        grid->addWidget(makeLabel(QString::fromLatin1(label), Type::label, Role::muted), row, 0, Qt::AlignTop);
        auto* text = makeLabel(value, Type::body, ink);
        text->setWordWrap(true);
        grid->addWidget(text, row++, 1);
    };
    QStringList regions;
    for (const auto& region : profile.regions) regions << qs(region);
    fact("Regions", regions.isEmpty() ? QStringLiteral("as configured") : regions.join(QStringLiteral(", ")));
    if (!profile.endpoint_url.empty()) fact("Endpoint", qs(profile.endpoint_url));
    fact("Credentials", profile.platform == PlatformKind::gcp     ? QStringLiteral("application default credentials")
                        : profile.platform == PlatformKind::azure ? QStringLiteral("environment, managed identity, then the Azure CLI")
                        : profile.aws_profile.empty()             ? QStringLiteral("environment, then the default profile")
                                                                  : QStringLiteral("profile %1 of the AWS files").arg(qs(profile.aws_profile)));
    if (health.last_sync) {
        const auto& sync = *health.last_sync;
        fact("Last read", QStringLiteral("%1 (%2): %3 functions, %4 points, %5 invocations")
                              .arg(format::dateTime(sync.ended, QTimeZone::utc()), format::ago(sync.ended, session_.now()),
                                   format::integer(double(sync.functions)), format::integer(double(sync.points)),
                                   format::integer(double(sync.invocations))));
        if (sync.oddities > 0)
            fact("Oddities", QStringLiteral("%1 lines could not be understood").arg(format::integer(double(sync.oddities))), Role::caution);
    } else {
        fact("Last read", session_.syncing() ? QStringLiteral("reading now") : QStringLiteral("never"), Role::muted);
    }
    QString meter = QStringLiteral("%1 of %2 calls, %3 of %4")
                        .arg(format::integer(double(health.today.calls)), format::integer(double(profile.daily_call_cap)),
                             format::money(health.today.money), format::money(profile.daily_money_cap_usd));
    if (health.today.throttled > 0) meter += QStringLiteral(", throttled %1 times").arg(format::integer(double(health.today.throttled)));
    if (health.today.bytes > 0) meter += QStringLiteral(", %1").arg(format::bytes(double(health.today.bytes)));
    fact("API today", meter);
    for (const auto& [what, factor] : profile.price_factors) fact("Price factor", QStringLiteral("%1 × %2").arg(qs(what)).arg(factor));
    if (test_says_.contains(name)) fact("Test", test_says_.value(name), test_bad_.value(name) ? Role::bad : Role::good);
    card->body()->addLayout(grid);

    if (health.last_sync && !health.last_sync->problems.empty()) {
        card->body()->addWidget(makeLabel(QStringLiteral("Could not be read"), Type::body, Role::text, 600));
        int shown = 0;
        for (const auto& text : health.last_sync->problems) {
            if (++shown > 8) {
                card->body()->addWidget(
                    makeLabel(QStringLiteral("and %1 more").arg(health.last_sync->problems.size() - 8), Type::label, Role::muted));
                break;
            }
            const auto problem = parseImportProblem(text);
            auto* line = new QHBoxLayout;
            line->setSpacing(space::s);
            auto* mark = new QLabel;
            mark->setPixmap(iconPixmap(problem.permission.isEmpty() ? QStringLiteral("caution") : QStringLiteral("lock"), Role::caution, 14,
                                       devicePixelRatioF()));
            line->addWidget(mark, 0, Qt::AlignTop);
            QStringList words{problem.scope, problem.what};
            words.removeAll(QString());
            auto* says =
                makeLabel(words.join(QStringLiteral(": ")) + (problem.action.isEmpty() ? QString() : QStringLiteral("  ") + problem.action),
                          Type::body, Role::muted);
            says->setWordWrap(true);
            says->setToolTip(problem.meaning);
            line->addWidget(says, 1);
            if (!problem.policy.isEmpty()) {
                auto* copy = new QPushButton(icon(QStringLiteral("copy")), QStringLiteral("Copy policy"));
                connect(copy, &QPushButton::clicked, this, [policy = problem.policy] { QGuiApplication::clipboard()->setText(policy); });
                line->addWidget(copy, 0, Qt::AlignTop);
            }
            card->body()->addLayout(line);
        }
    }

    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(space::s);
    auto* read = new QPushButton(session_.syncing() ? QStringLiteral("Reading…") : QStringLiteral("Read now"));
    read->setEnabled(!session_.syncing());
    auto* probe = new QPushButton(QStringLiteral("Test"));
    auto* mode = new QPushButton(profile.write ? QStringLiteral("Make read-only") : QStringLiteral("Allow writing…"));
    auto* forget = new QPushButton(QStringLiteral("Remove…"));
    setButtonKind(forget, "flat");
    for (auto* button : {read, probe, mode, forget}) buttons->addWidget(button);
    buttons->addStretch(1);
    card->body()->addSpacing(4);
    card->body()->addLayout(buttons);
    connect(read, &QPushButton::clicked, &session_, [this, name] { session_.syncNow(name); });
    connect(probe, &QPushButton::clicked, this, [this, name] { test(name); });
    connect(mode, &QPushButton::clicked, this, [this, profile] { setWrite(profile, !profile.write); });
    connect(forget, &QPushButton::clicked, this, [this, name] { remove(name); });
    return card;
}

void ConnectionsPage::add() {
    auto* dialog = new AddConnectionDialog(session_, window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->open();
}

void ConnectionsPage::test(const QString& name) {
    test_says_[name] = QStringLiteral("testing…");
    test_bad_[name] = false;
    show();
    session_.jobs().run<platform::IdentityReport>(
        {QStringLiteral("Test %1").arg(name), Lane::compute, true},
        [id = name.toStdString()](Workspace& workspace, const JobContext& job) { return workspace.testProfile(id, job); }, this,
        [this, name](Result<platform::IdentityReport> report) {
            test_bad_[name] = !report;
            if (!report) {
                test_says_[name] = qs(report.error().text());
            } else {
                QString text = QStringLiteral("account %1 as %2, credentials from %3")
                                   .arg(qs(report->account), qs(report->principal), qs(report->credentials_from));
                if (report->expires) text += QStringLiteral(", until ") + format::dateTime(*report->expires, QTimeZone::utc());
                if (report->sandbox_speed) text += QStringLiteral("; a sandbox at %1× time").arg(*report->sandbox_speed);
                for (const auto& problem : report->missing) {
                    text +=
                        QStringLiteral("\nmissing: ") + qs(problem.error.permission.empty() ? problem.operation : problem.error.permission);
                    test_bad_[name] = true;
                }
                test_says_[name] = text;
            }
            show();
        });
}

void ConnectionsPage::setWrite(const Profile& profile, bool write) {
    if (write) {
        auto* ask = new QMessageBox(QMessageBox::NoIcon, QStringLiteral("Allow writing"),
                                    QStringLiteral("Pilotlight may then change settings of %1 (%2). Every change is still planned, checked "
                                                   "by guardrails, reviewed and can be reverted.")
                                        .arg(qs(profile.name), environmentLabel(profile.environment)),
                                    QMessageBox::Cancel, window());
        auto* allow = ask->addButton(QStringLiteral("Allow writing"), QMessageBox::AcceptRole);
        ask->setAttribute(Qt::WA_DeleteOnClose);
        connect(allow, &QAbstractButton::clicked, this, [this, profile] {
            Profile changed = profile;
            changed.write = true;
            session_.makeWay();
            session_.jobs().run<void>(
                {QStringLiteral("Allow writing"), Lane::write, true, true, true},
                [changed](Workspace& workspace, const JobContext&) { return workspace.addProfile(changed); }, this,
                [this](Status status) {
                    if (!status) emit session_.reported(qs(status.error().what), qs(status.error().text()));
                    session_.reload();
                });
        });
        ask->open();
        return;
    }
    Profile changed = profile;
    changed.write = false;
    session_.makeWay();
    session_.jobs().run<void>(
        {QStringLiteral("Make read-only"), Lane::write, true, true, true},
        [changed](Workspace& workspace, const JobContext&) { return workspace.addProfile(changed); }, this,
        [this](Status status) {
            if (!status) emit session_.reported(qs(status.error().what), qs(status.error().text()));
            session_.reload();
        });
}

void ConnectionsPage::remove(const QString& name) {
    auto* ask = new QMessageBox(
        QMessageBox::NoIcon, QStringLiteral("Remove %1").arg(name),
        QStringLiteral(
            "What was read through %1 is deleted from this computer; changes and their journal stay. Nothing happens at the platform.")
            .arg(name),
        QMessageBox::Cancel, window());
    auto* sure = ask->addButton(QStringLiteral("Remove"), QMessageBox::AcceptRole);
    ask->setAttribute(Qt::WA_DeleteOnClose);
    connect(sure, &QAbstractButton::clicked, this, [this, name] {
        session_.makeWay();
        session_.jobs().run<void>(
            {QStringLiteral("Remove %1").arg(name), Lane::write, true, true, true},
            [id = name.toStdString()](Workspace& workspace, const JobContext&) { return workspace.removeProfile(id); }, this,
            [this](Status status) {
                if (!status) emit session_.reported(qs(status.error().what), qs(status.error().text()));
                session_.reload();
            });
    });
    ask->open();
}

}  // namespace pilotlight::console
