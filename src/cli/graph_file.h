// The graph of references as a file: a drawing, Graphviz source or JSON.
#pragma once

#include <string>

namespace plugboard::cli {

/// What the board has to send for a file of that name: "dot" for .svg, .dot and .gv, "json" for
/// .json. Throws Failure for other names.
std::string graph_format(const std::string& file);

/// Writes what the board has sent as `source`, a memfd of that format; an .svg is drawn by
/// Graphviz's dot. Throws Failure: it cannot be written, dot is not installed, or fails.
void write_graph(const std::string& file, int source);

}  // namespace plugboard::cli
