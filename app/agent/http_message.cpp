#include "app/agent/http_message.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace pilotlight::agent {
namespace {

constexpr std::uint64_t kMostLength = std::uint64_t{1} << 40;

auto notHttp(const char* what) { return fail(ErrorCode::protocol, std::string("This is not HTTP/1.1: ") + what); }

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
    return text;
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

// The whole text is a number of that base, at most kMostLength.
std::optional<std::uint64_t> number(std::string_view text, int base) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc() || end != text.data() + text.size() || value > kMostLength) return std::nullopt;
    return value;
}

// A line without its end; takes it from `text`.
std::optional<std::string_view> takeLine(std::string_view& text) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    auto line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

}  // namespace

void HttpReader::keep(std::string_view bytes) {
    message_.length += bytes.size();
    if (message_.body.size() < kKeptBody) message_.body.append(bytes.substr(0, kKeptBody - message_.body.size()));
}

Status HttpReader::readHead(std::string_view head) {
    message_ = {};
    const auto first = takeLine(head).value_or("");
    std::string_view version;
    if (side_ == Side::requests) {
        const auto a = first.find(' '), b = first.rfind(' ');
        if (a == std::string_view::npos || a == b || a == 0) return notHttp("a request line has a method, a path and a version");
        message_.method = first.substr(0, a);
        message_.path = first.substr(a + 1, b - a - 1);
        version = first.substr(b + 1);
    } else {
        const auto a = first.find(' ');
        version = first.substr(0, a);
        const auto status = a == std::string_view::npos ? std::nullopt : number(first.substr(a + 1, 3), 10);
        if (!status || *status < 100 || *status > 999) return notHttp("there is no status");
        message_.status = static_cast<int>(*status);
    }
    if (version != "HTTP/1.1" && version != "HTTP/1.0") return notHttp("the version is another one");
    message_.closes = version == "HTTP/1.0";
    std::optional<std::uint64_t> length;
    bool chunked = false;
    while (const auto line = takeLine(head)) {
        const auto colon = line->find(':');
        if (line->empty() || colon == std::string_view::npos) continue;
        const std::string name = lower(line->substr(0, colon));
        const auto value = trimmed(line->substr(colon + 1));
        if (name == "content-length") {
            const auto given = number(value, 10);
            if (!given || (length && *length != *given)) return notHttp("Content-Length is not one number");
            length = given;
        } else if (name == "transfer-encoding") {
            chunked = lower(value).ends_with("chunked");
            if (!chunked) return notHttp("Transfer-Encoding is not chunked");
        } else if (name == "connection") {
            const auto word = lower(value);
            if (word == "close") message_.closes = true;
            if (word == "keep-alive") message_.closes = false;
        } else if (name == "expect") {
            continue_ = side_ == Side::requests && lower(value) == "100-continue";
        }
    }
    if (side_ == Side::responses && message_.status < 200) {
        at_ = At::head;  // the response proper follows
    } else if (side_ == Side::responses && (message_.status == 204 || message_.status == 304)) {
        at_ = At::whole;
    } else if (chunked) {
        at_ = At::chunk_size;
    } else if (length) {
        left_ = *length;
        at_ = left_ == 0 ? At::whole : At::sized;
    } else if (side_ == Side::requests) {
        at_ = At::whole;
    } else {
        message_.closes = true;
        at_ = At::until_end;
    }
    if (at_ == At::whole) continue_ = false;
    return {};
}

bool HttpReader::readSize(std::string_view line) {
    const auto size = number(trimmed(line.substr(0, line.find(';'))), 16);
    if (!size) return false;
    left_ = *size;
    at_ = left_ == 0 ? At::trailer : At::chunk_data;
    return true;
}

Result<bool> HttpReader::read(std::string_view bytes) {
    in_.append(bytes);
    std::string_view rest = in_;
    for (bool more = true; more && at_ != At::whole;) {
        switch (at_) {
            case At::head: {
                while (rest.starts_with("\r\n")) rest.remove_prefix(2);  // allowed before a request
                const auto crlf = rest.find("\r\n\r\n"), bare = rest.find("\n\n");
                const auto end = std::min(crlf == std::string_view::npos ? crlf : crlf + 4, bare == std::string_view::npos ? bare : bare + 2);
                if (std::min(end, rest.size()) > kMostHead) return notHttp("the head is too long");
                more = end != std::string_view::npos;
                if (!more) break;
                const auto head = rest.substr(0, end);
                rest.remove_prefix(end);
                PILOTLIGHT_TRY(readHead(head));
                break;
            }
            case At::sized:
            case At::chunk_data: {
                const auto part = rest.substr(0, left_);
                keep(part);
                left_ -= part.size();
                rest.remove_prefix(part.size());
                more = left_ == 0;
                if (more) at_ = at_ == At::sized ? At::whole : At::chunk_end;
                break;
            }
            case At::until_end:
                keep(rest);
                rest = {};
                more = false;
                break;
            default: {  // a line: a chunk's size, the end of one, a trailer
                const auto line = takeLine(rest);
                more = line.has_value();
                if (!more) {
                    if (rest.size() > kMostHead) return notHttp("a line is too long");
                    break;
                }
                if (at_ == At::chunk_size) {
                    if (!readSize(*line)) return notHttp("a chunk has no size");
                } else if (at_ == At::chunk_end) {
                    if (!line->empty()) return notHttp("a chunk is longer than its size");
                    at_ = At::chunk_size;
                } else if (at_ == At::trailer && line->empty()) {
                    at_ = At::whole;
                }
            }
        }
    }
    in_.erase(0, in_.size() - rest.size());
    return at_ == At::whole;
}

bool HttpReader::ended() {
    if (at_ == At::until_end) at_ = At::whole;
    return at_ == At::whole;
}

HttpMessage HttpReader::take() {
    at_ = At::head;
    continue_ = false;
    return std::exchange(message_, {});
}

bool HttpReader::wantsContinue() { return std::exchange(continue_, false); }

}  // namespace pilotlight::agent
