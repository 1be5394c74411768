// The cards that a board's configfs makes: slots that are there while the card is enabled.
#pragma once

#include <map>
#include <string>

#include "daemon/configfs/configfs.h"
#include "daemon/slots.h"

namespace plugboard::daemon {

/// Not for two threads at once: its configfs sees to that. Owned by the board.
class BoardConfigfsCards final : public ConfigfsCards {
  public:
    explicit BoardConfigfsCards(Slots& slots) : slots_(slots) {}

    Result<void> create(const vkms::Config& config) override;
    void destroy(const std::string& name) override;
    void set_screen(const std::string& name, size_t port,
                    const vkms::ScreenConfig& screen) override;

  private:
    Slots& slots_;
    std::map<std::string, size_t> enabled_;  // by the name of the folder
};

}  // namespace plugboard::daemon
