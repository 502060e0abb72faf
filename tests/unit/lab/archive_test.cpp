#include <catch2/catch.hpp>

#include "lab/archive.h"

#include <archive.h>
#include <archive_entry.h>

namespace {
struct Entry {
    std::string name, content;
    int type = AE_IFREG;
    std::string link = {};
};
std::string pack(const std::vector<Entry>& entries, bool gzip = false) {
    std::string out(64 * 1024 * 1024, '\0');
    archive* writer = archive_write_new();
    archive_write_set_format_pax_restricted(writer);
    if (gzip) archive_write_add_filter_gzip(writer);
    std::size_t used = 0;
    archive_write_open_memory(writer, out.data(), out.size(), &used);
    for (const Entry& each : entries) {
        archive_entry* entry = archive_entry_new();
        archive_entry_set_pathname(entry, each.name.c_str());
        archive_entry_set_filetype(entry, static_cast<unsigned>(each.type));
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_size(entry, static_cast<la_int64_t>(each.content.size()));
        if (each.type == AE_IFLNK) archive_entry_set_symlink(entry, each.link.c_str());
        else if (!each.link.empty()) archive_entry_set_hardlink(entry, each.link.c_str());
        archive_write_header(writer, entry);
        archive_write_data(writer, each.content.data(), each.content.size());
        archive_entry_free(entry);
    }
    archive_write_close(writer);
    archive_write_free(writer);
    out.resize(used);
    return out;
}
} // namespace

TEST_CASE("an archive with one top folder reads as the folder's content") {
    const auto files = lab::readArchive(pack({{"my/pack.yaml", "format: 1"}, {"my/manifests/a.yaml", "x"}}, true));
    REQUIRE(files.ok());
    REQUIRE(files->at("pack.yaml") == "format: 1");
    REQUIRE(files->at("manifests/a.yaml") == "x");
}

TEST_CASE("hostile names, links and devices are refused with a reason") {
    const std::vector<Entry> hostile{{"../etc/passwd", "x"}, {"a/../../b", "x"}, {"/etc/passwd", "x"}, {"c:/x", "x"}, {"a\\b", "x"}, {"a\x01", "x"},
                                     {std::string(300, 'a'), "x"}, {"l", "", AE_IFLNK, "/etc/passwd"}, {"d", "", AE_IFCHR}, {"f", "", AE_IFIFO},
                                     {"h", "", AE_IFREG, "pack.yaml"}, {"a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q", "x"}};
    for (const Entry& entry : hostile) {
        INFO(entry.name);
        const auto files = lab::readArchive(pack({entry}));
        REQUIRE_FALSE(files.ok());
        REQUIRE_FALSE(files.error().message.empty());
    }
    REQUIRE_FALSE(lab::readArchive(pack({{"A.yaml", "1"}, {"a.yaml", "2"}})).ok());
}

TEST_CASE("a bomb is refused while it unpacks and garbage is refused at once") {
    REQUIRE_FALSE(lab::readArchive(pack({{"zeros", std::string(15 * 1024 * 1024, '\0')}}, true)).ok());
    REQUIRE_FALSE(lab::readArchive(pack({{"big", std::string(17 * 1024 * 1024, 'x')}})).ok());
    REQUIRE_FALSE(lab::readArchive("this is not an archive").ok());
}
