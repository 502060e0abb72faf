#include "ports/image_reference.h"

#include "base/strings.h"

namespace ports {
namespace {

bool isLowerAlnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool isAlnum(char c) { return isLowerAlnum(c) || (c >= 'A' && c <= 'Z'); }

// One path component: runs of [a-z0-9] joined by ".", "_", "__" or any number of "-".
bool validComponent(std::string_view part) {
    if (part.empty() || !isLowerAlnum(part.front()) || !isLowerAlnum(part.back())) return false;
    for (std::size_t i = 0; i < part.size();) {
        if (isLowerAlnum(part[i])) {
            ++i;
            continue;
        }
        std::size_t end = i;
        while (end < part.size() && !isLowerAlnum(part[end])) ++end;
        const std::string_view joint = part.substr(i, end - i);
        const bool dashes = joint.find_first_not_of('-') == std::string_view::npos;
        if (joint != "." && joint != "_" && joint != "__" && !dashes) return false;
        i = end;
    }
    return true;
}

bool validTag(std::string_view tag) {
    if (tag.empty() || tag.size() > 128 || tag.front() == '.' || tag.front() == '-') return false;
    for (const char c : tag)
        if (!isAlnum(c) && c != '_' && c != '.' && c != '-') return false;
    return true;
}

bool validDomain(std::string_view domain) {
    const std::size_t colon = domain.rfind(':');
    if (colon != std::string_view::npos) {
        const std::string_view port = domain.substr(colon + 1);
        if (port.empty() || port.find_first_not_of("0123456789") != std::string_view::npos) return false;
        domain = domain.substr(0, colon);
    }
    for (const std::string& label : base::split(domain, '.')) {
        if (label.empty() || !isAlnum(label.front()) || !isAlnum(label.back())) return false;
        for (const char c : label)
            if (!isAlnum(c) && c != '-') return false;
    }
    return true;
}

bool validDigest(std::string_view digest) {
    return digest.rfind("sha256:", 0) == 0 && digest.size() == 7 + 64 &&
           digest.find_first_not_of("0123456789abcdef", 7) == std::string_view::npos;
}

base::Error badFormat() { return base::makeError("invalid reference format"); }

} // namespace

std::string ImageReference::text() const {
    std::string out = domain + "/" + repository;
    if (!tag.empty()) out += ":" + tag;
    if (!digest.empty()) out += "@" + digest;
    return out;
}

base::Result<ImageReference> parseImageReference(std::string_view name) {
    ImageReference out;
    if (name.empty()) return badFormat();
    const std::size_t at = name.find('@');
    std::string_view rest = name.substr(0, at);
    if (at != std::string_view::npos) {
        out.digest = std::string(name.substr(at + 1));
        if (!validDigest(out.digest)) return badFormat();
    }
    // The first component is a domain when it looks like one.
    const std::size_t slash = rest.find('/');
    const std::string_view first = rest.substr(0, slash);
    const bool hasDomain = slash != std::string_view::npos &&
                           (first.find_first_of(".:") != std::string_view::npos || first == "localhost" ||
                            base::toLower(first) != first);
    out.domain = hasDomain ? std::string(first) : "docker.io";
    if (hasDomain) rest = rest.substr(slash + 1);
    if (out.domain == "index.docker.io") out.domain = "docker.io";
    if (!validDomain(out.domain)) return badFormat();
    const std::size_t colon = rest.rfind(':');
    if (colon != std::string_view::npos && rest.find('/', colon) == std::string_view::npos) {
        out.tag = std::string(rest.substr(colon + 1));
        if (!validTag(out.tag)) return badFormat();
        rest = rest.substr(0, colon);
    }
    out.repository = std::string(rest);
    if (out.domain == "docker.io" && out.repository.find('/') == std::string::npos)
        out.repository = "library/" + out.repository;
    if (base::toLower(out.repository) != out.repository)
        return base::makeError("invalid reference format: repository name (" + out.repository +
                               ") must be lowercase");
    for (const std::string& part : base::split(out.repository, '/'))
        if (!validComponent(part)) return badFormat();
    if (out.tag.empty() && out.digest.empty()) out.tag = "latest";
    return out;
}

} // namespace ports
