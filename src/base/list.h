// An intrusive doubly linked list whose nodes unlink themselves in O(1).
// Linux: include/linux/list.h
#pragma once

#include <cassert>

namespace plugboard {

/// Member or base of what is listed. In one list at a time; the list's owner does the locking.
class ListNode {
  public:
    ListNode() = default;
    ListNode(const ListNode&) = delete;
    ListNode& operator=(const ListNode&) = delete;
    ~ListNode() { assert(!is_linked()); }

    bool is_linked() const { return next_ != nullptr; }
    void unlink() {
        assert(is_linked());
        prev_->next_ = next_;
        next_->prev_ = prev_;
        next_ = prev_ = nullptr;
    }

  private:
    template <class T>
    friend class List;
    ListNode* next_ = nullptr;
    ListNode* prev_ = nullptr;
};

/// List of T, where T derives from ListNode. Does not own its elements.
template <class T>
class List {
  public:
    List() { head_.next_ = head_.prev_ = &head_; }
    List(const List&) = delete;
    List& operator=(const List&) = delete;
    ~List() {
        assert(empty());
        head_.next_ = head_.prev_ = nullptr;
    }

    bool empty() const { return head_.next_ == &head_; }
    T* front() { return empty() ? nullptr : static_cast<T*>(head_.next_); }
    T* back() { return empty() ? nullptr : static_cast<T*>(head_.prev_); }
    T* next(T& node) { return at(static_cast<ListNode&>(node).next_); }
    T* prev(T& node) { return at(static_cast<ListNode&>(node).prev_); }

    void push_back(T& node) { insert(node, *head_.prev_, head_); }
    void push_front(T& node) { insert(node, head_, *head_.next_); }
    /// `node` takes the place of `old`, which leaves the list.
    void replace(T& old, T& node) {
        ListNode& o = old;
        ListNode* before = o.prev_;
        o.unlink();
        insert(node, *before, *before->next_);
    }

  private:
    T* at(ListNode* node) { return node == &head_ ? nullptr : static_cast<T*>(node); }
    static void insert(ListNode& node, ListNode& before, ListNode& after) {
        assert(!node.is_linked());
        node.prev_ = &before;
        node.next_ = &after;
        before.next_ = &node;
        after.prev_ = &node;
    }

    ListNode head_;
};

}  // namespace plugboard
