// base64, checksums, hexdump, xxd, od, strings.

#include "base/hash.h"
#include "base/strings.h"
#include "pki/certificate.h"
#include "shell/coreutils/coreutils.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace shell {
namespace {

sim::Task<int> base64Main(ports::Process& process, Strings argv) {
    Options options(argv, "diw:D", {{"decode", 'd'}, {"ignore-garbage", 'i'}, {"wrap", 'w'}});
    OPTIONS_OR_RETURN(options, 1)
    const std::string path = options.operands.empty() ? "-" : options.operands[0];
    const auto whole = co_await readOrComplain(process, path);
    if (!whole) co_return 1;
    if (options.has('d') || options.has('D')) {
        // What decodes is written, also before bad input.
        std::string clean;
        bool bad = false;
        for (const char c : *whole) {
            if (c == '\n' || c == '\r') continue;
            if (std::isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '/' || c == '=')
                clean += c;
            else if (!options.has('i')) {
                bad = true;
                break;
            }
        }
        std::string body = clean.substr(0, clean.size() / 4 * 4);
        const bool cut = body.size() != clean.size();
        auto decoded = base::decodeBase64(body);
        if (decoded) co_await process.writeOut(*decoded);
        if (cut && clean.size() % 4 >= 2) {
            std::string tail = clean.substr(body.size());
            while (tail.size() < 4) tail += '=';
            if (const auto rest = base::decodeBase64(tail)) co_await process.writeOut(*rest);
        }
        if (bad || cut || !decoded) {
            std::string message = "invalid input";
            if (isBusybox(process)) message = "truncated input";
            co_await complain(process, std::move(message));
            co_return 1;
        }
        co_return 0;
    }
    const std::string encoded = base::encodeBase64(*whole);
    const auto width = static_cast<std::size_t>(
        std::max<std::int64_t>(0, base::parseInt(options.value('w', "76")).value_or(76)));
    std::string text;
    if (width == 0)
        text = encoded;
    else
        for (std::size_t i = 0; i < encoded.size(); i += width)
            text += encoded.substr(i, width) + "\n";
    co_await process.writeOut(std::move(text));
    co_return 0;
}

std::string hexRow(std::string_view bytes, std::size_t offset, const char* form) {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, form, offset);
    return buffer + std::string(bytes);
}

char printable(char c) {
    return static_cast<unsigned char>(c) >= 32 && static_cast<unsigned char>(c) < 127 ? c : '.';
}

sim::Task<int> hexdumpMain(ports::Process& process, Strings argv) {
    const std::string name = lastComponent(argv[0]);
    Options options(argv, name == "od" ? "A:t:N:cxboj:vd" : "Cvn:s:pruc:l:xbo",
                    {{"canonical", 'C'}});
    OPTIONS_OR_RETURN(options, 1)
    const std::string path = options.operands.empty() ? "-" : options.operands[0];
    const auto whole = co_await readOrComplain(process, path);
    if (!whole) co_return 1;
    std::string data = *whole;
    if (options.has('s'))
        data.erase(0,
                   std::min<std::size_t>(data.size(), parseSize(options.value('s')).value_or(0)));
    for (const char letter : {'n', 'l', 'N'})
        if (options.has(letter))
            data.resize(
                std::min<std::size_t>(data.size(), parseSize(options.value(letter)).value_or(0)));
    std::string text;
    char b[64];
    if (name == "xxd" && options.has('r')) {
        std::string digits;
        for (const std::string& line : base::splitLines(data)) {
            std::string body =
                options.has('p')
                    ? line
                    : line.substr(line.find(':') == std::string::npos ? 0 : line.find(':') + 1);
            if (const std::size_t tail = body.find("  ");
                tail != std::string::npos && !options.has('p'))
                body.resize(tail);
            for (const char c : body)
                if (std::isxdigit(static_cast<unsigned char>(c))) digits += c;
        }
        for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
            text += static_cast<char>(std::strtol(digits.substr(i, 2).c_str(), nullptr, 16));
        co_await process.writeOut(std::move(text));
        co_return 0;
    }
    if (name == "xxd" && options.has('p')) {
        const std::string hex = base::encodeHex(data);
        for (std::size_t i = 0; i < hex.size(); i += 60) text += hex.substr(i, 60) + "\n";
    } else if (name == "xxd") {
        for (std::size_t i = 0; i < data.size(); i += 16) {
            std::string row, ascii;
            for (std::size_t k = 0; k < 16; ++k) {
                if (i + k < data.size()) {
                    std::snprintf(b, sizeof b, "%02x", static_cast<unsigned char>(data[i + k]));
                    row += b;
                    ascii += printable(data[i + k]);
                } else
                    row += "  ";
                if (k % 2 == 1) row += " ";
            }
            text += hexRow(": " + row + " " + ascii + "\n", i, "%08zx");
        }
    } else if (name == "od" && options.value('t') != "x1") {
        const bool characters = options.has('c') || options.value('t') == "c";
        for (std::size_t i = 0; i < data.size(); i += 16) {
            std::string row;
            if (characters) {
                for (std::size_t k = i; k < std::min(data.size(), i + 16); ++k) {
                    const auto u = static_cast<unsigned char>(data[k]);
                    const char* special = u == '\n'   ? "\\n"
                                          : u == '\t' ? "\\t"
                                          : u == '\r' ? "\\r"
                                          : u == 0    ? "\\0"
                                                      : nullptr;
                    if (special)
                        std::snprintf(b, sizeof b, "  %s", special);
                    else if (u >= 32 && u < 127)
                        std::snprintf(b, sizeof b, "   %c", u);
                    else
                        std::snprintf(b, sizeof b, " %03o", u);
                    row += b;
                }
            } else {
                for (std::size_t k = i; k < std::min(data.size(), i + 16); k += 2) {
                    const unsigned value =
                        static_cast<unsigned char>(data[k]) |
                        (k + 1 < data.size()
                             ? static_cast<unsigned>(static_cast<unsigned char>(data[k + 1])) << 8
                             : 0);
                    std::snprintf(b, sizeof b, options.has('x') ? " %04x" : " %06o", value);
                    row += b;
                }
            }
            text += hexRow(row + "\n", i, options.value('A') == "n" ? "" : "%07zo");
        }
        if (options.value('A') != "n") text += hexRow("\n", data.size(), "%07zo");
    } else if (name == "od") {
        for (std::size_t i = 0; i < data.size(); i += 16) {
            std::string row;
            for (std::size_t k = i; k < std::min(data.size(), i + 16); ++k)
                std::snprintf(b, sizeof b, " %02x", static_cast<unsigned char>(data[k])), row += b;
            text += hexRow(row + "\n", i, options.value('A') == "n" ? "" : "%07zo");
        }
        if (options.value('A') != "n") text += hexRow("\n", data.size(), "%07zo");
    } else {
        std::string last;
        bool starred = false;
        for (std::size_t i = 0; i < data.size(); i += 16) {
            const std::string piece = data.substr(i, 16);
            if (i > 0 && piece == last && piece.size() == 16 && !options.has('v')) {
                if (!starred) text += "*\n";
                starred = true;
                continue;
            }
            starred = false;
            last = piece;
            std::string row, ascii;
            for (std::size_t k = 0; k < 16; ++k) {
                if (options.has('C')) {
                    if (k < piece.size())
                        std::snprintf(b, sizeof b, "%s%02x", k == 8 ? "  " : " ",
                                      static_cast<unsigned char>(piece[k])),
                            ascii += printable(piece[k]);
                    else
                        std::snprintf(b, sizeof b, "%s  ", k == 8 ? "  " : " ");
                    row += b;
                } else if (k % 2 == 0 && k < piece.size()) {
                    std::snprintf(b, sizeof b, " %02x%02x",
                                  k + 1 < piece.size() ? static_cast<unsigned char>(piece[k + 1])
                                                       : 0,
                                  static_cast<unsigned char>(piece[k]));
                    row += b;
                }
            }
            if (!options.has('C')) row.resize(40, ' ');
            text += options.has('C') ? hexRow(" " + row + "  |" + ascii + "|\n", i, "%08zx")
                                     : hexRow(row + "\n", i, "%07zx");
        }
        if (!data.empty()) text += hexRow("\n", data.size(), options.has('C') ? "%08zx" : "%07zx");
    }
    Out out(process);
    out << text;
    const bool written = co_await out.flush();
    co_return written ? 0 : 141;
}

sim::Task<int> stringsMain(ports::Process& process, Strings argv) {
    Options options(argv, "an:", {{"bytes", 'n'}});
    OPTIONS_OR_RETURN(options, 1)
    const auto least =
        static_cast<std::size_t>(base::parseInt(options.value('n', "4")).value_or(4));
    std::string text;
    for (const std::string& path : inputsOf(options)) {
        const auto whole = co_await readWhole(process, path);
        if (!whole.ok()) {
            co_await process.writeError("strings: '" + path + "': No such file\n");
            co_return 1;
        }
        std::string run;
        for (const char c : *whole + '\0') {
            if (printable(c) == c && (c != '.' || true) && static_cast<unsigned char>(c) >= 32)
                run += c;
            else {
                if (run.size() >= least) text += run + "\n";
                run.clear();
            }
        }
    }
    co_await process.writeOut(std::move(text));
    co_return 0;
}

// Source: RFC 1321.
std::string md5(std::string data) {
    static const std::uint32_t kShifts[] = {7, 12, 17, 22, 5, 9,  14, 20,
                                            4, 11, 16, 23, 6, 10, 15, 21};
    std::uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    const std::uint64_t bits = static_cast<std::uint64_t>(data.size()) * 8;
    data += '\x80';
    while (data.size() % 64 != 56) data += '\0';
    for (int i = 0; i < 8; ++i) data += static_cast<char>(bits >> (8 * i));
    for (std::size_t block = 0; block < data.size(); block += 64) {
        std::uint32_t words[16];
        for (std::size_t i = 0; i < 16; ++i) {
            words[i] = 0;
            for (std::size_t k = 0; k < 4; ++k)
                words[i] |=
                    static_cast<std::uint32_t>(static_cast<unsigned char>(data[block + i * 4 + k]))
                    << (8 * k);
        }
        std::uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
        for (std::uint32_t i = 0; i < 64; ++i) {
            std::uint32_t f, g;
            if (i < 16)
                f = (b & c) | (~b & d), g = i;
            else if (i < 32)
                f = (d & b) | (~d & c), g = (5 * i + 1) % 16;
            else if (i < 48)
                f = b ^ c ^ d, g = (3 * i + 5) % 16;
            else
                f = c ^ (b | ~d), g = (7 * i) % 16;
            const auto constant = static_cast<std::uint32_t>(
                std::floor(std::fabs(std::sin(static_cast<double>(i + 1))) * 4294967296.0));
            f += a + constant + words[g];
            a = d;
            d = c;
            c = b;
            const std::uint32_t shift = kShifts[i / 16 * 4 + i % 4];
            b += (f << shift) | (f >> (32 - shift));
        }
        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
    }
    std::string digest;
    for (const std::uint32_t word : state)
        for (int k = 0; k < 4; ++k) digest += static_cast<char>(word >> (8 * k));
    return digest;
}

sim::Task<int> sumMain(ports::Process& process, Strings argv) {
    const bool isMd5 = lastComponent(argv[0]) == "md5sum";
    Options options(
        argv, "bctz",
        {{"check", 'c'}, {"binary", 'b'}, {"text", 't'}, {"quiet", 'q'}, {"status", 'S'}});
    OPTIONS_OR_RETURN(options, 1)
    int status = 0;
    std::string text;
    for (const std::string& path : inputsOf(options)) {
        const auto whole = co_await readWhole(process, path);
        if (!whole.ok()) {
            co_await complain(process, path + ": " + whole.error().message);
            status = 1;
            continue;
        }
        auto digest = [&](const std::string& bytes) {
            return base::encodeHex(isMd5 ? md5(bytes) : pki::sha256(bytes));
        };
        if (!options.has('c')) {
            text += digest(*whole) + "  " + path + "\n";
            continue;
        }
        for (const std::string& line : base::splitLines(*whole)) {
            const std::size_t blank = line.find(' ');
            if (blank == std::string::npos) continue;
            const std::string name = line.substr(blank + 2);
            const auto content = co_await readWhole(process, name);
            const bool good = content.ok() && digest(*content) == line.substr(0, blank);
            text += name + (good ? ": OK\n" : ": FAILED\n");
            if (!good) status = 1;
        }
    }
    co_await process.writeOut(std::move(text));
    co_return status;
}

} // namespace

const CoreutilEntry kBinaryTools[] = {
    {"base64", base64Main}, {"md5sum", sumMain}, {"sha256sum", sumMain},   {"hexdump", hexdumpMain},
    {"xxd", hexdumpMain},   {"od", hexdumpMain}, {"strings", stringsMain}, {nullptr, nullptr}};

} // namespace shell
