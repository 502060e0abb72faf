#pragma once
// Resource quantities ("100m", "1Gi", "2e3"). Source: apimachinery pkg/api/resource.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace api {

class Quantity {
public:
    enum class Format : std::uint8_t { DecimalSI, BinarySI, DecimalExponent };

    Quantity() = default;
    static std::optional<Quantity> parse(std::string_view text);
    // A value that does not parse reads as zero.
    static Quantity of(std::string_view text) { return parse(text).value_or(Quantity()); }
    static Quantity fromMilli(std::int64_t milli, Format format = Format::DecimalSI);
    static Quantity fromValue(std::int64_t value, Format format = Format::DecimalSI);

    std::int64_t value() const;      // rounded up
    std::int64_t milliValue() const; // rounded up
    double asDouble() const;
    bool isZero() const { return nano_ == 0; }
    Format format() const { return format_; }
    std::string text() const; // canonical form

    // The format of the left operand is kept unless it is zero.
    Quantity operator+(const Quantity& other) const;
    Quantity operator-(const Quantity& other) const;
    bool operator==(const Quantity& other) const { return nano_ == other.nano_; }
    bool operator<(const Quantity& other) const { return nano_ < other.nano_; }
    bool operator<=(const Quantity& other) const { return nano_ <= other.nano_; }
    bool operator>(const Quantity& other) const { return nano_ > other.nano_; }
    bool operator>=(const Quantity& other) const { return nano_ >= other.nano_; }

private:
    __extension__ using Wide = __int128;
    Wide nano_ = 0; // the value times 10^9
    Format format_ = Format::DecimalSI;
};

} // namespace api
