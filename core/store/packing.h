// Columns of integers as bit-packed blocks (frame of reference), and the bytes they live in. Shared by the chunk codecs.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace pilotlight::store {

using Bytes = std::vector<std::uint8_t>;

[[nodiscard]] constexpr std::uint64_t zigzag(std::int64_t value) {
    return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
[[nodiscard]] constexpr std::int64_t unzigzag(std::uint64_t value) {
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

void putVarint(Bytes& out, std::uint64_t value);
[[nodiscard]] std::size_t varintSize(std::uint64_t value);

// Reads what a damaged or hostile file may hold: every take fails cleanly past the end, and then `ok()` is false for good.
class ByteReader {
public:
    explicit ByteReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool atEnd() const { return ok_ && position_ == bytes_.size(); }
    [[nodiscard]] std::uint8_t byte();
    [[nodiscard]] std::uint64_t varint();
    // nullptr when so many are not there.
    [[nodiscard]] const std::uint8_t* take(std::size_t count);
    [[nodiscard]] std::size_t left() const { return bytes_.size() - position_; }
    void fail() { ok_ = false; }

private:
    std::span<const std::uint8_t> bytes_;
    std::size_t position_ = 0;
    bool ok_ = true;
};

// Blocks of 32: width in bits (one byte), smallest value (varint), then value - smallest in `width` bits each.
inline constexpr std::size_t kBlock = 32;
[[nodiscard]] std::size_t packedSize(std::span<const std::uint64_t> values);
void pack(Bytes& out, std::span<const std::uint64_t> values);
// Fills `values`; false when the bytes end early or are not what pack() writes.
[[nodiscard]] bool unpack(ByteReader& in, std::span<std::uint64_t> values);

// pack() of the values or of their differences, whichever is smaller; says which in the first byte.
void packSmallest(Bytes& out, std::span<const std::uint64_t> values);
[[nodiscard]] bool unpackSmallest(ByteReader& in, std::span<std::uint64_t> values);

}  // namespace pilotlight::store
