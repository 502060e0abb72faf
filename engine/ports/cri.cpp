#include "ports/cri.h"

namespace ports {

std::string criErrorText(const base::Error& error) {
    const char* name = "Unknown";
    switch (error.code) {
    case kCriInvalidArgument: name = "InvalidArgument"; break;
    case kCriDeadlineExceeded: name = "DeadlineExceeded"; break;
    case kCriNotFound: name = "NotFound"; break;
    case kCriAlreadyExists: name = "AlreadyExists"; break;
    case kCriUnavailable: name = "Unavailable"; break;
    default: break;
    }
    return std::string("rpc error: code = ") + name + " desc = " + error.message;
}

} // namespace ports
