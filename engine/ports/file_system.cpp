#include "ports/file_system.h"

#include <cerrno>

namespace ports {
base::Error fileError(int number) {
    const char* text = "Unknown error";
    switch (number) {
    case EPERM: text = "Operation not permitted"; break;
    case ENOENT: text = "No such file or directory"; break;
    case EIO: text = "Input/output error"; break;
    case EACCES: text = "Permission denied"; break;
    case EBUSY: text = "Device or resource busy"; break;
    case EEXIST: text = "File exists"; break;
    case EXDEV: text = "Invalid cross-device link"; break;
    case ENOTDIR: text = "Not a directory"; break;
    case EISDIR: text = "Is a directory"; break;
    case EINVAL: text = "Invalid argument"; break;
    case EFBIG: text = "File too large"; break;
    case ENOSPC: text = "No space left on device"; break;
    case EROFS: text = "Read-only file system"; break;
    case EMLINK: text = "Too many links"; break;
    case ENAMETOOLONG: text = "File name too long"; break;
    case ENOTEMPTY: text = "Directory not empty"; break;
    case ELOOP: text = "Too many levels of symbolic links"; break;
    default: break;
    }
    return base::makeError(text, number);
}
} // namespace ports
