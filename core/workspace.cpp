#include "core/workspace.h"

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "core/workspace_impl.h"

namespace pilotlight {
namespace {

std::string clockKey(const std::string& profile) { return "clock/" + profile; }

std::string environmentValue(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

} // namespace

std::string Workspace::defaultDirectory() {
    const auto data = environmentValue("XDG_DATA_HOME");
    if (!data.empty()) return data + "/pilotlight";
    const auto home = environmentValue("HOME");
    return (home.empty() ? std::string(".") : home) + "/.local/share/pilotlight";
}

Workspace::Impl::Impl(Options given, Executor& pool) : options(std::move(given)), executor(pool), http(net::makeCurlClient()) {
    if (options.directory.empty()) options.directory = defaultDirectory();
}

Result<store::Store*> Workspace::Impl::reader() {
    if (!read_store) {
        auto opened = store::Store::open(options.directory, {.access = store::Access::read, .holder = options.program});
        if (!opened) return fail(std::move(opened).error());
        read_store.emplace(std::move(*opened));
    }
    return &*read_store;
}

Result<Workspace::Impl::Connection*> Workspace::Impl::connect(const std::string& profile_name) {
    PILOTLIGHT_ASSIGN(auto* const store, reader());
    const auto today = floorTo(wall->now(), hours(24));
    auto found = connections.find(profile_name);
    if (found != connections.end() && found->second.day == today) return &found->second;
    PILOTLIGHT_ASSIGN(const auto profile, store->profile(profile_name));
    Connection connection;
    connection.day = today;
    connection.meter = std::make_shared<net::ApiMeter>(profile.daily_call_cap, Money::fromDouble(profile.daily_money_cap_usd));
    PILOTLIGHT_ASSIGN(const auto spent, store->spend(profile_name, today));
    connection.saved = {spent.calls, spent.retries, spent.throttled, spent.bytes, spent.money};
    connection.meter->restore(connection.saved);
    PILOTLIGHT_ASSIGN(connection.platform,
                      platform::makePlatform(profile, {.http = http, .wall_clock = wall, .meter = connection.meter, .executor = &executor}));
    return &connections.insert_or_assign(profile_name, std::move(connection)).first->second;
}

Status Workspace::Impl::settle(store::Store& store, const std::string& profile_name) {
    const auto found = connections.find(profile_name);
    if (found == connections.end()) return {};
    auto& connection = found->second;
    const auto now = connection.meter->reading();
    const auto& before = connection.saved;
    PILOTLIGHT_TRY(store.addSpend(profile_name, connection.day,
                                  {.calls = now.calls - before.calls,
                                   .retries = now.retries - before.retries,
                                   .throttled = now.throttled - before.throttled,
                                   .bytes = now.bytes - before.bytes,
                                   .money = now.money - before.money}));
    connection.saved = now;
    const auto clock = connection.platform->clock();
    if (const auto* scaled = dynamic_cast<const ScaledClock*>(clock.get())) {
        const nlohmann::json note{{"time", toIso8601(scaled->now())}, {"real", toIso8601(wall->now())}, {"speed", scaled->speed()}};
        PILOTLIGHT_TRY(store.putNote(clockKey(profile_name), note.dump()));
    }
    return {};
}

std::shared_ptr<Clock> Workspace::Impl::clockOf(const std::string& profile_name) {
    if (const auto found = connections.find(profile_name); found != connections.end()) {
        if (auto clock = found->second.platform->clock(); dynamic_cast<const ScaledClock*>(clock.get()) != nullptr) return clock;
    }
    const auto store = reader();
    if (!store) return wall;
    const auto note = (*store)->note(clockKey(profile_name));
    if (!note || !*note) return wall;
    const auto json = nlohmann::json::parse(**note, nullptr, false);
    if (!json.is_object()) return wall;
    const auto time = parseIso8601(json.value("time", "")), real = parseIso8601(json.value("real", ""));
    const double speed = json.value("speed", 1.0);
    if (!time || !real) return wall;
    const auto passed = milliseconds(static_cast<std::int64_t>(static_cast<double>((wall->now() - *real).count()) * speed));
    return std::make_shared<ScaledClock>(*time + passed, speed);
}

Result<Workspace> Workspace::open(const Options& options, Executor& executor) {
    auto impl = std::make_unique<Impl>(options, executor);
    PILOTLIGHT_ASSIGN([[maybe_unused]] auto* const store, impl->reader());
    return Workspace(std::move(impl));
}

Workspace::Workspace(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Workspace::Workspace(Workspace&&) noexcept = default;
Workspace& Workspace::operator=(Workspace&&) noexcept = default;
Workspace::~Workspace() = default;

const std::string& Workspace::directory() const { return impl_->options.directory; }

Status Workspace::addProfile(const Profile& profile) {
    impl_->connections.erase(profile.name);
    return impl_->write<void>([&](store::Store& store) -> Status {
        PILOTLIGHT_TRY(store.putProfile(profile));
        return store.putNote(clockKey(profile.name), "");  // of the endpoint that it had before
    });
}

Status Workspace::removeProfile(const std::string& name) {
    impl_->connections.erase(name);
    return impl_->write<void>([&](store::Store& store) -> Status {
        PILOTLIGHT_TRY(store.profile(name));
        PILOTLIGHT_TRY(store.putNote(clockKey(name), ""));
        return store.removeProfile(name);
    });
}

Result<std::vector<ProfileHealth>> Workspace::profiles() {
    PILOTLIGHT_ASSIGN(auto* const store, impl_->reader());
    PILOTLIGHT_ASSIGN(const auto all, store->profiles());
    PILOTLIGHT_ASSIGN(const auto imports, store->imports(200));
    std::vector<ProfileHealth> out;
    for (const auto& profile : all) {
        ProfileHealth health{.profile = profile};
        PILOTLIGHT_ASSIGN(health.today, store->spend(profile.name, floorTo(impl_->wall->now(), hours(24))));
        for (const auto& record : imports) {
            if (record.profile != profile.name || record.kind != "sync") continue;
            health.last_sync = record;
            health.data_as_of = record.range.end;
            break;
        }
        out.push_back(std::move(health));
    }
    return out;
}

Result<platform::IdentityReport> Workspace::testProfile(const std::string& name, const JobContext& job) {
    PILOTLIGHT_ASSIGN(auto* const connection, impl_->connect(name));
    auto report = connection->platform->test(job);
    // The test itself is what the caller asked for: book-keeping must neither hide its answer (read-only disk) nor wait for a writer.
    // What is not saved now is saved with the next call's.
    (void)impl_->write<void>([&](store::Store& store) { return impl_->settle(store, name); }, milliseconds(0));
    return report;
}

std::shared_ptr<Clock> Workspace::clockOf(const std::string& profile) { return impl_->clockOf(profile); }

Timestamp Workspace::now() {
    const auto store = impl_->reader();
    if (!store) return impl_->wall->now();
    const auto profiles = (*store)->profiles();
    if (!profiles || profiles->empty()) return impl_->wall->now();
    std::optional<Timestamp> latest;
    for (const auto& profile : *profiles) {
        const auto clock = impl_->clockOf(profile.name);
        if (dynamic_cast<const ScaledClock*>(clock.get()) == nullptr) return impl_->wall->now();
        latest = std::max(latest.value_or(Timestamp::min()), clock->now());
    }
    return *latest;
}

Result<std::vector<sync::SyncReport>> Workspace::sync(const std::string& profile, sync::SyncOptions options, const JobContext& job) {
    return impl_->write<std::vector<sync::SyncReport>>([&](store::Store& store) -> Result<std::vector<sync::SyncReport>> {
        PILOTLIGHT_ASSIGN(const auto profiles, store.profiles());
        std::vector<sync::SyncReport> reports;
        bool found = profile.empty();
        for (const auto& each : profiles) {
            if (!profile.empty() && each.name != profile) continue;
            found = true;
            PILOTLIGHT_TRY(job.check());
            auto connection = impl_->connect(each.name);
            if (!connection) {
                if (!profile.empty()) return fail(connection.error());
                reports.push_back({.profile = each.name, .range = options.range, .problems = {{each.name, "connect", connection.error(), {}}}});
                continue;
            }
            auto& platform = *(*connection)->platform;
            change::ChangeService changes(store, platform);
            std::vector<platform::Problem> problems;
            if (each.write) {
                if (const auto recovered = changes.recover(job); !recovered) problems.push_back({each.name, "recover changes", recovered.error(), {}});
            }
            const auto before = (*connection)->meter->reading();
            auto report = sync::run(store, platform, options, job);
            PILOTLIGHT_TRY(impl_->settle(store, each.name));
            if (!report) {
                if (profiles.size() == 1 || !profile.empty() || report.error().code == ErrorCode::cancelled) return fail(report.error());
                reports.push_back({.profile = each.name, .range = options.range, .problems = {{each.name, "sync", report.error(), {}}}});
                continue;
            }
            if (const auto kept = impl_->summarise(store, each.name, platform.clock()->now(), job); !kept)
                problems.push_back({each.name, "compute figures", kept.error(), {}});
            if (const auto watched = changes.watch(job); !watched) problems.push_back({each.name, "watch changes", watched.error(), {}});
            const auto after = (*connection)->meter->reading();
            report->calls = after.calls - before.calls;
            report->money = after.money - before.money;
            report->problems.insert(report->problems.end(), problems.begin(), problems.end());
            PILOTLIGHT_TRY(impl_->settle(store, each.name));
            reports.push_back(std::move(*report));
        }
        if (!found) return fail(ErrorCode::not_found, "There is no connection named " + profile, {}, "pilotlightctl profile list shows them");
        if (reports.empty())
            return fail(ErrorCode::not_found, "There is no connection yet", "Nothing can be read", "Add one: pilotlightctl profile add NAME --platform aws --region us-east-1");
        return reports;
    });
}

Result<platform::ReadEstimate> Workspace::estimateSync(const std::string& profile, const sync::SyncOptions& options, const JobContext& job) {
    return impl_->write<platform::ReadEstimate>([&](store::Store& store) -> Result<platform::ReadEstimate> {
        PILOTLIGHT_ASSIGN(auto* const connection, impl_->connect(profile));
        const auto before = connection->meter->reading();
        auto inventory = connection->platform->listFunctions(job);
        const auto after = connection->meter->reading();
        PILOTLIGHT_TRY(impl_->settle(store, profile));
        if (!inventory) return fail(std::move(inventory).error());
        return sync::estimate(store, *connection->platform, options, inventory->functions, after.calls - before.calls);
    });
}

Status Workspace::putNote(const std::string& key, const std::string& value) {
    return impl_->write<void>([&](store::Store& store) { return store.putNote(key, value); });
}

Result<std::optional<std::string>> Workspace::note(const std::string& key) {
    PILOTLIGHT_ASSIGN(auto* const store, impl_->reader());
    return store->note(key);
}

} // namespace pilotlight
