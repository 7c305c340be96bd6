#include <cstdio>
#include <string_view>

#include "app/agent/onnx_devices.h"
#include "app/agent/onnx_runtime.h"
#include "app/agent/scope.h"
#include "app/agent/server.h"
#include "core/bench/protocol.h"

namespace {

constexpr const char* kHelp = R"(pilotlight-agent: runs a model or a handler at emulated serverless sizes, on this machine.

It is started by pilotlightctl bench and by the console, here or over ssh. It reads requests from standard input and writes events to
standard output, one JSON object a line; the format is in resources/docs/bench.md. It ends when its input ends.

  --help      this text
  --version   version of the program and of the protocol
)";

}  // namespace

int main(int argc, char** argv) {
    using namespace pilotlight;
    const std::string_view option = argc > 1 ? argv[1] : "";
    if (option == "--onnx-worker") return agent::runOnnxWorker();
    if (option == "--onnx-devices") return agent::runDeviceList();
    if (option == "--onnx-device" && argc > 2) return agent::runDeviceProbe(argv[2]);
    if (option == "--help" || option == "-h") return std::fputs(kHelp, stdout) < 0;
    if (option == "--version") return std::printf("pilotlight-agent %s, protocol %d\n", PILOTLIGHT_VERSION, bench::kProtocolVersion) < 0;
    if (argc > 1) {
        std::fprintf(stderr, "pilotlight-agent knows no %s. It takes requests on standard input; see --help.\n", argv[1]);
        return 2;
    }
    agent::enterScope(argc, argv);
    agent::Guardian guardian;  // before any thread
    agent::blockSignals();
    return agent::serve(0, 1, guardian);
}
