#include "core/net/curl_http_client.h"

#include <unistd.h>

#include <curl/curl.h>

#include <atomic>
#include <cctype>
#include <cstdlib>
#include <mutex>

#include "core/net/gzip.h"
#include "core/net/url.h"

namespace pilotlight::net {
namespace {

// A stop request also wakes the poll; this bounds the wait should that wake-up be lost.
constexpr int kPollMilliseconds = 50;
// Idle connections older than this are not tried again: AWS closes them about then, and a dead one costs a round trip.
constexpr long kMaxIdleSeconds = 50;

struct Transfer {
    const HttpRequest* request = nullptr;
    curl_slist* header_list = nullptr;
    HttpResponse response;
    bool too_long = false;
    bool head_complete = false;  // the empty line after the headers was seen
    bool excess = false;         // more bytes than Content-Length declares
    char message[CURL_ERROR_SIZE] = {};
};

std::size_t onBody(char* data, std::size_t, std::size_t length, void* user) {
    auto& transfer = *static_cast<Transfer*>(user);
    auto& body = transfer.response.body;
    if (body.size() + length > transfer.request->max_body) {
        transfer.too_long = true;
        return 0;
    }
    body.append(data, length);
    return length;
}

std::size_t onHeader(char* data, std::size_t, std::size_t length, void* user) {
    auto& transfer = *static_cast<Transfer*>(user);
    auto& headers = transfer.response.headers;
    std::string_view line(data, length);
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
    if (line.starts_with("HTTP/")) {
        headers.clear();  // a new head: what came before was an interim answer
        transfer.head_complete = false;
        return length;
    }
    if (line.empty()) {
        transfer.head_complete = true;
        return length;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return length;
    std::string name(line.substr(0, colon));
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    auto value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    headers.emplace_back(std::move(name), value);
    return length;
}

// libcurl drops what goes beyond Content-Length and tells only here. Nothing of this is ever written anywhere.
int onDebug(CURL*, curl_infotype type, char* data, std::size_t length, void* user) {
    if (type == CURLINFO_TEXT && length > 6 && std::string_view(data, length).substr(0, 6).find("xcess") == 1) {
        static_cast<Transfer*>(user)->excess = true;
    }
    return 0;
}

bool equalsNoCase(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
               return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
           });
}

bool hasHeader(const HttpRequest& request, std::string_view name) {
    for (const auto& header : request.headers) {
        if (equalsNoCase(header.first, name)) return true;
    }
    return false;
}

std::string environmentValue(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

// A multi handle (with its connections) and spare easy handles: what one thread works with at a time.
struct Lane {
    CURLM* multi = curl_multi_init();
    std::vector<CURL*> spare;
    Lane() = default;
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;
    ~Lane() {
        for (CURL* easy : spare) curl_easy_cleanup(easy);
        curl_multi_cleanup(multi);
    }
    CURL* take() {
        if (spare.empty()) return curl_easy_init();
        CURL* easy = spare.back();
        spare.pop_back();
        curl_easy_reset(easy);
        return easy;
    }
};

Error transferError(CURLcode code, CURL* easy, const Transfer& transfer) {
    const std::string origin = originOf(transfer.request->url);
    if (transfer.too_long) {
        return {ErrorCode::network,
                "The answer of " + origin + " is longer than the " + std::to_string(transfer.request->max_body) +
                    " bytes that were expected at most",
                "", "Ask for a shorter range or a smaller page."};
    }
    long sent = 0;
    curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent);
    const std::string nothing_sent = sent == 0 ? kNothingSent : "";
    const std::string reason = transfer.message[0] != 0 ? transfer.message : curl_easy_strerror(code);
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
            return {ErrorCode::network, "The name of " + origin + " is not known here", nothing_sent,
                    "Check the network, the region and the endpoint address."};
        case CURLE_COULDNT_RESOLVE_PROXY:
            return {ErrorCode::network, "The name of the proxy is not known here", nothing_sent, "Check HTTPS_PROXY and NO_PROXY."};
        case CURLE_COULDNT_CONNECT:
            return {ErrorCode::network, "No connection to " + origin + " (" + reason + ")", nothing_sent,
                    "Check the network, the proxy (HTTPS_PROXY, NO_PROXY) and that something listens there."};
        case CURLE_OPERATION_TIMEDOUT:
            return {ErrorCode::network, origin + " did not answer in time (" + reason + ")", nothing_sent,
                    "Try again; if it stays so, check the network and the proxy."};
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
            return {ErrorCode::network, "The certificate of " + origin + " is not trusted (" + reason + ")", nothing_sent,
                    "Behind a proxy that inspects TLS, point AWS_CA_BUNDLE or SSL_CERT_FILE at its CA certificate."};
        case CURLE_PARTIAL_FILE:
            return {ErrorCode::network, "The answer of " + origin + " was cut short (" + reason + ")", "", "Try again."};
        case CURLE_GOT_NOTHING:
            return {ErrorCode::network, origin + " closed the connection without an answer", "", "Try again."};
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
            return {ErrorCode::invalid_argument, "This is not an address of a web service: " + origin, kNothingSent,
                    "Correct the endpoint address."};
        default:
            return {ErrorCode::network, "The exchange with " + origin + " failed (" + reason + ")", nothing_sent, "Try again."};
    }
}

class CurlHttpClient final : public HttpClient {
public:
    explicit CurlHttpClient(CurlOptions options) : options_(std::move(options)) {
        static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
        (void)started;
        if (options_.user_agent.empty()) options_.user_agent = std::string("pilotlight/") + PILOTLIGHT_VERSION;
        if (options_.ca_file.empty()) options_.ca_file = environmentValue("AWS_CA_BUNDLE");
        if (options_.ca_file.empty()) options_.ca_file = environmentValue("SSL_CERT_FILE");
    }

    Result<HttpResponse> send(const HttpRequest& request, std::stop_token stop) override {
        return std::move(sendAll(std::span<const HttpRequest>(&request, 1), 1, std::move(stop)).front());
    }

    std::vector<Result<HttpResponse>> sendAll(std::span<const HttpRequest> requests, std::size_t parallel, std::stop_token stop) override {
        std::vector<Result<HttpResponse>> results(requests.size(), fail(ErrorCode::cancelled, "Cancelled"));
        if (requests.empty()) return results;
        parallel = std::max<std::size_t>(parallel, 1);
        auto lane = borrow();
        std::vector<Transfer> transfers(requests.size());
        std::vector<CURL*> running(requests.size(), nullptr);
        {
            CURLM* multi = lane->multi;
            const std::stop_callback wake(stop, [multi] { curl_multi_wakeup(multi); });
            curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(parallel));
            curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(std::max<std::size_t>(parallel, 8)));
            std::size_t next = 0, active = 0, done = 0;
            while (done < requests.size() && !stop.stop_requested()) {
                while (active < parallel && next < requests.size()) {
                    // Some TLS libraries under curl pass over a CA file that they cannot read, and trust the system's instead.
                    if (requests[next].url.starts_with("https://") && !options_.ca_file.empty() && access(options_.ca_file.c_str(), R_OK) != 0) {
                        results[next++] = fail(ErrorCode::invalid_argument, "The CA file " + options_.ca_file + " cannot be read",
                                               "Nothing was sent.", "Correct AWS_CA_BUNDLE or SSL_CERT_FILE, or unset it.");
                        ++done;
                        continue;
                    }
                    transfers[next].request = &requests[next];
                    running[next] = lane->take();
                    prepare(running[next], transfers[next], next);
                    curl_multi_add_handle(multi, running[next]);
                    ++next;
                    ++active;
                }
                int still_running = 0;
                curl_multi_perform(multi, &still_running);
                int queued = 0;
                while (const CURLMsg* message = curl_multi_info_read(multi, &queued)) {
                    if (message->msg != CURLMSG_DONE) continue;
                    char* index_pointer = nullptr;
                    CURL* easy = message->easy_handle;
                    const CURLcode code = message->data.result;
                    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &index_pointer);
                    const auto index = reinterpret_cast<std::size_t>(index_pointer);
                    results[index] = finish(code, easy, transfers[index]);
                    release(*lane, easy, transfers[index]);
                    running[index] = nullptr;
                    --active;
                    ++done;
                }
                if (done < requests.size() && (active == parallel || next == requests.size())) {
                    curl_multi_poll(multi, nullptr, 0, kPollMilliseconds, nullptr);
                }
            }
            for (std::size_t i = 0; i < running.size(); ++i) {
                if (running[i] != nullptr) release(*lane, running[i], transfers[i]);
            }
        }
        giveBack(std::move(lane));
        return results;
    }

private:
    std::unique_ptr<Lane> borrow() {
        const std::lock_guard lock(mutex_);
        if (lanes_.empty()) return std::make_unique<Lane>();
        auto lane = std::move(lanes_.back());  // the most recently used: its connections are the freshest
        lanes_.pop_back();
        return lane;
    }

    void giveBack(std::unique_ptr<Lane> lane) {
        const std::lock_guard lock(mutex_);
        lanes_.push_back(std::move(lane));
    }

    static void release(Lane& lane, CURL* easy, Transfer& transfer) {
        curl_multi_remove_handle(lane.multi, easy);
        curl_slist_free_all(transfer.header_list);
        transfer.header_list = nullptr;
        lane.spare.push_back(easy);
    }

    static void addHeader(Transfer& transfer, const std::string& line) {
        transfer.header_list = curl_slist_append(transfer.header_list, line.c_str());
    }

    void prepare(CURL* easy, Transfer& transfer, std::size_t index) const {
        const HttpRequest& request = *transfer.request;
        curl_easy_setopt(easy, CURLOPT_PRIVATE, reinterpret_cast<char*>(index));  // NOLINT(performance-no-int-to-ptr)
        curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.message);
        curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
        curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // a stuck name look-up is left behind rather than waited for
        curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
        curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, kMaxIdleSeconds);
        curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
        curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(options_.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
        if (options_.http2) curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(request.deadline.count(), 1)));
        curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(options_.connect_timeout, request.deadline).count()));
        curl_easy_setopt(easy, CURLOPT_USERAGENT, options_.user_agent.c_str());
        if (!options_.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
        if (request.direct) {
            curl_easy_setopt(easy, CURLOPT_PROXY, "");
        } else if (!options_.proxy.empty()) {
            curl_easy_setopt(easy, CURLOPT_PROXY, options_.proxy.c_str());
        }
        // libcurl resends by itself when a reused connection turns out to be dead, whatever the method.
        if (!request.idempotent) curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);

        const bool has_body = !request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
        if (request.method == "HEAD") {
            curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        } else if (has_body) {
            curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
            curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.c_str());
            curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
        } else {
            curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
            curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
        }

        for (const auto& [name, value] : request.headers) addHeader(transfer, value.empty() ? name + ";" : name + ": " + value);
        if (!hasHeader(request, "accept-encoding")) addHeader(transfer, "Accept-Encoding: gzip");
        if (has_body && !hasHeader(request, "content-type")) addHeader(transfer, "Content-Type:");  // not libcurl's own
        addHeader(transfer, "Expect:");
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer.header_list);

        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, onBody);
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
        curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, onHeader);
        curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
        curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, onDebug);
        curl_easy_setopt(easy, CURLOPT_DEBUGDATA, &transfer);
        curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
    }

    static Result<HttpResponse> finish(CURLcode code, CURL* easy, Transfer& transfer) {
        if (code != CURLE_OK) return fail(transferError(code, easy, transfer));
        if (!transfer.head_complete || transfer.excess) {
            return fail(ErrorCode::network,
                        "The answer of " + originOf(transfer.request->url) +
                            (transfer.excess ? " is longer than it says" : " was cut short in its headers"),
                        "", "Try again.");
        }
        long status = 0;
        curl_off_t received = 0;
        long head = 0;
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &received);
        curl_easy_getinfo(easy, CURLINFO_HEADER_SIZE, &head);
        HttpResponse response = std::move(transfer.response);
        response.status = static_cast<int>(status);
        response.wire_bytes = static_cast<std::uint64_t>(received) + static_cast<std::uint64_t>(head);
        const auto coding = response.header("content-encoding");
        if (response.body.empty() || coding.empty() || equalsNoCase(coding, "identity")) return response;
        if (!equalsNoCase(coding, "gzip") && !equalsNoCase(coding, "x-gzip") && !equalsNoCase(coding, "deflate")) {
            return fail(ErrorCode::protocol, originOf(transfer.request->url) + " answered in the coding \"" + std::string(coding) +
                                                 "\", which was not asked for");
        }
        auto decoded = gunzip(response.body, transfer.request->max_body);
        if (!decoded) {
            decoded.error().what += " (" + originOf(transfer.request->url) + ")";
            decoded.error().action = "Try again.";
            return fail(decoded.error());
        }
        response.body = std::move(*decoded);
        return response;
    }

    CurlOptions options_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace

std::shared_ptr<HttpClient> makeCurlClient(const CurlOptions& options) { return std::make_shared<CurlHttpClient>(options); }

}  // namespace pilotlight::net
