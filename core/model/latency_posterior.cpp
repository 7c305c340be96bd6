#include "core/model/latency_posterior.h"

#include <algorithm>
#include <cmath>
#include <Eigen/Dense>
#include <limits>
#include <numeric>

namespace pilotlight::model {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kLength = 0.7;            // of the smooth deviation, in ln(MB)
constexpr double kAmplitudeMedian = 0.02;  // of the smooth deviation
constexpr double kAmplitudeSpread = 0.9;
constexpr double kAmplitudes[] = {0.006, 0.02, 0.05, 0.12};
constexpr double kNuggets[] = {0.003, 0.007, 0.014, 0.028, 0.055, 0.11};
constexpr double kOutlierFactor = 8;
constexpr double kScaleVar = 25.0;          // free scale, around the mean of what was measured
constexpr double kAbsoluteScaleVar = 9e-4;  // quota shapes are durations: 3 %
constexpr double kBenchScaleVar = 9.0;      // this machine against the cloud
constexpr double kBenchNugget = 0.03;       // its shape is not quite the cloud's
constexpr std::size_t kComponents = 256;
constexpr std::size_t kStrata = 12;      // particles per component
constexpr std::size_t kMostPoints = 24;  // above, shapes are screened first
constexpr std::size_t kScreened = 500;
constexpr std::size_t kMostOutliers = 6;

double kernel(double a, double b) {
    const double d = (a - b) / kLength;
    return std::exp(-0.5 * d * d);
}

bool sameSize(double a, double b) { return std::abs(a - b) < 1e-9; }

// Inverse of the standard normal distribution function (Acklam's rational approximation, relative error 1.2e-9).
double normalQuantile(double p) {
    constexpr double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                            1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
    constexpr double b[] = {-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02, 6.680131188771972e+01,
                            -1.328068155288572e+01};
    constexpr double c[] = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                            -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
    constexpr double d[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00, 3.754408661907416e+00};
    if (p < 0.02425) {
        const double q = std::sqrt(-2 * std::log(p));
        return (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
               ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
    }
    if (p > 1 - 0.02425) return -normalQuantile(1 - p);
    const double q = p - 0.5, r = q * q;
    return (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
           (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
}

double fraction(double x) { return x - std::floor(x); }

// SplitMix64: the same numbers on every machine, unlike <random>'s distributions.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    double uniform() {
        std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
        z ^= z >> 31;
        return (static_cast<double>(z >> 11) + 0.5) * 0x1.0p-53;
    }
    double normal() { return normalQuantile(uniform()); }

private:
    std::uint64_t state_;
};

struct Setting {
    double amplitude = 0, nugget = 0, log_prior = 0;
    int outlier = -1;
    VectorXd nugget_var;   // persistent, per point
    MatrixXd lower;        // Cholesky factor of the covariance of the points
    VectorXd ones;         // lower^-1 1
    double precision = 0;  // 1' K^-1 1
    double log_det = 0;
};

struct Component {
    std::size_t shape = 0, setting = 0;
    double scale = 0;
    VectorXd alpha;
};

}  // namespace

struct Posterior::Impl {
    std::vector<Shape> shapes;
    std::vector<Setting> settings;
    std::vector<Component> components;  // equally likely
    std::vector<Point> points;
    VectorXd x, y;
    double y_mean = 0, repeat_sd = 0, spread_sd = 0, typical_sampling_var = 0, outlier_share = 0;
    std::vector<double> strata;       // kComponents x kStrata standard normal values
    std::vector<float> outlier_mark;  // factor on the nugget, same layout

    MatrixXd covariance(const Setting& setting) const {
        const auto n = x.size();
        bool cloud = false, bench = false;
        for (const auto& point : points) (point.bench ? bench : cloud) = true;
        MatrixXd k(n, n);
        for (Eigen::Index i = 0; i < n; ++i) {
            for (Eigen::Index j = 0; j <= i; ++j) {
                double value = setting.amplitude * setting.amplitude * kernel(x[i], x[j]);
                if (bench && cloud && points[static_cast<std::size_t>(i)].bench && points[static_cast<std::size_t>(j)].bench)
                    value += kBenchScaleVar;
                k(i, j) = k(j, i) = value;
            }
            k(i, i) += setting.nugget_var[i] + points[static_cast<std::size_t>(i)].sampling_var + 1e-9;
        }
        return k;
    }

    Setting makeSetting(double amplitude, double nugget, int outlier, double log_prior) const {
        Setting setting;
        setting.amplitude = amplitude;
        setting.nugget = nugget;
        setting.outlier = outlier;
        setting.log_prior = log_prior;
        const auto n = x.size();
        setting.nugget_var.resize(n);
        for (Eigen::Index i = 0; i < n; ++i) {
            const Point& point = points[static_cast<std::size_t>(i)];
            double var = nugget * nugget * (0.5 + 0.5 / std::max(1.0, point.campaigns));
            if (i == outlier) var *= kOutlierFactor * kOutlierFactor;
            if (point.bench) var += kBenchNugget * kBenchNugget;
            setting.nugget_var[i] = var;
        }
        const Eigen::LLT<MatrixXd> llt(covariance(setting));
        setting.lower = llt.matrixL();
        setting.ones = setting.lower.triangularView<Eigen::Lower>().solve(VectorXd::Ones(n));
        setting.precision = setting.ones.squaredNorm();
        for (Eigen::Index i = 0; i < n; ++i) setting.log_det += 2 * std::log(setting.lower(i, i));
        return setting;
    }

    // ln(likelihood x prior) of every shape under one setting.
    void score(const Setting& setting, const MatrixXd& residuals, double* out) const {
        const MatrixXd w = setting.lower.triangularView<Eigen::Lower>().solve(residuals);
        const Eigen::RowVectorXd b = setting.ones.transpose() * w;
        const Eigen::RowVectorXd q = w.colwise().squaredNorm();
        for (Eigen::Index j = 0; j < residuals.cols(); ++j) {
            const Shape& shape = shapes[static_cast<std::size_t>(j)];
            const double scale_var = shape.absolute() ? kAbsoluteScaleVar : kScaleVar;
            // The scale is centred on zero for quota shapes and on the points' mean for all others.
            const double fit = b[j] * b[j] / (setting.precision + 1 / scale_var);
            out[j] = setting.log_prior + shape.log_prior - 0.5 * (q[j] - fit + setting.log_det + std::log1p(scale_var * setting.precision));
        }
    }

    MatrixXd residualsOf() const {
        MatrixXd residuals(x.size(), static_cast<Eigen::Index>(shapes.size()));
        for (std::size_t j = 0; j < shapes.size(); ++j) {
            const double centre = shapes[j].absolute() ? 0 : y_mean;
            for (Eigen::Index i = 0; i < x.size(); ++i)
                residuals(i, static_cast<Eigen::Index>(j)) = y[i] - centre - logShape(shapes[j], points[static_cast<std::size_t>(i)].axis);
        }
        return residuals;
    }

    void screen() {
        if (points.size() <= kMostPoints || shapes.size() <= kScreened) return;
        const Setting setting = makeSetting(0.05, 0.028, -1, 0);
        const MatrixXd residuals = residualsOf();
        std::vector<double> scores(shapes.size());
        score(setting, residuals, scores.data());
        std::vector<std::size_t> order(shapes.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
        order.resize(kScreened);
        std::sort(order.begin(), order.end());
        std::vector<Shape> kept;
        for (const std::size_t i : order) kept.push_back(shapes[i]);
        shapes = std::move(kept);
    }

    // Which points may be outliers: all of a few, the worst fitting of many.
    std::vector<int> suspects(const MatrixXd& residuals) const {
        const auto n = static_cast<std::size_t>(x.size());
        std::vector<int> out;
        if (n < 2) return out;
        if (n <= kMostOutliers) {
            for (std::size_t i = 0; i < n; ++i) out.push_back(static_cast<int>(i));
            return out;
        }
        const Setting setting = makeSetting(0.02, 0.014, -1, 0);
        std::vector<double> scores(shapes.size());
        score(setting, residuals, scores.data());
        const auto best = static_cast<Eigen::Index>(std::max_element(scores.begin(), scores.end()) - scores.begin());
        VectorXd r = residuals.col(best);
        const MatrixXd inverse = setting.lower.triangularView<Eigen::Lower>().solve(MatrixXd::Identity(x.size(), x.size()));
        const MatrixXd precision = inverse.transpose() * inverse;
        r.array() -= (setting.ones.transpose() * (inverse * r)).value() / setting.precision;
        const VectorXd surprise = (precision * r).array() / precision.diagonal().array().sqrt();  // leave-one-out z scores
        std::vector<std::size_t> order(n);
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return std::abs(surprise[static_cast<Eigen::Index>(a)]) > std::abs(surprise[static_cast<Eigen::Index>(b)]);
        });
        for (std::size_t i = 0; i < kMostOutliers; ++i) out.push_back(static_cast<int>(order[i]));
        std::sort(out.begin(), out.end());
        return out;
    }

    void makeSettings(const NoisePrior& noise, const std::vector<int>& outliers) {
        const double none = std::log1p(-std::min(0.5, noise.outlier_share)) * static_cast<double>(points.size());
        for (const double amplitude : kAmplitudes) {
            const double a = std::log(amplitude / kAmplitudeMedian) / kAmplitudeSpread;
            for (const double nugget : kNuggets) {
                const double t = std::log(nugget / noise.nugget) / noise.nugget_spread;
                const double prior = -0.5 * (a * a + t * t);
                settings.push_back(makeSetting(amplitude, nugget, -1, prior + none));
                for (const int outlier : outliers)
                    settings.push_back(
                        makeSetting(amplitude, nugget, outlier, prior + none + std::log(noise.outlier_share / (1 - noise.outlier_share))));
            }
        }
    }

    // Systematic resampling: kComponents equally likely components, in grid order.
    void resample(const MatrixXd& residuals) {
        const std::size_t shape_count = shapes.size();
        std::vector<double> scores(shape_count * settings.size());
        for (std::size_t s = 0; s < settings.size(); ++s) score(settings[s], residuals, scores.data() + s * shape_count);
        const double best = *std::max_element(scores.begin(), scores.end());
        double total = 0;
        for (double& value : scores) {
            value = value > best - 30 ? std::exp(value - best) : 0;
            total += value;
        }
        const double step = total / kComponents;
        double reached = 0, next = step / 2;
        for (std::size_t i = 0; i < scores.size() && components.size() < kComponents; ++i) {
            reached += scores[i];
            while (reached >= next && components.size() < kComponents) {
                addComponent(i % shape_count, i / shape_count, residuals);
                next += step;
            }
        }
        while (components.size() < kComponents) components.push_back(components.back());
    }

    void addComponent(std::size_t shape, std::size_t setting_index, const MatrixXd& residuals) {
        if (!components.empty() && components.back().shape == shape && components.back().setting == setting_index) {
            components.push_back(components.back());
            return;
        }
        const Setting& setting = settings[setting_index];
        Component component;
        component.shape = shape;
        component.setting = setting_index;
        const VectorXd r = residuals.col(static_cast<Eigen::Index>(shape));
        VectorXd w = setting.lower.triangularView<Eigen::Lower>().solve(r);
        const double scale_var = shapes[shape].absolute() ? kAbsoluteScaleVar : kScaleVar;
        const double offset = setting.ones.dot(w) / (setting.precision + 1 / scale_var);
        w -= offset * setting.ones;
        component.alpha = setting.lower.transpose().triangularView<Eigen::Upper>().solve(w);
        component.scale = offset + (shapes[shape].absolute() ? 0 : y_mean);
        components.push_back(std::move(component));
    }

    [[nodiscard]] double scaleVar(const Component& component, const Setting& setting) const {
        return 1 / (setting.precision + 1 / (shapes[component.shape].absolute() ? kAbsoluteScaleVar : kScaleVar));
    }

    // Covariance of the value at `at` with the points; `nugget` of a measured cloud size is its own.
    VectorXd crossCovariance(const Setting& setting, double at, int measured) const {
        VectorXd k(x.size());
        for (Eigen::Index i = 0; i < x.size(); ++i) k[i] = setting.amplitude * setting.amplitude * kernel(at, x[i]);
        if (measured >= 0) k[measured] += setting.nugget_var[measured];
        return k;
    }

    [[nodiscard]] int measuredIndex(double at) const {
        for (std::size_t i = 0; i < points.size(); ++i)
            if (sameSize(x[static_cast<Eigen::Index>(i)], at) && (!points[i].bench || all_bench)) return static_cast<int>(i);
        return -1;
    }
    bool all_bench = false;
};

Posterior::~Posterior() = default;

Posterior::Posterior(const PointSet& set, const FitOptions& options, const NoisePrior& noise) : impl_(std::make_unique<Impl>()) {
    Impl& m = *impl_;
    m.points = set.points;
    m.all_bench = set.bench_only;
    m.repeat_sd = set.repeat_sd;
    m.spread_sd = set.spread.sd;
    m.outlier_share = noise.outlier_share;
    const auto n = static_cast<Eigen::Index>(m.points.size());
    m.x.resize(n);
    m.y.resize(n);
    double smallest = std::numeric_limits<double>::infinity(), fastest = smallest;
    for (Eigen::Index i = 0; i < n; ++i) {
        const Point& point = m.points[static_cast<std::size_t>(i)];
        m.x[i] = std::log(point.axis);
        m.y[i] = point.log_mean;
        m.typical_sampling_var += point.sampling_var / static_cast<double>(n);
        smallest = std::min(smallest, point.axis);
        if (!point.bench || m.all_bench) fastest = std::min(fastest, std::exp(point.log_mean));
    }
    m.y_mean = m.y.mean();
    m.shapes = shapeGrid(options.platform, smallest, fastest);
    m.screen();
    const MatrixXd residuals = m.residualsOf();
    m.makeSettings(noise, m.suspects(residuals));
    m.resample(residuals);
    m.strata.resize(kComponents * kStrata);
    m.outlier_mark.resize(kComponents * kStrata);
    for (std::size_t k = 0; k < kComponents; ++k) {
        const double shift = fraction(0.5 + static_cast<double>(k) * 0.6180339887498949);
        for (std::size_t i = 0; i < kStrata; ++i) {
            const std::size_t at = k * kStrata + i;
            m.strata[at] = normalQuantile((static_cast<double>(i) + shift) / kStrata * (1 - 1e-12) + 5e-13);
            m.outlier_mark[at] = fraction(static_cast<double>(at) * 0.7548776662466927) < noise.outlier_share ? 1.0F : 0.0F;
        }
    }
}

Posterior::Quantiles Posterior::at(double axis) const {
    const Impl& m = *impl_;
    const double at = std::log(axis);
    const int measured = m.measuredIndex(at);
    Quantiles out;
    out.measured = measured >= 0;
    double extra = m.typical_sampling_var;
    if (measured >= 0) {
        const Point& point = m.points[static_cast<std::size_t>(measured)];
        extra = point.sampling_var + m.repeat_sd * m.repeat_sd * (1 + 1 / std::max(1.0, point.campaigns));
    }
    std::vector<double> particles(kComponents * kStrata);
    std::size_t setting_at = std::numeric_limits<std::size_t>::max();
    VectorXd k;
    double smooth_var = 0, leverage = 0, nugget_var = 0;
    for (std::size_t c = 0; c < kComponents; ++c) {
        const Component& component = m.components[c];
        const Setting& setting = m.settings[component.setting];
        if (component.setting != setting_at) {
            setting_at = component.setting;
            k = m.crossCovariance(setting, at, measured);
            const VectorXd u = setting.lower.triangularView<Eigen::Lower>().solve(k);
            smooth_var = setting.amplitude * setting.amplitude - u.squaredNorm();
            leverage = 1 - u.dot(setting.ones);
            nugget_var = measured >= 0 ? setting.nugget_var[measured] : setting.nugget * setting.nugget;
        }
        const double centre = logShape(m.shapes[component.shape], axis) + component.scale + k.dot(component.alpha);
        const double base = smooth_var + leverage * leverage * m.scaleVar(component, setting) + extra;
        const double usual = std::sqrt(std::max(1e-12, base + nugget_var));
        const double odd = measured >= 0 ? usual : std::sqrt(std::max(1e-12, base + kOutlierFactor * kOutlierFactor * nugget_var));
        for (std::size_t i = 0; i < kStrata; ++i) {
            const std::size_t index = c * kStrata + i;
            particles[index] = centre + m.strata[index] * (m.outlier_mark[index] > 0 ? odd : usual);
        }
    }
    const auto pick = [&](double p) {
        const auto nth = particles.begin() + static_cast<std::ptrdiff_t>(p * static_cast<double>(particles.size()));
        std::nth_element(particles.begin(), nth, particles.end());
        return *nth;
    };
    out.lo = pick(0.05);
    out.median = pick(0.5);
    out.hi = pick(0.95);
    return out;
}

std::vector<double> Posterior::draws(const std::vector<double>& axes, std::size_t count, std::uint64_t seed) const {
    const Impl& m = *impl_;
    const auto n = static_cast<Eigen::Index>(axes.size());
    std::vector<double> out(count * axes.size());
    std::vector<int> measured(axes.size());
    VectorXd at(n);
    for (Eigen::Index i = 0; i < n; ++i) {
        at[i] = std::log(axes[static_cast<std::size_t>(i)]);
        measured[static_cast<std::size_t>(i)] = m.measuredIndex(at[i]);
    }
    Random random(seed * 0x9E3779B97F4A7C15ULL + 1);
    std::size_t setting_at = std::numeric_limits<std::size_t>::max();
    bool absolute_at = false;
    MatrixXd k, lower;
    VectorXd z(n);
    for (std::size_t d = 0; d < count; ++d) {
        const Component& component = m.components[d * kComponents / count];
        const Setting& setting = m.settings[component.setting];
        const bool absolute = m.shapes[component.shape].absolute();
        if (component.setting != setting_at || absolute != absolute_at) {
            setting_at = component.setting;
            absolute_at = absolute;
            k.resize(m.x.size(), n);
            for (Eigen::Index i = 0; i < n; ++i) k.col(i) = m.crossCovariance(setting, at[i], measured[static_cast<std::size_t>(i)]);
            const MatrixXd u = setting.lower.triangularView<Eigen::Lower>().solve(k);
            const VectorXd leverage = VectorXd::Ones(n) - u.transpose() * setting.ones;
            MatrixXd covariance(n, n);
            for (Eigen::Index i = 0; i < n; ++i) {
                for (Eigen::Index j = 0; j <= i; ++j) {
                    double value = setting.amplitude * setting.amplitude * kernel(at[i], at[j]);
                    const int same = measured[static_cast<std::size_t>(i)];
                    if (same >= 0 && same == measured[static_cast<std::size_t>(j)]) value += setting.nugget_var[same];
                    covariance(i, j) = covariance(j, i) = value;
                }
            }
            covariance -= u.transpose() * u;
            covariance += m.scaleVar(component, setting) * leverage * leverage.transpose();
            covariance.diagonal().array() += 1e-10;
            lower = Eigen::LLT<MatrixXd>(covariance).matrixL();
        }
        for (Eigen::Index i = 0; i < n; ++i) z[i] = random.normal();
        const VectorXd deviation = lower.triangularView<Eigen::Lower>() * z;
        for (Eigen::Index i = 0; i < n; ++i) {
            const double centre =
                logShape(m.shapes[component.shape], axes[static_cast<std::size_t>(i)]) + component.scale + k.col(i).dot(component.alpha);
            out[d * axes.size() + static_cast<std::size_t>(i)] = centre + deviation[i];
        }
    }
    return out;
}

double Posterior::ownSd(double axis) const {
    const Impl& m = *impl_;
    if (m.measuredIndex(std::log(axis)) >= 0) return 0;
    double var = 0;
    for (const auto& component : m.components) var += std::pow(m.settings[component.setting].nugget, 2) / kComponents;
    return std::sqrt(var);
}

double Posterior::measurementSd(double axis) const {
    const Impl& m = *impl_;
    const double own = ownSd(axis);
    const double var = m.measuredIndex(std::log(axis)) >= 0 ? m.repeat_sd * m.repeat_sd : own * own;
    return std::sqrt(var + m.typical_sampling_var);
}

double Posterior::smooth(double axis) const {
    const Impl& m = *impl_;
    double sum = 0;
    for (const auto& component : m.components) {
        const Setting& setting = m.settings[component.setting];
        sum += logShape(m.shapes[component.shape], axis) + component.scale +
               m.crossCovariance(setting, std::log(axis), -1).dot(component.alpha);
    }
    return sum / kComponents;
}

Posterior::Summary Posterior::summary() const {
    const Impl& m = *impl_;
    Summary out;
    std::vector<double> knees, serials;
    for (const auto& component : m.components) {
        const Shape& shape = m.shapes[component.shape];
        constexpr double share = 1.0 / kComponents;
        switch (shape.family) {
            case Shape::Family::knee:
                out.knee += share;
                break;
            case Shape::Family::soft_knee:
                out.soft += share;
                break;
            case Shape::Family::pressure:
                out.pressure += share;
                break;
            case Shape::Family::amdahl:
                out.amdahl += share;
                break;
            case Shape::Family::power:
                out.power += share;
                break;
            case Shape::Family::exponential:
                out.exponential += share;
                break;
            case Shape::Family::quota_debt:
            case Shape::Family::quota_phase:
                out.quota += share;
                break;
        }
        if (shape.family <= Shape::Family::pressure) {
            knees.push_back(shape.knee);
            serials.push_back(shape.serial);
        }
        out.nugget += m.settings[component.setting].nugget * share;
    }
    if (!knees.empty()) {
        std::sort(knees.begin(), knees.end());
        std::sort(serials.begin(), serials.end());
        const auto pick = [](const std::vector<double>& sorted, double p) {
            return sorted[static_cast<std::size_t>(p * static_cast<double>(sorted.size() - 1))];
        };
        out.knee_mb = pick(knees, 0.5);
        out.knee_lo = pick(knees, 0.05);
        out.knee_hi = pick(knees, 0.95);
        out.serial = pick(serials, 0.5);
    }
    return out;
}

}  // namespace pilotlight::model
