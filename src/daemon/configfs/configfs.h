// What /sys/kernel/config holds, as a model: folders, their files and links, and which change of
// them is refused. Linux: fs/configfs, drivers/gpu/drm/vkms/vkms_configfs.c
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "drivers/vkms/config.h"

namespace plugboard::daemon {

/// The cards that a configfs makes, by the name of their folder.
class ConfigfsCards {
  public:
    /// NoDev: the machine has a device of this name.
    virtual Result<void> create(const vkms::Config& config) = 0;
    /// Nothing, if the card has been pulled since.
    virtual void destroy(const std::string& name) = 0;
    /// Plugs in, or out, at the card's `port`.
    virtual void set_screen(const std::string& name, size_t port,
                            const vkms::ScreenConfig& screen) = 0;

  protected:
    ~ConfigfsCards() = default;
};

/// Paths are below /sys/kernel/config, "vkms/d1/planes", and lead over no link. Not for two threads
/// at once. What is enabled when it goes stays in the machine.
class Configfs {
  public:
    /// `cards` outlives it. Without vkms the folder is empty, and stays so.
    Configfs(ConfigfsCards& cards, bool has_vkms);
    ~Configfs();

    /// Exist: the name is taken; Perm: nobody makes folders there; Busy: the device is enabled;
    /// Inval: the name is not for a device; NoMem: there are too many.
    Result<void> make_folder(std::string_view path);
    /// NotEmpty: something is in it; Busy: links lead to it; Perm: it is not one that
    /// make_folder() made. An enabled device is destroyed.
    Result<void> remove_folder(std::string_view path);
    /// `target`: the folder that it shall lead to, or why there is none. Exist: the name is taken,
    /// or a link leads there already; Perm: nobody makes links there; Inval: to such a folder
    /// neither, as it is of another kind or device; Busy: the device is enabled; NoMem: there are
    /// too many.
    Result<void> make_link(std::string_view path, const Result<std::string>& target);
    /// IsDir, Perm: it is no link. Also of a device that is enabled, which stays as it is.
    Result<void> remove_link(std::string_view path);

    /// What a read(2) of the file gives. IsDir, NoEnt: there is no such file.
    Result<std::string> show(std::string_view path) const;
    /// A write(2) to the file. Inval: no such value, or what is enabled makes no device; Busy: the
    /// device is enabled, and this value is one of what it was made of.
    Result<void> store(std::string_view path, std::string_view text);

    struct Entry {
        enum class Type { Folder, File, Link };
        Type type = Type::Folder;
        std::string path;
        std::string text{};  // of a file: its content; of a link: what readlink(2) gives
    };
    /// The folder and all below it, each folder before what is in it.
    std::vector<Entry> list(std::string_view path) const;

  private:
    struct Folder;
    struct Place;

    Result<Place> find_place(std::string_view path) const;
    Folder* find_folder(std::string_view path) const;
    Result<void> set_enabled(Folder& device, bool enabled);
    void disable(Folder& device);
    static vkms::Config config_of(const Folder& device);

    ConfigfsCards& cards_;
    std::unique_ptr<Folder> root_;
    size_t folders_ = 0;  // that make_folder() made
    size_t links_ = 0;
};

}  // namespace plugboard::daemon
