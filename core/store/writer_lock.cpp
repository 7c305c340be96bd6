#include "core/store/writer_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

namespace pilotlight::store {
namespace {

std::string holderText(int descriptor) {
    char buffer[256];
    const ssize_t got = pread(descriptor, buffer, sizeof buffer, 0);
    std::string text(buffer, got > 0 ? static_cast<std::size_t>(got) : 0);
    while (!text.empty() && (text.back() == '\n' || text.back() == '\0')) text.pop_back();
    return text.empty() ? "another process" : text;
}

}  // namespace

Result<WriterLock> WriterLock::acquire(const std::string& directory, const std::string& holder, milliseconds wait) {
    const std::string path = directory + "/writer.lock";
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0) {
        return fail(ErrorCode::storage, fmt::format("{} cannot be written: {}", directory, std::strerror(errno)),
                    "Nothing was changed; the workspace can only be read.",
                    "Make the folder writable, or choose another one with --workspace.");
    }
    WriterLock lock(descriptor);
    const auto deadline = std::chrono::steady_clock::now() + wait;
    while (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) {
            return fail(ErrorCode::storage, fmt::format("{} cannot be locked: {}", path, std::strerror(errno)), "Nothing was changed.",
                        "Put the workspace on a local disk.");
        }
        if (std::chrono::steady_clock::now() >= deadline) {
            const std::string who = holderText(descriptor);
            ::close(std::exchange(lock.descriptor_, -1));  // not ours to empty
            return fail(ErrorCode::locked, fmt::format("{} is writing to this workspace", who),
                        "Nothing was changed; reading is not affected.", "Wait until it has finished, or stop it, then repeat.");
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    // The text is for people only; the lock itself is the kernel's. A full disk must not stop a writer that may be about to free space.
    const std::string text =
        fmt::format("{} pid {} since {}\n", holder, ::getpid(), toIso8601(std::chrono::floor<seconds>(std::chrono::system_clock::now())));
    if (ftruncate(descriptor, 0) == 0 && pwrite(descriptor, text.data(), text.size(), 0) < 0) errno = 0;
    return lock;
}

WriterLock& WriterLock::operator=(WriterLock&& other) noexcept {
    if (this != &other) {
        release();
        descriptor_ = std::exchange(other.descriptor_, -1);
    }
    return *this;
}

void WriterLock::release() {
    if (descriptor_ < 0) return;
    if (ftruncate(descriptor_, 0) != 0) errno = 0;
    ::close(std::exchange(descriptor_, -1));
}

}  // namespace pilotlight::store
