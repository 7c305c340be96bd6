#include "app/agent/http_message.h"

#include <gtest/gtest.h>

namespace pilotlight::agent {
namespace {

// Every message of `bytes`, given in pieces of that size.
std::vector<HttpMessage> all(HttpReader::Side side, std::string_view bytes, std::size_t piece) {
    HttpReader reader(side);
    std::vector<HttpMessage> out;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        auto whole = reader.read(bytes.substr(at, piece));
        for (; whole && *whole; whole = reader.read({})) out.push_back(reader.take());
        EXPECT_TRUE(whole) << whole.error().text();
    }
    if (reader.ended()) out.push_back(reader.take());
    return out;
}

constexpr auto kRequests = HttpReader::Side::requests, kResponses = HttpReader::Side::responses;

TEST(HttpReader, RequestsInAnyPieces) {
    const std::string text =
        "GET /next HTTP/1.1\r\nHost: a\r\n\r\n"
        "POST /a/response HTTP/1.1\r\ncontent-LENGTH:  5 \r\n\r\nhello"
        "POST /b/response HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4;x=1\r\nWiki\r\n5\r\npedia\r\n0\r\nTrailer: 1\r\n\r\n"
        "POST /c/error HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    for (const std::size_t piece : {1, 2, 7, 1000}) {
        const auto got = all(kRequests, text, piece);
        ASSERT_EQ(got.size(), 4U) << piece;
        EXPECT_EQ(got[0].method, "GET");
        EXPECT_EQ(got[0].path, "/next");
        EXPECT_EQ(got[1].body, "hello");
        EXPECT_EQ(got[2].body, "Wikipedia");
        EXPECT_EQ(got[2].length, 9U);
        EXPECT_FALSE(got[2].closes);
        EXPECT_EQ(got[3].path, "/c/error");
        EXPECT_TRUE(got[3].closes);
    }
}

TEST(HttpReader, ResponsesByLengthChunksAndEndOfConnection) {
    const std::string text =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        "HTTP/1.1 204 No Content\r\n\r\n"
        "HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        "HTTP/1.0 200 OK\r\n\r\nuntil the end";
    for (const std::size_t piece : {1, 3, 1000}) {
        const auto got = all(kResponses, text, piece);
        ASSERT_EQ(got.size(), 4U) << piece;
        EXPECT_EQ(got[0].status, 200);
        EXPECT_EQ(got[0].body, "{}");
        EXPECT_EQ(got[1].status, 204);
        EXPECT_EQ(got[2].status, 500);
        EXPECT_EQ(got[2].body, "abc");
        EXPECT_EQ(got[3].body, "until the end");
        EXPECT_TRUE(got[3].closes);
    }
}

TEST(HttpReader, KeepsTheBeginningOfALongBody) {
    HttpReader reader(kRequests);
    ASSERT_TRUE(reader.read("POST / HTTP/1.1\r\nContent-Length: 10000000\r\nExpect: 100-continue\r\n\r\n"));
    EXPECT_TRUE(reader.wantsContinue());
    EXPECT_FALSE(reader.wantsContinue());
    const std::string part(1'000'000, 'x');
    for (int i = 0; i < 9; ++i) EXPECT_FALSE(reader.read(part).value());
    EXPECT_TRUE(reader.read(part).value());
    const auto message = reader.take();
    EXPECT_EQ(message.length, 10'000'000U);
    EXPECT_EQ(message.body.size(), HttpReader::kKeptBody);
    EXPECT_TRUE(reader.idle());
}

TEST(HttpReader, RefusesWhatIsNotHttp) {
    for (const auto* text : {"hello\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/2\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                             "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                             "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n"})
        EXPECT_FALSE(HttpReader(kRequests).read(text)) << text;
    EXPECT_FALSE(HttpReader(kResponses).read("HTTP/1.1 OK\r\n\r\n"));
    EXPECT_FALSE(HttpReader(kRequests).read("GET /" + std::string(HttpReader::kMostHead, 'a')));
}

}  // namespace
}  // namespace pilotlight::agent
