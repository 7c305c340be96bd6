// Changes of settings and what scales pools by itself: the part of World that clients move.
#include <algorithm>

#include "app/sandbox/engine/world.h"

namespace pilotlight::sandbox {

void World::beginUpdate(FunctionState& f, VersionState next) {
    next.modified = now_;
    next.revision = newRevision();
    f.latest.revision = next.revision;  // what clients read changes at once; what requests feel follows
    f.latest.modified = now_;
    f.pending = std::move(next);
    f.update_status = "InProgress";
    f.update_reason = "The function is being updated.";
    const bool fails = std::exchange(next_change_fails, false);
    f.update_done = now_ + static_cast<Micros>(random_.between(2.0, 6.0) * convergence_factor * kSecond);
    at(f.update_done, [this, &f, fails] {
        if (fails) {
            f.update_status = "Failed";
            f.update_reason = "We encountered an internal error while updating the function. The previous settings stay in force.";
        } else {
            f.latest = *f.pending;
            f.update_status = "Successful";
            f.update_reason.clear();
            f.engine->deploy(0, f.latest.deployment);
        }
        f.latest.revision = newRevision();
        f.pending.reset();
    });
}

int World::publish(FunctionState& f, const std::string& description) {
    const auto same = [&](const VersionState& v) {
        return v.deployment == f.latest.deployment && v.code_sha256 == f.latest.code_sha256 && v.runtime == f.latest.runtime &&
               v.handler == f.latest.handler && v.role == f.latest.role && v.environment == f.latest.environment &&
               v.layers == f.latest.layers && v.json_logs == f.latest.json_logs && v.tracing == f.latest.tracing &&
               v.snap_start == f.latest.snap_start;
    };
    if (!f.published.empty() && same(f.published.rbegin()->second)) return f.published.rbegin()->first;
    const int number = f.published.empty() ? 1 : f.published.rbegin()->first + 1;
    VersionState version = f.latest;
    version.number = number;
    version.modified = now_;
    version.ready_at = now_ + static_cast<Micros>(random_.between(1.0, 4.0) * convergence_factor * kSecond);
    version.revision = newRevision();
    if (!description.empty()) version.description = description;
    f.published[number] = version;
    f.engine->deploy(number, version.deployment);
    f.latest.revision = newRevision();
    return number;
}

void World::setAlias(FunctionState& f, const AliasState& wanted) {
    AliasState alias = wanted;
    alias.revision = newRevision();
    const auto before = f.aliases.find(alias.name);
    const bool moved = before == f.aliases.end() || before->second.version != alias.version;
    f.aliases[alias.name] = alias;
    double rest = 1;
    std::vector<std::pair<int, double>> versions;
    for (const auto& [version, weight] : alias.extra) rest -= weight;
    versions.emplace_back(alias.version, rest);
    for (const auto& extra : alias.extra) versions.push_back(extra);
    f.engine->setRoute(alias.name, versions);
    const auto pool = f.engine->pools().find(alias.name);
    if (moved && pool != f.engine->pools().end() && pool->second.requested > 0) setPool(f, alias.name, pool->second.requested);
}

void World::setReserved(FunctionState& f, std::optional<int> reserved) {
    // Its busy environments move between the two sides of the account's limit.
    PeakTrack& rest = region(f.spec.region).unreserved;
    if (f.reserved.has_value() != reserved.has_value())
        rest.change(now_, std::max(0, rest.level() + (reserved ? -f.engine->busy() : f.engine->busy())));
    f.reserved = reserved;
}

void World::setPool(FunctionState& f, const std::string& qualifier, int count) {
    if (!f.aliases.contains(qualifier))
        if (const auto version = f.resolve(qualifier)) f.engine->setRoute(qualifier, {{*version, 1.0}});
    f.pool_failures.erase(qualifier);
    const bool fails = std::exchange(next_change_fails, false);
    const auto token = f.engine->requestPool(qualifier, count, now_);
    if (!f.engine->pools().at(qualifier).in_progress) return;
    const double wait_s = (random_.between(40, 110) + count / 100.0) * convergence_factor;
    at(now_ + static_cast<Micros>(wait_s * kSecond), [this, &f, qualifier, token, fails] {
        const auto pool = f.engine->pools().find(qualifier);
        if (pool == f.engine->pools().end() || pool->second.token != token) return;
        if (!fails) {
            f.engine->finishPool(qualifier, token, now_);
            return;
        }
        const int half = pool->second.requested / 2;
        const int wanted = pool->second.requested;
        const auto again = f.engine->requestPool(qualifier, std::max(1, half), now_);
        f.engine->finishPool(qualifier, again, now_);
        f.allocation_goal[qualifier] = wanted;
        f.pool_failures[qualifier] = "FUNCTION_ERROR_INIT_FAILURE: not every environment could be initialised.";
    });
}

void World::removePool(FunctionState& f, const std::string& qualifier) {
    f.pool_failures.erase(qualifier);
    f.engine->removePool(qualifier, now_);
}

void World::putAction(ScheduledAction action) {
    const auto same = [&](const ScheduledAction& other) {
        return other.region == action.region && other.resource == action.resource && other.name == action.name;
    };
    const auto found = std::find_if(actions_.begin(), actions_.end(), same);
    action.created = now_;
    action.token = ++counter_;
    action.arn = "arn:aws:autoscaling:" + action.region + ":" + account_ +
                 ":scheduledAction:" + uuidOf(mix(action.token), mix(action.token + 7)) + ":resource/lambda/" + action.resource +
                 ":scheduledActionName/" + action.name;
    if (found != actions_.end())
        *found = action;
    else
        actions_.push_back(action);
    armAction(action.region, action.resource, action.name, action.token, now_);
}

void World::armAction(const std::string& region_name, const std::string& resource, const std::string& name, std::uint64_t token,
                      Micros after) {
    const auto found = std::find_if(actions_.begin(), actions_.end(), [&](const ScheduledAction& a) { return a.token == token; });
    if (found == actions_.end()) return;
    const auto next = found->schedule.next(after, found->created);
    if (!next || (found->end && *next > *found->end)) return;
    at(*next, [this, region_name, resource, name, token] {
        const auto action = std::find_if(actions_.begin(), actions_.end(), [&](const ScheduledAction& a) { return a.token == token; });
        if (action == actions_.end()) return;
        const auto target = targets_.find(region_name + "|" + resource);
        if (target != targets_.end() && !target->second.suspended_schedule && !(action->begin && now_ < *action->begin)) {
            if (action->min) target->second.min = *action->min;
            if (action->max) target->second.max = *action->max;
            target->second.max = std::max(target->second.max, target->second.min);
            enforce(target->second, "scheduled action name " + name + " was triggered");
        }
        armAction(region_name, resource, name, token, now_);
    });
}

void World::enforce(const ScalableTarget& target, const std::string& cause) {
    // function:NAME:QUALIFIER
    const auto first = target.resource.find(':');
    const auto last = target.resource.rfind(':');
    if (first == std::string::npos || last == first) return;
    FunctionState* f = find(target.region, target.resource.substr(first + 1, last - first - 1));
    const std::string qualifier = target.resource.substr(last + 1);
    if (f == nullptr || !f->resolve(qualifier)) return;
    const auto pool = f->engine->pools().find(qualifier);
    const int current = pool == f->engine->pools().end() ? 0 : pool->second.requested;
    const int wanted = std::clamp(current, target.min, std::max(target.min, target.max));
    if (wanted == current) return;
    if (wanted == 0)
        removePool(*f, qualifier);
    else
        setPool(*f, qualifier, wanted);
    activities_.push_back(
        {target.region, target.resource, "Setting desired concurrency to " + std::to_string(wanted) + ".", cause, newRevision(), now_});
    if (activities_.size() > 2000) activities_.erase(activities_.begin(), activities_.begin() + 1000);
}

}  // namespace pilotlight::sandbox
