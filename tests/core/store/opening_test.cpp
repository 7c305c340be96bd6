// Lock between real processes, older and newer files, folders and disks that cannot be written.
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <fstream>

#include "core/store/chunk_codec.h"
#include "core/store/keys.h"
#include "core/store/schema.h"
#include "tests/core/store/process_support.h"
#include "tests/core/store/store_support.h"

namespace pilotlight::store {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void sql(const fs::path& file, const std::string& text) {
    sqlite3* connection = nullptr;
    ASSERT_EQ(sqlite3_open(file.c_str(), &connection), SQLITE_OK);
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(connection, text.c_str(), nullptr, nullptr, &message), SQLITE_OK) << (message ? message : "");
    sqlite3_free(message);
    sqlite3_close(connection);
}

TEST(Lock, ASecondWriterWaitsAndNamesTheHolder) {
    Workspace workspace;
    Gate held, done;
    const pid_t holder = inChild([&] {
        OpenOptions options;
        options.access = Access::write;
        options.holder = "pilotlightctl";
        auto store = Store::open(workspace.path(), options);
        if (!store) return 1;
        held.open();
        done.pass();
        return 0;
    });
    held.pass();
    const auto before = std::chrono::steady_clock::now();
    const auto second = workspace.tryOpen(Access::write, milliseconds(300));
    const auto waited = std::chrono::steady_clock::now() - before;
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::locked);
    EXPECT_NE(second.error().what.find("pilotlightctl pid " + std::to_string(holder) + " since 20"), std::string::npos)
        << second.error().what;
    EXPECT_GE(waited, std::chrono::milliseconds(300));
    EXPECT_TRUE(workspace.tryOpen(Access::read)) << "readers never need the lock";
    done.open();
    EXPECT_EQ(waitFor(holder), 0);
    EXPECT_TRUE(workspace.tryOpen(Access::write, milliseconds(0)));
}

TEST(Lock, AWaitingWriterGetsItsTurn) {
    Workspace workspace;
    Gate held;
    const pid_t holder = inChild([&] {
        Store store = workspace.writer();
        held.open();
        usleep(200'000);
        return 0;
    });
    held.pass();
    EXPECT_TRUE(workspace.tryOpen(Access::write, milliseconds(5'000)));
    EXPECT_EQ(waitFor(holder), 0);
}

TEST(Lock, ACrashedHolderLeavesNothingBehind) {
    Workspace workspace;
    Gate held;
    const pid_t holder = inChild([&]() -> int {
        Store store = workspace.writer();
        (void)store.putNote("a", "b");
        held.open();
        for (;;) pause();
    });
    held.pass();
    kill(holder, SIGKILL);
    EXPECT_EQ(waitFor(holder), -SIGKILL);
    auto store = workspace.tryOpen(Access::write, milliseconds(0));
    ASSERT_TRUE(store) << store.error().text();
    EXPECT_EQ(store->note("a").value(), "b");
}

TEST(Readers, SeeNewDataWithoutOpeningAgain) {
    Workspace workspace;
    Store reader = workspace.reader();
    const auto k = key(Metric::invocations, Statistic::sum);
    const DataVersion before = reader.version().value();
    EXPECT_TRUE(reader.series(k, days(1))->points.empty());
    const pid_t writer = inChild([&] {
        Store store = workspace.writer();
        return store.putSeries(std::vector{makeSeries(k, 1, [](std::size_t i) { return double(i); })}) && store.putNote("x", "y") ? 0 : 1;
    });
    EXPECT_EQ(waitFor(writer), 0);
    EXPECT_EQ(reader.series(k, days(1))->points.size(), 288u);
    const DataVersion after = reader.version().value();
    EXPECT_EQ(after.metrics, before.metrics + 1);
    EXPECT_EQ(after.settings, before.settings + 1);
    EXPECT_EQ(after.costs, before.costs);
    EXPECT_EQ(reader.putNote("x", "z").error().code, ErrorCode::internal) << "a reader cannot write";
}

TEST(Readers, MakeAnEmptyWorkspace) {
    Workspace workspace;
    OpenOptions options;
    const auto reader = Store::open(workspace.path() + "/new/deep", options);
    ASSERT_OK(reader);
    EXPECT_TRUE(reader->functions()->empty());
    EXPECT_TRUE(fs::exists(workspace.directory.path() / "new/deep/pilotlight.db"));
    options.access = Access::write;
    EXPECT_TRUE(Store::open(workspace.path() + "/new/deep", options));
}

TEST(Transactions, AreAllOrNothing) {
    Workspace workspace;
    Store store = workspace.writer();
    const DataVersion before = store.version().value();
    const auto k = key(Metric::errors, Statistic::sum);
    const auto series = makeSeries(k, 1, [](std::size_t) { return 1.0; });
    const Status outer = store.transaction([&]() -> Status {
        PILOTLIGHT_TRY(store.putNote("kept", "no"));
        PILOTLIGHT_TRY(store.putSeries(std::vector{series}));
        PILOTLIGHT_TRY(store.putFunction(makeFunction("arn:f", "f")));
        return fail(ErrorCode::cancelled, "stop");
    });
    EXPECT_EQ(outer.error().code, ErrorCode::cancelled);
    EXPECT_FALSE(store.note("kept").value());
    EXPECT_TRUE(store.seriesKeys("arn:f")->empty());
    EXPECT_EQ(store.version().value(), before);

    // A nested failure that the outer body survives takes only its own part with it; ids cached meanwhile are forgotten.
    ASSERT_OK(store.transaction([&]() -> Status {
        PILOTLIGHT_TRY(store.putNote("kept", "yes"));
        const Status inner = store.transaction([&]() -> Status {
            PILOTLIGHT_TRY(store.putNote("inner", "no"));
            PILOTLIGHT_TRY(store.putSeries(std::vector{series}));
            return fail(ErrorCode::cancelled, "stop");
        });
        EXPECT_FALSE(inner);
        return store.putSeries(std::vector{series});
    }));
    EXPECT_EQ(store.note("kept").value(), "yes");
    EXPECT_FALSE(store.note("inner").value());
    EXPECT_EQ(store.series(k, days(1))->points.size(), 288u);
    const DataVersion after = store.version().value();
    EXPECT_EQ(after.metrics, before.metrics + 1) << "one step a transaction";
}

// What version 1 wrote: chunks without rollups.
TEST(Migrations, AnOlderFileOpens) {
    for (const Access access : {Access::write, Access::read}) {
        Workspace workspace;
        const auto k = key(Metric::invocations, Statistic::sum);
        {
            Store store = workspace.writer();
            ASSERT_OK(store.putSeries(std::vector{makeSeries(k, 3, [](std::size_t i) { return double(i % 7); })}));
            ASSERT_OK(store.putNote("a", "b"));
        }
        sql(workspace.file(), "DROP TABLE metric_rollup; DROP TABLE summary; DROP TABLE summarised; PRAGMA user_version = 1; PRAGMA wal_checkpoint(TRUNCATE);");
        ASSERT_EQ(readFileHeader(workspace.file().string())->version, 1);
        auto store = workspace.tryOpen(access);
        ASSERT_OK(store);
        EXPECT_EQ(store->note("a").value(), "b");
        const auto days_level = store->rolledUp(k, days(3), seconds(86'400)).value();
        ASSERT_EQ(days_level.points.size(), 3u);
        double total = 0;
        for (const auto& point : days_level.points) total += point.value;
        double expected = 0;
        for (std::size_t i = 0; i < 3 * 288; ++i) expected += double(i % 7);
        EXPECT_EQ(total, expected);
    }
}

// The first version's tables, spelt out: what is in users' files must not drift with schema.cpp.
TEST(Migrations, FromAFixtureOfVersionOne) {
    Workspace workspace;
    sql(workspace.file(), R"sql(
        PRAGMA journal_mode = WAL;
        CREATE TABLE data_version (id INTEGER PRIMARY KEY CHECK (id = 1), functions INTEGER NOT NULL DEFAULT 0, metrics INTEGER NOT NULL DEFAULT 0,
          invocations INTEGER NOT NULL DEFAULT 0, costs INTEGER NOT NULL DEFAULT 0, changes INTEGER NOT NULL DEFAULT 0, settings INTEGER NOT NULL DEFAULT 0);
        INSERT INTO data_version (id, metrics) VALUES (1, 41);
        CREATE TABLE function (id INTEGER PRIMARY KEY, function_id TEXT NOT NULL UNIQUE, profile TEXT NOT NULL DEFAULT '', region TEXT NOT NULL DEFAULT '',
          name TEXT NOT NULL DEFAULT '', present INTEGER NOT NULL DEFAULT 0, body TEXT);
        INSERT INTO function VALUES (3, 'arn:f', 'prod', 'us-east-1', 'f', 1, '{"id":"arn:f","name":"f","memory":512,"architecture":"arm64"}');
        CREATE TABLE series (id INTEGER PRIMARY KEY, function INTEGER NOT NULL, qualifier TEXT NOT NULL, metric TEXT NOT NULL, statistic TEXT NOT NULL,
          period INTEGER NOT NULL, first_chunk INTEGER, last_chunk INTEGER, UNIQUE (function, qualifier, metric, statistic, period));
        INSERT INTO series VALUES (9, 3, '', 'invocations', 'sum', 300, 1794268800, 1794268800);
        CREATE TABLE metric_chunk (key INTEGER PRIMARY KEY, data BLOB NOT NULL);
        INSERT INTO metric_chunk VALUES ((1794268800 << 30) | 9, x'0002000400010002');
        CREATE TABLE coverage (series INTEGER NOT NULL, begin INTEGER NOT NULL, end INTEGER NOT NULL, PRIMARY KEY (series, begin)) WITHOUT ROWID;
        PRAGMA application_id = 1347185012; PRAGMA user_version = 1;
    )sql");
    ASSERT_EQ(kApplicationId, 1347185012);
    ASSERT_EQ(toIso8601(kDay), "2026-11-10T00:00:00Z");
    Store store = workspace.writer();
    EXPECT_EQ(store.function("f")->memory.value, 512);
    EXPECT_EQ(store.function("f")->architecture, Architecture::arm64);
    const auto k = key(Metric::invocations, Statistic::sum);
    const auto points = store.series(k, days(1)).value().points;
    ASSERT_EQ(points.size(), 2u);
    EXPECT_EQ(points[0].time, kDay);
    EXPECT_EQ(points[0].value, 2);
    EXPECT_EQ(points[1].value, 3);
    EXPECT_EQ(store.rolledUp(k, days(1), seconds(86'400))->points.at(0).value, 5);
    EXPECT_EQ(store.version()->metrics, 41);
    EXPECT_EQ(readFileHeader(workspace.file().string()).value().exists, true);
}

TEST(Migrations, AReaderCannotUpgradeWhileSomebodyWrites) {
    Workspace workspace;
    {
        Store store = workspace.writer();
    }
    sql(workspace.file(), "DROP TABLE metric_rollup; DROP TABLE summary; DROP TABLE summarised; PRAGMA user_version = 1; PRAGMA wal_checkpoint(TRUNCATE);");
    Gate held, done;
    const pid_t holder = inChild([&] {  // an old program that writes
        const int lock = ::open((workspace.path() + "/writer.lock").c_str(), O_RDWR | O_CREAT, 0644);
        if (flock(lock, LOCK_EX) != 0) return 1;
        held.open();
        done.pass();
        return 0;
    });
    held.pass();
    const auto reader = workspace.tryOpen(Access::read);
    ASSERT_FALSE(reader);
    EXPECT_EQ(reader.error().code, ErrorCode::locked);
    done.open();
    EXPECT_EQ(waitFor(holder), 0);
    EXPECT_TRUE(workspace.tryOpen(Access::read));
}

TEST(Refused, ANewerFileStaysUntouched) {
    Workspace workspace;
    {
        Store store = workspace.writer();
        ASSERT_OK(store.putNote("a", "b"));
    }
    sql(workspace.file(), "CREATE TABLE from_the_future (x); PRAGMA user_version = 4; PRAGMA wal_checkpoint(TRUNCATE);");
    const std::string before = contents(workspace.file());
    for (const Access access : {Access::read, Access::write}) {
        const auto store = workspace.tryOpen(access);
        ASSERT_FALSE(store);
        EXPECT_EQ(store.error().code, ErrorCode::too_new);
        EXPECT_NE(store.error().what.find("version 4"), std::string::npos);
    }
    EXPECT_EQ(contents(workspace.file()), before);
    EXPECT_FALSE(fs::exists(workspace.path() + "/pilotlight.db-wal"));
}

TEST(Refused, ANewerFileWhoseVersionIsStillInTheLog) {
    Workspace workspace;
    {
        Store store = workspace.writer();
        ASSERT_OK(store.putNote("a", "b"));
    }
    Gate ready;
    const pid_t newer = inChild([&]() -> int {  // dies without a checkpoint
        sqlite3* connection = nullptr;
        sqlite3_open(workspace.file().c_str(), &connection);
        sqlite3_exec(connection, "PRAGMA wal_autocheckpoint = 0; CREATE TABLE from_the_future (x); PRAGMA user_version = 4", nullptr,
                     nullptr, nullptr);
        ready.open();
        for (;;) pause();
    });
    ready.pass();
    kill(newer, SIGKILL);
    waitFor(newer);
    const std::string file = contents(workspace.file()), log = contents(workspace.path() + "/pilotlight.db-wal");
    ASSERT_FALSE(log.empty());
    for (const Access access : {Access::write, Access::read}) EXPECT_EQ(workspace.tryOpen(access).error().code, ErrorCode::too_new);
    EXPECT_EQ(contents(workspace.file()), file);
    EXPECT_EQ(contents(workspace.path() + "/pilotlight.db-wal"), log);
}

TEST(Refused, ForeignAndDamagedFiles) {
    Workspace foreign;
    sql(foreign.file(), "CREATE TABLE recipes (x); PRAGMA application_id = 77");
    EXPECT_EQ(foreign.tryOpen(Access::write).error().code, ErrorCode::storage);
    Workspace unnamed;
    sql(unnamed.file(), "CREATE TABLE recipes (x)");
    const std::string before = contents(unnamed.file());
    EXPECT_EQ(unnamed.tryOpen(Access::write).error().code, ErrorCode::storage);
    EXPECT_EQ(unnamed.tryOpen(Access::read).error().code, ErrorCode::storage);
    EXPECT_EQ(contents(unnamed.file()), before);

    Workspace text;
    std::ofstream(text.file())
        << "this is not a database, but it is somebody's text and long enough to look at: more than a hundred bytes of it";
    EXPECT_EQ(text.tryOpen(Access::write).error().code, ErrorCode::storage);
    EXPECT_NE(text.tryOpen(Access::read).error().what.find("damaged"), std::string::npos);

    Workspace damaged;
    {
        Store store = damaged.writer();
        ASSERT_OK(store.putSeries(
            std::vector{makeSeries(key(Metric::duration, Statistic::p95), 14, [](std::size_t i) { return double(i) / 7; })}));
    }
    {
        std::fstream file(damaged.file(), std::ios::binary | std::ios::in | std::ios::out);
        const std::string junk(4096, '\x5a');
        for (std::streamoff page = 1; page * 4096 < static_cast<std::streamoff>(fs::file_size(damaged.file())); ++page) {
            file.seekp(page * 4096);
            file.write(junk.data(), static_cast<std::streamsize>(junk.size()));
        }
    }
    const auto store = damaged.tryOpen(Access::write);
    if (store) {
        const auto functions = store->functions();
        ASSERT_FALSE(functions);
        EXPECT_EQ(functions.error().code, ErrorCode::storage);
    } else {
        EXPECT_EQ(store.error().code, ErrorCode::storage) << store.error().text();
    }
}

// Runs as somebody for whom permissions bind: root hands the folder over and becomes nobody.
int unprivileged(const Workspace& workspace, const std::function<int()>& body) {
    return waitFor(inChild([&] {
        if (geteuid() == 0) {
            if (chown(workspace.path().c_str(), 65534, 65534) != 0) return 98;
            for (const auto& entry : fs::directory_iterator(workspace.path())) {
                if (chown(entry.path().c_str(), 65534, 65534) != 0) return 98;
            }
            if (setgid(65534) != 0 || setuid(65534) != 0) return 98;
        }
        return body();
    }));
}

TEST(ReadOnly, AFolderThatCannotBeWrittenIsRead) {
    Workspace workspace;
    {
        Store store = workspace.writer();
        ASSERT_OK(store.putNote("a", "b"));
    }
    chmod(workspace.file().c_str(), 0444);
    chmod(workspace.path().c_str(), 0555);
    EXPECT_EQ(unprivileged(workspace,
                           [&] {
                               auto reader = workspace.tryOpen(Access::read);
                               if (!reader) return std::fprintf(stderr, "%s\n", reader.error().text().c_str()), 1;
                               if (reader->note("a").value() != "b") return 2;
                               auto writer = workspace.tryOpen(Access::write);
                               if (writer || writer.error().code != ErrorCode::storage) return 3;
                               return writer.error().what.find("cannot be written") == std::string::npos ? 4 : 0;
                           }),
              0);
    chmod(workspace.path().c_str(), 0755);
}

TEST(ReadOnly, AnOlderFileThereIsUpgradedInMemory) {
    Workspace workspace;
    const auto k = key(Metric::invocations, Statistic::sum);
    {
        Store store = workspace.writer();
        ASSERT_OK(store.putSeries(std::vector{makeSeries(k, 2, [](std::size_t) { return 1.0; })}));
    }
    sql(workspace.file(), "DROP TABLE metric_rollup; DROP TABLE summary; DROP TABLE summarised; PRAGMA user_version = 1; PRAGMA wal_checkpoint(TRUNCATE);");
    const std::string before = contents(workspace.file());
    chmod(workspace.path().c_str(), 0555);
    EXPECT_EQ(unprivileged(workspace,
                           [&] {
                               auto reader = workspace.tryOpen(Access::read);
                               if (!reader) return std::fprintf(stderr, "%s\n", reader.error().text().c_str()), 1;
                               const auto rolled = reader->rolledUp(k, days(2), seconds(86'400));
                               return rolled && rolled->points.size() == 2 && rolled->points[0].value == 288 ? 0 : 2;
                           }),
              0);
    EXPECT_EQ(contents(workspace.file()), before);
    chmod(workspace.path().c_str(), 0755);
}

TEST(ReadOnly, AnAbsentWorkspaceThereIsEmpty) {
    Workspace workspace;
    chmod(workspace.path().c_str(), 0555);
    EXPECT_EQ(unprivileged(workspace,
                           [&] {
                               for (const std::string& folder : {workspace.path(), workspace.path() + "/below"}) {
                                   auto reader = Store::open(folder, {});
                                   if (!reader || !reader->functions() || !reader->functions()->empty() ||
                                       !(reader->version().value() == DataVersion{}))
                                       return 1;
                                   OpenOptions options;
                                   options.access = Access::write;
                                   auto writer = Store::open(folder, options);
                                   if (writer || writer.error().code != ErrorCode::storage) return 2;
                               }
                               return 0;
                           }),
              0);
    chmod(workspace.path().c_str(), 0755);
}

// Writes until the disk is full; says how many notes are surely stored.
int fillUp(const std::string& folder, int& stored, std::string& message) {
    OpenOptions options;
    options.access = Access::write;
    auto store = Store::open(folder, options);
    if (!store) return message = store.error().text(), 1;
    const std::string text(20'000, 'x');
    for (int i = 0; i < 100'000; ++i) {
        if (Status status = store->putNote("n" + std::to_string(i), text); !status) {
            message = status.error().text();
            if (status.error().code != ErrorCode::storage) return 2;
            // The store is still of use.
            return store->note("n0").value().has_value() && store->version() ? 0 : 3;
        }
        stored = i + 1;
    }
    return 4;
}

void nothingWasLost(const std::string& folder, int stored) {
    OpenOptions options;
    options.access = Access::write;
    auto store = Store::open(folder, options);
    ASSERT_OK(store);
    for (int i = 0; i < stored; ++i) ASSERT_EQ(store->note("n" + std::to_string(i))->value_or("").size(), 20'000u) << i;
    EXPECT_FALSE(store->note("n" + std::to_string(stored))->has_value());
    ASSERT_OK(store->putNote("after", "works"));  // there is room again
}

TEST(FullDisk, OnASmallFileSystem) {
    Workspace workspace;
    const std::string mounted = workspace.path() + "/small";
    fs::create_directory(mounted);
    if (mount("tmpfs", mounted.c_str(), "tmpfs", 0, "size=6m") != 0)
        GTEST_SKIP() << "skipped: mounting needs root; the limit test covers it";
    int stored = 0;
    std::string message;
    EXPECT_EQ(fillUp(mounted, stored, message), 0) << message;
    EXPECT_NE(message.find("full"), std::string::npos) << message;
    EXPECT_GT(stored, 10);
    if (mount("tmpfs", mounted.c_str(), "tmpfs", MS_REMOUNT, "size=60m") == 0) nothingWasLost(mounted, stored);
    umount2(mounted.c_str(), MNT_DETACH);
}

TEST(FullDisk, WhereFilesMayNotGrow) {
    Workspace workspace;
    Gate told;
    int result[2];
    ASSERT_EQ(pipe(result), 0);
    const pid_t child = inChild([&] {
        signal(SIGXFSZ, SIG_IGN);
        rlimit limit{3'000'000, 3'000'000};
        setrlimit(RLIMIT_FSIZE, &limit);
        int stored = 0;
        std::string message;
        const int code = fillUp(workspace.path(), stored, message);
        return write(result[1], &stored, sizeof stored) == sizeof stored ? code : 97;
    });
    EXPECT_EQ(waitFor(child), 0);
    int stored = 0;
    ASSERT_EQ(read(result[0], &stored, sizeof stored), static_cast<ssize_t>(sizeof stored));
    close(result[0]);
    close(result[1]);
    EXPECT_GT(stored, 10);
    nothingWasLost(workspace.path(), stored);
}

}  // namespace
}  // namespace pilotlight::store
