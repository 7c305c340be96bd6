#include "core/model/sim_surface.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/model/sim_engine.h"

namespace pilotlight::model {
namespace {

// Edges: 0, then 0.1 s x 1.125^i; the last one is about 2.7 days.
constexpr double kFirstEdge = 0.1, kEdgeRatio = 1.125;

struct Edges {
    // 1/16 octave is less than half a bin: from the bin of its lower end at most one step remains.
    static constexpr int kParts = 16, kLowest = -4, kOctaves = 24;
    std::array<double, Surface::kGapBins + 1> at{};
    std::array<std::uint8_t, kParts * kOctaves> first{};  // bin of 2^(kLowest + i / kParts) x (1 + (i mod kParts) / kParts)
    Edges() {
        at[0] = 0;
        double edge = kFirstEdge;
        for (std::size_t i = 1; i <= Surface::kGapBins; ++i, edge *= kEdgeRatio) at[i] = edge;
        for (std::size_t i = 0; i < first.size(); ++i) {
            const double low = std::ldexp(1.0 + static_cast<double>(i % kParts) / kParts, kLowest + static_cast<int>(i / kParts));
            std::size_t bin = 0;
            while (bin + 1 < Surface::kGapBins && at[bin + 1] < low) ++bin;
            first[i] = static_cast<std::uint8_t>(bin);
        }
    }
};

const Edges& edges() {
    static const Edges table;
    return table;
}

}  // namespace

double Surface::edge(std::size_t i) { return edges().at[std::min(i, kGapBins)]; }

std::size_t Surface::binOf(double gap) {
    const auto& table = edges();
    if (!(gap > kFirstEdge)) return 0;
    constexpr std::uint64_t lowest = static_cast<std::uint64_t>(1023 + Edges::kLowest) * Edges::kParts;
    const std::uint64_t key = (std::bit_cast<std::uint64_t>(gap) >> 48) - lowest;
    const std::size_t bin = table.first[std::min<std::uint64_t>(key, table.first.size() - 1)];
    return bin + (bin + 1 < kGapBins && table.at[bin + 1] < gap ? 1 : 0);
}

double Surface::coldStarts(const KeepAlive& keep_alive, std::size_t pool, std::size_t limit) const {
    // A gap within a bin is taken at its geometric middle where the keep-alive law varies inside, which costs at most half a bin (6 %).
    std::array<double, kGapBins> gone{};
    for (std::size_t i = 0; i < kGapBins; ++i) {
        const double low = edge(i), high = edge(i + 1);
        if (keep_alive.kind == KeepAlive::Kind::fixed) {
            // Share of the bin's gaps that are longer than the keep-alive, gaps even in log.
            gone[i] = keep_alive.seconds <= low    ? 1
                      : keep_alive.seconds >= high ? 0
                      : i == 0                     ? 1 - keep_alive.seconds / high
                                                   : std::log(high / keep_alive.seconds) / std::log(high / low);
        } else {
            gone[i] = keep_alive.goneAfter(i == 0 ? 0.5 * high : std::sqrt(low * high));
        }
    }
    double colds = 0;
    for (std::size_t k = pool; k < std::min(limit, levels.size()); ++k) {
        const auto& level = levels[k];
        double sum = level.colds_by_gap[kGapBins];
        for (std::size_t i = 0; i < kGapBins; ++i) sum += gone[i] * level.colds_by_gap[i];
        colds += sum;
    }
    return colds;
}

double Surface::spilled(std::size_t pool) const {
    double sum = 0;
    for (std::size_t k = pool; k < slots.size(); ++k) sum += static_cast<double>(slots[k].requests);
    return sum;
}

double Surface::poolBusy(std::size_t pool) const {
    double sum = 0;
    for (std::size_t k = 0; k < std::min(pool, slots.size()); ++k) sum += slots[k].busy_s;
    return sum;
}

double Surface::poolBilledMs(std::size_t pool) const {
    double sum = 0;
    for (std::size_t k = 0; k < std::min(pool, slots.size()); ++k) sum += slots[k].billed_ms;
    return sum;
}

double Surface::meanInstances(const KeepAlive& keep_alive, std::size_t pool) const {
    double alive = 0;
    for (std::size_t k = pool; k < levels.size(); ++k)
        for (std::size_t i = 0; i < kGapBins; ++i)
            if (levels[k].colds_by_gap[i] != 0)
                alive += levels[k].colds_by_gap[i] * keep_alive.meanAlive(i == 0 ? 0.5 * edge(1) : std::sqrt(edge(i) * edge(i + 1)));
    double busy = busy_s - poolBusy(pool);
    return span_s > 0 ? (busy + alive) / span_s : 0;
}

double Surface::utilisation(std::size_t slot) const { return slot < slots.size() && span_s > 0 ? slots[slot].busy_s / span_s : 0; }

Surface buildSurface(std::span<const double> arrivals, std::span<const float> services, double span_s, const SurfaceBins& wanted) {
    Surface surface;
    surface.requests = arrivals.size();
    surface.span_s = span_s;
    if (arrivals.empty()) return surface;
    double work = 0;
    for (const float s : services) work += s;
    const double length = std::max(1e-9, arrivals.back() - arrivals.front());
    CompletionQueue queue(length / static_cast<double>(arrivals.size()), work / length);
    SlotMap slots;
    std::vector<double> fell;  // fell[k]: when concurrency last fell from k + 1 to k; the identity's L[k + 1]
    constexpr double never = -1;
    std::size_t busy = 0;
    const bool binned = wanted.bins > 0 && wanted.bin_s > 0;
    std::size_t here = 0;  // the bin of the time line that arrivals are in, and where it ends
    double bin_end = -std::numeric_limits<double>::infinity();
    if (binned) {
        surface.bins = wanted.bins;
        surface.depth = wanted.depth;
        surface.slot_busy.assign(wanted.bins * wanted.depth, 0.0F);
        surface.level_cold.assign(wanted.bins * wanted.depth, 0.0F);
    }
    for (std::size_t n = 0; n < arrivals.size(); ++n) {
        const double time = arrivals[n];
        const double service = services[n];
        queue.drain(time, [&](double at, double tag) {
            slots.free(static_cast<std::int32_t>(tag));
            fell[--busy] = at;
        });
        if (busy == fell.size()) {
            fell.push_back(never);
            surface.levels.emplace_back();
        }
        const double last = fell[busy];
        auto& level = surface.levels[busy];
        const double gap = time - last;
        level.colds_by_gap[last < 0 ? Surface::kGapBins : Surface::binOf(gap)] += 1;
        if (last >= 0) level.idle_s += gap;
        const auto slot = static_cast<std::size_t>(slots.lowestFree());
        slots.take(static_cast<std::int32_t>(slot));
        if (slot >= surface.slots.size()) surface.slots.resize(slot + 1);
        auto& use = surface.slots[slot];
        const double billed = std::ceil(service * 1000 - 1e-6);
        use.requests += 1;
        use.busy_s += service;
        use.billed_ms += billed;
        surface.busy_s += service;
        surface.billed_ms += billed;
        if (binned) {
            const double place = time + wanted.offset_s;
            if (place >= bin_end) {
                const double whole = std::floor(place / wanted.bin_s);
                here = static_cast<std::size_t>(whole) % wanted.bins;
                bin_end = (whole + 1) * wanted.bin_s;
            }
            if (busy < wanted.depth) {
                const double gone = last < 0 ? 1 : wanted.keep_alive.goneAfter(gap);
                if (gone > 0) surface.level_cold[here * wanted.depth + busy] += static_cast<float>(gone);
            }
            if (slot < wanted.depth) {
                // A request that runs over the end of its bin is shared out.
                double left = service, room = bin_end - place;
                for (std::size_t bin = here; left > 0; room = wanted.bin_s) {
                    const double part = std::min(left, room);
                    surface.slot_busy[bin * wanted.depth + slot] += static_cast<float>(part);
                    left -= part;
                    if (++bin == wanted.bins) bin = 0;
                }
            }
        }
        ++busy;
        queue.push(time + service, static_cast<double>(slot));
    }
    return surface;
}

}  // namespace pilotlight::model
