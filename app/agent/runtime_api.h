// The AWS Lambda Runtime API (2018-06-01) on loopback, for one execution environment: one request at a time. Served by the thread that waits
// for the answer, so that no other thread is woken beside what is measured.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "core/base/result.h"

namespace pilotlight::agent {

class RuntimeApi {
public:
    [[nodiscard]] static Result<std::unique_ptr<RuntimeApi>> listen();
    ~RuntimeApi();
    RuntimeApi(const RuntimeApi&) = delete;
    RuntimeApi& operator=(const RuntimeApi&) = delete;

    [[nodiscard]] const std::string& address() const;  // "127.0.0.1:34567", AWS_LAMBDA_RUNTIME_API

    // `poll` is called every 50 ms while waiting; an error from it ends the wait.
    using Poll = std::function<Status()>;
    // Until the runtime first asks for an invocation: INIT is over. Errors: internal (it reported an init error), those of `poll`.
    [[nodiscard]] Status waitReady(const Poll& poll);
    // Hands out one event; ms from sending it until its response has come and the runtime asks for the next one, as AWS bills it (a connection
    // that asked before the response counts). Errors: internal (the handler reported one), network (the time-out), those of `poll`.
    [[nodiscard]] Result<double> invoke(const std::string& payload, std::chrono::milliseconds timeout, const Poll& poll);

private:
    RuntimeApi();
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pilotlight::agent
