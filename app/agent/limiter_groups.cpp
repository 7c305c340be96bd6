// Control groups, version 1 and 2, made by hand.
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cmath>
#include <cstring>

#include "app/agent/control_group.h"
#include "app/agent/limiter.h"
#include "app/agent/scope.h"

namespace pilotlight::agent {
namespace {

constexpr double kLeastQuotaUs = 1000;  // the kernel refuses less
constexpr const char* kMostProcesses = "1024";  // Lambda's limit of processes and threads; holds one that forks without end

// Quota and period in microseconds for a share; the period grows where the quota would be too small.
std::pair<std::int64_t, std::int64_t> quota(double vcpu, double period_ms) {
    const double period = std::max(period_ms * 1000, kLeastQuotaUs / vcpu);
    const double capped = std::min(period, 1e6);  // the kernel's longest period
    return {static_cast<std::int64_t>(std::max(kLeastQuotaUs, std::round(vcpu * capped))), static_cast<std::int64_t>(std::round(capped))};
}

// A control group that is removed with this object.
class OwnedGroup {
public:
    OwnedGroup(std::string folder, Guardian& guardian) : folder_(std::move(folder)), guardian_(guardian) {}
    ~OwnedGroup() {
        if (!made_) return;
        removeControlGroup(folder_);
        guardian_.forgetFolder(folder_);
    }
    OwnedGroup(const OwnedGroup&) = delete;
    OwnedGroup& operator=(const OwnedGroup&) = delete;
    Status make() {
        guardian_.watchFolder(folder_);
        if (::mkdir(folder_.c_str(), 0755) != 0) {
            guardian_.forgetFolder(folder_);
            return fail(ErrorCode::unsupported, "No control group can be made in " + folder_ + ": " + std::strerror(errno));
        }
        made_ = true;
        return {};
    }
    [[nodiscard]] std::string file(const std::string& name) const { return folder_ + "/" + name; }

private:
    std::string folder_;
    Guardian& guardian_;
    bool made_ = false;
};

class GroupV1 final : public Limiter {
public:
    // `pids`: empty where that controller is not mounted.
    GroupV1(const bench::EmulatedSize& size, const std::string& cpu, const std::string& account, const std::string& memory, const std::string& pids, Guardian& guardian)
        : size_(size), cpu_(cpu, guardian), memory_(memory, guardian) {
        if (account != cpu) account_ = std::make_unique<OwnedGroup>(account, guardian);
        if (!pids.empty() && pids != cpu && pids != memory) pids_ = std::make_unique<OwnedGroup>(pids, guardian);
    }
    Status make() {
        PILOTLIGHT_TRY(cpu_.make());
        (void)writeText(cpu_.file("cpu.shares"), "262144");  // before what else runs here, which then disturbs less
        if (account_) PILOTLIGHT_TRY(account_->make());
        PILOTLIGHT_TRY(memory_.make());
        if (pids_) {
            PILOTLIGHT_TRY(pids_->make());
            PILOTLIGHT_TRY(writeText(pids_->file("pids.max"), kMostProcesses));
        }
        const std::string bytes = std::to_string(static_cast<std::int64_t>(size_.memory_mb) << 20);
        PILOTLIGHT_TRY(writeText(memory_.file("memory.limit_in_bytes"), bytes));
        if (!readText(memory_.file("memory.memsw.limit_in_bytes")).empty()) PILOTLIGHT_TRY(writeText(memory_.file("memory.memsw.limit_in_bytes"), bytes));
        return setCpu(size_.init_vcpu > 0 ? size_.init_vcpu : size_.vcpu);
    }
    [[nodiscard]] std::string name() const override { return "cgroup-v1"; }
    [[nodiscard]] bool limitsMemory() const override { return true; }
    [[nodiscard]] std::vector<std::string> joinFiles() const override {
        std::vector<std::string> out{cpu_.file("cgroup.procs"), memory_.file("cgroup.procs")};
        for (const auto* more : {account_.get(), pids_.get()})
            if (more != nullptr) out.push_back(more->file("cgroup.procs"));
        return out;
    }
    Status setCpu(double vcpu) override {
        const auto [amount, period] = quota(vcpu, size_.period_ms);
        PILOTLIGHT_TRY(writeText(cpu_.file("cpu.cfs_quota_us"), "-1"));  // so that a period that does not suit the old quota is taken
        PILOTLIGHT_TRY(writeText(cpu_.file("cpu.cfs_period_us"), std::to_string(period)));
        return writeText(cpu_.file("cpu.cfs_quota_us"), std::to_string(amount));
    }
    [[nodiscard]] std::optional<double> cpuMs() const override {
        const auto used = readNumber((account_ ? *account_ : cpu_).file("cpuacct.usage"));
        return used ? std::optional(static_cast<double>(*used) / 1e6) : std::nullopt;
    }
    [[nodiscard]] std::optional<double> peakMb() const override {
        const auto peak = readNumber(memory_.file("memory.max_usage_in_bytes"));
        return peak ? std::optional(static_cast<double>(*peak) / 1048576.0) : std::nullopt;
    }
    [[nodiscard]] bool ranOutOfMemory() const override {
        return readField(memory_.file("memory.oom_control"), "oom_kill").value_or(0) > 0;
    }

private:
    bench::EmulatedSize size_;
    OwnedGroup cpu_, memory_;
    std::unique_ptr<OwnedGroup> account_, pids_;
};

class GroupV2 final : public Limiter {
public:
    GroupV2(std::string name, const bench::EmulatedSize& size, const std::string& folder, Guardian& guardian) : name_(std::move(name)), size_(size), group_(folder, guardian) {}
    Status make() {
        PILOTLIGHT_TRY(group_.make());
        const std::string bytes = std::to_string(static_cast<std::int64_t>(size_.memory_mb) << 20);
        PILOTLIGHT_TRY(writeText(group_.file("memory.max"), bytes));
        if (!readText(group_.file("memory.swap.max")).empty()) PILOTLIGHT_TRY(writeText(group_.file("memory.swap.max"), "0"));
        (void)writeText(group_.file("cpu.weight"), "10000");       // before what else runs here, which then disturbs less
        (void)writeText(group_.file("pids.max"), kMostProcesses);  // where it is offered
        return setCpu(size_.init_vcpu > 0 ? size_.init_vcpu : size_.vcpu);
    }
    [[nodiscard]] std::string name() const override { return name_; }
    [[nodiscard]] bool limitsMemory() const override { return true; }
    [[nodiscard]] std::vector<std::string> joinFiles() const override { return {group_.file("cgroup.procs")}; }
    Status setCpu(double vcpu) override {
        const auto [amount, period] = quota(vcpu, size_.period_ms);
        return writeText(group_.file("cpu.max"), fmt::format("{} {}", amount, period));
    }
    [[nodiscard]] std::optional<double> cpuMs() const override {
        const auto used = readField(group_.file("cpu.stat"), "usage_usec");
        return used ? std::optional(static_cast<double>(*used) / 1e3) : std::nullopt;
    }
    [[nodiscard]] std::optional<double> peakMb() const override {
        const auto peak = readNumber(group_.file("memory.peak"));
        return peak ? std::optional(static_cast<double>(*peak) / 1048576.0) : std::nullopt;
    }
    [[nodiscard]] bool ranOutOfMemory() const override { return readField(group_.file("memory.events"), "oom_kill").value_or(0) > 0; }

private:
    std::string name_;
    bench::EmulatedSize size_;
    OwnedGroup group_;
};

}  // namespace

Result<std::unique_ptr<Limiter>> makeGroupV1Limiter(const bench::EmulatedSize& size, Guardian& guardian) {
    const auto cpu = ownControlGroup("cpu"), account = ownControlGroup("cpuacct"), memory = ownControlGroup("memory");
    if (cpu.empty() || account.empty() || memory.empty())
        return fail(ErrorCode::unsupported, "Control groups of version 1 with cpu, cpuacct and memory are not mounted");
    const std::string name = "/" + freshGroupName(), pids = ownControlGroup("pids");
    auto group = std::make_unique<GroupV1>(size, cpu + name, account + name, memory + name, pids.empty() ? pids : pids + name, guardian);
    PILOTLIGHT_TRY(group->make());
    return std::unique_ptr<Limiter>(std::move(group));
}

Result<std::unique_ptr<Limiter>> makeScopeLimiter(const bench::EmulatedSize& size, Guardian& guardian) {
    std::string why;
    const std::string scope = scopeControlGroup(why);
    if (scope.empty()) return fail(ErrorCode::unsupported, why);
    auto group = std::make_unique<GroupV2>("systemd-scope", size, scope + "/" + freshGroupName(), guardian);
    PILOTLIGHT_TRY(group->make());
    return std::unique_ptr<Limiter>(std::move(group));
}

Result<std::unique_ptr<Limiter>> makeGroupV2Limiter(const bench::EmulatedSize& size, Guardian& guardian) {
    const std::string own = ownControlGroup("");
    if (own.empty()) return fail(ErrorCode::unsupported, "Control groups of version 2 are not mounted");
    const auto offers = [](const std::string& folder) {
        const std::string controllers = " " + readText(folder + "/cgroup.controllers");
        return controllers.find("cpu") != std::string::npos && controllers.find("memory") != std::string::npos;
    };
    if (!offers(own)) return fail(ErrorCode::unsupported, "Control groups of version 2 do not offer cpu and memory here");
    // A group that holds processes may not hand controllers to groups below it (unless it is the root): then a sibling is made.
    std::string parent = own;
    if (!writeText(parent + "/cgroup.subtree_control", "+cpu +memory")) {
        parent = own.substr(0, own.rfind('/'));
        if (!offers(parent) || !writeText(parent + "/cgroup.subtree_control", "+cpu +memory"))
            return fail(ErrorCode::unsupported, "The control group of this process may not be divided", {}, "Start the agent under systemd with Delegate=yes, or as root");
    }
    auto group = std::make_unique<GroupV2>("cgroup-v2", size, parent + "/" + freshGroupName(), guardian);
    PILOTLIGHT_TRY(group->make());
    return std::unique_ptr<Limiter>(std::move(group));
}

}  // namespace pilotlight::agent
