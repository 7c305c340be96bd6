// A writer killed at many points: what was promised is there, what was half done is not, and the file is whole.
#include <sqlite3.h>

#include "tests/core/store/process_support.h"
#include "tests/core/store/store_support.h"

namespace pilotlight::store {
namespace {

std::string integrity(const std::filesystem::path& file) {
    sqlite3* connection = nullptr;
    if (sqlite3_open(file.c_str(), &connection) != SQLITE_OK) return "cannot open";
    std::string answer;
    sqlite3_exec(
        connection, "PRAGMA integrity_check",
        [](void* to, int, char** columns, char**) {
            *static_cast<std::string*>(to) += columns[0];
            return 0;
        },
        &answer, nullptr);
    sqlite3_close(connection);
    return answer;
}

// Each round writes one page of points, its invocations, and its number, in one transaction; then a journal entry; then says so.
int writeRounds(const Workspace& workspace, int first, int tell) {
    Store store = workspace.writer();
    for (int round = first;; ++round) {
        const Status page = store.transaction([&]() -> Status {
            std::vector<MetricSeries> series;
            for (int f = 0; f < 4; ++f) {
                MetricSeries one{key(Metric::duration, Statistic::average, "arn:" + std::to_string(f)), {}, {}};
                for (int i = 0; i < 50; ++i) one.points.push_back({at(5 * (round * 50 + i)), round + 0.1 * f});
                one.coverage.add(range(5 * round * 50, 5 * (round + 1) * 50));
                series.push_back(std::move(one));
            }
            PILOTLIGHT_TRY(store.putSeries(series));
            InvocationLog log;
            for (int i = 0; i < 40; ++i) {
                Invocation row;
                row.time = at(round) + milliseconds(i);
                row.request = static_cast<std::uint64_t>(round * 1000 + i + 1);
                log.invocations.push_back(row);
            }
            PILOTLIGHT_TRY(store.putInvocations("arn:0", log));
            return store.putNote("round", std::to_string(round));
        });
        if (!page) return 1;
        if (!store.appendJournal("change", {0, at(round), "round", std::to_string(round)})) return 2;
        if (write(tell, &round, sizeof round) != sizeof round) return 3;
    }
}

TEST(Crash, AtManyPoints) {
    Workspace workspace;
    std::mt19937_64 random(99);
    int next = 0, promised = 0;
    for (int kill_number = 0; kill_number < 40; ++kill_number) {
        int told[2];
        ASSERT_EQ(pipe(told), 0);
        const pid_t child = inChild([&] { return writeRounds(workspace, next, told[1]); });
        close(told[1]);
        // The first ones hit the making of the file.
        usleep(static_cast<useconds_t>(2'000 + random() % (kill_number < 8 ? 40'000 : 160'000)));
        kill(child, SIGKILL);
        ASSERT_EQ(waitFor(child), -SIGKILL);
        int last = next - 1, round = 0;
        while (read(told[0], &round, sizeof round) == static_cast<ssize_t>(sizeof round)) {
            last = round;
            ++promised;
        }
        close(told[0]);

        ASSERT_EQ(integrity(workspace.file()), "ok");
        auto store = workspace.tryOpen(Access::write, milliseconds(0));
        ASSERT_OK(store);
        const auto note = store->note("round").value();
        const int stored = note ? std::stoi(*note) : -1;
        // What was told is stored; at most one more round was on its way.
        ASSERT_GE(stored, last);
        ASSERT_LE(stored, last + 1);
        for (int f = 0; f < 4; ++f) {
            const auto series = store->series(key(Metric::duration, Statistic::average, "arn:" + std::to_string(f)), days(4'000)).value();
            ASSERT_EQ(series.points.size(), static_cast<std::size_t>((stored + 1) * 50));
            if (stored < 0) continue;
            ASSERT_EQ(series.coverage, RangeSet({range(0, 5 * (stored + 1) * 50)}));
            ASSERT_EQ(series.points.back().value, stored + 0.1 * f);
        }
        ASSERT_EQ(store->invocations("arn:0", days(4'000))->invocations.size(), static_cast<std::size_t>((stored + 1) * 40));
        const auto journal = store->journal("change").value();
        ASSERT_GE(static_cast<int>(journal.size()), promised) << "an entry that was told of is durable";
        ASSERT_LE(static_cast<int>(journal.size()), stored + 1);
        for (std::size_t i = 0; i < journal.size(); ++i) ASSERT_EQ(journal[i].sequence, static_cast<std::int64_t>(i + 1)) << "no hole";
        next = stored + 1;
    }
    EXPECT_GT(next, 5) << "the test must have written something";
}

}  // namespace
}  // namespace pilotlight::store
