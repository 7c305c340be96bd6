// SIGSTOP and SIGCONT on the CPU time that was used: works for any user on any Linux, limits CPU only.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <map>
#include <mutex>
#include <thread>

#include "app/agent/limiter.h"
#include "app/agent/processes.h"

namespace pilotlight::agent {
namespace {

using SteadyClock = std::chrono::steady_clock;

class DutyCycle final : public Limiter {
public:
    explicit DutyCycle(const bench::EmulatedSize& size) : period_ms_(size.period_ms), vcpu_(size.init_vcpu > 0 ? size.init_vcpu : size.vcpu) {}
    ~DutyCycle() override {
        ending_ = true;
        if (thread_.joinable()) thread_.join();
    }
    [[nodiscard]] std::string name() const override { return "duty-cycle"; }
    [[nodiscard]] bool limitsMemory() const override { return false; }
    Status started(pid_t pid) override {
        ending_ = true;  // a command has a new process for every request
        if (thread_.joinable()) thread_.join();
        if (pid_ > 0) {
            const std::lock_guard lock(mutex_);
            earlier_ms_ += used_ms_;
            used_ms_ = 0;
        }
        pid_ = pid;
        ending_ = false;
        thread_ = std::thread([this] { loop(); });
        return {};
    }
    Status setCpu(double vcpu) override {
        vcpu_ = vcpu;
        return {};
    }
    [[nodiscard]] std::optional<double> cpuMs() const override {
        const double now = usedBy(pid_);
        const std::lock_guard lock(mutex_);
        return earlier_ms_ + std::max(used_ms_, now);
    }

private:
    static double usedBy(pid_t pid) {
        double sum = processCpuMs(pid).value_or(0);
        for (const pid_t child : descendants(pid)) sum += processCpuMs(child).value_or(0);
        return sum;
    }

    void loop() {
        const auto tick = std::chrono::microseconds(500);
        auto refill = SteadyClock::now();
        double allowed = 0, floor = 0;  // floor: what children that have ended had used
        bool stopped = false;
        std::vector<pid_t> family;
        auto look = refill;
        double last = 0;
        while (!ending_) {
            const auto now = SteadyClock::now();
            if (now >= look) {  // new children are found every 10 ms
                family = descendants(pid_);
                look = now + std::chrono::milliseconds(10);
            }
            const auto own = processCpuMs(pid_);
            if (!own) break;
            double used = *own;
            for (const pid_t child : family) used += processCpuMs(child).value_or(0);
            if (used + floor < last) floor = last - used;
            used += floor;
            last = used;
            {
                const std::lock_guard lock(mutex_);
                used_ms_ = used;
            }
            const double vcpu = vcpu_;
            // At a whole CPU and above, stopping costs more than it takes away: one CPU is what one thread gets anyway.
            const bool hold = vcpu < 1;
            while (now >= refill) {
                refill += std::chrono::microseconds(static_cast<std::int64_t>(period_ms_ * 1000));
                allowed = std::max(allowed, used - period_ms_) + vcpu * period_ms_;  // debt is kept, at most a period of it
                allowed = std::min(allowed, used + vcpu * period_ms_);               // credit is not saved up
            }
            const bool stop = hold && used >= allowed;
            if (stop != stopped) {
                signal(stop ? SIGSTOP : SIGCONT, family);
                stopped = stop;
            }
            std::this_thread::sleep_for(tick);
        }
        if (stopped) signal(SIGCONT, family);
    }

    void signal(int number, const std::vector<pid_t>& family) const {
        ::kill(pid_, number);
        for (const pid_t child : family) ::kill(child, number);
    }

    double period_ms_;
    std::atomic<double> vcpu_;
    std::atomic<bool> ending_{false};
    std::atomic<pid_t> pid_{0};
    std::thread thread_;
    mutable std::mutex mutex_;
    double used_ms_ = 0, earlier_ms_ = 0;
};

}  // namespace

Result<std::unique_ptr<Limiter>> makeDutyCycleLimiter(const bench::EmulatedSize& size, Guardian&) {
    return std::unique_ptr<Limiter>(std::make_unique<DutyCycle>(size));
}

}  // namespace pilotlight::agent
