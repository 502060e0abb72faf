#include "api/quantity.h"

#include "base/strings.h"
#include "document/json.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

namespace api {
namespace {

__extension__ using Wide = __int128;

constexpr Wide kNano = 1'000'000'000;
constexpr std::string_view kFormatWrong =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

constexpr Wide power(Wide base, int times) {
    Wide result = 1;
    for (int i = 0; i < times; ++i) result *= base;
    return result;
}
constexpr Wide kLimit = power(10, 37);

struct Scale {
    int base = 10;
    int exponent = 0;
    Quantity::Format format = Quantity::Format::DecimalSI;
};

std::optional<Scale> readSuffix(std::string_view suffix) {
    static constexpr std::array<std::pair<std::string_view, int>, 10> kDecimal{{{"n", -9},
                                                                                {"u", -6},
                                                                                {"m", -3},
                                                                                {"", 0},
                                                                                {"k", 3},
                                                                                {"M", 6},
                                                                                {"G", 9},
                                                                                {"T", 12},
                                                                                {"P", 15},
                                                                                {"E", 18}}};
    static constexpr std::array<std::pair<std::string_view, int>, 6> kBinary{
        {{"Ki", 10}, {"Mi", 20}, {"Gi", 30}, {"Ti", 40}, {"Pi", 50}, {"Ei", 60}}};
    for (const auto& [name, exponent] : kDecimal)
        if (name == suffix) return Scale{10, exponent, Quantity::Format::DecimalSI};
    for (const auto& [name, exponent] : kBinary)
        if (name == suffix) return Scale{2, exponent, Quantity::Format::BinarySI};
    if (suffix.size() > 1 && (suffix[0] == 'e' || suffix[0] == 'E')) {
        const auto exponent = base::parseInt(suffix.substr(1));
        if (exponent && *exponent > -64 && *exponent < 64)
            return Scale{10, static_cast<int>(*exponent), Quantity::Format::DecimalExponent};
    }
    return std::nullopt;
}

bool isDigit(char c) { return c >= '0' && c <= '9'; }

// Multiplies, stopping at the limit: larger amounts do not occur in a cluster.
Wide scaleUp(Wide value, int factor, int times) {
    // Small ones cannot reach it.
    constexpr int kSafe = 18;
    static constexpr auto kPowers = [] {
        std::array<std::int64_t, kSafe + 1> powers{};
        for (int i = 0; i <= kSafe; ++i) powers[static_cast<std::size_t>(i)] = static_cast<std::int64_t>(power(10, i));
        return powers;
    }();
    const bool small = value >= 0 && value <= std::numeric_limits<std::int64_t>::max();
    if (small && factor == 10 && times <= kSafe) return value * kPowers[static_cast<std::size_t>(times)];
    if (small && factor == 2 && times < 60) return value << times;
    for (int i = 0; i < times; ++i) {
        if (value > kLimit / factor) return kLimit;
        value *= factor;
    }
    return value;
}
Wide scaleDownRoundUp(Wide value, int factor, int times) {
    bool rest = false;
    for (int i = 0; i < times && value != 0; ++i) {
        rest = rest || value % factor != 0;
        value /= factor;
    }
    return rest ? value + 1 : value;
}

std::string wideText(Wide value) {
    constexpr Wide kNarrow = std::numeric_limits<std::int64_t>::max();
    if (value <= kNarrow && value >= -kNarrow) return std::to_string(static_cast<std::int64_t>(value));
    const bool negative = value < 0;
    if (negative) value = -value;
    std::string digits;
    for (; value > 0; value /= 10)
        digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(value % 10)));
    return negative ? "-" + digits : digits;
}

std::int64_t saturate(Wide value) {
    if (value > std::numeric_limits<std::int64_t>::max())
        return std::numeric_limits<std::int64_t>::max();
    if (value < std::numeric_limits<std::int64_t>::min())
        return std::numeric_limits<std::int64_t>::min();
    return static_cast<std::int64_t>(value);
}
// Away from zero, as Quantity.Value does.
Wide divideRoundUp(Wide value, Wide by) {
    const Wide result = value / by;
    if (value % by == 0) return result;
    return value > 0 ? result + 1 : result - 1;
}

} // namespace

Quantity Quantity::fromValue(std::int64_t value, Format format) {
    Quantity result;
    result.nano_ = static_cast<Wide>(value) * kNano;
    result.format_ = format;
    return result;
}
Quantity Quantity::fromMilli(std::int64_t milli, Format format) {
    Quantity result;
    result.nano_ = static_cast<Wide>(milli) * (kNano / 1000);
    result.format_ = format;
    return result;
}

base::Result<Quantity> Quantity::read(std::string_view text) {
    if (text.empty()) return base::makeError(std::string(kFormatWrong));
    std::size_t at = 0;
    const bool negative = text[0] == '-';
    if (text[0] == '-' || text[0] == '+') ++at;
    const std::size_t start = at;
    while (at < text.size() && isDigit(text[at])) ++at;
    const std::string_view whole = text.substr(start, at - start);
    std::string_view fraction;
    if (at < text.size() && text[at] == '.') {
        const std::size_t point = ++at;
        while (at < text.size() && isDigit(text[at])) ++at;
        fraction = text.substr(point, at - point);
    }
    const std::size_t suffixAt = at;
    while (at < text.size() &&
           std::string_view("eEinumkKMGTP").find(text[at]) != std::string_view::npos)
        ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    while (at < text.size() && isDigit(text[at])) ++at;
    if (at != text.size()) return base::makeError(std::string(kFormatWrong));
    const auto scale = readSuffix(text.substr(suffixAt));
    if (!scale) return base::makeError("unable to parse quantity's suffix");

    // A binary suffix multiplies by up to 2^60, which must fit as well.
    constexpr Wide kMostDecimal = kLimit / 100, kMostBinaryDigits = kNano * kNano;
    const Wide most = scale->base == 10 ? kMostDecimal : kMostBinaryDigits;
    Wide digits = 0;
    int dropped = 0;
    bool lost = false;
    for (std::string_view part : {whole, fraction}) {
        for (char c : part) {
            if (digits > most) { // keep the magnitude, the tail only rounds up
                ++dropped;
                lost = lost || c != '0';
                continue;
            }
            digits = digits * 10 + (c - '0');
        }
    }
    int exponent = 9 - static_cast<int>(fraction.size()) + dropped;
    if (scale->base == 10)
        exponent += scale->exponent;
    else
        digits = scaleUp(digits, 2, scale->exponent);
    Wide nano =
        exponent >= 0 ? scaleUp(digits, 10, exponent) : scaleDownRoundUp(digits, 10, -exponent);
    if (lost && exponent < 0) ++nano;
    // Upstream caps amounts with binary suffixes, and only those.
    constexpr Wide kMostBinary = static_cast<Wide>(std::numeric_limits<std::int64_t>::max()) * kNano;
    if (scale->format == Format::BinarySI) nano = std::min(nano, kMostBinary);
    Quantity result;
    result.nano_ = negative ? -nano : nano;
    result.format_ = scale->format;
    return result;
}

std::optional<Quantity> Quantity::parse(std::string_view text) {
    if (text.empty()) return std::nullopt; // very often; nobody asks why
    auto result = read(text);
    if (!result.ok()) return std::nullopt;
    return *result;
}

Quantity Quantity::ofValue(const document::Value& value) {
    if (value.isInt()) return fromValue(value.asInt());
    return of(value.isDouble() ? document::formatNumber(value.asDouble()) : value.text());
}

std::string Quantity::text() const {
    if (nano_ == 0) return "0";
    Format format = format_;
    if (format == Format::BinarySI) {
        const Wide limit = 1024 * kNano;
        if ((nano_ > -limit && nano_ < limit) || nano_ % kNano != 0) format = Format::DecimalSI;
    }
    if (format == Format::BinarySI) {
        static constexpr std::array<std::string_view, 7> kNames{"",   "Ki", "Mi", "Gi",
                                                                "Ti", "Pi", "Ei"};
        Wide value = nano_ / kNano;
        std::size_t step = 0;
        while ((value & 1023) == 0 && step + 1 < kNames.size()) {
            value >>= 10; // nothing is lost, not of negative ones either
            ++step;
        }
        return wideText(value) + std::string(kNames[step]);
    }
    static constexpr std::array<std::string_view, 10> kNames{"n", "u", "m", "",  "k",
                                                             "M", "G", "T", "P", "E"};
    Wide value = nano_;
    int exponent = -9;
    const int highest = format == Format::DecimalSI ? 18 : 60;
    // Most amounts fit into a machine word, whose division is far cheaper.
    auto narrow = static_cast<std::int64_t>(value);
    const bool fits = narrow == value;
    while (exponent < highest && (fits ? narrow % 1000 == 0 : value % 1000 == 0)) {
        if (fits) narrow /= 1000;
        else value /= 1000;
        exponent += 3;
    }
    if (fits) value = narrow;
    if (format == Format::DecimalSI)
        return wideText(value) + std::string(kNames[static_cast<std::size_t>(exponent / 3 + 3)]);
    return exponent == 0 ? wideText(value) : wideText(value) + "e" + std::to_string(exponent);
}

std::int64_t Quantity::value() const { return saturate(divideRoundUp(nano_, kNano)); }
std::int64_t Quantity::milliValue() const { return saturate(divideRoundUp(nano_, kNano / 1000)); }
double Quantity::asDouble() const { return static_cast<double>(nano_) / 1e9; }
Quantity Quantity::roundedUpToMilli() const {
    Quantity result = *this;
    result.nano_ = divideRoundUp(nano_, kNano / 1000) * (kNano / 1000);
    return result;
}

Quantity Quantity::operator+(const Quantity& other) const {
    Quantity result = *this;
    if (nano_ == 0) result.format_ = other.format_;
    result.nano_ += other.nano_;
    return result;
}
Quantity Quantity::operator-(const Quantity& other) const {
    Quantity result = *this;
    if (nano_ == 0) result.format_ = other.format_;
    result.nano_ -= other.nano_;
    return result;
}
Quantity Quantity::operator-() const {
    Quantity result = *this;
    result.nano_ = -nano_;
    return result;
}

} // namespace api
