// The thread that reads a port.
// Linux: drivers/tty/tty_buffer.c
#pragma once

#include <memory>
#include <utility>

#include "base/ref.h"
#include "base/result.h"
#include "base/thread.h"
#include "base/unique_fd.h"
#include "examples/serial_line/line.h"
#include "examples/serial_line/port.h"

namespace plugboard::serial {

/// devm, newer than its port: stopped before that is closed. When the far end hangs up, it has its
/// device deleted.
class Reader {
  public:
    /// Again: no thread for it; MFile: no descriptor.
    static Result<std::unique_ptr<Reader>> create(const Port& port, Ref<Line> line);
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    void visit_refs(RefVisitor& visitor) const { visitor.edge(*line_, "reader.line"); }

  private:
    Reader(int port, UniqueFd stop, Ref<Line> line)
        : port_(port), stop_(std::move(stop)), line_(std::move(line)) {}
    void run();
    /// False at the end of what can be read.
    bool read_some();

    const int port_;
    const UniqueFd stop_;  // an eventfd: readable once run() is to end
    const Ref<Line> line_;
    Thread thread_;
};

}  // namespace plugboard::serial
