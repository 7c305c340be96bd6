#include "core/model/sim_demand.h"

#include <algorithm>
#include <cmath>

namespace pilotlight::model {

const char* name(DemandMethod method) {
    switch (method) {
        case DemandMethod::week_mean:
            return "mean of the last week";
        case DemandMethod::day_ago:
            return "same hour yesterday";
        case DemandMethod::week_ago:
            return "same hour a week ago";
        case DemandMethod::blend:
            return "half yesterday, half a week ago";
    }
    return "";
}

std::vector<double> forecastDemand(std::span<const double> history, std::size_t day, std::size_t ahead, DemandMethod method) {
    std::vector<double> out(ahead, 0.0);
    const std::size_t n = history.size();
    if (n == 0 || day == 0) return out;
    const std::size_t window = std::min(n, 7 * day);
    double mean = 0;
    for (std::size_t i = n - window; i < n; ++i) mean += history[i] / static_cast<double>(window);
    // The latest value that lies a whole number of `season` steps back.
    const auto seasonal = [&](std::size_t step, std::size_t season) {
        if (season > n) return season > day && day <= n ? history[n - day + step % day] : mean;
        return history[n - season + step % season];
    };
    for (std::size_t step = 0; step < ahead; ++step) {
        switch (method) {
            case DemandMethod::week_mean:
                out[step] = mean;
                break;
            case DemandMethod::day_ago:
                out[step] = seasonal(step, day);
                break;
            case DemandMethod::week_ago:
                out[step] = seasonal(step, 7 * day);
                break;
            case DemandMethod::blend:
                out[step] = 0.5 * seasonal(step, day) + 0.5 * seasonal(step, 7 * day);
                break;
        }
    }
    return out;
}

DemandForecast demandAhead(std::span<const double> history, std::size_t day, std::size_t ahead) {
    DemandForecast result;
    constexpr DemandMethod methods[] = {DemandMethod::blend, DemandMethod::week_ago, DemandMethod::day_ago, DemandMethod::week_mean};
    std::vector<std::vector<double>> errors(4);  // relative to the mean of the day
    const std::size_t days = day == 0 ? 0 : history.size() / day;
    if (days >= 9) {
        result.days_tested = std::min<std::size_t>(16, days - 8);
        for (std::size_t m = 0; m < 4; ++m) {
            double off = 0, all = 0;
            for (std::size_t d = result.days_tested; d > 0; --d) {
                const std::size_t at = history.size() - d * day;
                const auto guess = forecastDemand(history.first(at), day, day, methods[m]);
                for (std::size_t i = 0; i < day; ++i) {
                    const double error = history[at + i] - guess[i];
                    off += std::abs(error);
                    all += history[at + i];
                    errors[m].push_back(error);
                }
            }
            result.scores.push_back({methods[m], all > 0 ? off / all : 0});
        }
    }
    std::size_t chosen = 0;
    for (std::size_t m = 1; m < result.scores.size(); ++m)
        if (result.scores[m].wape < 0.95 * result.scores[0].wape && result.scores[m].wape < result.scores[chosen].wape) chosen = m;
    result.method = methods[chosen];
    result.value = forecastDemand(history, day, ahead, result.method);
    auto band = errors[chosen];
    std::sort(band.begin(), band.end());
    for (const double v : result.value) {
        const double low = band.empty() ? -v : band[static_cast<std::size_t>(0.05 * static_cast<double>(band.size() - 1))];
        const double high = band.empty() ? v : band[static_cast<std::size_t>(0.95 * static_cast<double>(band.size() - 1))];
        result.lo.push_back(std::max(0.0, v + std::min(0.0, low)));
        result.hi.push_back(v + std::max(0.0, high));
    }
    std::stable_sort(result.scores.begin(), result.scores.end(), [](const auto& a, const auto& b) { return a.wape < b.wape; });
    return result;
}

}  // namespace pilotlight::model
