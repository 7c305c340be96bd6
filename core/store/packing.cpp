#include "core/store/packing.h"

#include <bit>

namespace pilotlight::store {
namespace {

static_assert(std::endian::native == std::endian::little, "bit packing loads little-endian words");

struct BlockShape {
    std::uint64_t base = 0;
    int width = 0;
};

// A base costs bytes of its own: for few or wide values zero is the better one.
BlockShape shapeOf(std::span<const std::uint64_t> block) {
    std::uint64_t low = block[0], high = block[0];
    for (const std::uint64_t value : block) {
        low = std::min(low, value);
        high = std::max(high, value);
    }
    const int from_zero = static_cast<int>(std::bit_width(high));
    const int from_low = static_cast<int>(std::bit_width(high - low));
    const auto bytes = [&](int width) { return (block.size() * static_cast<std::size_t>(width) + 7) / 8; };
    if (bytes(from_zero) + 1 <= bytes(from_low) + varintSize(low)) return {0, from_zero};
    return {low, from_low};
}

std::size_t packedBytes(std::size_t count, int width) { return (count * static_cast<std::size_t>(width) + 7) / 8; }

void putBits(Bytes& out, std::span<const std::uint64_t> block, BlockShape shape) {
    const std::size_t start = out.size();
    out.resize(start + packedBytes(block.size(), shape.width));
    std::uint8_t* to = out.data() + start;
    std::uint64_t pending = 0;
    int filled = 0;
    for (const std::uint64_t value : block) {
        const std::uint64_t bits = value - shape.base;
        pending |= bits << filled;
        const int total = filled + shape.width;
        if (total >= 64) {
            std::memcpy(to, &pending, 8);
            to += 8;
            const int used = 64 - filled;
            pending = used >= 64 ? 0 : bits >> used;
            filled = total - 64;
        } else {
            filled = total;
        }
    }
    for (; filled > 0; filled -= 8, pending >>= 8) *to++ = static_cast<std::uint8_t>(pending);
}

void getBits(const std::uint8_t* from, std::size_t size, std::span<std::uint64_t> block, BlockShape shape) {
    // Words are loaded whole: the copy gives the last ones something to run into.
    std::uint8_t padded[kBlock * 8 + 16];
    std::memcpy(padded, from, size);
    std::memset(padded + size, 0, 16);
    const std::uint64_t mask = shape.width >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << shape.width) - 1;
    std::size_t position = 0;
    for (std::uint64_t& value : block) {
        const std::uint8_t* at = padded + (position >> 3);
        const int shift = static_cast<int>(position & 7);
        std::uint64_t word;
        std::memcpy(&word, at, 8);
        word >>= shift;
        if (shift + shape.width > 64) word |= static_cast<std::uint64_t>(at[8]) << (64 - shift);
        value = shape.base + (word & mask);
        position += static_cast<std::size_t>(shape.width);
    }
}

// Differences, zigzag; the first value as it is.
std::vector<std::uint64_t> differences(std::span<const std::uint64_t> values) {
    std::vector<std::uint64_t> out(values.size() - 1);
    for (std::size_t i = 1; i < values.size(); ++i) out[i - 1] = zigzag(static_cast<std::int64_t>(values[i] - values[i - 1]));
    return out;
}

}  // namespace

void putVarint(Bytes& out, std::uint64_t value) {
    while (value >= 0x80) {
        out.push_back(static_cast<std::uint8_t>(value | 0x80));
        value >>= 7;
    }
    out.push_back(static_cast<std::uint8_t>(value));
}

std::size_t varintSize(std::uint64_t value) { return value == 0 ? 1 : (static_cast<std::size_t>(std::bit_width(value)) + 6) / 7; }

std::uint8_t ByteReader::byte() {
    const std::uint8_t* at = take(1);
    return at ? *at : std::uint8_t{0};
}

std::uint64_t ByteReader::varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        const std::uint8_t* at = take(1);
        if (!at) return 0;
        value |= static_cast<std::uint64_t>(*at & 0x7f) << shift;
        if (*at < 0x80) return value;
    }
    ok_ = false;
    return 0;
}

const std::uint8_t* ByteReader::take(std::size_t count) {
    if (!ok_ || count > left()) {
        ok_ = false;
        return nullptr;
    }
    const std::uint8_t* at = bytes_.data() + position_;
    position_ += count;
    return at;
}

std::size_t packedSize(std::span<const std::uint64_t> values) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < values.size(); i += kBlock) {
        const auto block = values.subspan(i, std::min(kBlock, values.size() - i));
        const BlockShape shape = shapeOf(block);
        size += 1 + varintSize(shape.base) + packedBytes(block.size(), shape.width);
    }
    return size;
}

void pack(Bytes& out, std::span<const std::uint64_t> values) {
    for (std::size_t i = 0; i < values.size(); i += kBlock) {
        const auto block = values.subspan(i, std::min(kBlock, values.size() - i));
        const BlockShape shape = shapeOf(block);
        out.push_back(static_cast<std::uint8_t>(shape.width));
        putVarint(out, shape.base);
        putBits(out, block, shape);
    }
}

bool unpack(ByteReader& in, std::span<std::uint64_t> values) {
    for (std::size_t i = 0; i < values.size(); i += kBlock) {
        const auto block = values.subspan(i, std::min(kBlock, values.size() - i));
        BlockShape shape;
        shape.width = in.byte();
        shape.base = in.varint();
        if (!in.ok() || shape.width > 64) return false;
        const std::size_t size = packedBytes(block.size(), shape.width);
        const std::uint8_t* from = in.take(size);
        if (!from) return false;
        getBits(from, size, block, shape);
    }
    return true;
}

void packSmallest(Bytes& out, std::span<const std::uint64_t> values) {
    if (values.empty()) return;
    const auto steps = differences(values);
    if (packedSize(steps) + varintSize(values[0]) < packedSize(values)) {
        out.push_back(1);
        putVarint(out, values[0]);
        pack(out, steps);
    } else {
        out.push_back(0);
        pack(out, values);
    }
}

bool unpackSmallest(ByteReader& in, std::span<std::uint64_t> values) {
    if (values.empty()) return true;
    const std::uint8_t mode = in.byte();
    if (!in.ok() || mode > 1) return false;
    if (mode == 0) return unpack(in, values);
    values[0] = in.varint();
    if (!in.ok() || !unpack(in, values.subspan(1))) return false;
    for (std::size_t i = 1; i < values.size(); ++i) values[i] = values[i - 1] + static_cast<std::uint64_t>(unzigzag(values[i]));
    return true;
}

}  // namespace pilotlight::store
