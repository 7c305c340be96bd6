#include "core/model/sim_types.h"

#include <algorithm>
#include <cmath>

namespace pilotlight::model {

double Distribution::mean() const {
    if (kind != Kind::empirical || values_s.empty()) return mean_s;
    double sum = 0;
    for (const double v : values_s) sum += v;
    return sum / static_cast<double>(values_s.size());
}

Sampler::Sampler(const Distribution& law) : kind_(law.kind), a_(law.mean_s), values_(law.values_s) {
    if (kind_ == Distribution::Kind::lognormal) {
        const double variance = portableLog(1.0 + law.cv * law.cv);
        a_ = portableLog(std::max(law.mean_s, 1e-300)) - 0.5 * variance;
        b_ = std::sqrt(variance);
    }
    if (kind_ == Distribution::Kind::empirical && values_.empty()) values_.push_back(0);
}

void Sampler::draw(Random& random, std::span<double> out) const {
    switch (kind_) {
        case Distribution::Kind::exponential:
            for (double& value : out) value = a_ * random.exponential();
            return;
        case Distribution::Kind::lognormal:
            for (double& value : out) value = a_ + b_ * random.normal();
            portableExp(out);
            return;
        case Distribution::Kind::constant:
        case Distribution::Kind::empirical:
            for (double& value : out) value = draw(random);
            return;
    }
}

void SampleStream::refill() {
    law_.draw(random_, values_);
    at_ = 0;
}

double KeepAlive::goneAfter(double gap) const {
    switch (kind) {
        case Kind::fixed:
            return gap > seconds ? 1 : 0;
        case Kind::uniform:
            return gap <= from_s ? 0 : gap >= to_s ? 1 : (gap - from_s) / (to_s - from_s);
        case Kind::halving: {
            // Alone it goes after one period; in company half do, so a typical one survives a period with chance 1/2.
            const double epochs = std::floor(gap / period_s);
            return epochs < 1 ? 0 : 1 - std::exp2(-epochs);
        }
        case Kind::empirical: {
            if (cdf.empty()) return 0;
            if (gap < cdf.front().first) return 0;
            const auto after = std::upper_bound(cdf.begin(), cdf.end(), gap, [](double g, const auto& p) { return g < p.first; });
            if (after == cdf.end()) return cdf.back().second;
            const auto before = after - 1;
            return before->second + (after->second - before->second) * (gap - before->first) / (after->first - before->first);
        }
    }
    return 0;
}

double KeepAlive::meanAlive(double gap) const {
    switch (kind) {
        case Kind::fixed:
            return std::min(gap, seconds);
        case Kind::uniform:
            if (gap <= from_s) return gap;
            if (gap >= to_s) return 0.5 * (from_s + to_s);
            return gap - 0.5 * (gap - from_s) * (gap - from_s) / (to_s - from_s);
        case Kind::halving: {
            double alive = 0, share = 1, at = 0;
            while (at < gap && share > 1e-6) {
                const double step = std::min(period_s, gap - at);
                alive += share * step;
                at += period_s;
                share *= 0.5;
            }
            return alive;
        }
        case Kind::empirical: {
            if (cdf.empty()) return gap;
            double alive = std::min(gap, cdf.front().first);
            for (std::size_t i = 0; i + 1 < cdf.size() && cdf[i].first < gap; ++i) {
                const double end = std::min(gap, cdf[i + 1].first);
                alive += (end - cdf[i].first) * (1 - 0.5 * (goneAfter(cdf[i].first) + goneAfter(end)));
            }
            if (gap > cdf.back().first) alive += (gap - cdf.back().first) * (1 - cdf.back().second);
            return alive;
        }
    }
    return gap;
}

double KeepAlive::quantile(double u) const {
    switch (kind) {
        case Kind::fixed:
            return seconds;
        case Kind::uniform:
            return from_s + u * (to_s - from_s);
        case Kind::halving:
            return period_s * std::max(1.0, std::ceil(-std::log2(std::max(1e-12, 1 - u))));
        case Kind::empirical: {
            if (cdf.empty()) return std::numeric_limits<double>::infinity();
            if (u <= cdf.front().second) return cdf.front().first;
            for (std::size_t i = 0; i + 1 < cdf.size(); ++i) {
                const auto& [x0, y0] = cdf[i];
                const auto& [x1, y1] = cdf[i + 1];
                if (u <= y1) return y1 > y0 ? x0 + (x1 - x0) * (u - y0) / (y1 - y0) : x1;
            }
            return std::numeric_limits<double>::infinity();
        }
    }
    return seconds;
}

}  // namespace pilotlight::model
