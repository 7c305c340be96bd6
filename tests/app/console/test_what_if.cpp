#include <QTest>
#include <random>

#include "app/console/models/what_if_state.h"
#include "app/console/models/words.h"
#include "tests/app/console/samples.h"
#include "widgets/format.h"

using namespace pilotlight;
using namespace pilotlight::console;
using namespace pilotlight::console::test;

namespace {
// The narrow and the plain no-break space as spaces.
QString plain(QString text) {
    return text.replace(widgets::format::kThin, QLatin1Char(' ')).replace(QChar(0xA0), QLatin1Char(' '));
}

Function sample() {
    auto function = functionRow("chat", 140, 2210).function;
    Qualifier live;
    live.name = "live";
    live.kind = "alias";
    live.warm_pool = 2;
    function.qualifiers.push_back(live);
    return function;
}

WhatIfResult result(double today_cost, double cost, double today_p95, double p95) {
    WhatIfResult r;
    r.today.cost_month = money(today_cost, today_cost, today_cost);
    r.whatif.cost_month = money(cost, cost - 18, cost + 18);
    r.today.p95_ms = Estimate{today_p95, today_p95, today_p95};
    r.whatif.p95_ms = Estimate{p95, p95 * 0.92, p95 * 1.08};
    r.today.cold_start_share = Estimate{0.061, 0.05, 0.07};
    r.whatif.cold_start_share = Estimate{0.004, 0.002, 0.008};
    r.whatif.throttled_share = Estimate{0, 0, 0};
    r.today.throttled_share = Estimate{0, 0, 0};
    r.today.breakdown["duration"] = money(400, 390, 410);
    r.whatif.breakdown["duration"] = money(200, 190, 210);
    r.whatif.breakdown["warm_pool"] = money(89.1, 89.1, 89.1);
    return r;
}
}  // namespace

class WhatIfTest : public QObject {
    Q_OBJECT
private slots:
    void onlyWhatDiffersIsWanted() {
        const auto function = sample();
        auto state = todayOf(function);
        QVERIFY(desiredOf(state, function).empty());
        state.traffic = 2;  // traffic is no setting
        QVERIFY(desiredOf(state, function).empty());
        state.memory = {2048};
        auto desired = desiredOf(state, function);
        QCOMPARE(desired.memory->value, 2048);
        QVERIFY(!desired.warm_pool && !desired.instance_limit);
        state.pool = 0;
        desired = desiredOf(state, function);
        QCOMPARE(*desired.warm_pool, 0);
        QCOMPARE(desired.pool_qualifier, std::string("live"));
        state.limit = InstanceLimit::of(40);
        QCOMPARE(desiredOf(state, function).instance_limit->value, 40);
    }

    void schedulesComeBackAsTheyWere() {
        std::mt19937 random(7);
        for (int round = 0; round < 200; ++round) {
            std::vector<int> hours(168);
            const int levels = 1 + static_cast<int>(random() % 4);
            int level = 0;
            for (int& hour : hours) {
                if (random() % 5 == 0) level = static_cast<int>(random() % static_cast<unsigned>(levels));
                hour = level;
            }
            const auto schedule = scheduleOf(hours);
            QCOMPARE(hoursOf(schedule), hours);
        }
    }

    void alikeDaysShareAnEntry() {
        std::vector<int> hours(168, 0);
        for (int day = 0; day < 5; ++day) {
            for (int h = 8; h < 19; ++h) hours[static_cast<std::size_t>(day * 24 + h)] = 6;
        }
        const auto schedule = scheduleOf(hours);
        QCOMPARE(schedule.entries.size(), std::size_t{2});
        QCOMPARE(int(schedule.entries[0].weekdays), 0x1F);
        WhatIfState state;
        state.pool_by_hour = hours;
        QCOMPARE(plain(poolText(state)), QStringLiteral("6 · weekdays 08–19"));
        hours[100] = 3;
        state.pool_by_hour = hours;
        QVERIFY(poolText(state).startsWith(QLatin1String("6")));
    }

    void figuresSayChangeAndInterval() {
        const auto figures = whatIfFigures(result(508, 412, 2210, 640));
        QCOMPARE(figures.cost.value, QStringLiteral("$412"));
        QCOMPARE(plain(figures.cost.interval), QStringLiteral("± 18"));
        QCOMPARE(plain(figures.cost.delta), QStringLiteral("−$96 (−19 %)"));
        QCOMPARE(figures.cost.delta_role, widgets::Role::good);
        QCOMPARE(figures.p95.value + figures.p95.unit, QStringLiteral("640ms"));
        QCOMPARE(plain(figures.p95.delta), QStringLiteral("−71 %"));
        QCOMPARE(plain(figures.cold.delta), QStringLiteral("−5.7 points"));
        QCOMPARE(figures.throttled.value, QStringLiteral("0.00"));
        QCOMPARE(figures.throttled.delta, QStringLiteral("unchanged"));
        QVERIFY(!figures.cost.approximate);
        auto rough = result(508, 600, 2210, 640);
        rough.whatif.exact = false;
        QVERIFY(whatIfFigures(rough).cost.approximate);
        QCOMPARE(whatIfFigures(rough).cost.delta_role, widgets::Role::bad);
        QCOMPARE(whatIfFigures(WhatIfResult{}).cost.value, QStringLiteral("unknown"));
    }

    void moneyKeepsItsRows() {
        const auto rows = moneyRows(result(508, 412, 2210, 640));
        QCOMPARE(rows.size(), std::size_t{5});
        QCOMPARE(rows[0].after, QStringLiteral("$200.00"));
        QCOMPARE(rows[2].after_ink, widgets::Role::warm);
        QCOMPARE(rows[2].before, QString(widgets::format::kEnDash));
    }

    void guardrailsPreview() {
        using Verdict = widgets::GuardrailList::Verdict;
        tuning::Evidence evidence;
        evidence.function = sample();
        AccountLimits limits;
        limits.concurrent_executions = 1000;
        limits.unreserved_concurrent_executions = 412;
        evidence.limits = limits;
        auto state = todayOf(evidence.function);
        const auto verdictOf = [&](const char* word) -> std::optional<Verdict> {
            for (const auto& item : guardrailPreview(state, evidence, Megabytes{890}, nullptr)) {
                if (item.text.contains(QLatin1String(word))) return item.verdict;
            }
            return std::nullopt;
        };
        QCOMPARE(verdictOf("floor"), Verdict::pass);
        state.memory = {512};
        QCOMPARE(verdictOf("floor"), Verdict::veto);
        state.limit = InstanceLimit::of(312);
        QCOMPARE(verdictOf("unreserved"), Verdict::pass);  // 100 stay
        state.limit = InstanceLimit::of(313);
        QCOMPARE(verdictOf("unreserved"), Verdict::veto);
        state.limit = InstanceLimit::of(4);
        state.pool = 5;
        QCOMPARE(verdictOf("pool"), Verdict::veto);
        evidence.function.owner = "cloudformation";
        QCOMPARE(verdictOf("owned"), Verdict::veto);
    }

    void aCloudRunServiceHasCpuAndConcurrency() {
        auto service = functionRow("ranker", 1, 1).function;
        service.platform = PlatformKind::gcp;
        service.untuned[untuned_key::kKind] = "service";
        service.memory = {2048};
        service.vcpu = 1.0;
        service.concurrency = 80;
        const auto ranges = sliderRanges(service, {}, {});
        QVERIFY(ranges.vcpu_values.size() > 1 && ranges.concurrency_hi >= 100);
        QVERIFY(ranges.pool_disabled.isEmpty() && !ranges.schedule);
        QVERIFY(!ranges.memory_why.isEmpty());
        auto state = todayOf(service);
        QVERIFY(desiredOf(state, service).empty());
        state.vcpu = 2.0;
        state.concurrency = 40;
        const auto desired = desiredOf(state, service);
        QCOMPARE(desired.vcpu.value_or(0), 2.0);
        QCOMPARE(desired.concurrency.value_or(0), 40);
        QVERIFY(!desired.memory);
        QCOMPARE(withSettings(todayOf(service), desired), state);
        service.vcpu = 0.5;  // below one vCPU an instance serves one request at once
        QCOMPARE(sliderRanges(service, {}, {}).concurrency_hi, 1);
        QVERIFY(sliderRanges(sample(), {}, {}).vcpu_values.empty());  // Lambda: follows memory
    }

    void aFunctionWithoutAliasCannotHaveAPool() {
        const auto function = functionRow("plain", 1, 1).function;
        QVERIFY(!sliderRanges(function, {}, {}).pool_disabled.isEmpty());
        QVERIFY(sliderRanges(sample(), {}, {}).pool_disabled.isEmpty());
    }
};

QTEST_MAIN(WhatIfTest)
#include "test_what_if.moc"
