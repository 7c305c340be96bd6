// Log lines are written by other people's programs.
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "core/platform/aws/log_page.h"
#include "core/platform/aws/report_line.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace pilotlight;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const Timestamp logged{milliseconds(1'763'632'800'000)};
    const auto line = platform::aws::parseReportLine(text, logged);
    if (line.kind == platform::aws::LineKind::report) {
        const Invocation& i = line.invocation;
        if (!(i.duration_ms >= 0) || !std::isfinite(i.duration_ms) || !(i.billed_ms >= 0) || i.memory_mb < 0) __builtin_trap();
    }
    // As part of a page of the log service too.
    (void)platform::aws::parseLogPage(text);
    return 0;
}
