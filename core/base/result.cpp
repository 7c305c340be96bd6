#include "core/base/result.h"

namespace pilotlight {

std::string Error::text() const {
    std::string out = what;
    for (const std::string* part : {&meaning, &action}) {
        if (part->empty()) continue;
        if (!out.empty()) {
            if (out.back() != '.' && out.back() != '!' && out.back() != '?') out += '.';
            out += ' ';
        }
        out += *part;
    }
    return out;
}

const char* name(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_argument: return "invalid_argument";
        case ErrorCode::not_found: return "not_found";
        case ErrorCode::ambiguous: return "ambiguous";
        case ErrorCode::permission_denied: return "permission_denied";
        case ErrorCode::unauthenticated: return "unauthenticated";
        case ErrorCode::credentials_expired: return "credentials_expired";
        case ErrorCode::throttled: return "throttled";
        case ErrorCode::network: return "network";
        case ErrorCode::protocol: return "protocol";
        case ErrorCode::unsupported: return "unsupported";
        case ErrorCode::conflict: return "conflict";
        case ErrorCode::stale: return "stale";
        case ErrorCode::refused: return "refused";
        case ErrorCode::locked: return "locked";
        case ErrorCode::storage: return "storage";
        case ErrorCode::too_new: return "too_new";
        case ErrorCode::budget_exceeded: return "budget_exceeded";
        case ErrorCode::cancelled: return "cancelled";
        case ErrorCode::internal: return "internal";
    }
    return "internal";
}

} // namespace pilotlight
