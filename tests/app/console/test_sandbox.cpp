// The whole road in the window, against a running sandbox: read, what-if, plan, apply, see the change; and the command line beside it, on
// the same workspace.
#include <set>

#include <QJsonArray>
#include <QJsonDocument>
#include <QLabel>
#include <QLineEdit>
#include <QProcess>
#include <QPushButton>
#include <QTest>

#include "app/common/sandbox_process.h"
#include "app/console/dialogs/add_connection_dialog.h"
#include "app/console/dialogs/plan_review_dialog.h"
#include "app/console/main_window.h"
#include "app/console/models/words.h"
#include "app/console/pages/changes_page.h"
#include "app/console/pages/function_page.h"
#include "app/console/pages/what_if_tab.h"
#include "app/console/startup.h"
#include "core/workspace.h"
#include "tests/support/data.h"
#include "tests/support/process.h"
#include "widgets/setting_slider.h"
#include "widgets/theme.h"

using namespace pilotlight;
using namespace pilotlight::console;

class SandboxTest : public QObject {
    Q_OBJECT
private slots:
    void readWhatIfApply() {
        widgets::Theme::instance().install(*qApp);
        common::SandboxOptions sandbox_options;
        sandbox_options.days = 3;
        auto sandbox = common::SandboxProcess::start(sandbox_options);
        if (!sandbox) QSKIP("skipped: no pilotlight-sandbox beside the tests");
        const auto ready = sandbox->waitReady(std::chrono::minutes(2), {});
        QVERIFY2(ready.has_value(), ready ? "" : ready.error().text().c_str());
        common::exportEnvironment(*ready);

        const pilotlight::test::TemporaryDirectory folder;
        SessionOptions options;
        options.workspace = folder.path().string();
        options.refresh_seconds = 0;
        Session session(options);
        MainWindow window(session);
        window.show();
        bool added = false;
        session.jobs().run<void>(
            {"add", Lane::write},
            [profiles = sandboxProfiles(ready->endpoints)](Workspace& workspace, const JobContext&) -> Status {
                for (const auto& profile : profiles) PILOTLIGHT_TRY(workspace.addProfile(profile));
                return {};
            },
            this, [&](Status status) { added = status.has_value(); });
        QTRY_VERIFY_WITH_TIMEOUT(added, 20'000);
        session.start();
        session.syncNow();
        QTRY_VERIFY_WITH_TIMEOUT(!session.syncing() && session.fleet()->functions.size() >= 6, 240'000);
        QTRY_VERIFY_WITH_TIMEOUT(session.jobs().activeVisible() == 0, 240'000);
        // The fleet is read again a moment after the last page was written.
        const auto platforms = [&] {
            std::set<PlatformKind> all;
            for (const auto& row : session.fleet()->functions) all.insert(row.function.platform);
            return all.size();
        };
        QTRY_COMPARE_WITH_TIMEOUT(platforms(), std::size_t{3}, 60'000);

        // The busiest function of AWS that nobody else owns.
        const FunctionRow* chosen = nullptr;
        for (const auto& row : session.fleet()->functions) {
            if (row.function.platform != PlatformKind::aws || row.function.owner || !row.invocations || *row.invocations < 500) continue;
            if (!chosen || *row.invocations > *chosen->invocations) chosen = &row;
        }
        QVERIFY(chosen != nullptr);
        const QString id = qs(chosen->function.id);
        const int before = chosen->function.memory.value;
        window.openFunction(id, QStringLiteral("whatif"));
        auto* what_if = static_cast<WhatIfTab*>(window.functionPage()->tab(QStringLiteral("whatif")));
        QTRY_VERIFY_WITH_TIMEOUT(what_if->ready(), 120'000);
        QVERIFY(what_if->result()->today.cost_month.has_value());
        QVERIFY(!what_if->reviewButton()->isEnabled());  // nothing differs yet

        const int wanted = before + 512 <= 10'240 ? before + 512 : before - 512;
        what_if->slider(QStringLiteral("memory"))->change(wanted);
        QCOMPARE(what_if->state().memory.value, int(what_if->slider(QStringLiteral("memory"))->value()));
        QVERIFY(what_if->state().memory.value != before);
        QVERIFY(what_if->reviewButton()->isEnabled());
        QTRY_VERIFY_WITH_TIMEOUT(what_if->result()->whatif.exact, 60'000);
        window.functionPage()->undo();
        QCOMPARE(what_if->state().memory.value, before);
        window.functionPage()->redo();
        QVERIFY(what_if->state().memory.value != before);
        const int target = what_if->state().memory.value;

        PlanReviewDialog* dialog = nullptr;
        connect(what_if, &WhatIfTab::planReady, this, [&](PlanReviewDialog* made) { dialog = made; });
        what_if->reviewButton()->click();
        QTRY_VERIFY_WITH_TIMEOUT(dialog != nullptr, 60'000);
        QVERIFY2(dialog->applyButton()->isEnabled(), qPrintable(dialog->applyButton()->toolTip()));
        dialog->applyButton()->click();
        QTRY_COMPARE_WITH_TIMEOUT(window.currentPage()->name(), QStringLiteral("changes"), 120'000);
        QTRY_VERIFY_WITH_TIMEOUT(!session.fleet()->changes.empty(), 20'000);
        QCOMPARE(qs(session.fleet()->changes.front().function_id), id);
        // The fleet is read again as the change goes on: one that was read in the middle says pending. It must not stay so.
        const auto status = [&] { return session.fleet()->changes.front().status; };
        QTRY_VERIFY2_WITH_TIMEOUT(status() == ChangeStatus::watching || status() == ChangeStatus::applied, name(status()), 20'000);
        QTRY_VERIFY_WITH_TIMEOUT(
            session.fleet()->function(id.toStdString()) && session.fleet()->function(id.toStdString())->function.memory.value == target,
            60'000);

        firstReadIsPriced(session, qs(ready->endpoints.at("aws")));
        commandLineBeside(session, QString::fromStdString(options.workspace), *session.fleet()->function(id.toStdString()));
    }

private:
    // A new connection says what reading it would cost, and is not read before somebody says so.
    static void firstReadIsPriced(Session& session, const QString& endpoint) {
        AddConnectionDialog dialog(session, nullptr);
        dialog.show();
        const auto fields = dialog.findChildren<QLineEdit*>();
        fields[0]->setText(QStringLiteral("second"));
        fields[5]->setText(endpoint);
        QPushButton* add = nullptr;
        for (auto* button : dialog.findChildren<QPushButton*>())
            if (button->text() == QLatin1String("Add")) add = button;
        QVERIFY(add != nullptr && add->isEnabled());
        add->click();
        QTRY_VERIFY_WITH_TIMEOUT(add->text() == QLatin1String("Read") && add->isEnabled(), 60'000);
        QString said;
        for (const auto* label : dialog.findChildren<QLabel*>())
            if (label->text().startsWith(QLatin1String("Reading 14 days"))) said = label->text();
        QVERIFY2(said.contains(QLatin1String("200")) && said.contains(QLatin1String(" calls, $")), qPrintable(said));
        dialog.reject();
        QTRY_VERIFY_WITH_TIMEOUT(session.fleet()->profile("second") != nullptr, 20'000);
        QVERIFY(!session.fleet()->profile("second")->last_sync);
        bool removed = false;
        session.jobs().run<void>(
            {"remove", Lane::write}, [](Workspace& workspace, const JobContext&) { return workspace.removeProfile("second"); }, &session,
            [&](Status status) { removed = status.has_value(); });
        QTRY_VERIFY_WITH_TIMEOUT(removed, 20'000);
    }

    // Readers see new data without restarting, whoever wrote it; a second writer waits, then names the holder.
    static void commandLineBeside(Session& session, const QString& workspace, FunctionRow changed) {
        const auto ctl = [&](QStringList arguments, QProcess& process) {
            process.start(qs(pilotlight::test::builtProgram("pilotlightctl")), arguments << QStringLiteral("--workspace") << workspace);
        };
        QProcess reader;
        ctl({QStringLiteral("functions"), QStringLiteral("--json")}, reader);
        QTRY_COMPARE_WITH_TIMEOUT(reader.state(), QProcess::NotRunning, 60'000);
        QCOMPARE(reader.exitCode(), 0);
        bool seen = false;
        const QByteArray printed = reader.readAllStandardOutput();
        const auto rows = QJsonDocument::fromJson(printed).array();
        for (const auto& row : rows)
            if (row[QLatin1String("id")].toString() == qs(changed.function.id))
                seen = row[QLatin1String("memory_mb")].toInt() == changed.function.memory.value;
        QVERIFY2(seen, "the command line does not see what the window changed: " + printed.left(2000));
        QCOMPARE(std::size_t(rows.size()), session.fleet()->functions.size());

        QProcess writer;
        ctl({QStringLiteral("slo"), QStringLiteral("set"), qs(changed.function.name), QStringLiteral("--p95"), QStringLiteral("4321")}, writer);
        QTRY_COMPARE_WITH_TIMEOUT(writer.state(), QProcess::NotRunning, 60'000);
        QVERIFY2(writer.exitCode() == 0, writer.readAllStandardError().constData());
        const auto target = [&] {
            for (const auto& slo : session.fleet()->slos)
                if (slo.p95_ms == 4321.0) return true;
            return false;
        };
        QTRY_VERIFY_WITH_TIMEOUT(target(), 30'000);

        // Both write at once: each is done, or says who holds the workspace; nothing is lost.
        QProcess sync;
        ctl({QStringLiteral("sync")}, sync);
        session.syncNow();
        QTRY_COMPARE_WITH_TIMEOUT(sync.state(), QProcess::NotRunning, 240'000);
        const QByteArray said = sync.readAllStandardError();
        QVERIFY2(sync.exitCode() == 0 || said.contains("pilotlight pid "), said.constData());
        QTRY_VERIFY_WITH_TIMEOUT(!session.syncing() && session.jobs().activeVisible() == 0, 240'000);
        QProcess again;
        ctl({QStringLiteral("sync")}, again);
        QTRY_COMPARE_WITH_TIMEOUT(again.state(), QProcess::NotRunning, 240'000);
        QVERIFY2(again.exitCode() == 0, again.readAllStandardError().constData());
        QVERIFY(target());
    }
};

QTEST_MAIN(SandboxTest)
#include "test_sandbox.moc"
