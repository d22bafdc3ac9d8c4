// SPDX-License-Identifier: GPL-2.0
// What a server of test answers takes for a request, however it is cut, and what it answers.
#include "stress/http_request.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stress/http_answers.h"

namespace tcptrace::stress {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

HttpParse result(std::string_view text) { return parse_http_request(text).result; }

TEST(HttpRequest, Http11StaysOpenUnlessToldOtherwise) {
  EXPECT_TRUE(parse_http_request("GET / HTTP/1.1\r\nHost: x\r\n\r\n").keep_alive);
  EXPECT_FALSE(parse_http_request("GET / HTTP/1.1\r\nConnection: close\r\n\r\n").keep_alive);
  EXPECT_FALSE(
      parse_http_request("GET / HTTP/1.1\r\ncOnnection: Upgrade ,CLOSE\r\n\r\n").keep_alive);
}

TEST(HttpRequest, Http10ClosesUnlessToldOtherwise) {
  EXPECT_FALSE(parse_http_request("GET / HTTP/1.0\r\n\r\n").keep_alive);
  EXPECT_TRUE(parse_http_request("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
}

TEST(HttpRequest, HasNoMoreThanItsOwnBytes) {
  const std::string one = "HEAD /a HTTP/1.1\r\nContent-Length: 5\r\n\r\n";
  const HttpRequest request = parse_http_request(one + "hello" + one);
  EXPECT_EQ(request.result, HttpParse::kRequest);
  EXPECT_EQ(request.size, one.size());
  EXPECT_EQ(request.body_bytes, 5U);
  EXPECT_TRUE(request.head);
  EXPECT_EQ(parse_http_request("\r\n" + one).size, one.size() + 2) << "an empty line before";
}

TEST(HttpRequest, IsIncompleteAtEveryCut) {
  const std::string whole = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(result(whole.substr(0, size)), HttpParse::kIncomplete) << size;
  }
  EXPECT_EQ(result(whole), HttpParse::kRequest);
}

TEST(HttpRequest, Bad) {
  for (const char* text :
       {"\x16\x03\x01\r\n\r\n", "GET\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/2.0\r\n\r\n",
        "GET  HTTP/1.1\r\n\r\n", "G(T / HTTP/1.1\r\n\r\n", "GET / a HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n", "GET / HTTP/1.1\r\n: x\r\n\r\n",
        "GET / HTTP/1.1\r\nA : x\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 1x\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    EXPECT_EQ(result(text), HttpParse::kBad) << text;
  }
}

TEST(HttpRequest, OtherMethodsAreNotAllowed) {
  EXPECT_EQ(result("POST / HTTP/1.1\r\n\r\n"), HttpParse::kMethodNotAllowed);
  EXPECT_EQ(result("get / HTTP/1.1\r\n\r\n"), HttpParse::kMethodNotAllowed) << "case matters";
}

TEST(HttpRequest, ABeginningWithoutEndIsBad) {
  std::string text = "GET / HTTP/1.1\r\nA: ";
  text.append(kMaxHttpHead, 'a');
  EXPECT_EQ(result(text), HttpParse::kBad);
  EXPECT_EQ(result(text + "\r\n\r\n"), HttpParse::kBad);
}

TEST(HttpAnswers, HeadHasNoBody) {
  const HttpAnswers answers(3);
  const std::string_view get = answers.of({.result = HttpParse::kRequest}, false);
  const std::string_view head = answers.of({.result = HttpParse::kRequest, .head = true}, false);
  EXPECT_THAT(std::string(get), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(std::string(get), EndsWith("\r\n\r\nxxx"));
  EXPECT_EQ(std::string(head) + "xxx", get);
  EXPECT_THAT(std::string(head), HasSubstr("Content-Length: 3\r\n"));
}

TEST(HttpAnswers, SayWhetherTheConnectionEnds) {
  const HttpAnswers answers(0);
  const HttpRequest request{.result = HttpParse::kRequest};
  EXPECT_THAT(std::string(answers.of(request, true)), HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(std::string(answers.of(request, false)), Not(HasSubstr("close")));
  EXPECT_THAT(std::string(answers.of({.result = HttpParse::kBad}, true)),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(std::string(answers.of({.result = HttpParse::kMethodNotAllowed}, true)),
              HasSubstr("Allow: GET, HEAD\r\n"));
}

}  // namespace
}  // namespace tcptrace::stress
