#include "core/store/invocation_codec.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <tuple>

#include "core/store/keys.h"

namespace pilotlight::store {
namespace {

constexpr std::array<double, 4> kScales{1.0, 10.0, 100.0, 1'000.0};
constexpr std::uint8_t kRawBits = 7;
constexpr std::uint8_t kDerived = 0;  // billed column only
constexpr std::uint8_t kOwnFloats = 1;
constexpr std::uint64_t kFailed = 1, kTimedOut = 2, kProvisioned = 4, kCold = 8;

std::uint32_t bitsOf(float value) { return std::bit_cast<std::uint32_t>(value); }

bool scaled(float value, double scale, std::uint64_t& out) {
    const double whole = std::nearbyint(static_cast<double>(value) * scale);
    if (!(std::fabs(whole) < 4.5e15)) return false;
    const auto integer = static_cast<std::int64_t>(whole);
    out = zigzag(integer);
    return bitsOf(static_cast<float>(static_cast<double>(integer) / scale)) == bitsOf(value);  // no integer is -0
}

template <typename Get>
void putFloats(Bytes& out, std::size_t count, Get get) {
    std::vector<std::uint64_t> column(count);
    for (std::size_t mode = 0; mode < kScales.size(); ++mode) {
        bool fits = true;
        for (std::size_t i = 0; i < count && fits; ++i) fits = scaled(get(i), kScales[mode], column[i]);
        if (!fits) continue;
        out.push_back(static_cast<std::uint8_t>(mode));
        packSmallest(out, column);
        return;
    }
    out.push_back(kRawBits);
    for (std::size_t i = 0; i < count; ++i) column[i] = bitsOf(get(i));
    packSmallest(out, column);
}

template <typename Set>
bool getFloats(ByteReader& in, std::vector<std::uint64_t>& column, std::size_t count, Set set) {
    const std::uint8_t mode = in.byte();
    if (!in.ok() || (mode >= kScales.size() && mode != kRawBits)) return false;
    column.resize(count);
    if (!unpackSmallest(in, column)) return false;
    if (mode == kRawBits) {
        for (std::size_t i = 0; i < count; ++i) {
            if (column[i] > 0xffffffffu) return false;
            set(i, std::bit_cast<float>(static_cast<std::uint32_t>(column[i])));
        }
    } else {
        for (std::size_t i = 0; i < count; ++i) set(i, static_cast<float>(static_cast<double>(unzigzag(column[i])) / kScales[mode]));
    }
    return true;
}

// Lambda bills the handler rounded up to a millisecond, with INIT where it bills that.
double roundedUp(const Invocation& row) { return std::ceil(static_cast<double>(row.duration_ms) + (row.cold() ? row.init_ms : 0.0)); }

void putBilled(Bytes& out, std::span<const Invocation> rows) {
    std::vector<std::uint64_t> column(rows.size());
    bool derived = true;
    for (std::size_t i = 0; i < rows.size() && derived; ++i) {
        const double base = roundedUp(rows[i]);
        const double difference = static_cast<double>(rows[i].billed_ms) - base;
        derived = std::fabs(base) < 1e9 && std::fabs(difference) < 1e9;
        if (!derived) break;
        const auto integer = static_cast<std::int64_t>(difference);
        column[i] = zigzag(integer);
        derived = bitsOf(static_cast<float>(base + static_cast<double>(integer))) == bitsOf(rows[i].billed_ms);
    }
    out.push_back(derived ? kDerived : kOwnFloats);
    if (derived)
        packSmallest(out, column);
    else
        putFloats(out, rows.size(), [&](std::size_t i) { return rows[i].billed_ms; });
}

Status damaged() {
    return fail(ErrorCode::storage, "A block of invocations in the workspace is damaged", "The rest of the workspace is not affected.",
                "Restore the workspace from a copy, or remove the profile and sync it again.");
}

}  // namespace

bool invocationBefore(const Invocation& a, const Invocation& b) {
    if (a.time != b.time) return a.time < b.time;
    if (a.request != b.request) return a.request < b.request;
    if (a.request != 0) return false;
    return std::tuple(a.instance, bitsOf(a.duration_ms)) < std::tuple(b.instance, bitsOf(b.duration_ms));
}

std::vector<Invocation> mergeInvocations(std::span<const Invocation> older, std::vector<Invocation> newer) {
    if (!std::is_sorted(newer.begin(), newer.end(), invocationBefore)) std::stable_sort(newer.begin(), newer.end(), invocationBefore);
    std::vector<Invocation> merged;
    merged.reserve(older.size() + newer.size());
    const auto add = [&](const Invocation& row) {
        if (!merged.empty() && !invocationBefore(merged.back(), row))
            merged.back() = row;
        else
            merged.push_back(row);
    };
    std::size_t o = 0;
    for (const Invocation& row : newer) {
        while (o < older.size() && !invocationBefore(row, older[o])) add(older[o++]);
        add(row);
    }
    while (o < older.size()) add(older[o++]);
    return merged;
}

void encodeInvocations(std::span<const Invocation> rows, Timestamp start, Bytes& out) {
    const std::size_t count = rows.size();
    std::vector<std::uint64_t> column(count);
    putVarint(out, count);
    for (std::size_t i = 0; i < count; ++i) column[i] = static_cast<std::uint64_t>((rows[i].time - start).count());
    packSmallest(out, column);

    const std::size_t requests = out.size();
    out.resize(requests + count * 8);
    for (std::size_t i = 0; i < count; ++i) std::memcpy(out.data() + requests + i * 8, &rows[i].request, 8);

    std::vector<std::uint64_t> instances(count);
    for (std::size_t i = 0; i < count; ++i) instances[i] = rows[i].instance;
    std::sort(instances.begin(), instances.end());
    instances.erase(std::unique(instances.begin(), instances.end()), instances.end());
    putVarint(out, instances.size());
    const std::size_t list = out.size();
    out.resize(list + instances.size() * 8);
    std::memcpy(out.data() + list, instances.data(), instances.size() * 8);
    for (std::size_t i = 0; i < count; ++i) {
        column[i] = static_cast<std::uint64_t>(std::lower_bound(instances.begin(), instances.end(), rows[i].instance) - instances.begin());
    }
    packSmallest(out, column);

    putFloats(out, count, [&](std::size_t i) { return rows[i].duration_ms; });
    putFloats(out, count, [&](std::size_t i) { return rows[i].max_memory_used_mb; });
    for (std::size_t i = 0; i < count; ++i) column[i] = zigzag(rows[i].memory_mb);
    packSmallest(out, column);
    for (std::size_t i = 0; i < count; ++i) {
        column[i] = (rows[i].failed ? kFailed : 0u) | (rows[i].timed_out ? kTimedOut : 0u) | (rows[i].provisioned ? kProvisioned : 0u) |
                    (rows[i].cold() ? kCold : 0u);
    }
    packSmallest(out, column);
    std::vector<float> inits;
    for (const Invocation& row : rows) {
        if (row.cold()) inits.push_back(row.init_ms);
    }
    if (!inits.empty()) putFloats(out, inits.size(), [&](std::size_t i) { return inits[i]; });
    putBilled(out, rows);  // after the columns it is derived from
}

Status decodeInvocations(std::span<const std::uint8_t> bytes, Timestamp start, std::vector<Invocation>& rows) {
    const std::size_t begin = rows.size();
    const auto broken = [&] {
        rows.resize(begin);
        return damaged();
    };
    ByteReader in(bytes);
    const std::uint64_t count = in.varint();
    if (!in.ok() || count == 0 || count > in.left() / 8) return broken();  // every row has 8 bytes of request
    const auto number = static_cast<std::size_t>(count);
    rows.resize(begin + number);
    Invocation* const to = rows.data() + begin;
    std::vector<std::uint64_t> column(number);
    if (!unpackSmallest(in, column)) return broken();
    for (std::size_t i = 0; i < number; ++i) {
        if (column[i] >= static_cast<std::uint64_t>(kHourMilliseconds)) return broken();
        to[i].time = start + milliseconds(static_cast<std::int64_t>(column[i]));
    }
    const std::uint8_t* requests = in.take(number * 8);
    if (!requests) return broken();
    for (std::size_t i = 0; i < number; ++i) std::memcpy(&to[i].request, requests + i * 8, 8);

    const std::uint64_t known = in.varint();
    if (!in.ok() || known == 0 || known > count) return broken();
    const std::uint8_t* instances = in.take(static_cast<std::size_t>(known) * 8);
    if (!instances || !unpackSmallest(in, column)) return broken();
    for (std::size_t i = 0; i < number; ++i) {
        if (column[i] >= known) return broken();
        std::memcpy(&to[i].instance, instances + column[i] * 8, 8);
    }
    if (!getFloats(in, column, number, [&](std::size_t i, float value) { to[i].duration_ms = value; })) return broken();
    if (!getFloats(in, column, number, [&](std::size_t i, float value) { to[i].max_memory_used_mb = value; })) return broken();
    if (!unpackSmallest(in, column)) return broken();
    for (std::size_t i = 0; i < number; ++i) to[i].memory_mb = static_cast<std::int32_t>(unzigzag(column[i]));

    if (!unpackSmallest(in, column)) return broken();
    std::vector<std::size_t> cold;
    for (std::size_t i = 0; i < number; ++i) {
        to[i].failed = (column[i] & kFailed) != 0;
        to[i].timed_out = (column[i] & kTimedOut) != 0;
        to[i].provisioned = (column[i] & kProvisioned) != 0;
        if ((column[i] & kCold) != 0) cold.push_back(i);
    }
    if (!cold.empty() && !getFloats(in, column, cold.size(), [&](std::size_t i, float value) { to[cold[i]].init_ms = value; }))
        return broken();

    const std::uint8_t mode = in.byte();
    if (!in.ok() || mode > kOwnFloats) return broken();
    if (mode == kDerived) {
        column.resize(number);
        if (!unpackSmallest(in, column)) return broken();
        for (std::size_t i = 0; i < number; ++i) {
            to[i].billed_ms = static_cast<float>(roundedUp(to[i]) + static_cast<double>(unzigzag(column[i])));
        }
    } else if (!getFloats(in, column, number, [&](std::size_t i, float value) { to[i].billed_ms = value; })) {
        return broken();
    }
    return in.atEnd() ? Status{} : broken();
}

}  // namespace pilotlight::store
