#include <QLineEdit>
#include <QPushButton>
#include <QTest>

#include "app/console/dialogs/add_connection_dialog.h"
#include "app/console/dialogs/confirm_gate.h"
#include "app/console/dialogs/plan_review_dialog.h"
#include "app/console/models/words.h"
#include "core/workspace.h"
#include "tests/app/console/samples.h"
#include "tests/support/data.h"
#include "widgets/theme.h"

using namespace pilotlight;
using namespace pilotlight::console;
using namespace pilotlight::console::test;

class DialogsTest : public QObject {
    Q_OBJECT
    pilotlight::test::TemporaryDirectory folder_;
    std::unique_ptr<Session> session_;

    void addProfile(const Profile& profile) {
        bool done = false;
        session_->jobs().run<void>(
            {"add", Lane::write}, [profile](Workspace& workspace, const JobContext&) { return workspace.addProfile(profile); }, this,
            [&](Status status) {
                QVERIFY2(status.has_value(), status ? "" : status.error().text().c_str());
                done = true;
            });
        QTRY_VERIFY(done);
        session_->reload();
        QTRY_VERIFY(session_->fleet()->profile(profile.name) != nullptr);
    }
    Plan plan(const std::string& profile) {
        Plan plan;
        plan.id = "7f3a9c00";
        plan.profile = profile;
        plan.before = functionRow("chat-inference", 1, 1).function;
        plan.function_id = plan.before.id;
        plan.desired.memory = Megabytes{2048};
        plan.changes = {{"memory_mb", "1024", "2048"}};
        plan.calls = {"UpdateFunctionConfiguration MemorySize=2048 RevisionId=41"};
        plan.guardrails = {{"memory-floor", Verdict::pass, "memory floor 890 MB"}};
        plan.revert = "1,024 MB";
        plan.expires = session_->now() + minutes(15);
        return plan;
    }

private slots:
    void initTestCase() {
        widgets::Theme::instance().install(*qApp);
        SessionOptions options;
        options.workspace = folder_.path().string();
        options.refresh_seconds = 0;
        session_ = std::make_unique<Session>(options);
        Profile production;
        production.name = "prod-eu";
        production.environment = Environment::production;
        production.write = true;
        Profile dev = production;
        dev.name = "dev";
        dev.environment = Environment::dev;
        Profile reading = production;
        reading.name = "reading";
        reading.write = false;
        for (const auto& profile : {production, dev, reading}) addProfile(profile);
    }
    void cleanupTestCase() { session_.reset(); }

    void theGate() {
        ConfirmGate production("chat", Environment::production, {});
        QVERIFY(production.needsTyping());
        QVERIFY(!production.open());
        production.setTyped("Chat");
        QVERIFY(!production.open());  // letter for letter
        production.setTyped(" chat ");
        QVERIFY(production.open());
        QCOMPARE(production.confirmation(), std::string("chat"));
        production.setExpired(true);
        QVERIFY(production.reason().contains("expired"));
        production.setVetoed("memory floor 890 MB");
        QVERIFY(production.reason().contains("890"));
        ConfirmGate dev("chat", Environment::dev, {});
        QVERIFY(dev.open());
        ConfirmGate read_only("chat", Environment::dev, "prod is read-only");
        QCOMPARE(read_only.reason(), QStringLiteral("prod is read-only"));
    }

    void productionWantsTheNameTyped() {
        PlanReviewDialog dialog(*session_, plan("prod-eu"), nullptr);
        dialog.show();
        QVERIFY(dialog.confirmField() != nullptr);
        QVERIFY(!dialog.applyButton()->isEnabled());
        QTest::keyClicks(dialog.confirmField(), "chat-inferenc");
        QVERIFY(!dialog.applyButton()->isEnabled());
        QTest::keyClicks(dialog.confirmField(), "e");
        QVERIFY(dialog.applyButton()->isEnabled());
        QTest::keyClick(dialog.confirmField(), Qt::Key_Backspace);
        QVERIFY(!dialog.applyButton()->isEnabled());
    }
    void devDoesNot() {
        PlanReviewDialog dialog(*session_, plan("dev"), nullptr);
        QVERIFY(dialog.confirmField() == nullptr);
        QVERIFY(dialog.applyButton()->isEnabled());
    }
    void aVetoHolds() {
        auto vetoed = plan("dev");
        vetoed.guardrails.push_back({"memory-floor", Verdict::veto, "512 MB is below the floor"});
        PlanReviewDialog dialog(*session_, vetoed, nullptr);
        QVERIFY(!dialog.applyButton()->isEnabled());
        QVERIFY(dialog.applyButton()->toolTip().contains("below the floor"));
    }
    void readOnlyIsDisabledNotFailing() {
        PlanReviewDialog dialog(*session_, plan("reading"), nullptr);
        QVERIFY(!dialog.applyButton()->isEnabled());
        QVERIFY(dialog.applyButton()->toolTip().contains("read-only"));
    }
    void anExpiredPlanIsNotSent() {
        auto old = plan("dev");
        old.expires = session_->now() - minutes(1);
        PlanReviewDialog dialog(*session_, old, nullptr);
        QVERIFY(!dialog.applyButton()->isEnabled());
        QVERIFY(dialog.applyButton()->toolTip().contains("expired"));
    }
    void aNewConnectionIsReadOnlyAndHasAFreeName() {
        AddConnectionDialog dialog(*session_, nullptr);
        const auto fields = dialog.findChildren<QLineEdit*>();
        QVERIFY(!dialog.profile());
        fields[0]->setText("prod-eu");
        QVERIFY(!dialog.profile());  // taken
        fields[0]->setText("prod us");
        QVERIFY(!dialog.profile());
        fields[0]->setText("prod-us");
        auto profile = dialog.profile();
        QVERIFY(profile.has_value());
        QVERIFY(!profile->write);
        QCOMPARE(profile->environment, Environment::production);
        fields[5]->setText("http://127.0.0.1:4566");
        QCOMPARE(dialog.profile()->environment, Environment::dev);
        fields[5]->setText("not a url");
        QVERIFY(!dialog.profile());
    }
};

QTEST_MAIN(DialogsTest)
#include "test_dialogs.moc"
