// pilotlight-big-store DIR [FUNCTIONS [POINTS [LINES]]]: a workspace of a large fleet in an empty folder.
#include <cstdio>
#include <cstdlib>

#include "app/common/thread_pool.h"
#include "tests/support/big_store.h"

int main(int argc, char** argv) {
    if (argc < 2 || argc > 5) {
        std::fprintf(stderr, "usage: pilotlight-big-store DIR [FUNCTIONS [POINTS [LINES]]]\n");
        return 2;
    }
    pilotlight::test::BigStore size;
    if (argc > 2) size.functions = std::strtoull(argv[2], nullptr, 10);
    if (argc > 3) size.points = std::strtoull(argv[3], nullptr, 10);
    if (argc > 4) size.lines = std::strtoull(argv[4], nullptr, 10);
    pilotlight::common::ThreadPool pool;
    const auto made = pilotlight::test::makeBigStore(argv[1], size, pool);
    if (!made) std::fprintf(stderr, "%s\n", made.error().text().c_str());
    return made ? 0 : 1;
}
