// SPDX-License-Identifier: GPL-2.0
// Where an HTTP answer ends, whatever pieces it arrives in.
#include "stress/load_http.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace tcptrace::stress {
namespace {

constexpr std::string_view kWithLength =
    "HTTP/1.1 200 OK\r\nServer: nginx\r\ncontent-length:  5 \r\n\r\nhello";
constexpr std::string_view kChunked =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\nA\r\n0123456789\r\n"
    "0\r\nTrailer: 1\r\n\r\n";

HttpAnswer whole(std::string_view text) {
  HttpAnswer answer;
  EXPECT_EQ(answer.take(text), text.size()) << text;
  return answer;
}

TEST(HttpAnswer, EndsWhereItsLengthSays) {
  const HttpAnswer answer = whole(kWithLength);
  EXPECT_TRUE(answer.done());
  EXPECT_EQ(answer.status(), 200);
}

TEST(HttpAnswer, EndsBehindTheLastChunkAndItsTrailer) { EXPECT_TRUE(whole(kChunked).done()); }

TEST(HttpAnswer, ArrivesInAnyTwoPieces) {
  for (const std::string_view text : {kWithLength, kChunked}) {
    for (std::size_t cut = 1; cut < text.size(); ++cut) {
      HttpAnswer answer;
      EXPECT_EQ(answer.take(text.substr(0, cut)), cut);
      EXPECT_FALSE(answer.done() || answer.broken()) << cut;
      EXPECT_EQ(answer.take(text.substr(cut)), text.size() - cut);
      EXPECT_TRUE(answer.done()) << cut;
    }
  }
}

TEST(HttpAnswer, ArrivesByteByByte) {
  for (const std::string_view text : {kWithLength, kChunked}) {
    HttpAnswer answer;
    for (std::size_t i = 0; i < text.size(); ++i) {
      EXPECT_FALSE(answer.done()) << i;
      EXPECT_EQ(answer.take(text.substr(i, 1)), 1U);
    }
    EXPECT_TRUE(answer.done());
  }
}

TEST(HttpAnswer, LeavesWhatFollows) {
  HttpAnswer answer;
  EXPECT_EQ(answer.take(std::string(kWithLength) + "HTTP/1.1"), kWithLength.size());
  EXPECT_TRUE(answer.done());
}

TEST(HttpAnswer, WithoutALengthLastsUntilThePeerCloses) {
  const HttpAnswer answer = whole("HTTP/1.0 200 OK\r\n\r\nsome text");
  EXPECT_FALSE(answer.done());
  EXPECT_TRUE(answer.ends_with_connection());
}

TEST(HttpAnswer, SomeHaveNoBody) {
  for (const char* text : {"HTTP/1.1 204 No Content\r\n\r\n",
                           "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}) {
    EXPECT_TRUE(whole(text).done()) << text;
  }
}

TEST(HttpAnswer, AnInterimAnswerIsNone) {
  const HttpAnswer answer = whole(
      "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0"
      "\r\n\r\n");
  EXPECT_TRUE(answer.done());
  EXPECT_EQ(answer.status(), 404);
}

TEST(HttpAnswer, SaysWhetherAnotherRequestMayFollow) {
  const auto closes = [](const std::string& head) {
    return whole(head + "\r\nContent-Length: 0\r\n\r\n").closes();
  };
  EXPECT_FALSE(closes("HTTP/1.1 200 OK"));
  EXPECT_FALSE(closes("HTTP/1.1 200 OK\r\nConnection: keep-alive"));
  EXPECT_FALSE(closes("HTTP/1.1 200 OK\r\nConnection: closed"));
  EXPECT_TRUE(closes("HTTP/1.1 200 OK\r\nConnection: close"));
  EXPECT_TRUE(closes("HTTP/1.1 200 OK\r\nconnection: Upgrade , CLOSE"));
  EXPECT_TRUE(closes("HTTP/1.0 200 OK"));
  EXPECT_FALSE(closes("HTTP/1.0 200 OK\r\nConnection: Keep-Alive"));
}

TEST(HttpAnswer, LongLinesAreReadAcrossPieces) {
  const std::string text =
      "HTTP/1.1 200 OK\r\nX: " + std::string(5000, 'a') + "\r\nContent-Length: 3\r\n\r\nabc";
  HttpAnswer answer;
  for (std::size_t i = 0; i < text.size(); i += 7) {
    const auto piece = std::string_view(text).substr(i, 7);
    EXPECT_EQ(answer.take(piece), piece.size());
  }
  EXPECT_TRUE(answer.done());
}

TEST(HttpAnswer, WhatIsNoHttpIsBroken) {
  for (const char* text :
       {"SSH-2.0-OpenSSH\r\n", "HTTP/2 200\r\n", "HTTP/1.1 abc\r\n", "HTTP/1.1 20\r\n", "\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n", "HTTP/1.1 200 OK\r\nContent-Length: \r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"}) {
    HttpAnswer answer;
    (void)answer.take(text);
    EXPECT_TRUE(answer.broken()) << text;
  }
}

}  // namespace
}  // namespace tcptrace::stress
