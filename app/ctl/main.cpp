#include <csignal>
#include <cstdio>
#include <exception>
#include <thread>

#include "app/common/thread_pool.h"
#include "app/ctl/context.h"

int main(int argc, char** argv) {
    // SIGINT and SIGTERM ask the running job to stop; a second one ends the program the hard way.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    std::stop_source stop;
    std::thread([stop, signals]() mutable {
        int signal = 0;
        sigwait(&signals, &signal);
        stop.request_stop();
        sigwait(&signals, &signal);
        std::_Exit(128 + signal);
    }).detach();
    try {
        pilotlight::common::ThreadPool pool;
        return pilotlight::ctl::run(argc, argv, pool, stop.get_token());
    } catch (const std::exception& error) {
        std::fprintf(stderr, "pilotlightctl: internal error: %s. Please report this with the command you ran.\n", error.what());
        return pilotlight::ctl::kFailed;
    }
}
