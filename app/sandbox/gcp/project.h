// The project that the Google part of the sandbox serves: Cloud Run services and Cloud Functions as the documents that the APIs show, an
// engine behind each, and the long-running operations that lead from one state to the next. Not thread-safe.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "app/sandbox/engine/shared_engine.h"

namespace pilotlight::sandbox::gcp {

struct Documents;
struct Resource {
    Resource();
    ~Resource();
    FunctionSpec spec;
    std::unique_ptr<SharedEngine> engine;
    std::unique_ptr<Documents> documents;
    nlohmann::json& service;   // Run v2 Service; null for 1st generation functions
    nlohmann::json& function;  // Functions v2 Function; null for plain services
    int revision = 1;
    std::string revisions_used;  // " name name ": names that are taken
    [[nodiscard]] bool isGen1() const { return spec.kind == "gen1"; }
};

struct Operation {
    std::string name;
    Resource* resource = nullptr;
    Micros done_at = 0;
    bool fails = false, of_function = false;
    int version = 2;
};

class Project {
public:
    Project(const Scenario& scenario, std::uint64_t seed, Micros start);

    void advance(Micros t);
    [[nodiscard]] Micros now() const { return now_; }
    [[nodiscard]] const std::string& id() const { return id_; }
    [[nodiscard]] std::vector<std::unique_ptr<Resource>>& resources() { return resources_; }
    [[nodiscard]] std::vector<std::string> locations() const;
    [[nodiscard]] Resource* findService(const std::string& location, const std::string& name);
    [[nodiscard]] Resource* findFunction(const std::string& location, const std::string& name);
    [[nodiscard]] const Operation* findOperation(const std::string& name) const;

    // Puts a valid new document in place; requests feel it when the operation ends. `function` may be null.
    [[nodiscard]] const Operation& change(Resource& resource, nlohmann::json service, nlohmann::json function, int version);
    [[nodiscard]] nlohmann::json show(const Operation& operation) const;

    double convergence_factor = 1;
    bool next_change_fails = false;

private:
    void build(const FunctionSpec& spec, const Random& random, Micros start);
    void settle(Resource& resource, bool failed);
    [[nodiscard]] std::string newEtag();

    std::string id_;
    Micros now_;
    Random random_;
    std::uint64_t counter_ = 0;
    std::vector<std::unique_ptr<Resource>> resources_;
    std::map<std::string, Operation> operations_;
    Micros pruned_ = 0;
};

// The settings that requests feel, from the documents.
[[nodiscard]] SharedDeployment deploymentOf(const Resource& resource);
// "512Mi", "1Gi", "256M" -> MiB ("M" as Mi: Cloud Functions writes its sizes so); 0 = unreadable.
[[nodiscard]] int mebibytes(const std::string& quantity);
// "1", "0.583", "1000m"; 0 = unreadable.
[[nodiscard]] double cpus(const std::string& quantity);
// Whether CPU is billed for the whole life of an instance.
[[nodiscard]] bool instanceBilled(const Resource& resource);

}  // namespace pilotlight::sandbox::gcp
