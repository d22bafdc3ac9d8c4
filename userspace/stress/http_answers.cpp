// SPDX-License-Identifier: GPL-2.0
#include "stress/http_answers.h"

#include <fmt/core.h>

namespace tcptrace::stress {

HttpAnswers::Answer HttpAnswers::make(std::string_view fields, std::size_t body_bytes) {
  Answer answer{.whole = fmt::format("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                                     "Content-Length: {}\r\n{}\r\n",
                                     body_bytes, fields)};
  answer.head_size = answer.whole.size();
  answer.whole.append(body_bytes, 'x');
  return answer;
}

HttpAnswers::HttpAnswers(std::size_t body_bytes)
    // HTTP/1.0 wants to be told that the connection stays open; HTTP/1.1 takes no notice.
    : kept_open_(make("Connection: keep-alive\r\n", body_bytes)),
      closed_(make("Connection: close\r\n", body_bytes)),
      bad_("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
      not_allowed_(
          "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\nContent-Length: 0\r\n"
          "Connection: close\r\n\r\n") {}

std::string_view HttpAnswers::of(const HttpRequest& request, bool close) const {
  if (request.result == HttpParse::kBad) {
    return bad_;
  }
  if (request.result == HttpParse::kMethodNotAllowed) {
    return not_allowed_;
  }
  const Answer& answer = close ? closed_ : kept_open_;
  return std::string_view(answer.whole)
      .substr(0, request.head ? answer.head_size : answer.whole.size());
}

}  // namespace tcptrace::stress
