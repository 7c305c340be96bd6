#include "core/sync/problems.h"

#include <nlohmann/json.hpp>

namespace pilotlight::sync {

std::string toJson(const platform::Problem& problem) {
    const nlohmann::json object = {{"scope", problem.scope},
                                   {"operation", problem.operation},
                                   {"code", name(problem.error.code)},
                                   {"what", problem.error.what},
                                   {"meaning", problem.error.meaning},
                                   {"action", problem.error.action},
                                   {"permission", problem.error.permission},
                                   {"policy", problem.policy}};
    return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool stopsEverything(const Error& error) {
    switch (error.code) {
        case ErrorCode::cancelled:
        case ErrorCode::unauthenticated:
        case ErrorCode::credentials_expired:
        case ErrorCode::storage:
        case ErrorCode::locked:
        case ErrorCode::too_new:
        case ErrorCode::internal:
            return true;
        default:
            return false;
    }
}

}  // namespace pilotlight::sync
