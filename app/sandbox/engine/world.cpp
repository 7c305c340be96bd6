#include "app/sandbox/engine/world.h"

#include <algorithm>
#include <cstdio>

namespace pilotlight::sandbox {
namespace {

constexpr Micros kKeepRecords = 40 * kDay;

std::string base64Of(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d) {
    static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    const std::uint64_t words[] = {a, b, c, d};
    for (int i = 0; i < 43; ++i) text += kAlphabet[(words[i / 11] >> (i % 11 * 5)) & 63U];
    return text + "=";
}

}  // namespace

std::string uuidOf(std::uint64_t a, std::uint64_t b) {
    char text[40];
    std::snprintf(text, sizeof text, "%08x-%04x-4%03x-%04x-%012llx", static_cast<unsigned>(a >> 32),
                  static_cast<unsigned>(a >> 16) & 0xffffU, static_cast<unsigned>(a) & 0xfffU,
                  (static_cast<unsigned>(b >> 48) & 0x3fffU) | 0x8000U, static_cast<unsigned long long>(b & 0xffffffffffffULL));
    return text;
}

const VersionState* FunctionState::version(int number) const {
    if (number == 0) return &latest;
    const auto found = published.find(number);
    return found == published.end() ? nullptr : &found->second;
}

std::optional<int> FunctionState::resolve(const std::string& qualifier) const {
    if (qualifier.empty() || qualifier == "$LATEST") return 0;
    if (const auto alias = aliases.find(qualifier); alias != aliases.end()) return alias->second.version;
    if (qualifier.find_first_not_of("0123456789") == std::string::npos && qualifier.size() < 9) {
        const int number = std::stoi(qualifier);
        if (published.contains(number)) return number;
    }
    return std::nullopt;
}

World::World(const Scenario& scenario, std::uint64_t seed, Micros start, Micros live)
    : account_(scenario.account),
      limit_(scenario.concurrency_limit),
      seed_(seed),
      start_(start),
      live_(live),
      now_(start),
      random_(mix(seed)) {
    for (const auto& spec : scenario.of("aws")) build(spec, random_.fork(spec.name), start);
    for (auto& function : functions_)
        for (const auto& s : function->spec.schedules) {
            const std::string resource = "function:" + function->spec.name + ":" + s.qualifier;
            auto& target = targets_[function->spec.region + "|" + resource];
            if (target.created == 0)
                target = {function->spec.region, resource, s.min.value_or(0), s.max.value_or(0), false, false, false, start};
            target.min = std::min(target.min, s.min.value_or(target.min));
            target.max = std::max(target.max, s.max.value_or(target.max));
            ScheduledAction action;
            action.region = function->spec.region;
            action.resource = resource;
            action.name = s.name;
            action.expression = s.expression;
            action.timezone = s.timezone;
            action.min = s.min;
            action.max = s.max;
            if (const auto schedule = Schedule::parse(s.expression, s.timezone)) {
                action.schedule = *schedule;
                putAction(std::move(action));
            }
        }
}

std::string World::newRevision() {
    ++counter_;
    return uuidOf(mix(seed_ * 31 + counter_), mix(seed_ ^ (counter_ << 20)));
}

void World::build(const FunctionSpec& spec, const Random& random, Micros start) {
    auto f = std::make_unique<FunctionState>();
    f->spec = spec;
    f->arn = "arn:aws:lambda:" + spec.region + ":" + account_ + ":function:" + spec.name;
    f->tags = spec.tags;
    f->reserved = spec.reserved;
    Random ids = random.fork("code");
    VersionState& latest = f->latest;
    latest.deployment = {spec.memory_mb, spec.timeout_s, spec.storage_mb};
    latest.description = spec.description;
    latest.runtime = spec.runtime;
    latest.handler = spec.handler;
    latest.role = "arn:aws:iam::" + account_ + ":role/" + spec.name + "-role";
    latest.code_sha256 = base64Of(ids.next(), ids.next(), ids.next(), ids.next());
    latest.json_logs = spec.json_logs;
    latest.environment = {{"MODEL_PATH", "/opt/model"}, {"LOG_LEVEL", "INFO"}};
    latest.modified = start - 3 * kDay;
    latest.revision = newRevision();
    for (int v = 1; v <= spec.versions; ++v) {
        VersionState version = latest;
        version.number = v;
        version.modified = start - (2 + spec.versions - v) * kDay;
        version.revision = newRevision();
        if (v < spec.versions) version.code_sha256 = base64Of(ids.next(), ids.next(), ids.next(), ids.next());
        f->published[v] = version;
    }
    f->engine = std::make_unique<FunctionEngine>(spec, random, start, static_cast<std::uint32_t>(functions_.size()));
    FunctionState& state = *f;
    functions_.push_back(std::move(f));
    region(spec.region);
    for (const auto& [number, version] : state.published) state.engine->deploy(number, version.deployment);
    for (const auto& alias : spec.aliases) {
        AliasState a;
        a.name = alias.name;
        a.version = alias.version;
        a.revision = newRevision();
        state.aliases[alias.name] = a;
        state.engine->setRoute(alias.name, {{alias.version, 1.0}});
    }
    for (const auto& pool : spec.pools) {
        if (const auto version = state.resolve(pool.qualifier); version && !state.aliases.contains(pool.qualifier))
            state.engine->setRoute(pool.qualifier, {{*version, 1.0}});
        const auto token = state.engine->requestPool(pool.qualifier, pool.count, start);
        state.engine->finishPool(pool.qualifier, token, start);
    }
    // Memory that was in force earlier, then the changes.
    auto history = spec.history;
    std::sort(history.begin(), history.end(), [](const auto& a, const auto& b) { return a.days_ago > b.days_ago; });
    const int today = spec.memory_mb;
    if (!history.empty()) latest.deployment.memory_mb = history.front().memory_mb;
    state.engine->deploy(0, state.latest.deployment);
    for (std::size_t i = 0; i < history.size(); ++i) {
        // Entry i was in force until days_ago of entry i; afterwards came the next one, or today's.
        const int then = i + 1 < history.size() ? history[i + 1].memory_mb : today;
        at(live_ - static_cast<Micros>(history[i].days_ago * static_cast<double>(kDay)), [this, &state, then] {
            state.latest.deployment.memory_mb = then;
            state.latest.modified = now_;
            state.latest.revision = newRevision();
            state.engine->deploy(0, state.latest.deployment);
        });
    }
}

std::vector<FunctionState*> World::functions(const std::string& name) {
    std::vector<FunctionState*> found;
    for (auto& f : functions_)
        if (f->spec.region == name) found.push_back(f.get());
    std::sort(found.begin(), found.end(), [](const auto* a, const auto* b) { return a->spec.name < b->spec.name; });
    return found;
}

FunctionState* World::find(const std::string& region_name, const std::string& name) {
    for (auto& f : functions_)
        if (f->spec.region == region_name && f->spec.name == name) return f.get();
    return nullptr;
}

int World::reservedTotal(const std::string& name) const {
    int total = 0;
    for (const auto& f : functions_)
        if (f->spec.region == name) total += f->reserved.value_or(0);
    return total;
}

const PeakTrack* World::unreserved(const std::string& name) const {
    const auto found = regions_.find(name);
    return found == regions_.end() ? nullptr : &found->second.unreserved;
}

const PeakTrack* World::busy(const std::string& name) const {
    const auto found = regions_.find(name);
    return found == regions_.end() ? nullptr : &found->second.busy;
}

void World::startRequest(FunctionState& f, Micros t) {
    RegionState& r = region(f.spec.region);
    // Ready pools are inside a reservation, and outside the unreserved rest.
    int room = 0;
    if (f.reserved) {
        room = *f.reserved - f.engine->busy();
        for (const auto& [qualifier, pool] : f.engine->pools()) room -= std::max(0, pool.available - pool.busyCount());
    } else {
        room = limit_ - r.unreserved.level();
        for (const auto& other : functions_) {
            if (other->spec.region != f.spec.region) continue;
            if (other->reserved)
                room -= *other->reserved;
            else
                for (const auto& [qualifier, pool] : other->engine->pools()) room -= std::max(0, pool.available - pool.busyCount());
        }
    }
    Completion completion;
    if (f.engine->invoke(t, room, completion) == FunctionEngine::Verdict::throttled) return;
    completions_.push(completion);
    r.busy.change(t, r.busy.level() + 1);
    if (!f.reserved) r.unreserved.change(t, r.unreserved.level() + 1);
}

void World::advance(Micros t) {
    while (true) {
        Micros next = t + 1;
        std::size_t who = functions_.size();
        for (std::size_t i = 0; i < functions_.size(); ++i)
            if (const Micros arrival = functions_[i]->engine->arrivals().peek(); arrival < next) {
                next = arrival;
                who = i;
            }
        const Micros done = completions_.empty() ? INT64_MAX : completions_.top().finish;
        const Micros timer = timers_.empty() ? INT64_MAX : timers_.begin()->first;
        if (std::min({next, done, timer}) > t) break;
        if (timer <= done && timer <= next) {
            auto node = timers_.extract(timers_.begin());
            now_ = std::max(now_, node.key());
            node.mapped()();
        } else if (done <= next) {
            const Completion completion = completions_.top();
            completions_.pop();
            now_ = std::max(now_, done);
            FunctionState& f = *functions_[completion.function];
            f.engine->complete(completion);
            RegionState& r = region(f.spec.region);
            r.busy.change(done, r.busy.level() - 1);
            if (!f.reserved) r.unreserved.change(done, std::max(0, r.unreserved.level() - 1));
        } else {
            now_ = std::max(now_, next);
            functions_[who]->engine->arrivals().pop();
            startRequest(*functions_[who], next);
        }
    }
    now_ = std::max(now_, t);
    if (now_ - pruned_ > kDay) {
        pruned_ = now_;
        for (auto& f : functions_) f->engine->dropBefore((now_ - kKeepRecords) / 1000);
    }
}

}  // namespace pilotlight::sandbox
