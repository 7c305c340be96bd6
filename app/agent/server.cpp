#include "app/agent/server.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "app/agent/onnx_devices.h"
#include "app/agent/trial.h"

namespace pilotlight::agent {
namespace {

constexpr std::size_t kMostQueued = 256;

sigset_t ourSignals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
    return set;
}

class Server {
public:
    Server(int in, int out, Guardian& guardian) : in_(in), out_(out), guardian_(guardian) {}

    int run() {
        say(bench::Hello{.version = PILOTLIGHT_VERSION, .machine = lookAtMachine(), .limiters = probeLimiters(guardian_)});
        wake_ = ::eventfd(0, EFD_CLOEXEC);
        std::thread reader([this] { read(); });
        while (auto request = next()) {
            if (const auto* trial = std::get_if<bench::TrialRequest>(&*request))
                say(runTrial({*trial, guardian_, cancel_, [&](const std::string& stage, int done, int of) { say(bench::ProgressEvent{trial->id, stage, done, of}); }}));
            else
                say(bench::DevicesEvent{probeDevices(guardian_)});
        }
        (void)!::eventfd_write(wake_, 1);
        reader.join();
        ::close(wake_);
        return 0;
    }

private:
    void say(const bench::Event& event) {
        const std::string line = bench::toLine(event) + "\n";
        const std::lock_guard lock(out_mutex_);
        for (std::size_t done = 0; done < line.size();) {
            pollfd writable{out_, POLLOUT, 0};
            // A front end that no longer reads must not keep the agent from ending.
            if (::poll(&writable, 1, 100) == 0 && ending_) return;
            if (writable.revents == 0) continue;
            const ssize_t wrote = ::write(out_, line.data() + done, std::min<std::size_t>(line.size() - done, 4096));
            if (wrote < 0 && errno != EINTR && errno != EAGAIN) return end();
            if (wrote > 0) done += static_cast<std::size_t>(wrote);
        }
    }

    void end() {
        cancel_ = ending_ = true;
        changed_.notify_all();
    }

    // The next trial or devices request; nullopt at the end. The cancel flag is down for it, unless it was cancelled while it waited.
    std::optional<bench::Request> next() {
        std::unique_lock lock(mutex_);
        running_.clear();
        changed_.wait(lock, [&] { return ending_ || !queue_.empty(); });
        if (ending_) return std::nullopt;
        auto request = std::move(queue_.front());
        queue_.pop_front();
        if (const auto* trial = std::get_if<bench::TrialRequest>(&request.what)) running_ = trial->id;
        cancel_ = request.cancelled;
        if (ending_) cancel_ = true;
        return std::move(request.what);
    }

    void take(std::string_view line) {
        auto request = bench::parseRequest(line);
        if (!request) return say(bench::ErrorEvent{name(request.error().code), request.error().what});
        if (std::holds_alternative<bench::QuitRequest>(*request)) return end();
        std::unique_lock lock(mutex_);
        if (const auto* cancel = std::get_if<bench::CancelRequest>(&*request)) {
            bool found = running_ == cancel->id;
            if (found) cancel_ = true;
            for (auto& waiting : queue_) {
                const auto* trial = std::get_if<bench::TrialRequest>(&waiting.what);
                if (trial != nullptr && trial->id == cancel->id) found = waiting.cancelled = true;
            }
            lock.unlock();
            if (!found) say(bench::ErrorEvent{"not_found", "There is no trial " + cancel->id + " to cancel"});
            return;
        }
        if (queue_.size() >= kMostQueued) {
            lock.unlock();
            return say(bench::ErrorEvent{"refused", fmt::format("{} requests wait already", kMostQueued)});
        }
        queue_.push_back({std::move(*request), false});
        changed_.notify_all();
    }

    // The reader's thread: lines, signals, the end of input.
    void read() {
        const sigset_t set = ourSignals();
        const int signals = ::signalfd(-1, &set, SFD_CLOEXEC);
        std::string buffer;
        bool skipping = false;  // the rest of a line that is too long
        while (!ending_) {
            pollfd fds[3] = {{in_, POLLIN, 0}, {signals, POLLIN, 0}, {wake_, POLLIN, 0}};
            if (::poll(fds, 3, -1) < 0 && errno != EINTR) break;
            if (fds[1].revents != 0 || fds[2].revents != 0) break;
            if (fds[0].revents == 0) continue;
            char bytes[65536];
            const ssize_t got = ::read(in_, bytes, sizeof bytes);
            if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
            if (got <= 0) break;
            buffer.append(bytes, static_cast<std::size_t>(got));
            for (std::size_t line_end; (line_end = buffer.find('\n')) != std::string::npos && !ending_; buffer.erase(0, line_end + 1)) {
                if (!std::exchange(skipping, false)) take(std::string_view(buffer).substr(0, line_end));
            }
            if (buffer.size() > bench::kMostRequestBytes) {
                if (!skipping) say(bench::ErrorEvent{"invalid_argument", fmt::format("The line is longer than {} bytes", bench::kMostRequestBytes)});
                skipping = true;
                buffer.clear();
            }
        }
        ::close(signals);
        end();
    }

    struct Waiting {
        bench::Request what;
        bool cancelled = false;
    };
    int in_, out_, wake_ = -1;
    Guardian& guardian_;
    std::mutex mutex_, out_mutex_;
    std::condition_variable changed_;
    std::deque<Waiting> queue_;
    std::string running_;
    std::atomic<bool> cancel_{false}, ending_{false};
};

}  // namespace

void blockSignals() {
    const sigset_t set = ourSignals();
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
}

int serve(int in, int out, Guardian& guardian) { return Server(in, out, guardian).run(); }

}  // namespace pilotlight::agent
