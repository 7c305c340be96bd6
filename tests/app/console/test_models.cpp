#include <QSignalSpy>
#include <QTest>

#include "app/console/models/cost_forecast.h"
#include "app/console/models/bill_model.h"
#include "app/console/models/function_metrics.h"
#include "app/console/models/function_model.h"
#include "app/console/models/journal_lines.h"
#include "app/console/models/other_models.h"
#include "app/console/models/overview_figures.h"
#include "app/console/models/words.h"
#include "tests/app/console/samples.h"
#include "widgets/format.h"
#include "widgets/table_delegates.h"

using namespace pilotlight;
using namespace pilotlight::console;
using namespace pilotlight::console::test;

namespace {
QString plain(QString text) { return text.replace(widgets::format::kThin, QLatin1Char(' ')); }
}  // namespace

class ModelsTest : public QObject {
    Q_OBJECT
private slots:
    void rowsAreUpdatedInPlace() {
        FunctionModel model;
        auto sample = fleet();
        model.setRows(functionItems(sample));
        QCOMPARE(model.rowCount(), 3);
        const QPersistentModelIndex thumb(model.index(2, 0));
        QSignalSpy removed(&model, &QAbstractItemModel::rowsRemoved), inserted(&model, &QAbstractItemModel::rowsInserted),
            changed(&model, &QAbstractItemModel::dataChanged), reset(&model, &QAbstractItemModel::modelReset);
        sample.functions.erase(sample.functions.begin());  // chat is gone
        sample.functions[0].p95_ms = 700;                  // ocr is slower
        sample.functions.push_back(functionRow("new", 1, 10));
        model.setRows(functionItems(sample));
        QCOMPARE(removed.count(), 1);
        QCOMPARE(inserted.count(), 1);
        QCOMPARE(changed.count(), 1);
        QCOMPARE(reset.count(), 0);
        const auto span = changed.first();
        QCOMPARE(span[0].toModelIndex().column(), model.columnOf("p95"));
        QCOMPARE(span[1].toModelIndex().column(), model.columnOf("p95"));
        QVERIFY(thumb.isValid());
        QCOMPARE(thumb.data().toString(), QStringLiteral("thumb"));
        changed.clear();
        model.setRows(functionItems(sample));  // nothing new: nothing said
        QCOMPARE(changed.count(), 0);
    }

    void theJournalIsToldInWords() {
        const auto at = [](int minute) { return console::test::at("2026-11-24T10:00:00Z") + minutes(minute); };
        const std::vector<JournalEntry> journal{
            {1, at(0), "started", R"({"steps":[{"describe":"UpdateFunctionConfiguration MemorySize=2048"},{"describe":"PublishVersion"}]})"},
            {2, at(0), "send UpdateFunctionConfiguration", R"({"index":0,"attempt":1})"},
            {3, at(1), "done UpdateFunctionConfiguration", R"({"index":0,"how":"sent"})"},
            {4, at(1), "send PublishVersion", R"({"index":1,"attempt":1})"},
            {5, at(9), "watch", R"({"invocations":1204,"harms":[]})"},
            {6, at(9), "watch", R"({"invocations":1300,"harms":["errors rose to 4 % from 1 %"]})"},
            {7, at(9), "verdict", "not JSON"}};
        const auto lines = journalLines(journal);
        QCOMPARE(lines.size(), std::size_t(6));  // the answered call is one line
        QCOMPARE(lines[0].outcome, QStringLiteral("2 steps"));
        QCOMPARE(lines[1].text, QStringLiteral("UpdateFunctionConfiguration MemorySize=2048"));
        QCOMPARE(lines[1].outcome, QStringLiteral("done"));
        QVERIFY(lines[1].call && lines[1].time == at(1));
        QCOMPARE(lines[2].outcome, QStringLiteral("sent, no answer yet"));
        QCOMPARE(plain(lines[3].outcome), QStringLiteral("no harm in 1,204 invocations since"));
        QVERIFY(lines[4].outcome.contains(QLatin1String("errors rose to 4 % from 1 %")));
        QCOMPARE(lines[5].outcome, QStringLiteral("not JSON"));
    }

    void percentilesOfABinComeFromEveryInvocationInIt() {
        const TimeRange range{console::test::at("2026-11-24T10:00:00Z"), console::test::at("2026-11-24T12:00:00Z")};
        InvocationLog log;
        for (int i = 1; i <= 100; ++i) {
            Invocation one;
            one.time = range.begin + seconds(i);
            one.duration_ms = static_cast<float>(i);
            if (i > 90) one.init_ms = 1000;
            log.invocations.push_back(one);
        }
        RangeSet counted;
        counted.add(range);
        QVERIFY(!binnedPercentiles(log, counted, range, 3600));  // lines may be missing
        log.complete.add(range);
        const auto bins = binnedPercentiles(log, counted, range, 3600);
        QVERIFY(bins.has_value());
        QCOMPARE(bins->p50.x->size(), std::size_t(1));  // an hour without an invocation has no percentile
        QCOMPARE(bins->p50.y->front(), 50.5);
        QVERIFY(std::abs(bins->p95.y->front() - 95.05) < 1e-4);
        QVERIFY(std::abs(bins->p99.y->front() - 99.01) < 1e-4);
        QVERIFY(std::abs(bins->latency_p95.y->front() - 1095.05) < 1e-3);  // with INIT: what a caller waited
    }

    void startsThatAPlatformCountsAreOneRowWithTheirShare() {
        PlotSeries starts, invocations;
        starts.x = widgets::makeValues({0, 300, 600});
        starts.y = widgets::makeValues({2, 0, 1});
        starts.period_s = 300;
        starts.known = true;
        invocations.x = widgets::makeValues({0, 600});
        invocations.y = widgets::makeValues({8, 0});
        const auto cells = coldCellsOf(starts, invocations);
        QCOMPARE(cells.counts.size(), std::size_t(1));
        QCOMPARE(cells.counts[0], (std::vector<float>{2, 0, 1}));
        QCOMPARE(cells.share.y->at(0), 0.25);
        QVERIFY(std::isnan(cells.share.y->at(1)) && std::isnan(cells.share.y->at(2)));  // nothing to be a share of
        QVERIFY(!coldCellsOf({}, invocations).known);
    }

    void theBillShowsWhatItAttributesToNobody() {
        const auto sample = fleet();
        const std::string chat = sample.functions[0].function.id;
        BillCheck check;
        check.days["prod-eu"] = {console::test::at("2026-11-20T00:00:00Z"), console::test::at("2026-11-21T00:00:00Z")};
        check.rows = {{"prod-eu", "", meter::kOther, Money::dollars(3), std::nullopt, {"Premium Something"}},
                      {"prod-eu", chat, meter::kDuration, Money::dollars(10), Money::dollars(9), {"EU-Lambda-GB-Second"}},
                      {"prod-eu", chat, meter::kRequests, Money::dollars(1), Money::dollars(1), {"EU-Request"}}};
        const auto rows = billRows(check, BillGroup::function, sample);
        QCOMPARE(rows.size(), std::size_t(2));
        QCOMPARE(rows[0].label, QStringLiteral("chat"));
        QCOMPARE(rows[0].sums.billed->toDouble(), 11.0);
        QCOMPARE(rows[0].sums.computed->toDouble(), 10.0);
        QCOMPARE(rows[1].label, QStringLiteral("of no one function"));
        BillModel model;
        model.setRows(rows);
        QCOMPARE(model.index(1, 2).data().toString(), QStringLiteral("$3.00"));
        QCOMPARE(model.index(1, 3).data().toString(), QStringLiteral("unknown"));
        QCOMPARE(model.index(1, 5).data().toString(), QStringLiteral("Premium Something"));
        QCOMPARE(billRows(check, BillGroup::meter, sample).size(), std::size_t(3));
        QCOMPARE(billRows(check, BillGroup::profile, sample).size(), std::size_t(1));
        QCOMPARE(billedDaysText(check), QStringLiteral("prod-eu: 2 whole days"));
    }

    void unknownSortsLastBothWays() {
        FunctionModel model;
        model.setRows(functionItems(fleet()));
        FunctionProxy proxy;
        proxy.setSourceModel(&model);
        const int cost = model.columnOf("cost");
        for (const auto order : {Qt::AscendingOrder, Qt::DescendingOrder}) {
            proxy.sort(cost, order);
            QCOMPARE(proxy.index(2, 0).data().toString(), QStringLiteral("thumb"));
            QCOMPARE(proxy.index(2, cost).data().toString(), QStringLiteral("unknown"));
            QCOMPARE(proxy.index(2, cost).data(Qt::ToolTipRole).toString(), QStringLiteral("no price for us-east-1"));
        }
        QCOMPARE(proxy.index(0, 0).data().toString(), QStringLiteral("chat"));
        // 140 in 14 days is 300 in 30.
        QCOMPARE(proxy.index(0, cost).data().toString(), QStringLiteral("$300"));
    }

    void filterLanguage_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QStringList>("names");
        QTest::newRow("empty") << "" << QStringList{"chat", "ocr", "thumb"};
        QTest::newRow("word") << "cha" << QStringList{"chat"};
        QTest::newRow("not word") << "-cha" << QStringList{"ocr", "thumb"};
        QTest::newRow("field") << "platform:aws" << QStringList{"chat", "ocr", "thumb"};
        QTest::newRow("slow") << "p95>0.8s" << QStringList{"chat"};
        QTest::newRow("unknown is not slow, and not fast") << "p95<=10min" << QStringList{"chat", "ocr"};
        QTest::newRow("negated keeps unknown") << "-p95>800ms" << QStringList{"ocr", "thumb"};
        QTest::newRow("percent") << "cold>=3%" << QStringList{"chat", "ocr", "thumb"};
        QTest::newRow("money per month") << "cost>$100 saving>=96" << QStringList{"chat"};
        QTest::newRow("status") << "status:recommended" << QStringList{"chat"};
        QTest::newRow("size") << "memory=1GB ocr" << QStringList{"ocr"};
    }
    void filterLanguage() {
        QFETCH(QString, text);
        QFETCH(QStringList, names);
        const auto filter = Filter::parse(text, functionTextFields(), functionNumberFields());
        QVERIFY2(filter.has_value(), filter ? "" : filter.error().text().c_str());
        QStringList found;
        const auto sample = fleet();
        for (const auto& item : functionItems(sample)) {
            if (filter->matches(functionWords(item), functionFields(item))) found << qs(item.row.function.name);
        }
        QCOMPARE(found, names);
    }
    void filterRefusesNonsense() {
        for (const char* text : {"p95>fast", "colour:red", "name>3", "platform:"}) {
            const auto filter = Filter::parse(QString::fromLatin1(text), functionTextFields(), functionNumberFields());
            QVERIFY2(!filter, text);
            QCOMPARE(filter.error().code, ErrorCode::invalid_argument);
        }
    }

    void quantities() {
        QCOMPARE(*parseQuantity("1.5s"), 1500.0);
        QCOMPARE(*parseQuantity("1,024"), 1024.0);
        QCOMPARE(*parseQuantity("5 %"), 0.05);
        QVERIFY(!parseQuantity("abc"));
        QVERIFY(!parseQuantity("1.2.3"));
    }

    void words() {
        QCOMPARE(plain(changeText({"memory_mb", "1024", "2048"})), QStringLiteral("1,024 → 2,048 MB"));
        QCOMPARE(plain(changeText({"instance_limit", "none", "40"})), QStringLiteral("Instance limit unset → 40"));
        QCOMPARE(settingLabel("warm_pool@live"), QStringLiteral("Warm pool on live"));
        QCOMPARE(settingValue("warm_pool@live", "unknown"), QStringLiteral("unknown"));
        const auto sample = fleet();
        QCOMPARE(plain(savingText(sample.recommendations[0])), QStringLiteral("Save $96 a month ($78–114)"));
        WarmSchedule schedule;
        schedule.entries = {{0x1F, 8 * 60, 6}, {0x1F, 19 * 60, 0}};
        QCOMPARE(scheduleText(schedule), QStringLiteral("6 from Mon–Fri 08:00, 0 from Mon–Fri 19:00 (UTC)"));
        Function service;
        service.platform = PlatformKind::gcp;
        service.untuned = {{untuned_key::kBilling, "request"}, {untuned_key::kStartupBoost, "on"}};
        QCOMPARE(shownOnlyText(service), QStringLiteral("billed by the request · startup CPU boost: shown only, Pilotlight does not set these"));
        QVERIFY(appFunctionsText(service).isEmpty());
        Function app;
        app.platform = PlatformKind::azure;
        app.app_functions = {{"transcribe", "httpTrigger", false}, {"tidy", "timerTrigger", true}, {"odd", "", false}};
        QCOMPARE(appFunctionsText(app), QStringLiteral("3 functions: transcribe (http), tidy (timer, disabled), odd"));
        app.app_functions->clear();
        QCOMPARE(appFunctionsText(app), QStringLiteral("no function"));
    }

    void overview() {
        auto sample = fleet();
        auto figures = overviewFigures(sample);
        QCOMPARE(figures.cost.value, QStringLiteral("$330"));
        QVERIFY(figures.cost.reference.contains(QStringLiteral("1 unknown")));
        QCOMPARE(figures.available.value, QStringLiteral("$96"));
        QCOMPARE(plain(figures.available.interval), QStringLiteral("± 18"));
        QCOMPARE(figures.realised.reference, QStringLiteral("no change kept yet"));
        QCOMPARE(figures.cold.value, QStringLiteral("3.0"));
        Change kept;
        kept.status = ChangeStatus::kept;
        kept.predicted_saving_month = money(81, 60, 100);
        kept.realised_saving_month = money(74, 70, 78);
        sample.changes.push_back(kept);
        figures = overviewFigures(sample);
        QCOMPARE(figures.realised.value, QStringLiteral("$74"));
        QVERIFY(figures.realised.delta.contains(QStringLiteral("inside")));
        sample.changes[0].realised_saving_month = money(20, 10, 30);
        QVERIFY(overviewFigures(sample).realised.delta.contains(QStringLiteral("outside")));
        QCOMPARE(overviewFigures(Fleet{}).cost.value, QStringLiteral("unknown"));

        // Against the range before: nothing of it read, a part, all.
        sample.compared = true;
        QVERIFY(overviewFigures(sample).cost.reference.contains(QStringLiteral("nothing was read of")));
        CostLine line;
        const auto length = sample.range.length();
        line.period = {sample.range.begin - length + hours(72), sample.range.begin - length + hours(96)};
        line.amount = Money::fromDouble(10);
        sample.costs_before = {line};
        QVERIFY(overviewFigures(sample).cost.reference.contains(QStringLiteral("read from")));
        QVERIFY(overviewFigures(sample).cost.delta.isEmpty());
        line.period = {sample.range.begin - length, sample.range.begin - length + hours(24)};
        sample.costs_before.push_back(line);
        const auto before = costsBefore(sample);
        QVERIFY(before.has_value());
        QCOMPARE(before->days.size(), std::size_t{2});
        QCOMPARE(before->days.front(), floorTo(sample.range.begin - length, hours(24)) + length);
        QCOMPARE(before->total.toDouble(), 20.0);
        QVERIFY(overviewFigures(sample).cost.delta.contains(QStringLiteral(" before")));
    }

    void needs() {
        auto sample = fleet();
        sample.functions[1].throttles = 214;
        Change watching;
        watching.id = "c1";
        watching.function_id = sample.functions[1].function.id;
        watching.status = ChangeStatus::watching;
        watching.watch_until = sample.now + minutes(41);
        sample.changes.push_back(watching);
        const auto found = needsOf(sample);
        QCOMPARE(found.size(), std::size_t{3});  // throttled, watched, never read
        QCOMPARE(found[0].level, Need::Level::bad);
        QCOMPARE(qs(found[0].text), QStringLiteral("ocr throttled 214 times"));
        QCOMPARE(plain(qs(found[1].figure)), QStringLiteral("41 min left"));
    }

    void costsAheadNeedEnoughDaysAndFollowTheWeek() {
        auto sample = fleet();
        const auto day = [&](int i) { return sample.range.begin + hours(24 * i); };
        for (int i = 0; i < 14; ++i) {
            CostLine line;
            line.function_id = sample.functions[0].function.id;
            line.profile = "prod-eu";
            line.period = {day(i), day(i + 1)};
            line.amount = Money::fromDouble(i % 7 < 5 ? 10 : 4);  // five days dear, two cheap
            sample.costs.push_back(line);
        }
        const auto ahead = forecastCosts(sample, 7);
        QVERIFY(ahead.has_value());
        QCOMPARE(ahead->days.front(), day(13));  // read until five to midnight: not complete
        QCOMPARE(ahead->value.size(), std::size_t(7));
        QVERIFY(ahead->days_tested >= 5);
        for (std::size_t i = 0; i < 7; ++i) QVERIFY(ahead->lo[i] <= ahead->value[i] && ahead->value[i] <= ahead->hi[i]);
        QVERIFY(ahead->value[1] > ahead->value[0]);  // the working week after its end
        // What a kept change saves since yesterday is not forecast to come back.
        Change kept;
        kept.function_id = sample.functions[0].function.id;
        kept.status = ChangeStatus::kept;
        kept.applied = day(13);
        kept.realised_saving_month = MoneyEstimate{Money::fromDouble(90), Money::fromDouble(80), Money::fromDouble(100)};
        sample.changes.push_back(kept);
        const auto less = forecastCosts(sample, 7);
        for (std::size_t i = 0; i < 7; ++i) QVERIFY(std::abs(less->value[i] - (ahead->value[i] - 3)) < 0.2);
        sample.changes.pop_back();
        sample.range.begin = day(6);
        QVERIFY(!forecastCosts(sample, 7).has_value());  // seven complete days: nothing to test on
    }

    void factorsOnPricesAreNamed() {
        auto sample = fleet();
        QVERIFY(overviewFigures(sample).cost.reference.contains(QStringLiteral(", list price;")));
        sample.profiles.front().profile.price_factors = {{"*", 0.9}, {"duration", 0.5}};
        const auto name = qs(sample.profiles.front().profile.name);
        QVERIFY(overviewFigures(sample).cost.reference.contains(QStringLiteral("list price × 0.9, duration × 0.5 (profile %1)").arg(name)));
    }

    void costsAreGroupedExactly() {
        auto sample = fleet();
        const auto line = [&](int function, const char* meter, int day, double usd) {
            CostLine l;
            l.function_id = sample.functions[static_cast<std::size_t>(function)].function.id;
            l.profile = "prod-eu";
            l.meter = meter;
            l.period = {sample.range.begin + hours(24 * day), sample.range.begin + hours(24 * (day + 1))};
            l.amount = Money::fromDouble(usd);
            sample.costs.push_back(l);
        };
        line(0, meter::kDuration, 0, 3);
        line(0, meter::kRequests, 1, 1);
        line(1, meter::kDuration, 0, 0.5);
        line(1, meter::kDuration, 13, 0.5);
        const auto rows = costRows(sample, CostGroup::function);
        QCOMPARE(rows.size(), std::size_t{3});  // thumb is listed, as unknown
        QCOMPARE(rows[0].label, QStringLiteral("chat"));
        QCOMPARE(rows[0].share, 0.8);
        QVERIFY(!rows[2].known);
        const auto stack = costStack(sample, CostGroup::function, 1);
        QCOMPARE(stack.days.size(), std::size_t{14});
        QCOMPARE(stack.layers.size(), std::size_t{2});
        QCOMPARE(stack.layers[1].label, QStringLiteral("other"));
        QCOMPARE(stack.layers[0].amounts[0], 3.0);
        QCOMPARE(stack.layers[1].amounts[13], 0.5);
        double sum = 0;
        for (const auto& layer : stack.layers) {
            for (const double amount : layer.amounts) sum += amount;
        }
        QCOMPARE(sum, 5.0);
        const auto meters = costRows(sample, CostGroup::meter);
        QCOMPARE(meters[0].label, QStringLiteral("Duration, on demand"));
        QCOMPARE(meters[0].amount, Money::dollars(4));
    }

    void missingIsNotZero() {
        MetricSeries series;
        series.key.period = seconds(300);
        const auto t0 = at("2026-11-24T00:00:00Z");
        series.points = {{t0, 5}, {t0 + minutes(10), 7}};
        series.coverage.add({t0, t0 + minutes(15)});
        series.coverage.add({t0 + minutes(60), t0 + minutes(65)});
        const auto plot = plotSeries(series, {t0, t0 + hours(2)}, true);
        // 5, 0 (covered, nothing happened), 7, gap (never read), 0
        QCOMPARE(plot.y->size(), std::size_t{5});
        QCOMPARE((*plot.y)[1], 0.0);
        QVERIFY(std::isnan((*plot.y)[3]));
        QCOMPARE((*plot.y)[4], 0.0);
        QVERIFY(!plotSeries(MetricSeries{}, {t0, t0 + hours(2)}, true).known);
    }

    void coldStartsByBucket() {
        const auto t0 = at("2026-11-24T00:00:00Z");
        InvocationLog log;
        log.complete.add({t0, t0 + minutes(10)});
        log.cold_only.add({t0, t0 + minutes(10)});
        for (int i = 0; i < 10; ++i) {
            Invocation invocation;
            invocation.time = t0 + seconds(i * 30);
            invocation.init_ms = i < 4 ? 2600.0F : -1.0F;
            log.invocations.push_back(invocation);
        }
        const auto cells = coldCells(log, {t0, t0 + minutes(20)}, 300);
        QCOMPARE(cells.buckets.size(), 5);
        float cold = 0;
        for (const auto& bucket : cells.counts) cold += bucket[0];
        QCOMPARE(cold, 4.0F);
        QCOMPARE(cells.init_p50_ms, 2600.0);
        QCOMPARE((*cells.share.y)[0], 0.4);
        QVERIFY(std::isnan(cells.counts[0][3]));  // never read
    }
};

QTEST_MAIN(ModelsTest)
#include "test_models.moc"
