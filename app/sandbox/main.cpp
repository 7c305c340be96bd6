// pilotlight-sandbox: a small AWS account of AI functions on this machine (contracts: resources/docs/sandbox.md).
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "app/sandbox/server.h"

namespace {

using namespace pilotlight;
using namespace pilotlight::sandbox;

int complain(const Error& error, int code) {
    std::fprintf(stderr, "pilotlight-sandbox: %s\n", error.text().c_str());
    return code;
}

Result<std::string> readFile(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail(ErrorCode::not_found, path + " cannot be read.", "The sandbox does not start.", "Check the path.");
    return std::string{std::istreambuf_iterator<char>(file), {}};
}

// A folder for key files of this run, gone at its end.
class KeyFolder {
public:
    KeyFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "pilotlight-keys-XXXXXX").string();
        if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
    }
    ~KeyFolder() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    KeyFolder(const KeyFolder&) = delete;
    KeyFolder& operator=(const KeyFolder&) = delete;
    // The file's path; empty where it could not be written.
    [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
        const auto path = path_ / name;
        std::ofstream file(path);
        return !path_.empty() && (file << text).flush() ? path.string() : std::string{};
    }

private:
    std::filesystem::path path_;
};

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"A loopback AWS account with a fleet of AI functions, days of history and live time."};
    int port = 0;
    double days = 14, speed = 60;
    std::uint64_t seed = 1;
    bool tls = false, with_parent = false;
    std::string scenario_path, faults_path;
    app.add_option("--port", port, "Port on 127.0.0.1; 0 = any free one")->check(CLI::Range(0, 65535));
    app.add_flag("--tls", tls, "HTTPS under a certificate made for this run");
    app.add_option("--days", days, "Days of history")->check(CLI::Range(0.0, 60.0));
    app.add_option("--speed", speed, "How much faster than real time the fleet lives")->check(CLI::Range(1.0, 600.0));
    app.add_option("--seed", seed, "Seed of everything random but the keys");
    app.add_option("--scenario", scenario_path, "A fleet of your own (JSON)");
    app.add_option("--faults", faults_path, "Scripted faults (JSON)");
    app.add_flag("--exit-with-parent", with_parent, "End when the process that started this one ends");
    app.set_version_flag("--version", PILOTLIGHT_VERSION);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    // Signals are taken by sigtimedwait below; every thread inherits the mask.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    signal(SIGPIPE, SIG_IGN);
    const pid_t parent = getppid();

    std::string scenario_text(defaultScenario());
    if (!scenario_path.empty()) {
        auto text = readFile(scenario_path);
        if (!text) return complain(text.error(), 2);
        scenario_text = std::move(*text);
    }
    const auto scenario = parseScenario(scenario_text);
    if (!scenario) return complain(scenario.error(), 2);
    Faults faults;
    if (!faults_path.empty()) {
        const auto text = readFile(faults_path);
        if (!text) return complain(text.error(), 2);
        auto parsed = Faults::parse(*text);
        if (!parsed) return complain(parsed.error(), 2);
        faults = std::move(*parsed);
    }
    const Micros begun = SandboxClock::realNow();
    World world(*scenario, seed, begun - static_cast<Micros>(days * static_cast<double>(kDay)), begun);
    world.advance(begun);
    const Micros anchor = SandboxClock::realNow();
    const Keys keys = makeKeys();
    gcp::Project project(*scenario, seed, begun - static_cast<Micros>(days * static_cast<double>(kDay)));
    project.advance(begun);
    const auto tokens = gcp::TokenIssuer::make(scenario->project);
    if (!tokens) return complain(tokens.error(), 1);
    Service service(world, keys, SandboxClock(anchor, speed), std::move(faults));
    service.serve(project, **tokens);
    azure::Subscription subscription(*scenario, seed, begun - static_cast<Micros>(days * static_cast<double>(kDay)));
    subscription.advance(begun);
    azure::TokenIssuer entra;
    service.serve(subscription, entra);
    const auto server = Server::start(service, port, tls);
    if (!server) return complain(server.error(), 1);
    using nlohmann::json;
    const std::string url = (*server)->url();
    const auto lambdas = scenario->of("aws");
    const std::string region = lambdas.empty() ? "us-east-1" : lambdas.front().region;
    subscription.origin = url;
    const KeyFolder folder;
    const std::string google = folder.write("google-credentials.json", (*tokens)->credentialsFile(url));
    if (google.empty()) return complain({ErrorCode::storage, "The credentials file cannot be written.", "The sandbox does not start.", {}}, 1);
    json environment{{"AWS_ACCESS_KEY_ID", keys.access_key_id},
                     {"AWS_SECRET_ACCESS_KEY", keys.secret},
                     {"AWS_REGION", region},
                     {"AWS_DEFAULT_REGION", region},
                     {"GOOGLE_APPLICATION_CREDENTIALS", google},
                     {"GOOGLE_CLOUD_PROJECT", scenario->project},
                     {"AZURE_TENANT_ID", entra.tenant()},
                     {"AZURE_CLIENT_ID", entra.client()},
                     {"AZURE_CLIENT_SECRET", entra.secret()},
                     {"AZURE_SUBSCRIPTION_ID", scenario->subscription}};
    if (tls) {
        environment["AWS_CA_BUNDLE"] = (*server)->caPath();
        environment["NODE_EXTRA_CA_CERTS"] = (*server)->caPath();
    }
    const json ready{{"endpoints", {{"aws", url}, {"gcp", url}, {"azure", url}}},
                     {"token_endpoint", url},
                     {"ca", tls ? json((*server)->caPath()) : json(nullptr)},
                     {"environment", environment}};
    std::printf("%s\n", ready.dump().c_str());
    std::fflush(stdout);
    while (true) {
        const timespec wait{0, 300'000'000};
        const int signal_number = sigtimedwait(&signals, nullptr, &wait);
        if (signal_number == SIGTERM || signal_number == SIGINT) return 0;
        if (with_parent && getppid() != parent) return 0;
    }
}
