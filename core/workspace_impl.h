// Inside of Workspace: stores, connections, clocks. Not for front ends.
#pragma once

#include "core/workspace.h"

#include "core/net/curl_http_client.h"
#include "core/platform/make_platform.h"

namespace pilotlight {

class EvidenceReader;

inline constexpr hours kEvidenceWindow{24 * 14}; // contracts.md: traffic of the last 14 days

struct Workspace::Impl {
    Impl(Options given, Executor& pool);

    // A platform connection with its meter. Kept for the life of the workspace.
    struct Connection {
        std::shared_ptr<net::ApiMeter> meter;
        net::ApiMeter::Reading saved;      // what of the reading is in the store already
        Timestamp day{};                   // UTC day the meter counts for
        std::unique_ptr<platform::Platform> platform;
    };

    [[nodiscard]] Result<store::Store*> reader();
    // Runs `body` with the workspace's write lock held.
    template <typename T>
    [[nodiscard]] Result<T> write(const std::function<Result<T>(store::Store&)>& body, milliseconds lock_wait = seconds(5)) {
        auto opened = store::Store::open(options.directory, {.access = store::Access::write, .lock_wait = lock_wait, .holder = options.program});
        if (!opened) return fail(std::move(opened).error());
        return body(*opened);
    }
    [[nodiscard]] Result<Connection*> connect(const std::string& profile_name);
    // Spend and clock of a connection after it was used.
    [[nodiscard]] Status settle(store::Store& store, const std::string& profile_name);
    [[nodiscard]] std::shared_ptr<Clock> clockOf(const std::string& profile_name);
    // Calls body(reader, i) for each function, on the executor where there are many, each thread with a store of its own.
    [[nodiscard]] Status forEachFunction(std::span<const Function> functions, const JobContext& job,
                                         const std::function<Status(EvidenceReader&, std::size_t)>& body);
    // Computes and keeps the figures of the profile's functions that are outdated, for the usual ranges up to `now`.
    [[nodiscard]] Status summarise(store::Store& writer, const std::string& profile, Timestamp now, const JobContext& job);

    Options options;
    Executor& executor;
    std::shared_ptr<RealClock> wall = std::make_shared<RealClock>();
    std::shared_ptr<net::HttpClient> http;
    std::optional<store::Store> read_store;
    std::map<std::string, Connection> connections;
};

} // namespace pilotlight
