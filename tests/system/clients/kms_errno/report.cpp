#include "tests/system/clients/kms_errno/report.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace kms_errno {
namespace {

bool marks = false;

}  // namespace

void switch_marks_on() {
    marks = true;
}

std::string name_of(int error) {
    return error == 0 ? "ok" : strerrorname_np(error);
}

int error_of(bool ok) {
    return ok ? 0 : errno;
}

void print(std::string_view label, std::string_view result, int width) {
    std::printf("%-*s%s\n", width, std::string(label).c_str(), std::string(result).c_str());
}

void mark(std::string_view label, int error) {
    if (!marks || error == 0) return;
    const std::string line = "refused: " + std::string(label) + ": " + name_of(error) + "\n";
    client::must(write(STDERR_FILENO, line.data(), line.size()) > 0, "stderr");
}

void say(std::string_view label, int error, std::string_view success, int width) {
    print(label, error == 0 ? std::string(success) : name_of(error), width);
    mark(label, error);
}

}  // namespace kms_errno
