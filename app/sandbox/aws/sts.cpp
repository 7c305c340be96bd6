// STS: GetCallerIdentity (query protocol).
#include <nlohmann/json.hpp>

#include "app/sandbox/aws/call.h"
#include "app/sandbox/aws/query_protocol.h"

namespace pilotlight::sandbox {

Answer<HttpResponse> handleSts(Call& call) {
    const auto body = parametersToJson(call.request.method == "GET" ? call.request.raw_query : call.request.body);
    if (!body) return tl::unexpected(body.error());
    const auto text = [&](const char* key) {
        const auto found = body->find(key);
        return found != body->end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    if (text("Action") != "GetCallerIdentity" || text("Version") != "2011-06-15")
        return refuse(400, "InvalidAction", "Could not find operation " + text("Action") + " for version " + text("Version"));
    auto error = unknownMember(*body, {"Action", "Version"}, "ValidationError");
    if (error) return tl::unexpected(*error);
    return xmlResponse("GetCallerIdentity",
                       {{"Arn", "arn:aws:iam::" + call.world.account() + ":user/sandbox"},
                        {"UserId", "AIDASANDBOXEXAMPLE000"},
                        {"Account", call.world.account()}},
                       "https://sts.amazonaws.com/doc/2011-06-15/", call.request_id);
}

}  // namespace pilotlight::sandbox
