// One writer per workspace: an exclusive flock on <dir>/writer.lock. The kernel drops it when the holder dies, however it dies.
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/base/time.h"

namespace pilotlight::store {

class WriterLock {
public:
    // Waits up to `wait`; then `locked`, naming the holder as the lock file tells it ("pilotlightctl pid 4711 since 2026-11-24T14:05:00Z").
    // storage: the lock file cannot be made (read-only folder, full disk).
    [[nodiscard]] static Result<WriterLock> acquire(const std::string& directory, const std::string& holder, milliseconds wait);
    WriterLock(WriterLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    WriterLock& operator=(WriterLock&& other) noexcept;
    ~WriterLock() { release(); }
    void release();

private:
    explicit WriterLock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_ = -1;
};

}  // namespace pilotlight::store
