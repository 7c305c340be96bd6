// Everything that is kept as a record comes back as it went in.
#include "core/store/codec.h"
#include "tests/core/store/store_support.h"

namespace pilotlight::store {
namespace {

Profile makeProfile(const std::string& name) {
    Profile profile;
    profile.name = name;
    profile.platform = PlatformKind::gcp;
    profile.regions = {"us-east-1", "eu-west-1"};
    profile.projects = {"p1"};
    profile.endpoint_url = "http://127.0.0.1:1";
    profile.environment = Environment::staging;
    profile.write = true;
    profile.price_factors = {{"*", 0.83}};
    profile.daily_call_cap = 17;
    profile.daily_money_cap_usd = 0.25;
    return profile;
}

TEST(Records, ProfilesComeBackAndAreRemoved) {
    Workspace workspace;
    Store store = workspace.writer();
    ASSERT_OK(store.putProfile(makeProfile("prod")));
    ASSERT_OK(store.putProfile(makeProfile("dev")));
    const auto all = store.profiles();
    ASSERT_OK(all);
    ASSERT_EQ(all->size(), 2u);
    const Profile read = store.profile("prod").value();
    EXPECT_EQ(toJson(read), toJson(makeProfile("prod")));
    EXPECT_EQ(read.platform, PlatformKind::gcp);
    EXPECT_EQ(read.environment, Environment::staging);
    EXPECT_EQ(read.price_factors.at("*"), 0.83);
    EXPECT_EQ(store.profile("nobody").error().code, ErrorCode::not_found);
    ASSERT_OK(store.removeProfile("prod"));
    EXPECT_EQ(store.profile("prod").error().code, ErrorCode::not_found);
    EXPECT_EQ(store.removeProfile("prod").error().code, ErrorCode::not_found);
}

TEST(Records, FunctionsInsideAnAppStayAsTheyWereLastRead) {
    Workspace workspace;
    Store store = workspace.writer();
    Function app = makeFunction("/subscriptions/s/app", "app");
    app.platform = PlatformKind::azure;
    app.app_functions = {{"transcribe", "httpTrigger", false}, {"tidy", "timerTrigger", true}};
    ASSERT_OK(store.putFunction(app));
    EXPECT_EQ(store.function("app")->app_functions, app.app_functions);
    Function without = app;
    without.app_functions.reset();  // not read this time
    without.memory = Megabytes{4096};
    ASSERT_OK(store.putFunction(without));
    EXPECT_EQ(store.function("app")->app_functions, app.app_functions);
    EXPECT_EQ(store.function("app")->memory.value, 4096);
    app.app_functions->clear();  // read, and there are none
    ASSERT_OK(store.putFunction(app));
    EXPECT_EQ(store.function("app")->app_functions, std::vector<AppFunction>());
    ASSERT_OK(store.putFunction(makeFunction("arn:f", "f")));
    EXPECT_FALSE(store.function("f")->app_functions);
}

TEST(Records, RemovingAProfileTakesItsDataButNotChanges) {
    Workspace workspace;
    Store store = workspace.writer();
    ASSERT_OK(store.putProfile(makeProfile("prod")));
    ASSERT_OK(store.putFunctions("prod", std::vector{makeFunction("arn:f", "chat")}, {}));
    const auto metric = key(Metric::invocations, Statistic::sum);
    ASSERT_OK(store.putSeries(std::vector{makeSeries(metric, 3, [](std::size_t i) { return double(i); })}));
    InvocationLog log;
    log.invocations.push_back({at(3), 12.5f, 13, -1, 90, 1024, 1, 2});
    log.complete.add(range(0, 60));
    ASSERT_OK(store.putInvocations("arn:f", log));
    Change change;
    change.id = "c1";
    change.function_id = "arn:f";
    ASSERT_OK(store.putChange(change));
    ASSERT_OK(store.appendJournal("c1", {0, at(1), "started", ""}));

    ASSERT_OK(store.removeProfile("prod"));
    EXPECT_TRUE(store.functions()->empty());
    EXPECT_TRUE(store.series(metric, days(3))->points.empty());
    EXPECT_TRUE(store.seriesKeys("arn:f")->empty());
    EXPECT_TRUE(store.invocations("arn:f", days(3))->invocations.empty());
    EXPECT_TRUE(store.invocations("arn:f", days(3))->complete.ranges().empty());
    EXPECT_EQ(store.changes()->size(), 1u);
    EXPECT_EQ(store.journal("c1")->size(), 1u);

    // What comes later under the same name starts from nothing.
    ASSERT_OK(store.putSeries(std::vector{makeSeries(metric, 1, [](std::size_t) { return 7.0; })}));
    EXPECT_EQ(store.series(metric, days(3))->points.size(), 288u);
}

TEST(Records, FunctionsComeBackByIdAndByName) {
    Workspace workspace;
    Store store = workspace.writer();
    const std::vector<Function> functions{makeFunction("arn:2", "ocr"), makeFunction("arn:1", "chat"),
                                          makeFunction("arn:3", "ocr", "eu-west-1")};
    ASSERT_OK(store.putFunctions("prod", functions, {}));
    const auto all = store.functions().value();
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[0].name, "chat");  // by name
    const Function chat = store.function("chat").value();
    EXPECT_EQ(toJson(chat), toJson(functions[1]));
    EXPECT_EQ(chat.qualifiers, functions[1].qualifiers);
    EXPECT_EQ(chat.tags, functions[1].tags);
    EXPECT_EQ(chat.event_sources, functions[1].event_sources);
    EXPECT_EQ(chat.vcpu, functions[1].vcpu);
    EXPECT_EQ(chat.instance_limit, InstanceLimit::of(40));
    EXPECT_EQ(chat.last_modified, functions[1].last_modified);
    EXPECT_EQ(store.function("arn:3")->region, "eu-west-1");
    EXPECT_EQ(store.function("nothing").error().code, ErrorCode::not_found);
    const auto ocr = store.function("ocr");
    ASSERT_FALSE(ocr);
    EXPECT_EQ(ocr.error().code, ErrorCode::ambiguous);
    EXPECT_NE(ocr.error().what.find("arn:2"), std::string::npos);
    EXPECT_NE(ocr.error().what.find("arn:3"), std::string::npos);
}

TEST(Records, OnlyRegionsThatWereReadLoseFunctions) {
    Workspace workspace;
    Store store = workspace.writer();
    ASSERT_OK(store.putFunctions(
        "prod", std::vector{makeFunction("arn:1", "a"), makeFunction("arn:2", "b"), makeFunction("arn:3", "c", "eu-west-1")}, {}));
    const std::vector<std::string> read{"us-east-1"};
    ASSERT_OK(store.putFunctions("prod", std::vector{makeFunction("arn:1", "a")}, read));
    ASSERT_EQ(store.functions()->size(), 2u);
    EXPECT_TRUE(store.function("a"));
    EXPECT_EQ(store.function("b").error().code, ErrorCode::not_found);
    EXPECT_TRUE(store.function("c"));
    EXPECT_TRUE(store.function("arn:2")) << "a gone function stays known by its id: its history is still shown";
    ASSERT_OK(store.putFunctions("prod", std::vector{makeFunction("arn:2", "b")}, {}));
    EXPECT_TRUE(store.function("b"));
}

TEST(Records, HistoryGrowsOnlyWithTunedSettings) {
    Workspace workspace;
    Store store = workspace.writer();
    Function function = makeFunction("arn:1", "a");
    ASSERT_OK(store.putFunction(function));
    function.settings_as_of = at(10);
    function.tags["team"] = "other";
    function.revision = "r2";
    ASSERT_OK(store.putFunction(function));
    ASSERT_EQ(store.settingsHistory("arn:1")->size(), 1u);

    function.settings_as_of = at(20);
    function.last_modified = at(14);  // the platform says when
    function.memory = {2048};
    ASSERT_OK(store.putFunction(function));
    function.settings_as_of = at(30);
    function.qualifiers[0].warm_pool = 9;  // does not move the modification time
    ASSERT_OK(store.putFunction(function));
    std::swap(function.qualifiers[0], function.qualifiers[1]);  // order means nothing
    function.settings_as_of = at(40);
    ASSERT_OK(store.putFunction(function));

    const auto history = store.settingsHistory("arn:1").value();
    ASSERT_EQ(history.size(), 3u);
    EXPECT_EQ(history[0].time, at(0));
    EXPECT_EQ(history[1].time, at(14));
    EXPECT_EQ(history[1].function.memory.value, 2048);
    EXPECT_EQ(history[2].time, at(30));
    EXPECT_EQ(history[2].function.warmPool(), std::nullopt);
    EXPECT_EQ(store.settingsHistory("arn:unknown")->size(), 0u);
}

TEST(Records, LimitsObservationsAndNotes) {
    Workspace workspace;
    Store store = workspace.writer();
    ASSERT_OK(store.putLimits({"prod", "us-east-1", 1000, 900, at(1)}));
    const auto limits = store.limits("prod", "us-east-1").value();
    ASSERT_TRUE(limits);
    EXPECT_EQ(limits->unreserved_concurrent_executions, 900);
    EXPECT_EQ(limits->as_of, at(1));
    EXPECT_FALSE(store.limits("prod", "eu-west-1").value());

    Observation cloud;
    cloud.memory = {512};
    cloud.mean_ms = 812.25;
    cloud.p99_ms = 2000.125;
    cloud.count = 4000;
    cloud.provenance = "prod, 1..14";
    Observation bench = cloud;
    bench.source = Observation::Source::bench;
    bench.provenance = "campaign 1";
    ASSERT_OK(store.putObservations("arn:1", std::vector{cloud, bench}));
    cloud.provenance = "prod, 2..15";
    bench.provenance = "campaign 2";
    ASSERT_OK(store.putObservations("arn:1", std::vector{cloud, bench}));
    const auto observations = store.observations("arn:1").value();
    ASSERT_EQ(observations.size(), 3u) << "the cloud one replaced, campaigns apart";
    int clouds = 0;
    for (const auto& one : observations) {
        if (one.source != Observation::Source::cloud) continue;
        ++clouds;
        EXPECT_EQ(one.provenance, "prod, 2..15");
        EXPECT_EQ(one.p99_ms, 2000.125);
        EXPECT_FALSE(one.p50_ms);
    }
    EXPECT_EQ(clouds, 1);

    EXPECT_FALSE(store.note("theme").value());
    ASSERT_OK(store.putNote("theme", "dark"));
    ASSERT_OK(store.putNote("theme", "light"));
    EXPECT_EQ(store.note("theme").value(), "light");
}

TEST(Records, CostsAreReplacedAsASet) {
    Workspace workspace;
    Store store = workspace.writer();
    const auto line = [](int day, const char* usage, const char* amount, CostKind kind) {
        CostLine cost;
        cost.profile = "prod";
        cost.service = "AWS Lambda";
        cost.usage_type = usage;
        cost.meter = meter::kDuration;
        cost.period = {at(day * 1440), at((day + 1) * 1440)};
        cost.quantity = 123.456;
        cost.unit = "GB-s";
        cost.unit_price = Money::parse("0.0000166667").value();
        cost.amount = Money::parse(amount).value();
        cost.kind = kind;
        cost.estimated = day == 1;
        cost.source = "Cost Explorer";
        return cost;
    };
    ASSERT_OK(
        store.putCosts("prod", days(2), std::vector{line(0, "a", "1.0000000001", CostKind::billed), line(1, "a", "2", CostKind::billed)}));
    ASSERT_OK(store.putCosts("prod", days(2), std::vector{line(0, "a", "9", CostKind::computed)}));
    ASSERT_OK(
        store.putCosts("prod", range(1440, 2880), std::vector{line(1, "b", "3", CostKind::billed), line(1, "c", "4", CostKind::billed)}));
    const auto lines = store.costs(days(2)).value();
    ASSERT_EQ(lines.size(), 4u);
    EXPECT_EQ(lines[0].amount.toDecimal(), "1.0000000001");
    EXPECT_EQ(lines[0].unit_price.toDecimal(), "0.0000166667");
    EXPECT_EQ(lines[0].quantity, 123.456);
    EXPECT_EQ(lines[0].profile, "prod");
    EXPECT_FALSE(lines[0].estimated);
    EXPECT_EQ(lines[1].kind, CostKind::computed);
    EXPECT_EQ(lines[2].usage_type, "b");
    EXPECT_TRUE(lines[3].estimated);
    EXPECT_EQ(store.costs(range(1500, 1600))->size(), 2u) << "part of a day shows that day's lines";
    EXPECT_EQ(store.costs(range(0, 1440))->size(), 2u);
    ASSERT_OK(store.putCosts("prod", range(1440, 2880), {}));  // the bill says: nothing
    EXPECT_EQ(store.costs(days(2))->size(), 2u);
    EXPECT_EQ(store.putCosts("prod", range(0, 10), std::vector{line(1, "a", "1", CostKind::billed)}).error().code,
              ErrorCode::invalid_argument);
}

TEST(Records, PriceBooksInForce) {
    Workspace workspace;
    Store store = workspace.writer();
    PriceBook book;
    book.platform = "aws";
    book.region = "us-east-1";
    book.architecture = "x86_64";
    book.publication = "old";
    book.valid_from = at(0);
    book.prices = {
        {meter::kDuration, "GB-s", {{0, Money::parse("0.0000166667").value()}, {6e9, Money::parse("0.000015").value()}}, "list", "SKU"}};
    ASSERT_OK(store.putPriceBook(book));
    book.publication = "new";
    book.valid_from = at(100);
    ASSERT_OK(store.putPriceBook(book));
    const auto publication = [&](std::int64_t minute) {
        return store.priceBook("aws", "us-east-1", "x86_64", at(minute)).value()->publication;
    };
    EXPECT_EQ(publication(50), "old");
    EXPECT_EQ(publication(100), "new");
    EXPECT_EQ(publication(5000), "new");
    EXPECT_EQ(publication(-5), "old") << "the nearest that is known";
    EXPECT_FALSE(store.priceBook("aws", "eu-west-1", "x86_64", at(0)).value());
    const auto read = store.priceBook("aws", "us-east-1", "x86_64", at(0)).value();
    ASSERT_EQ(read->prices.size(), 1u);
    EXPECT_EQ(read->prices[0].tiers[1].from, 6e9);
    EXPECT_EQ(read->prices[0].tiers[1].price.toDecimal(), "0.000015");
}

TEST(Records, TargetsAndRecommendations) {
    Workspace workspace;
    Store store = workspace.writer();
    Slo slo;
    slo.function_id = "arn:1";
    slo.p95_ms = 800;
    ASSERT_OK(store.putSlo(slo));
    Slo tagged;
    tagged.tag_key = "team";
    tagged.tag_value = "ml";
    tagged.cold_share = 0.01;
    ASSERT_OK(store.putSlo(tagged));
    ASSERT_EQ(store.slos()->size(), 2u);
    EXPECT_EQ(store.slos()->at(1).p95_ms, 800);
    EXPECT_FALSE(store.slos()->at(1).cold_share);
    slo.p95_ms.reset();
    ASSERT_OK(store.putSlo(slo));
    ASSERT_EQ(store.slos()->size(), 1u);
    EXPECT_EQ(store.putSlo({}).error().code, ErrorCode::invalid_argument);

    Recommendation one;
    one.id = "r1";
    one.function_id = "arn:1";
    one.status = RecommendationStatus::recommended;
    one.settings.memory = Megabytes{1536};
    one.settings.instance_limit = InstanceLimit::unlimited();
    one.settings.warm_schedule = WarmSchedule{{{31, 480, 5}, {31, 1200, 0}}, "Europe/Berlin"};
    one.settings.timeout = seconds(60);
    one.saving_month = MoneyEstimate{Money::dollars(3), Money::dollars(-1), Money::dollars(5)};
    one.effect.p95_ms = EffectValue{900, 700, 650, 760};
    one.reasons = {"because"};
    Recommendation other;
    other.id = "r2";
    other.function_id = "arn:2";
    ASSERT_OK(store.putRecommendations(std::vector{one, other}));
    const Recommendation read = store.recommendation("r1").value();
    EXPECT_EQ(toJson(read), toJson(one));
    EXPECT_EQ(read.settings, one.settings);
    EXPECT_EQ(read.saving_month, one.saving_month);
    EXPECT_EQ(read.status, RecommendationStatus::recommended);
    Recommendation newer = one;
    newer.id = "r3";
    ASSERT_OK(store.putRecommendations(std::vector{newer}));
    EXPECT_EQ(store.recommendations()->size(), 2u);
    EXPECT_EQ(store.recommendation("r1").error().code, ErrorCode::not_found);
}

TEST(Records, PlansChangesAndJournal) {
    Workspace workspace;
    Store store = workspace.writer();
    Plan plan;
    plan.id = "0badf00d";
    plan.before = makeFunction("arn:1", "chat");
    plan.desired.warm_pool = 4;
    plan.desired.pool_qualifier = "live";
    plan.changes = {{"warm_pool@live", "3", "4"}};
    plan.guardrails = {{"memory-floor", Verdict::overridden, "why"}};
    plan.revert_settings.warm_pool = 3;
    plan.calls = {"PutProvisionedConcurrencyConfig"};
    plan.made_at = at(5);
    plan.expires = at(20);
    ASSERT_OK(store.putPlan(plan));
    EXPECT_EQ(toJson(store.plan("0badf00d").value()), toJson(plan));
    EXPECT_EQ(store.plan("0badf00d")->guardrails[0].verdict, Verdict::overridden);
    EXPECT_EQ(store.plan("0badf00d")->before.qualifiers, plan.before.qualifiers);
    EXPECT_EQ(store.plan("nope").error().code, ErrorCode::not_found);

    Change change;
    change.id = "c1";
    change.plan_id = plan.id;
    change.status = ChangeStatus::watching;
    change.changes = plan.changes;
    change.realised = Effect{};
    change.predicted.cost_usd_month = EffectValue{10, 8, 7, 9};
    change.started = at(6);
    ASSERT_OK(store.putChange(change));
    Change later = change;
    later.id = "c2";
    later.started = at(7);
    ASSERT_OK(store.putChange(later));
    change.status = ChangeStatus::kept;
    ASSERT_OK(store.putChange(change));
    const auto changes = store.changes().value();
    ASSERT_EQ(changes.size(), 2u);
    EXPECT_EQ(changes[0].id, "c2") << "newest first";
    EXPECT_EQ(changes[1].status, ChangeStatus::kept);
    EXPECT_EQ(toJson(changes[1]), toJson(change));

    ASSERT_OK(store.appendJournal("c1", {0, at(6), "started", "{}"}));
    ASSERT_OK(store.appendJournal("c1", {2, at(7), "applied", "ok"}));
    EXPECT_EQ(store.appendJournal("c1", {2, at(7), "again", ""}).error().code, ErrorCode::conflict);
    ASSERT_OK(store.appendJournal("c2", {0, at(8), "started", ""}));
    const auto journal = store.journal("c1").value();
    ASSERT_EQ(journal.size(), 2u);
    EXPECT_EQ(journal[0].sequence, 1);
    EXPECT_EQ(journal[1].step, "applied");
    EXPECT_EQ(journal[1].time, at(7));
}

TEST(Records, SpendAddsUpAndImportsAreListedNewestFirst) {
    Workspace workspace;
    Store store = workspace.writer();
    ASSERT_OK(store.addSpend("prod", at(5), {10, 1, 0, 1000, Money::parse("0.01").value()}));
    ASSERT_OK(store.addSpend("prod", at(1000), {5, 0, 2, 10, Money::parse("0.02").value()}));
    ASSERT_OK(store.addSpend("prod", at(1441), {7, 0, 0, 0, Money()}));
    const auto spend = store.spend("prod", at(30)).value();
    EXPECT_EQ(spend.calls, 15);
    EXPECT_EQ(spend.throttled, 2);
    EXPECT_EQ(spend.bytes, 1010u);
    EXPECT_EQ(spend.money.toDecimal(), "0.03");
    EXPECT_EQ(store.spend("prod", at(1500))->calls, 7);
    EXPECT_EQ(store.spend("other", at(5))->calls, 0);

    for (int i = 0; i < 3; ++i) {
        ImportRecord record;
        record.profile = "prod";
        record.kind = "sync";
        record.points = i;
        record.range = days(1);
        record.problems = {R"({"scope":"us-east-1"})"};
        ASSERT_OK(store.putImport(record));
    }
    const auto imports = store.imports(2).value();
    ASSERT_EQ(imports.size(), 2u);
    EXPECT_EQ(imports[0].points, 2);
    EXPECT_EQ(imports[0].range, days(1));
    EXPECT_EQ(imports[0].problems.size(), 1u);
}

TEST(Codec, IsTolerant) {
    Function function;
    ASSERT_OK(fromJson(
        R"({"id":"x","memory":"big","tags":7,"new_in_2030":{"a":[]},"qualifiers":[{"name":"q","warm_pool":null},3],"architecture":"riscv"})",
        function));
    EXPECT_EQ(function.id, "x");
    EXPECT_EQ(function.memory.value, 0);
    EXPECT_EQ(function.ephemeral_storage.value, 512) << "defaults stay";
    ASSERT_EQ(function.qualifiers.size(), 2u);
    EXPECT_FALSE(function.qualifiers[0].warm_pool);
    EXPECT_EQ(fromJson("{\"id\":", function).error().code, ErrorCode::storage);
    EXPECT_EQ(fromJson("[1]", function).error().code, ErrorCode::storage);
    Function odd = makeFunction("a", "b");
    odd.tags["bytes"] = "\xff\xfe";
    Function back;
    ASSERT_OK(fromJson(toJson(odd), back));  // not UTF-8, still a record
}

}  // namespace
}  // namespace pilotlight::store
