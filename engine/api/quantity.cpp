#include "api/quantity.h"

#include <array>

namespace api {
namespace {

__extension__ using Wide = __int128;
constexpr Wide kNano = 1'000'000'000;
constexpr Wide kLimit = static_cast<Wide>(INT64_MAX) * kNano;

struct Suffix {
    std::string_view text;
    int base;     // 2 or 10
    int exponent; // of the base
};
constexpr std::array<Suffix, 15> kSuffixes{{{"Ki", 2, 10}, {"Mi", 2, 20}, {"Gi", 2, 30}, {"Ti", 2, 40},
                                            {"Pi", 2, 50}, {"Ei", 2, 60}, {"n", 10, -9}, {"u", 10, -6},
                                            {"m", 10, -3}, {"", 10, 0}, {"k", 10, 3}, {"M", 10, 6},
                                            {"G", 10, 9}, {"T", 10, 12}, {"P", 10, 15}}};

Wide divideUp(Wide value, Wide divisor) {
    const Wide quotient = value / divisor;
    return value % divisor > 0 ? quotient + 1 : quotient;
}

Wide clamp(Wide value) { return value > kLimit ? kLimit : value < -kLimit ? -kLimit : value; }

std::string digits(Wide value) {
    if (value == 0) return "0";
    const bool negative = value < 0;
    if (negative) value = -value;
    std::string out;
    while (value > 0) {
        out.insert(out.begin(), static_cast<char>('0' + static_cast<int>(value % 10)));
        value /= 10;
    }
    return negative ? "-" + out : out;
}

std::optional<int> readExponent(std::string_view text) {
    if (text.size() < 2 || (text[0] != 'e' && text[0] != 'E')) return std::nullopt;
    std::size_t at = 1;
    bool negative = false;
    if (text[at] == '-' || text[at] == '+') negative = text[at++] == '-';
    if (at >= text.size() || text.size() - at > 3) return std::nullopt;
    int exponent = 0;
    for (; at < text.size(); ++at) {
        if (text[at] < '0' || text[at] > '9') return std::nullopt;
        exponent = exponent * 10 + (text[at] - '0');
    }
    return negative ? -exponent : exponent;
}

Wide scaleDecimal(Wide nano, int exponent) {
    for (; exponent > 0 && nano < kLimit && nano > -kLimit; --exponent) nano = clamp(nano * 10);
    Wide divisor = 1;
    for (; exponent < 0 && divisor < kLimit; ++exponent) divisor *= 10;
    return divideUp(nano, divisor);
}

} // namespace

std::optional<Quantity> Quantity::parse(std::string_view text) {
    std::size_t at = 0;
    bool negative = false;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) negative = text[at++] == '-';
    Wide nano = 0, fraction = kNano;
    bool any = false, dot = false;
    for (; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '.' && !dot) {
            dot = true;
            continue;
        }
        if (c < '0' || c > '9') break;
        any = true;
        if (!dot) {
            nano = clamp(nano * 10 + (c - '0') * kNano);
        } else {
            fraction /= 10;
            nano += (c - '0') * fraction;
        }
    }
    if (!any) return std::nullopt;
    const std::string_view suffix = text.substr(at);
    Quantity out;
    bool known = false;
    for (const Suffix& entry : kSuffixes) {
        if (entry.text != suffix) continue;
        known = true;
        out.format_ = entry.base == 2 ? Format::BinarySI : Format::DecimalSI;
        if (entry.base == 2) {
            for (int i = 0; i < entry.exponent && nano < kLimit; ++i) nano = clamp(nano * 2);
        } else {
            nano = scaleDecimal(nano, entry.exponent);
        }
    }
    if (!known && suffix == "E") {
        known = true;
        nano = scaleDecimal(nano, 18);
    }
    if (!known) {
        const auto exponent = readExponent(suffix);
        if (!exponent) return std::nullopt;
        out.format_ = Format::DecimalExponent;
        nano = scaleDecimal(nano, *exponent);
    }
    out.nano_ = negative ? -nano : nano;
    return out;
}

Quantity Quantity::fromMilli(std::int64_t milli, Format format) {
    Quantity out;
    out.nano_ = static_cast<Wide>(milli) * 1'000'000;
    out.format_ = format;
    return out;
}

Quantity Quantity::fromValue(std::int64_t value, Format format) {
    Quantity out;
    out.nano_ = static_cast<Wide>(value) * kNano;
    out.format_ = format;
    return out;
}

std::int64_t Quantity::value() const { return static_cast<std::int64_t>(divideUp(nano_, kNano)); }

std::int64_t Quantity::milliValue() const {
    const Wide milli = divideUp(nano_, 1'000'000);
    return milli > INT64_MAX ? INT64_MAX : static_cast<std::int64_t>(milli);
}

double Quantity::asDouble() const { return static_cast<double>(nano_) / 1e9; }

Quantity Quantity::operator+(const Quantity& other) const {
    Quantity out;
    out.nano_ = clamp(nano_ + other.nano_);
    out.format_ = nano_ == 0 ? other.format_ : format_;
    return out;
}

Quantity Quantity::operator-(const Quantity& other) const {
    Quantity out;
    out.nano_ = clamp(nano_ - other.nano_);
    out.format_ = nano_ == 0 ? other.format_ : format_;
    return out;
}

std::string Quantity::text() const {
    if (nano_ == 0) return "0";
    // Binary form is canonical only for whole numbers of at least 1024.
    const bool whole = nano_ % kNano == 0;
    const Wide magnitude = nano_ < 0 ? -nano_ : nano_;
    if (format_ == Format::BinarySI && whole && magnitude >= 1024 * kNano) {
        static constexpr std::array<std::string_view, 7> names{"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
        Wide value = nano_ / kNano;
        std::size_t step = 0;
        while (step + 1 < names.size() && value % 1024 == 0) {
            value /= 1024;
            ++step;
        }
        return digits(value) + std::string(names[step]);
    }
    static constexpr std::array<std::string_view, 10> names{"n", "u", "m", "", "k", "M", "G", "T", "P", "E"};
    Wide value = nano_;
    std::size_t step = 0;
    while (step + 1 < names.size() && value % 1000 == 0) {
        value /= 1000;
        ++step;
    }
    if (format_ != Format::DecimalExponent || step == 3) return digits(value) + std::string(names[step]);
    return digits(value) + "e" + std::to_string((static_cast<int>(step) - 3) * 3);
}

} // namespace api
