#include "network/dns/message.h"

#include "base/strings.h"

#include <algorithm>
#include <cstdio>
#include <map>

namespace network::dns {
namespace {

struct TypeEntry {
    RecordType type;
    const char* name;
};
constexpr TypeEntry kTypes[] = {{RecordType::A, "A"}, {RecordType::NS, "NS"}, {RecordType::CNAME, "CNAME"},
                                {RecordType::SOA, "SOA"}, {RecordType::PTR, "PTR"}, {RecordType::HINFO, "HINFO"},
                                {RecordType::MX, "MX"}, {RecordType::TXT, "TXT"}, {RecordType::AAAA, "AAAA"},
                                {RecordType::SRV, "SRV"}, {RecordType::OPT, "OPT"}, {RecordType::ANY, "ANY"}};

struct Writer {
    std::string out;
    std::map<std::string, std::uint16_t> names;
    void u8(unsigned value) { out += static_cast<char>(value); }
    void u16(unsigned value) {
        u8(value >> 8 & 0xff);
        u8(value & 0xff);
    }
    void u32(std::uint32_t value) {
        u16(value >> 16);
        u16(value & 0xffff);
    }
    void name(std::string_view text, bool compress = true) {
        if (!text.empty() && text.back() == '.') text.remove_suffix(1);
        while (!text.empty()) {
            const std::string key = base::toLower(text);
            const auto known = names.find(key);
            if (compress && known != names.end()) {
                u16(0xc000U | known->second);
                return;
            }
            if (out.size() < 0x3fff) names.emplace(key, static_cast<std::uint16_t>(out.size()));
            const auto dot = text.find('.');
            const std::string_view label = text.substr(0, std::min<std::size_t>(dot, 63));
            u8(static_cast<unsigned>(label.size()));
            out += label;
            text = dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
        }
        u8(0);
    }
};

void writeData(Writer& writer, const Record& record) {
    const std::vector<std::string> words = base::splitFields(record.data);
    const auto number = [&](std::size_t i) {
        return i < words.size() ? static_cast<std::uint32_t>(base::parseInt(words[i]).value_or(0)) : 0U;
    };
    const auto word = [&](std::size_t i) { return i < words.size() ? words[i] : std::string(); };
    switch (record.type) {
    case RecordType::A:
        writer.u32(base::IpAddress::parse(record.data).value_or(base::IpAddress()).v4Bits());
        break;
    case RecordType::AAAA: {
        const auto address = base::IpAddress::parse(record.data).value_or(base::IpAddress());
        for (std::uint8_t byte : address.bytes()) writer.u8(byte);
        break;
    }
    case RecordType::NS:
    case RecordType::CNAME:
    case RecordType::PTR: writer.name(record.data); break;
    case RecordType::MX:
        writer.u16(number(0));
        writer.name(word(1));
        break;
    case RecordType::SRV:
        writer.u16(number(0));
        writer.u16(number(1));
        writer.u16(number(2));
        writer.name(word(3), false);
        break;
    case RecordType::SOA:
        writer.name(word(0));
        writer.name(word(1));
        for (std::size_t i = 2; i < 7; ++i) writer.u32(number(i));
        break;
    case RecordType::TXT: {
        std::string text = record.data;
        if (text.size() >= 2 && text.front() == '"') text = text.substr(1, text.size() - 2);
        writer.u8(static_cast<unsigned>(std::min<std::size_t>(text.size(), 255)));
        writer.out += text.substr(0, 255);
        break;
    }
    default: writer.out += record.data;
    }
}

void writeRecord(Writer& writer, const Record& record) {
    writer.name(record.name);
    writer.u16(static_cast<unsigned>(record.type));
    writer.u16(record.recordClass);
    writer.u32(record.ttl);
    const std::size_t at = writer.out.size();
    writer.u16(0);
    writeData(writer, record);
    const std::size_t length = writer.out.size() - at - 2;
    writer.out[at] = static_cast<char>(length >> 8);
    writer.out[at + 1] = static_cast<char>(length & 0xff);
}

struct Reader {
    std::string_view bytes;
    std::size_t at = 0;
    bool bad = false;
    unsigned u8() {
        if (at >= bytes.size()) {
            bad = true;
            return 0;
        }
        return static_cast<unsigned char>(bytes[at++]);
    }
    unsigned u16() {
        const unsigned high = u8();
        return high << 8 | u8();
    }
    std::uint32_t u32() {
        const std::uint32_t high = u16();
        return high << 16 | u16();
    }
    std::string name() {
        std::string out;
        std::size_t place = at;
        bool jumped = false;
        for (int hops = 0; hops < 128; ++hops) {
            if (place >= bytes.size()) break;
            const unsigned length = static_cast<unsigned char>(bytes[place]);
            if (length == 0) {
                if (!jumped) at = place + 1;
                return out.empty() ? "." : out;
            }
            if ((length & 0xc0) == 0xc0) {
                if (place + 1 >= bytes.size()) break;
                if (!jumped) at = place + 2;
                jumped = true;
                place = (length & 0x3f) << 8 | static_cast<unsigned char>(bytes[place + 1]);
                continue;
            }
            if (place + 1 + length > bytes.size() || out.size() > 300) break;
            out += std::string(bytes.substr(place + 1, length)) + ".";
            place += 1 + length;
        }
        bad = true;
        return ".";
    }
};

std::string readData(Reader& reader, RecordType type, std::size_t length) {
    const std::size_t end = reader.at + length;
    std::string out;
    switch (type) {
    case RecordType::A: out = base::IpAddress::v4(reader.u32()).text(); break;
    case RecordType::AAAA: {
        char text[48] = "";
        std::string full;
        for (int i = 0; i < 8; ++i) {
            std::snprintf(text, sizeof text, "%s%x", i ? ":" : "", reader.u16());
            full += text;
        }
        const auto parsed = base::IpAddress::parse(full);
        out = parsed ? parsed->text() : full;
        break;
    }
    case RecordType::NS:
    case RecordType::CNAME:
    case RecordType::PTR: out = reader.name(); break;
    case RecordType::MX:
        out = std::to_string(reader.u16());
        out += " " + reader.name();
        break;
    case RecordType::SRV:
        for (int i = 0; i < 3; ++i) out += std::to_string(reader.u16()) + " ";
        out += reader.name();
        break;
    case RecordType::SOA:
        out = reader.name();
        out += " " + reader.name();
        for (int i = 0; i < 5; ++i) out += " " + std::to_string(reader.u32());
        break;
    case RecordType::TXT: {
        const unsigned size = reader.u8();
        out = "\"" + std::string(reader.bytes.substr(std::min(reader.at, reader.bytes.size()), size)) + "\"";
        break;
    }
    default: out = std::string(reader.bytes.substr(std::min(reader.at, reader.bytes.size()), length));
    }
    reader.at = end;
    if (end > reader.bytes.size()) reader.bad = true;
    return out;
}

} // namespace

std::string typeName(RecordType type) {
    for (const TypeEntry& entry : kTypes)
        if (entry.type == type) return entry.name;
    return "TYPE" + std::to_string(static_cast<int>(type));
}

bool parseType(std::string_view text, RecordType& type) {
    const std::string upper = base::toUpper(text);
    for (const TypeEntry& entry : kTypes)
        if (upper == entry.name) {
            type = entry.type;
            return true;
        }
    return false;
}

std::string codeName(ResponseCode code) {
    switch (code) {
    case ResponseCode::NoError: return "NOERROR";
    case ResponseCode::FormErr: return "FORMERR";
    case ResponseCode::ServFail: return "SERVFAIL";
    case ResponseCode::NXDomain: return "NXDOMAIN";
    case ResponseCode::NotImp: return "NOTIMP";
    case ResponseCode::Refused: return "REFUSED";
    }
    return "RESERVED" + std::to_string(static_cast<int>(code));
}

std::string encode(const Message& message) {
    Writer writer;
    writer.u16(message.id);
    unsigned flags = message.response ? 0x8000U : 0U;
    flags |= static_cast<unsigned>(message.opcode) << 11;
    if (message.authoritative) flags |= 0x0400;
    if (message.truncated) flags |= 0x0200;
    if (message.recursionDesired) flags |= 0x0100;
    if (message.recursionAvailable) flags |= 0x0080;
    flags |= static_cast<unsigned>(message.code);
    writer.u16(flags);
    writer.u16(static_cast<unsigned>(message.questions.size()));
    writer.u16(static_cast<unsigned>(message.answers.size()));
    writer.u16(static_cast<unsigned>(message.authority.size()));
    writer.u16(static_cast<unsigned>(message.additional.size() + (message.edns ? 1 : 0)));
    for (const Question& question : message.questions) {
        writer.name(question.name);
        writer.u16(static_cast<unsigned>(question.type));
        writer.u16(question.recordClass);
    }
    for (const auto* section : {&message.answers, &message.authority, &message.additional})
        for (const Record& record : *section) writeRecord(writer, record);
    if (message.edns) {
        writer.u8(0);
        writer.u16(static_cast<unsigned>(RecordType::OPT));
        writer.u16(message.udpSize);
        writer.u32(0);
        if (message.cookie.empty()) writer.u16(0);
        else {
            writer.u16(static_cast<unsigned>(4 + message.cookie.size()));
            writer.u16(10);
            writer.u16(static_cast<unsigned>(message.cookie.size()));
            writer.out += message.cookie;
        }
    }
    return writer.out;
}

base::Result<Message> decode(std::string_view bytes) {
    Reader reader{bytes};
    Message message;
    message.id = static_cast<std::uint16_t>(reader.u16());
    const unsigned flags = reader.u16();
    message.response = flags & 0x8000;
    message.opcode = static_cast<int>(flags >> 11 & 15);
    message.authoritative = flags & 0x0400;
    message.truncated = flags & 0x0200;
    message.recursionDesired = flags & 0x0100;
    message.recursionAvailable = flags & 0x0080;
    message.code = static_cast<ResponseCode>(flags & 15);
    unsigned counts[4];
    for (unsigned& count : counts) count = reader.u16();
    for (unsigned i = 0; i < counts[0] && !reader.bad; ++i) {
        Question question;
        question.name = reader.name();
        question.type = static_cast<RecordType>(reader.u16());
        question.recordClass = static_cast<std::uint16_t>(reader.u16());
        message.questions.push_back(std::move(question));
    }
    std::vector<Record>* sections[] = {&message.answers, &message.authority, &message.additional};
    for (int s = 0; s < 3; ++s)
        for (unsigned i = 0; i < counts[s + 1] && !reader.bad; ++i) {
            Record record;
            record.name = reader.name();
            record.type = static_cast<RecordType>(reader.u16());
            record.recordClass = static_cast<std::uint16_t>(reader.u16());
            record.ttl = reader.u32();
            const unsigned length = reader.u16();
            if (record.type == RecordType::OPT) {
                message.edns = true;
                message.udpSize = record.recordClass;
                const std::string options(bytes.substr(std::min(reader.at, bytes.size()), length));
                if (options.size() > 4 && options[1] == 10) message.cookie = options.substr(4);
                reader.at += length;
                continue;
            }
            record.data = readData(reader, record.type, length);
            sections[s]->push_back(std::move(record));
        }
    if (reader.bad) return base::makeError("dns: malformed message");
    return message;
}

std::string fullyQualified(std::string_view name) {
    std::string out(name);
    if (out.empty() || out.back() != '.') out += '.';
    return out;
}

std::string reverseName(const base::IpAddress& address) {
    if (address.isV4()) {
        const std::vector<std::string> parts = base::split(address.text(), '.');
        return parts[3] + "." + parts[2] + "." + parts[1] + "." + parts[0] + ".in-addr.arpa.";
    }
    std::string out;
    const std::string hex = base::encodeHex(std::string_view(reinterpret_cast<const char*>(address.bytes().data()), 16));
    for (auto it = hex.rbegin(); it != hex.rend(); ++it) out += std::string(1, *it) + ".";
    return out + "ip6.arpa.";
}

std::optional<base::IpAddress> parseReverseName(std::string_view name) {
    constexpr std::string_view kV4 = ".in-addr.arpa.";
    const std::string lower = base::toLower(fullyQualified(name));
    if (lower.size() <= kV4.size() || lower.substr(lower.size() - kV4.size()) != kV4) return std::nullopt;
    const auto parts = base::split(lower.substr(0, lower.size() - kV4.size()), '.');
    if (parts.size() != 4) return std::nullopt;
    return base::IpAddress::parse(parts[3] + "." + parts[2] + "." + parts[1] + "." + parts[0]);
}

} // namespace network::dns
