// A client of the sandbox for tests: signs as AWS SDKs do, sends over a real socket.
#pragma once

#include <httplib.h>

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "app/sandbox/aws/signature.h"
#include "app/sandbox/server.h"

namespace pilotlight::sandbox::test {

using nlohmann::json;

// Authorization value for a request whose headers hold host and x-amz-date. A second implementation of the signer's side.
[[nodiscard]] std::string authorization(const HttpRequest& request, const std::vector<std::string>& signed_headers, const Keys& keys,
                                        const std::string& region, const std::string& service);

// "20261124T140500Z"
[[nodiscard]] std::string amzNow(std::int64_t shift_s = 0);

// A world, a service and a server on a free port.
class Sandbox {
public:
    explicit Sandbox(const std::string& scenario_json, double days = 1, double speed = 600, const std::string& faults_json = "{}",
                     bool tls = false);
    struct Reply {
        int status = 0;  // 0 = the connection failed
        std::string body;
        httplib::Headers headers;
        [[nodiscard]] json parsed() const;  // discarded where the body is no JSON
        [[nodiscard]] std::string header(const std::string& name) const;
    };
    // One signed request. `path` is as on the wire.
    Reply send(const std::string& method, const std::string& path_and_query, const std::string& body, const std::string& service,
               std::vector<std::pair<std::string, std::string>> headers = {});
    Reply rest(const std::string& method, const std::string& path_and_query);
    Reply rest(const std::string& method, const std::string& path_and_query, const json& body);
    Reply call(const std::string& service, const std::string& target, const json& body, const std::string& version = "1.1");
    Reply form(const std::string& service, const std::string& body);

    Keys keys;
    Keys sign_with;  // what the client believes its keys are
    std::int64_t skew_s = 0;
    std::string region = "us-east-1";
    World& world() { return *world_; }
    Server& server() { return *server_; }

private:
    std::unique_ptr<World> world_;
    std::unique_ptr<Service> service_;
    std::unique_ptr<Server> server_;
};

}  // namespace pilotlight::sandbox::test
