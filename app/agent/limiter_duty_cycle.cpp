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
        const double now = used();
        const std::lock_guard lock(mutex_);
        return earlier_ms_ + std::max(used_ms_, now);
    }

private:
    // Everything below this program but the child itself: an orphan of the child comes to us.
    [[nodiscard]] std::vector<pid_t> family() const {
        auto all = descendants(::getpid());
        std::erase(all, pid_t(pid_));
        return all;
    }
    [[nodiscard]] double used() const {
        double sum = processCpuMs(pid_).value_or(0);
        for (const pid_t pid : family()) sum += processCpuMs(pid).value_or(0);
        return sum;
    }

    // One process, held so that its number cannot come to mean another one.
    class Held {
    public:
        explicit Held(pid_t pid) : fd_(holdProcess(pid)) {}
        ~Held() {
            if (fd_ >= 0) ::close(fd_);
        }
        Held(Held&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
        Held& operator=(Held&&) = delete;
        void signal(int number) const {
            if (fd_ >= 0) signalProcess(fd_, number);
        }

    private:
        int fd_;
    };

    void lookAtFamily() {
        std::map<pid_t, Held> now;
        for (const pid_t pid : family()) {
            auto old = family_.extract(pid);
            if (!old.empty())
                now.insert(std::move(old));
            else
                now.emplace(pid, pid);
        }
        family_ = std::move(now);
    }

    void loop() {
        const Held child(pid_);
        family_.clear();
        const auto tick = std::chrono::microseconds(500);
        auto refill = SteadyClock::now();
        double allowed = 0, floor = 0;  // floor: what children that have ended had used
        bool stopped = false;
        auto look = refill;
        double last = 0;
        while (!ending_) {
            const auto now = SteadyClock::now();
            if (now >= look) {  // new children are found within 10 ms, or later where looking takes longer than 1 % of that
                lookAtFamily();
                look = now + std::max<SteadyClock::duration>(std::chrono::milliseconds(10), 100 * (SteadyClock::now() - now));
            }
            const auto own = processCpuMs(pid_);
            if (!own) break;
            double used = *own;
            for (const auto& [pid, held] : family_) used += processCpuMs(pid).value_or(0);
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
                signal(child, stop ? SIGSTOP : SIGCONT);
                stopped = stop;
            }
            std::this_thread::sleep_for(tick);
        }
        if (stopped) signal(child, SIGCONT);
    }

    void signal(const Held& child, int number) const {
        child.signal(number);
        for (const auto& [pid, held] : family_) held.signal(number);
    }

    std::map<pid_t, Held> family_;  // the thread's while it runs
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
