// Speed of the simulator in CPU time, beside a plain per-instance simulator in the same run. Prints a table; run by hand or by CI on a
// quiet machine: `bench_model_sim`.
#include <ctime>

#include <cstdio>
#include <vector>

#include "core/model/sim_engine.h"
#include "core/model/sim_formula.h"
#include "core/model/sim_surface.h"
#include "tests/core/model/sim_oracle.h"

namespace {

using namespace pilotlight::model;

double cpu() {
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

struct Source {
    SampleStream gaps, services;
    std::size_t left;
    double at = 0;
    bool next(double& time) {
        if (left-- == 0) return false;
        at += gaps.next();
        time = at;
        return true;
    }
    double warm() { return services.next(); }
    double cold() { return services.next(); }
};
struct Sink {
    std::size_t colds = 0;
    double idle_s = 0;
    void served(double, double, Served how) { colds += how == Served::cold; }
    void throttled(double) {}
    void idle(double from, double to) { idle_s += to - from; }
    void started(double, std::int64_t) {}
    void instances(double, std::int64_t) {}
};

void engine(const char* label, const Distribution& law, double load, std::size_t n) {
    const double gap = law.mean() / load;
    Source source{{{Distribution::Kind::exponential, gap, 1, {}}, Random(1, 1)}, {law, Random(1, 2)}, n};
    Sink sink;
    EngineOptions options;
    options.keep_alive.seconds = 600;
    options.expected_gap_s = gap;
    options.expected_busy = load;
    const double before = cpu();
    replay(source, sink, options);
    const double took = cpu() - before;
    std::printf("general engine, %-11s load %7.1f  %6.1f M arrivals/s  (%zu cold)\n", label, load, 1e-6 * static_cast<double>(n) / took,
                sink.colds);
}

}  // namespace

int main() {
    for (const double load : {1.8, 20.0, 200.0, 2000.0, 10000.0})
        engine("exponential", {Distribution::Kind::exponential, 1.991, 1, {}}, load, 8'000'000);
    for (const double load : {1.8, 200.0, 10000.0}) engine("lognormal", {Distribution::Kind::lognormal, 1.991, 1, {}}, load, 6'000'000);

    // A day's trace with a daily wave, 1.2 M requests at a load of about 20.
    Random random(5);
    std::vector<double> arrivals;
    std::vector<float> services;
    double t = 0;
    for (std::size_t i = 0; i < 1'200'000; ++i) {
        t += random.exponential() / 14 * (1 + 0.8 * ((i / 50'000) % 2));
        arrivals.push_back(t);
        services.push_back(static_cast<float>(1.5 * random.exponential()));
    }
    double before = cpu();
    const auto surface = buildSurface(arrivals, services, t);
    double took = cpu() - before;
    std::printf("one-pass surface on a trace                %6.1f M arrivals/s  (%zu levels)\n", 1.2 / took, surface.levels.size());
    before = cpu();
    double sum = 0;
    KeepAlive keep;
    for (int i = 0; i < 20000; ++i) {
        keep.seconds = 10 + i * 0.1;
        sum += surface.coldStarts(keep, static_cast<std::size_t>(i % 20));
    }
    std::printf("look-up                                    %6.2f us  (%g)\n", 1e6 * (cpu() - before) / 20000, sum);
    for (const double load : {1.8, 20.0, 100.0}) {
        before = cpu();
        double p = 0;
        for (int i = 0; i < 50; ++i) p += stationary({load / 1.991, 1.991, 600.0 + i}).cold_probability;
        std::printf("stationary formula, load %5.1f             %6.3f ms  (%g)\n", load, 1e3 * (cpu() - before) / 50, p / 50);
    }
    // The plain simulator on a slice of the same trace.
    const std::size_t slice = 60'000;
    const std::vector<double> some(arrivals.begin(), arrivals.begin() + static_cast<std::ptrdiff_t>(slice)),
        work(services.begin(), services.begin() + static_cast<std::ptrdiff_t>(slice));
    before = cpu();
    const auto plain = pilotlight::test::oracle(some, work, work, 600, 0, 1 << 30, some.back());
    took = cpu() - before;
    std::printf("plain per-instance simulator               %6.2f M arrivals/s  (%zu requests)\n", 1e-6 * static_cast<double>(slice) / took,
                plain.served.size());
    return 0;
}
