#include "daemon/control/explain_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "base/ref.h"
#include "base/ref_tracker.h"
#include "base/wait.h"

namespace plugboard::daemon {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;

/// An object that holds others; not changed once others see it.
class Thing final : public Object {
  public:
    explicit Thing(std::string name) : name_(std::move(name)) {}
    std::string label() const override { return name_; }
    void visit_refs(RefVisitor& visitor) const override {
        for (const Ref<Thing>& thing : held) visitor.edge(thing, "held");
    }
    std::vector<Ref<Thing>> held;

  private:
    const std::string name_;
};

Reply answer(const json& request) {
    Commands commands;
    add_explain_command(commands);
    ThreadSleeper caller(Clock::real());
    return commands.answer(request.dump(), caller);
}

json explain(json request) {
    request["op"] = "explain";
    return answer(request).body;
}

/// What came with the answer.
std::string attached(json request) {
    request["op"] = "explain";
    const Reply reply = answer(request);
    struct stat status {};
    EXPECT_EQ(fstat(reply.attachment.borrow(), &status), 0) << reply.body;
    std::string text(static_cast<size_t>(status.st_size), '\0');
    EXPECT_EQ(pread(reply.attachment.borrow(), text.data(), text.size(), 0), status.st_size);
    return text;
}

/// file -> buffer, and two that hold each other; taken apart at the end.
class Explain : public testing::Test {
  protected:
    Explain() {
        file_->held.push_back(buffer_);
        auto a = make_ref<Thing>("loop a");
        a->held.push_back(make_ref<Thing>("loop b"));
        a->held.front()->held.push_back(a);
        loop_ = &*a;
    }
    ~Explain() override {
        ref_tracker::switch_off();
        const auto kept = Ref<Thing>::share(*loop_);
        kept->held.clear();
    }
    const Ref<Thing> file_ = make_ref<Thing>("file 3"), buffer_ = make_ref<Thing>("buffer 9");
    Thing* loop_ = nullptr;
};

TEST_F(Explain, object_is_told_in_words_and_in_members) {
    const json body = explain({{"object", "buffer 9"}});
    EXPECT_EQ(
        body.at("text"),
        "buffer 9: 2 references\n  file 3 [held]\n  1 unnamed: a stack, a thread, the core\n");
    EXPECT_EQ(body.at("tracking"), false);
    EXPECT_EQ(body.at("objects"), json::parse(R"([{
        "label": "buffer 9", "references": 2, "unnamed": 1, "unnamed_taken": [],
        "holders": [{"label": "file 3", "reason": "held"}]}])"));
}

TEST_F(Explain, object_that_is_not_there_is_a_problem) {
    EXPECT_EQ(explain({{"object", "buffer 10"}}).at("error"), "no object is called \"buffer 10\"");
    const json body = explain({{"object", "buffer 10"}, {"graph", "dot"}});
    EXPECT_EQ(body.at("error"), "no object is called \"buffer 10\"");
}

TEST_F(Explain, tracking_adds_since_when_and_where) {
    EXPECT_EQ(explain({{"track", true}}).at("tracking"), true);
    const Ref<Thing> other = buffer_;
    const json object = explain({{"object", "buffer 9"}}).at("objects").at(0);
    EXPECT_EQ(object.at("references"), 3);
    EXPECT_EQ(object.at("unnamed"), 2);
    ASSERT_EQ(object.at("unnamed_taken").size(), 1u);
    const json& taken = object.at("unnamed_taken").at(0);
    EXPECT_GE(taken.at("held_s").get<double>(), 0);
    EXPECT_THAT(taken.at("stack").get<std::vector<std::string>>(),
                Contains(HasSubstr("tracking_adds_since_when_and_where")));
    EXPECT_FALSE(object.at("holders").at(0).contains("held_s")) << "it was there before";
    EXPECT_EQ(explain({{"track", false}}).at("tracking"), false);
    EXPECT_EQ(explain({{"object", "buffer 9"}}).at("tracking"), false);
}

TEST_F(Explain, loops_are_told_as_texts_and_as_paths) {
    const json body = explain({{"loops", true}});
    const std::string text =
        "loop a -> loop b [held] -> loop a [held]: nothing will break this loop";
    EXPECT_EQ(body.at("loops"), json::array({text}));
    EXPECT_EQ(body.at("text"), text + "\n");
    EXPECT_EQ(body.at("paths"),
              json::array({{{"text", text},
                            {"edges",
                             {{{"from", "loop a"}, {"to", "loop b"}, {"reason", "held"}},
                              {{"from", "loop b"}, {"to", "loop a"}, {"reason", "held"}}}},
                            {"hints", ""}}}));
}

TEST_F(Explain, graph_as_json_marks_what_belongs_to_a_loop) {
    const json graph = json::parse(attached({{"graph", "json"}}));
    ASSERT_EQ(graph.at("nodes").size(), 4u);
    for (const json& node : graph.at("nodes"))
        EXPECT_EQ(node.at("in_loop").get<bool>(),
                  node.at("label").get<std::string>().starts_with("loop"));
    ASSERT_EQ(graph.at("edges").size(), 3u);
    size_t looping = 0;
    for (const json& edge : graph.at("edges")) looping += edge.at("in_loop").get<bool>();
    EXPECT_EQ(looping, 2u);
    EXPECT_EQ(graph.at("loops").size(), 1u);
}

TEST_F(Explain, graph_of_an_object_has_neither_other_objects_nor_their_loops) {
    const Reply reply = answer({{"op", "explain"}, {"graph", "json"}, {"object", "file"}});
    EXPECT_EQ(reply.body.at("objects"), 2);
    EXPECT_EQ(reply.body.at("loops"), 0);
    const json graph = json::parse(attached({{"graph", "json"}, {"object", "file"}}));
    EXPECT_EQ(graph.at("nodes").size(), 2u);
    EXPECT_EQ(graph.at("edges").size(), 1u);
    EXPECT_EQ(graph.at("loops").size(), 0u);
}

TEST_F(Explain, graph_as_dot_is_source_of_graphviz) {
    const std::string source = attached({{"graph", "dot"}});
    EXPECT_THAT(source, HasSubstr("digraph references {"));
    EXPECT_THAT(source, HasSubstr("[label=\"loop a\\n1 reference\", color=red"));
}

TEST_F(Explain, graph_in_another_format_is_refused_with_those_there_are) {
    EXPECT_EQ(explain({{"graph", "png"}}).at("remedy"), "use dot or json");
}

}  // namespace
}  // namespace plugboard::daemon
