#pragma once
// Resource quantities ("500m", "1Gi", "1e3"). Source: apimachinery pkg/api/resource.

#include "base/result.h"
#include "document/value.h"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace api {

class Quantity {
public:
    enum class Format : std::uint8_t { DecimalSI, BinarySI, DecimalExponent };

    Quantity() = default;
    static Quantity fromValue(std::int64_t value, Format format = Format::DecimalSI);
    static Quantity fromMilli(std::int64_t milli, Format format = Format::DecimalSI);
    static std::optional<Quantity> parse(std::string_view text);
    // Errors carry resource.ParseQuantity's texts.
    static base::Result<Quantity> read(std::string_view text);
    // A value that does not parse reads as zero.
    static Quantity of(std::string_view text) { return parse(text).value_or(Quantity()); }
    // A string or a number as manifests have them.
    static Quantity ofValue(const document::Value& value);

    std::string text() const; // canonical
    Format format() const { return format_; }
    std::int64_t value() const;      // rounded up, saturated
    std::int64_t milliValue() const; // rounded up, saturated
    double asDouble() const;
    bool isZero() const { return nano_ == 0; }
    int sign() const { return nano_ < 0 ? -1 : nano_ > 0 ? 1 : 0; }
    Quantity roundedUpToMilli() const;

    // The format of the left operand is kept unless it is zero.
    Quantity operator+(const Quantity& other) const;
    Quantity operator-(const Quantity& other) const;
    Quantity operator-() const;
    std::strong_ordering operator<=>(const Quantity& other) const { return nano_ <=> other.nano_; }
    bool operator==(const Quantity& other) const { return nano_ == other.nano_; }

private:
    __extension__ using Wide = __int128;
    Wide nano_ = 0; // value * 10^9; nothing smaller exists
    Format format_ = Format::DecimalSI;
};

} // namespace api
