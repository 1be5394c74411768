// One wrong argument at a time, on a card with overlays that has one 1024x768 screen: prints what
// each call answers, line by line as tests/reference/*/kms-errno.txt. With --marks it says on
// stderr after each refused ioctl which one it was. An indented line says what the line before it
// left behind.
#include <unistd.h>

#include <cstring>

#include "tests/system/clients/kms_errno/probe.h"
#include "tests/system/clients/kms_errno/report.h"

int main(int argc, char** argv) {
    if (argc > 1 && std::strcmp(argv[1], "--marks") == 0) kms_errno::switch_marks_on();
    alarm(30);  // a hang ends the program, and so the test
    kms_errno::probe_client_caps();
    kms_errno::Probe().run();
    return 0;
}
