// Targets, recommendations, plans, changes and their journal.
#include <fmt/format.h>

#include "core/store/bodies.h"

namespace pilotlight::store {

Status Store::putSlo(const Slo& slo) {
    if (slo.function_id.empty() == slo.tag_key.empty()) {
        return fail(ErrorCode::invalid_argument, "A target needs either a function or a tag");
    }
    return impl_->write(Touched::settings, [&]() -> Status {
        Database& database = impl_->database;
        if (!slo.any()) {
            return database.run("DELETE FROM slo WHERE function_id = ? AND tag_key = ? AND tag_value = ?", slo.function_id, slo.tag_key,
                                slo.tag_value);
        }
        return database.run("INSERT OR REPLACE INTO slo VALUES (?, ?, ?, ?, ?, ?)", slo.function_id, slo.tag_key, slo.tag_value, slo.p95_ms,
                            slo.p99_ms, slo.cold_share);
    });
}

Result<std::vector<Slo>> Store::slos() const {
    std::vector<Slo> found;
    PILOTLIGHT_TRY(impl_->database.each(
        "SELECT function_id, tag_key, tag_value, p95_ms, p99_ms, cold_share FROM slo ORDER BY 1, 2, 3", [&](Statement& row) -> Status {
            found.push_back({row.text(0), row.text(1), row.text(2), row.optionalReal(3), row.optionalReal(4), row.optionalReal(5)});
            return {};
        }));
    return found;
}

Status Store::putRecommendations(std::span<const Recommendation> recommendations) {
    if (recommendations.empty()) return {};
    return impl_->write(Touched::changes, [&]() -> Status {
        for (const Recommendation& one : recommendations) {
            PILOTLIGHT_TRY(impl_->database.run("DELETE FROM recommendation WHERE function_id = ?", one.function_id));
        }
        for (const Recommendation& one : recommendations) {
            PILOTLIGHT_TRY(
                impl_->database.run("INSERT OR REPLACE INTO recommendation VALUES (?, ?, ?)", one.id, one.function_id, toJson(one)));
        }
        return {};
    });
}

Result<std::vector<Recommendation>> Store::recommendations() const {
    return bodies<Recommendation>(impl_->database, "SELECT body FROM recommendation ORDER BY function_id, id");
}

Result<Recommendation> Store::recommendation(const std::string& id) const {
    PILOTLIGHT_ASSIGN(auto found, bodies<Recommendation>(impl_->database, "SELECT body FROM recommendation WHERE id = ?", id));
    if (found.empty()) return notFound("recommendation", id, "Run 'pilotlightctl recommend' again.");
    return std::move(found.front());
}

Status Store::putPlan(const Plan& plan) {
    if (plan.id.empty()) return fail(ErrorCode::invalid_argument, "A plan needs an id");
    return impl_->write(Touched::changes, [&]() -> Status {
        return impl_->database.run("INSERT OR REPLACE INTO saved_plan VALUES (?, ?, ?, ?)", plan.id, plan.function_id, toMs(plan.made_at),
                                   toJson(plan));
    });
}

Result<Plan> Store::plan(const std::string& id) const {
    PILOTLIGHT_ASSIGN(auto found, bodies<Plan>(impl_->database, "SELECT body FROM saved_plan WHERE id = ?", id));
    if (found.empty()) return notFound("plan", id, "Make a new one with 'pilotlightctl plan'.");
    return std::move(found.front());
}

Status Store::putChange(const Change& change) {
    if (change.id.empty()) return fail(ErrorCode::invalid_argument, "A change needs an id");
    return impl_->write(Touched::changes, [&]() -> Status {
        return impl_->database.run(
            "INSERT INTO setting_change (id, function_id, status, started, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE "
            "SET function_id = excluded.function_id, status = excluded.status, started = excluded.started, body = excluded.body",
            change.id, change.function_id, name(change.status), toMs(change.started), toJson(change));
    });
}

Result<Change> Store::change(const std::string& id) const {
    PILOTLIGHT_ASSIGN(auto found, bodies<Change>(impl_->database, "SELECT body FROM setting_change WHERE id = ?", id));
    if (found.empty()) return notFound("change", id, "See 'pilotlightctl changes'.");
    return std::move(found.front());
}

Result<std::vector<Change>> Store::changes() const {
    return bodies<Change>(impl_->database, "SELECT body FROM setting_change ORDER BY started DESC, sequence DESC");
}

Status Store::appendJournal(const std::string& change_id, const JournalEntry& entry) {
    return impl_->write(Touched::changes, [&]() -> Status {
        Database& database = impl_->database;
        PILOTLIGHT_ASSIGN(const auto last, database.integer("SELECT max(sequence) FROM journal WHERE change_id = ?", change_id));
        const std::int64_t next = last.value_or(0) + 1;
        if (entry.sequence != 0 && entry.sequence != next) {
            return fail(ErrorCode::conflict,
                        fmt::format("Journal entry {} of change {} would not be the next one ({})", entry.sequence, change_id, next),
                        "Somebody else wrote to this change's journal.", "Read the change again.");
        }
        impl_->durable = true;
        return database.run("INSERT INTO journal VALUES (?, ?, ?, ?, ?)", change_id, next, toMs(entry.time), entry.step, entry.detail);
    });
}

Result<std::vector<JournalEntry>> Store::journal(const std::string& change_id) const {
    std::vector<JournalEntry> entries;
    PILOTLIGHT_TRY(impl_->database.each(
        "SELECT sequence, time, step, detail FROM journal WHERE change_id = ? ORDER BY sequence",
        [&](Statement& row) -> Status {
            entries.push_back({row.integer(0), fromMs(row.integer(1)), row.text(2), row.text(3)});
            return {};
        },
        change_id));
    return entries;
}

}  // namespace pilotlight::store
