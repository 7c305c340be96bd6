#include "app/agent/runtime_api.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "app/agent/http_message.h"
#include "app/agent/loopback.h"

namespace pilotlight::agent {
namespace {

using std::chrono::milliseconds;

// One connection of a runtime.
class Runtime {
public:
    explicit Runtime(const RuntimeApi& api) : socket_(connectToLoopback(std::atoi(api.address().c_str() + api.address().find(':') + 1))) {}
    void askForNext() { say("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: a\r\n\r\n"); }
    void answer(int number, const char* what = "response") {
        char id[64];
        std::snprintf(id, sizeof id, "00000000-0000-4000-8000-%012x", number);
        say(std::string("POST /2018-06-01/runtime/invocation/") + id + "/" + what + " HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}");
    }
    // The next reply's status.
    int receive() {
        for (bool open = true; open;) {
            pollfd waiting{socket_.get(), POLLIN, 0};
            ::poll(&waiting, 1, 10'000);
            char bytes[4096];
            const auto whole = reader_.read(receiveSome(socket_, bytes, sizeof bytes, open));
            if (!whole || waiting.revents == 0) return 0;
            if (*whole) return reader_.take().status;
        }
        return 0;
    }

private:
    void say(std::string_view text) { EXPECT_EQ(sendSome(socket_, text), static_cast<long>(text.size())); }
    Socket socket_;
    HttpReader reader_{HttpReader::Side::responses};
};

const RuntimeApi::Poll kLooks = [] { return Status(); };

TEST(RuntimeApi, ARequestLastsUntilTheRuntimeAsksForTheNext) {
    const auto api = RuntimeApi::listen().value();
    std::thread other([&] {
        Runtime runtime(*api);
        runtime.askForNext();
        EXPECT_EQ(runtime.receive(), 200);
        runtime.answer(1);
        EXPECT_EQ(runtime.receive(), 202);
        std::this_thread::sleep_for(milliseconds(150));
        runtime.askForNext();
        EXPECT_EQ(runtime.receive(), 200);
        runtime.answer(2, "error");
        EXPECT_EQ(runtime.receive(), 202);
    });
    ASSERT_TRUE(api->waitReady(kLooks));
    const auto took = api->invoke("{}", milliseconds(10'000), kLooks);
    ASSERT_TRUE(took) << took.error().text();
    EXPECT_GE(*took, 150);
    const auto failed = api->invoke("{}", milliseconds(10'000), kLooks);  // which needs no further question
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ErrorCode::internal);
    other.join();
}

TEST(RuntimeApi, AConnectionThatAskedBeforeTheResponseCounts) {
    const auto api = RuntimeApi::listen().value();
    std::thread other([&] {
        Runtime first(*api), second(*api);
        first.askForNext();
        EXPECT_EQ(first.receive(), 200);
        second.askForNext();
        std::this_thread::sleep_for(milliseconds(100));
        first.answer(1);
        EXPECT_EQ(first.receive(), 202);
        EXPECT_EQ(second.receive(), 200);
        second.answer(2);
        EXPECT_EQ(second.receive(), 202);
        second.askForNext();
    });
    ASSERT_TRUE(api->waitReady(kLooks));
    for (const double least : {100, 0}) {
        const auto took = api->invoke("{}", milliseconds(10'000), kLooks);
        ASSERT_TRUE(took) << took.error().text();
        EXPECT_GE(*took, least);
    }
    other.join();
}

// Answers one event and does no more.
void answerOnce(const RuntimeApi& api, std::atomic<bool>& over) {
    Runtime runtime(api);
    runtime.askForNext();
    EXPECT_EQ(runtime.receive(), 200);
    runtime.answer(1);
    EXPECT_EQ(runtime.receive(), 202);
    while (!over) std::this_thread::sleep_for(milliseconds(5));
}

TEST(RuntimeApi, ARuntimeThatNeverAsksAgainIsATimeOut) {
    const auto api = RuntimeApi::listen().value();
    std::atomic<bool> over{false};
    std::thread other([&] { answerOnce(*api, over); });
    ASSERT_TRUE(api->waitReady(kLooks));
    const auto took = api->invoke("{}", milliseconds(1000), kLooks);
    over = true;
    other.join();
    ASSERT_FALSE(took);
    EXPECT_EQ(took.error().code, ErrorCode::network);
    EXPECT_NE(took.error().what.find("did not ask for the next event"), std::string::npos) << took.error().text();
}

TEST(RuntimeApi, AnEndAfterTheResponseIsWhatPollReports) {
    const auto api = RuntimeApi::listen().value();
    std::atomic<bool> over{true};
    std::thread other([&] { answerOnce(*api, over); });
    ASSERT_TRUE(api->waitReady(kLooks));
    int looks = 0;
    const auto took = api->invoke("{}", milliseconds(10'000), [&]() -> Status { return ++looks < 4 ? Status() : Status(fail(ErrorCode::internal, "It ended")); });
    other.join();
    ASSERT_FALSE(took);
    EXPECT_EQ(took.error().what, "It ended");
}

}  // namespace
}  // namespace pilotlight::agent
