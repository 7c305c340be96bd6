#include "app/agent/machine_look.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <vector>

#include "app/agent/control_group.h"

namespace pilotlight::agent {
namespace {

using SteadyClock = std::chrono::steady_clock;
double msBetween(SteadyClock::time_point a, SteadyClock::time_point b) { return std::chrono::duration<double, std::milli>(b - a).count(); }

// A fixed computation of floating point and memory, about 5 ms: shortest of five.
double calibrate() {
    double best = INFINITY;
    std::vector<float> a(128 * 128, 1.01F), b(128 * 128, 0.99F), c(128 * 128);
    for (int run = 0; run < 5; ++run) {
        const auto begin = SteadyClock::now();
        for (std::size_t i = 0; i < 128; ++i)
            for (std::size_t j = 0; j < 128; ++j) {
                float sum = 0;
                for (std::size_t k = 0; k < 128; ++k) sum += a[i * 128 + k] * b[k * 128 + j];
                c[i * 128 + j] = sum;
            }
        best = std::min(best, msBetween(begin, SteadyClock::now()));
        a[static_cast<std::size_t>(run)] = c[5] * 1e-3F;  // so that no run can be left out
    }
    return best;
}

double pageFaultUs() {
    constexpr std::size_t kPages = 2048;
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    void* memory = ::mmap(nullptr, kPages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return 0;
    ::madvise(memory, kPages * page, MADV_NOHUGEPAGE);
    const auto begin = SteadyClock::now();
    for (std::size_t i = 0; i < kPages; ++i) static_cast<volatile char*>(memory)[i * page] = 1;
    const double took = msBetween(begin, SteadyClock::now());
    ::munmap(memory, kPages * page);
    return took * 1000 / kPages;
}

// CPU time that all CPUs spent neither idle nor waiting for disks; steal counts as busy.
double busyMs() {
    std::ifstream stat("/proc/stat");
    std::string cpu;
    double user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, softirq = 0, steal = 0;
    stat >> cpu >> user >> nice >> system >> idle >> wait >> irq >> softirq >> steal;
    return (user + nice + system + irq + softirq + steal) * 1000.0 / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::optional<double> pressure() {
    const std::string text = readText("/proc/pressure/cpu");
    const auto at = text.find("total=");
    if (at == std::string::npos) return std::nullopt;
    return std::strtod(text.c_str() + at + 6, nullptr) / 1000;
}

std::string bracketed(const std::string& text) {
    const auto begin = text.find('['), end = text.find(']');
    return begin == std::string::npos || end < begin ? "" : text.substr(begin + 1, end - begin - 1);
}

}  // namespace

bench::Machine lookAtMachine() {
    bench::Machine m;
    std::ifstream info("/proc/cpuinfo");
    std::string flags;
    for (std::string line; std::getline(info, line);) {
        const auto colon = line.find(": ");
        if (colon == std::string::npos) continue;
        if (m.cpu_model.empty() && line.starts_with("model name")) m.cpu_model = line.substr(colon + 2);
        if (flags.empty() && (line.starts_with("flags") || line.starts_with("Features"))) flags = " " + line.substr(colon + 2) + " ";
    }
    for (const char* flag : {"avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16", "asimd", "sve", "i8mm", "bf16"})
        if (flags.find(" " + std::string(flag) + " ") != std::string::npos) m.features += (m.features.empty() ? "" : " ") + std::string(flag);
    cpu_set_t cores;
    m.cpus = ::sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
    m.memory_mb = static_cast<std::int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE) >> 20;
    utsname names{};
    ::uname(&names);
    m.kernel = names.release;
    m.architecture = names.machine;
    std::ifstream("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") >> m.governor;
    m.huge_pages = bracketed(readText("/sys/kernel/mm/transparent_hugepage/enabled"));
    const bool v2 = !ownControlGroup("").empty(), v1 = !ownControlGroup("cpu").empty();
    m.control_groups = v1 && v2 ? "v1 and v2" : v1 ? "v1" : v2 ? "v2" : "none";
    m.calibration_ms = calibrate();
    m.page_fault_us = pageFaultUs();
    return m;
}

Disturbance::Disturbance() : begin_(SteadyClock::now()), busy_ms_(busyMs()), pressure_ms_(pressure()) {}

double Disturbance::otherShare(double own_cpu_ms) const {
    const double capacity = msBetween(begin_, SteadyClock::now()) * static_cast<double>(::sysconf(_SC_NPROCESSORS_ONLN));
    return capacity <= 0 ? 0 : std::clamp((busyMs() - busy_ms_ - own_cpu_ms) / capacity, 0.0, 1.0);
}

std::optional<double> Disturbance::pressureMs() const {
    const auto now = pressure();
    return now && pressure_ms_ ? std::optional(*now - *pressure_ms_) : std::nullopt;
}

}  // namespace pilotlight::agent
