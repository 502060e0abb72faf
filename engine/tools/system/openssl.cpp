// openssl: genrsa, ecparam, req, x509, verify, rand. Keys are P-256 whatever is asked for; see
// docs/fidelity.md. Source: OpenSSL 3.0 apps.
#include "base/strings.h"
#include "pki/certificate.h"
#include "tools/system/tool.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace tools::system {
namespace {

using Arguments = std::vector<std::string>;

struct Words {
    std::map<std::string, std::string> values;
    std::vector<std::string> operands;
    bool has(const char* name) const { return values.count(name) > 0; }
    std::string get(const char* name, const char* fallback = "") const {
        const auto found = values.find(name);
        return found == values.end() ? fallback : found->second;
    }
};

Words readWords(const Arguments& arguments) {
    static const std::vector<std::string> kTakers = {"-in", "-out", "-key", "-keyout", "-subj", "-days", "-CA", "-CAkey", "-newkey", "-config",
                                                     "-CAfile", "-ext", "-set_serial", "-addext", "-extfile", "-signkey", "-name", "-passin", "-passout", "-checkend", "-noenc"};
    Words out;
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        const std::string& word = arguments[i];
        if (!word.starts_with('-')) out.operands.push_back(word);
        else if (word != "-noenc" && std::find(kTakers.begin(), kTakers.end(), word) != kTakers.end() && i + 1 < arguments.size())
            out.values[word] = arguments[++i];
        else out.values[word] = "";
    }
    return out;
}

std::string opensslTime(std::int64_t at) {
    static const char* const kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto t = sim::civilTime(at);
    return fmt::format("{} {:2} {:02}:{:02}:{:02} {} GMT", kMonths[t.month - 1], t.day, t.hour, t.minute, t.second, t.year);
}

std::string nameText(const pki::Name& name) {
    std::vector<std::string> parts;
    for (const auto& organization : name.organizations) parts.push_back("O = " + organization);
    if (!name.commonName.empty()) parts.push_back("CN = " + name.commonName);
    return base::join(parts, ", ");
}

pki::Name parseSubject(std::string_view text) {
    pki::Name name;
    for (const auto& part : base::split(text, '/')) {
        const std::size_t equals = part.find('=');
        if (equals == std::string::npos) continue;
        const std::string key = part.substr(0, equals);
        if (key == "CN") name.commonName = part.substr(equals + 1);
        if (key == "O") name.organizations.push_back(part.substr(equals + 1));
    }
    return name;
}

base::Result<std::string> readInput(ports::Process& process, const std::string& path, const char* what) {
    auto text = process.files().read(process.resolve(path));
    if (text.ok()) return text;
    return base::makeError(fmt::format("Could not open file or uri for loading {} from {}\n{}\n", what, path, text.error().message));
}

sim::Task<int> emit(ports::Process& process, std::string path, std::string text, std::uint32_t mode) {
    if (path.empty()) {
        co_await process.writeOut(std::move(text));
        co_return 0;
    }
    const auto written = process.files().write(process.resolve(path), std::move(text), mode);
    if (written.ok()) co_return 0;
    co_await process.writeError("Can't open \"" + path + "\" for writing, " + written.error().message + "\n");
    co_return 1;
}

sim::Task<int> request(ports::Process& process, Words words) {
    sim::Random& random = process.kernel().random("tools/openssl");
    if (words.has("-in")) {
        const auto pem = readInput(process, words.get("-in"), "X509 certificate request");
        const auto parsed = pem.ok() ? pki::readRequestPem(*pem) : base::Result<pki::ParsedRequest>(pem.error());
        if (!parsed.ok()) {
            co_await process.writeError(parsed.error().message + "\n");
            co_return 1;
        }
        std::string out;
        if (words.has("-subject")) out += "subject=" + nameText(parsed->request.subject) + "\n";
        if (words.has("-text")) out += "Certificate Request:\n    Data:\n        Version: 1 (0x0)\n        Subject: " + nameText(parsed->request.subject) + "\n";
        if (words.has("-verify")) out += "Certificate request self-signature verify OK\n";
        if (!words.has("-noout")) out += *pem;
        co_await process.writeOut(std::move(out));
        co_return 0;
    }
    pki::KeyPtr key;
    if (words.has("-key")) {
        const auto pem = readInput(process, words.get("-key"), "private key");
        auto read = pem.ok() ? pki::readKeyPem(*pem) : base::Result<pki::KeyPtr>(pem.error());
        if (!read.ok()) {
            co_await process.writeError(read.error().message + "\n");
            co_return 1;
        }
        key = *read;
    } else {
        key = pki::makeKey(random);
        std::string place = words.get("-keyout", "privkey.pem"), text = pki::writeKeyPem(*key);
        const int code = co_await emit(process, std::move(place), std::move(text), 0600);
        if (code != 0) co_return code;
    }
    pki::CertificateRequest wanted;
    wanted.subject = parseSubject(words.get("-subj"));
    if (const std::string extra = words.get("-addext"); extra.starts_with("subjectAltName"))
        for (const auto& item : base::split(extra.substr(extra.find('=') + 1), ',')) {
            const std::string name(base::trim(item));
            if (name.starts_with("DNS:")) wanted.dnsNames.push_back(name.substr(4));
            if (const auto address = base::IpAddress::parse(name.starts_with("IP:") ? name.substr(3) : "")) wanted.addresses.push_back(*address);
        }
    std::string text, place = words.get("-out");
    if (words.has("-x509")) {
        pki::SigningProfile profile;
        profile.notBefore = process.kernel().unixNow();
        profile.notAfter = profile.notBefore + base::parseInt(words.get("-days", "30")).value_or(30) * 24 * sim::kHour;
        profile.authority = true;
        text = pki::writeCertificatePem(*pki::signCertificate(wanted, *key, profile, nullptr, *key, random));
    } else {
        text = pki::writeRequestPem(wanted, *key);
    }
    co_return co_await emit(process, std::move(place), std::move(text), 0644);
}

sim::Task<int> signRequest(ports::Process& process, Words words) {
    const auto pem = readInput(process, words.get("-in"), "certificate request");
    const auto authorityPem = readInput(process, words.get("-CA"), "CA certificate");
    const auto keyPem = readInput(process, words.get("-CAkey"), "CA private key");
    for (const auto* text : {&pem, &authorityPem, &keyPem})
        if (!text->ok()) {
            co_await process.writeError(text->error().message);
            co_return 1;
        }
    const auto authority = pki::readCertificatesPem(*authorityPem);
    const auto key = pki::readKeyPem(*keyPem);
    if (!authority.ok() || !key.ok()) {
        co_await process.writeError("Could not read CA certificate or private key\n");
        co_return 1;
    }
    if (!pki::matches(*authority->front(), **key)) {
        co_await process.writeError("CA certificate and CA private key do not match\n");
        co_return 1;
    }
    pki::SigningProfile profile;
    profile.notBefore = process.kernel().unixNow();
    profile.notAfter = profile.notBefore + base::parseInt(words.get("-days", "30")).value_or(30) * 24 * sim::kHour;
    const auto made = pki::signRequestPem(*pem, profile, *authority->front(), **key, process.kernel().random("tools/openssl"));
    if (!made.ok()) {
        co_await process.writeError(made.error().message + "\n");
        co_return 1;
    }
    co_await process.writeError("Certificate request self-signature ok\nsubject=" + nameText(pki::inspect(**made).subject) + "\n");
    std::string place = words.get("-out"), text = pki::writeCertificatePem(**made);
    co_return co_await emit(process, std::move(place), std::move(text), 0644);
}

sim::Task<int> certificate(ports::Process& process, Words words) {
    if (words.has("-req")) co_return co_await signRequest(process, std::move(words));
    std::string pem;
    if (words.has("-in")) {
        const auto read = readInput(process, words.get("-in"), "certificate");
        if (!read.ok()) {
            co_await process.writeError(read.error().message + "Unable to load certificate\n");
            co_return 1;
        }
        pem = *read;
    } else {
        while (true) {
            const std::string bytes = co_await process.input()->read();
            if (bytes.empty()) break;
            pem += bytes;
        }
    }
    const auto chain = pki::readCertificatesPem(pem);
    if (!chain.ok()) {
        co_await process.writeError("Could not find certificate from " + words.get("-in", "<stdin>") + "\n");
        co_return 1;
    }
    const auto info = pki::inspect(*chain->front());
    std::string out;
    if (words.has("-text")) out += pki::certificateText(*chain->front());
    if (words.has("-subject")) out += "subject=" + nameText(info.subject) + "\n";
    if (words.has("-issuer")) out += "issuer=" + nameText(info.issuer) + "\n";
    if (words.has("-startdate") || words.has("-dates")) out += "notBefore=" + opensslTime(info.notBefore) + "\n";
    if (words.has("-enddate") || words.has("-dates")) out += "notAfter=" + opensslTime(info.notAfter) + "\n";
    if (words.has("-serial")) out += "serial=" + info.serial + "\n";
    if (const std::string names = words.get("-ext"); !names.empty()) out += pki::extensionsText(*chain->front(), base::split(names, ','));
    int code = 0;
    if (words.has("-checkend")) {
        const bool ends = info.notAfter < process.kernel().unixNow() + base::parseInt(words.get("-checkend")).value_or(0) * sim::kSecond;
        out += ends ? "Certificate will expire\n" : "Certificate will not expire\n";
        code = ends ? 1 : 0;
    }
    if (!words.has("-noout")) out += pki::writeCertificatePem(*chain->front());
    co_await process.writeOut(std::move(out));
    co_return code;
}

sim::Task<int> verifyChain(ports::Process& process, Words words) {
    const auto rootsPem = readInput(process, words.get("-CAfile"), "certificates");
    const auto roots = rootsPem.ok() ? pki::readCertificatesPem(*rootsPem) : base::Result<std::vector<pki::CertificatePtr>>(rootsPem.error());
    for (const auto& operand : words.operands) {
        const auto pem = readInput(process, operand, "certificate file");
        const auto chain = pem.ok() ? pki::readCertificatesPem(*pem) : base::Result<std::vector<pki::CertificatePtr>>(pem.error());
        if (!chain.ok() || !roots.ok()) {
            co_await process.writeError("Unable to load certificate file\n");
            co_return 2;
        }
        const auto info = pki::inspect(*chain->front());
        const auto usage = info.extendedKeyUsages.size() == 1 && info.extendedKeyUsages.front() == "clientAuth" ? pki::Usage::Client : pki::Usage::Server;
        const auto good = pki::verify(*chain, *roots, process.kernel().unixNow(), usage);
        if (!good.ok()) {
            const bool expired = good.error().message.find("expired") != std::string::npos;
            co_await process.writeError(nameText(info.subject) + "\nerror " + (expired ? std::string("10 at 0 depth lookup: certificate has expired") : std::string("20 at 0 depth lookup: unable to get local issuer certificate")) +
                                        "\nerror " + operand + ": verification failed\n");
            co_return 2;
        }
        co_await process.writeOut(operand + ": OK\n");
    }
    co_return 0;
}

sim::Task<int> openssl(ports::Process& process, Arguments arguments) {
    if (arguments.empty() || arguments[0] == "version") {
        co_await process.writeOut("OpenSSL 3.0.15 3 Sep 2024 (Library: OpenSSL 3.0.15 3 Sep 2024)\n");
        co_return 0;
    }
    Words words = readWords(arguments);
    const std::string command = arguments[0];
    if (command == "genrsa" || command == "genpkey" || command == "ecparam") {
        const auto key = pki::makeKey(process.kernel().random("tools/openssl"));
        std::string place = words.get("-out"), text = pki::writeKeyPem(*key);
        co_return co_await emit(process, std::move(place), std::move(text), 0600);
    }
    if (command == "req") co_return co_await request(process, std::move(words));
    if (command == "x509") co_return co_await certificate(process, std::move(words));
    if (command == "verify") co_return co_await verifyChain(process, std::move(words));
    if (command == "rand") {
        const std::string bytes = process.kernel().random("tools/openssl").bytes(static_cast<std::size_t>(base::parseInt(words.operands.empty() ? "16" : words.operands.back()).value_or(16)));
        std::string text = base::encodeHex(bytes) + "\n";
        if (words.has("-base64")) text = base::encodeBase64(bytes) + "\n";
        co_await process.writeOut(std::move(text));
        co_return 0;
    }
    co_await process.writeError("Invalid command '" + command + "'; type \"help\" for a list.\n");
    co_return 1;
}

} // namespace

std::vector<NamedProgram> opensslTools() { return {tool("openssl", openssl)}; }

} // namespace tools::system
