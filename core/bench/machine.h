// What machine a figure was measured on.
#pragma once

#include <cstdint>
#include <string>

namespace pilotlight::bench {

struct Machine {
    std::string cpu_model;               // "AMD EPYC 9R14"
    int cpus = 0;                        // this process may use
    std::int64_t memory_mb = 0;
    std::string kernel, architecture;    // "6.1.0-30-amd64", "x86_64"
    std::string features;                // those that matter to inference: "avx2 avx512f amx_int8"
    std::string governor;                // CPU frequency governor; empty where the kernel tells none
    std::string huge_pages;              // transparent huge pages: "always" | "madvise" | "never"
    std::string control_groups;          // "v2" | "v1" | "v1 and v2" | "none"
    double calibration_ms = 0;           // a fixed computation, shortest of five: compares machines and moments
    double page_fault_us = 0;            // first touch of one page
};

}  // namespace pilotlight::bench
