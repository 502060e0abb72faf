#include "lab/archive.h"

#include "base/strings.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>
#include <set>

namespace lab {
namespace {

base::Status checkName(std::string_view name, const ArchiveLimits& limits) {
    const auto bad = [&](const char* why) { return base::makeError("entry " + base::quoteGo(name.substr(0, 100)) + ": " + why); };
    if (name.empty() || name.size() > limits.maxName) return bad("the name is empty or too long");
    if (name.front() == '/' || name.find(':') != std::string_view::npos) return bad("absolute paths are refused");
    std::size_t depth = 0;
    for (const std::string& part : base::split(name, '/')) {
        if (part == "..") return bad("\"..\" is refused");
        if (++depth > limits.maxDepth) return bad("nested too deeply");
    }
    for (const char c : name) {
        if (c == '\\') return bad("backslashes are refused");
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return bad("control characters are refused");
        // Look-alikes of separators and dots exist outside ASCII; a pack does not need them in names.
        if (static_cast<unsigned char>(c) >= 0x80) return bad("names are ASCII");
    }
    return base::okStatus();
}

base::Result<std::string> readEntry(archive* reader, std::size_t& total, std::size_t packed, const ArchiveLimits& limits) {
    std::string content;
    while (true) {
        const void* block = nullptr;
        std::size_t size = 0;
        la_int64_t offset = 0;
        const int code = archive_read_data_block(reader, &block, &size, &offset);
        if (code == ARCHIVE_EOF) return content;
        if (code != ARCHIVE_OK) return base::makeError(std::string("damaged archive: ") + archive_error_string(reader));
        // Sparse entries would let a few bytes stand for many.
        if (offset < 0 || static_cast<std::size_t>(offset) != content.size()) return base::makeError("sparse entries are refused");
        total += size;
        if (content.size() + size > limits.maxEntry) return base::makeError("an entry is larger than 16 MiB");
        if (total > limits.maxUnpacked || total > packed * limits.maxRatio + 1024 * 1024) return base::makeError("the archive unpacks to too much");
        content.append(static_cast<const char*>(block), size);
    }
}

PackFiles withoutTopFolder(PackFiles files) {
    if (files.empty() || files.count("pack.yaml") != 0) return files;
    const std::string top = files.begin()->first.substr(0, files.begin()->first.find('/') + 1);
    if (top.empty()) return files;
    for (const auto& [name, content] : files)
        if (name.compare(0, top.size(), top) != 0) return files;
    PackFiles inner;
    for (auto& [name, content] : files) inner[name.substr(top.size())] = std::move(content);
    return inner;
}
} // namespace

base::Result<PackFiles> readArchive(std::string_view bytes, const ArchiveLimits& limits) {
    if (bytes.size() > limits.maxPacked) return base::makeError("the archive is larger than 20 MiB");
    const std::unique_ptr<archive, decltype(&archive_read_free)> reader(archive_read_new(), archive_read_free);
    archive_read_support_format_tar(reader.get());
    archive_read_support_format_zip(reader.get());
    archive_read_support_filter_gzip(reader.get());
    if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK)
        return base::makeError("this is not a tar, tar.gz or zip archive");
    PackFiles files;
    std::set<std::string> folded;
    std::size_t total = 0, entries = 0;
    while (true) {
        archive_entry* entry = nullptr;
        const int code = archive_read_next_header(reader.get(), &entry);
        if (code == ARCHIVE_EOF) break;
        if (code != ARCHIVE_OK) return base::makeError(std::string("damaged archive: ") + (archive_error_string(reader.get()) != nullptr ? archive_error_string(reader.get()) : "unreadable"));
        if (++entries > limits.maxEntries) return base::makeError("the archive has more than 2000 entries");
        const char* raw = archive_entry_pathname(entry);
        std::string name = raw == nullptr ? std::string() : raw;
        if (name.rfind("./", 0) == 0) name.erase(0, 2);
        if (archive_entry_hardlink(entry) != nullptr) return base::makeError("entry " + base::quoteGo(name) + ": links are refused");
        if (archive_entry_filetype(entry) == AE_IFDIR) continue;
        if (archive_entry_filetype(entry) != AE_IFREG) return base::makeError("entry " + base::quoteGo(name) + ": only plain files are accepted");
        BASE_CHECK(checkName(name, limits));
        if (!folded.insert(base::toLower(name)).second) return base::makeError("entry " + base::quoteGo(name) + ": the name is there twice");
        BASE_TRY(files[name], readEntry(reader.get(), total, bytes.size(), limits));
    }
    return withoutTopFolder(std::move(files));
}

} // namespace lab
