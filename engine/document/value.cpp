#include "document/value.h"

#include "document/node_memory.h"

#include "base/hash.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>

namespace document {
namespace detail {

// The first bytes of a text as a number that orders as the text does; zeros stand for what is missing.
constexpr std::size_t kHead = 8;
std::uint64_t headAt(const char* bytes) {
    std::uint64_t head = 0;
    std::memcpy(&head, bytes, kHead);
    return std::endian::native == std::endian::little ? __builtin_bswap64(head) : head;
}
std::uint64_t wordAt(const char* bytes) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
    return std::endian::native == std::endian::little ? __builtin_bswap32(word) : word;
}
std::uint64_t headOf(std::string_view text) {
    const std::size_t length = text.size();
    if (length >= kHead) return headAt(text.data());
    // Shorter ones are put together of parts that overlap: no loop over their bytes.
    const auto placed = [](std::uint64_t part, std::size_t end) { return part << 8 * (kHead - end); };
    if (length >= 4) return placed(wordAt(text.data()), 4) | placed(wordAt(text.data() + length - 4), length);
    if (length == 0) return 0;
    const auto byte = [&](std::size_t i) { return placed(static_cast<unsigned char>(text[i]), i + 1); };
    return byte(0) | byte(length / 2) | byte(length - 1);
}
// Whether two texts of one length that begin with the same head go on alike.
bool sameAfterHead(const char* a, const char* b, std::size_t length) {
    if (length <= kHead) return true;
    std::size_t at = kHead;
    for (; at + kHead <= length; at += kHead)
        if (std::memcmp(a + at, b + at, kHead) != 0) return false;
    return std::memcmp(a + length - kHead, b + length - kHead, kHead) == 0;
}

// Text follows the header in the same allocation, filled up with zeros to the length of a head.
struct StringNode : Node {
    std::uint32_t length;
    explicit StringNode(std::uint32_t n) : Node(ValueKind::String), length(n) {}
    const char* data() const { return reinterpret_cast<const char*>(this + 1); }
    std::string_view view() const { return {data(), length}; }
    std::uint64_t head() const { return headAt(data()); }

    static std::size_t sizeFor(std::size_t length) { return sizeof(StringNode) + std::max(length, kHead); }
    static const StringNode* make(std::string_view text) {
        void* memory = NodeMemory::take(sizeFor(text.size()));
        auto* node = new (memory) StringNode(static_cast<std::uint32_t>(text.size()));
        char* to = reinterpret_cast<char*>(node + 1);
        if (text.size() < kHead) std::memset(to, 0, kHead);
        if (!text.empty()) std::memcpy(to, text.data(), text.size());
        return node;
    }
};

// A text with its head at hand. Most comparisons end there, without a look at the rest.
struct Key {
    std::string_view text;
    std::uint64_t head;
};
Key keyOf(std::string_view text) { return {text, headOf(text)}; }
Key keyOf(const StringNode& node) { return {node.view(), node.head()}; }

int compare(const Key& a, const Key& b) {
    if (a.head != b.head) return a.head < b.head ? -1 : 1;
    if (a.text.size() == b.text.size() && sameAfterHead(a.text.data(), b.text.data(), a.text.size())) return 0;
    const std::size_t common = std::min(a.text.size(), b.text.size());
    if (common > kHead)
        if (const int rest = std::memcmp(a.text.data() + kHead, b.text.data() + kHead, common - kHead); rest != 0)
            return rest;
    if (a.text.size() == b.text.size()) return 0;
    return a.text.size() < b.text.size() ? -1 : 1;
}

// Items and members follow the header in the same allocation, too.
template <typename Item>
struct alignas(Item) ListNode : Node {
    std::uint32_t length = 0; // constructed items
    using Node::Node;
    Item* data() { return reinterpret_cast<Item*>(this + 1); }
    std::span<const Item> items() const { return {reinterpret_cast<const Item*>(this + 1), length}; }
    template <typename... Arguments>
    void append(Arguments&&... arguments) {
        new (data() + length) Item{std::forward<Arguments>(arguments)...};
        ++length;
    }
    void destroyItems() { std::destroy_n(data(), length); }
};

struct ArrayNode : ListNode<Value> {
    ArrayNode() : ListNode(ValueKind::Array) {}
};

struct ObjectNode : ListNode<Member> {
    // A bit for the head of each key (and perhaps of some that were there before): most names that an
    // object does not have are known by it.
    std::uint32_t heads = 0;
    ObjectNode() : ListNode(ValueKind::Object) {}
    static std::uint32_t bitOf(std::uint64_t head) { return 1U << (head * 0x9e37'79b9'7f4a'7c15U >> 59); }
};

static_assert(sizeof(ObjectNode) == sizeof(ListNode<Member>)); // members follow at once

// Room for `capacity` items; the caller appends at most that many.
template <typename List, typename Item>
List* allocateList(std::size_t capacity) {
    static_assert(alignof(List) >= alignof(Item));
    BASE_ASSERT(capacity <= UINT32_MAX);
    return new (NodeMemory::take(sizeof(List) + capacity * sizeof(Item))) List();
}
ObjectNode* allocateObject(std::size_t capacity) { return allocateList<ObjectNode, Member>(capacity); }
ArrayNode* allocateArray(std::size_t capacity) { return allocateList<ArrayNode, Value>(capacity); }

template <typename List>
void destroyList(const Node* node) {
    auto* list = const_cast<List*>(static_cast<const List*>(node));
    const std::size_t size = sizeof(List) + list->items().size_bytes(); // lists are made full
    list->destroyItems();
    list->~List();
    NodeMemory::give(list, size);
}

void destroyNode(const Node* node) {
    switch (node->kind) {
    case ValueKind::String: {
        auto* text = static_cast<const StringNode*>(node);
        const std::size_t size = StringNode::sizeFor(text->length);
        text->~StringNode();
        NodeMemory::give(const_cast<StringNode*>(text), size);
        return;
    }
    case ValueKind::Array: destroyList<ArrayNode>(node); return;
    case ValueKind::Object: destroyList<ObjectNode>(node); return;
    default: BASE_ASSERT(false);
    }
}

namespace {
// Interned strings live as long as the process and are not counted: copying an object's keys costs
// no atomic operation.
constexpr std::uint32_t kImmortal = 0x8000'0000;
bool isImmortal(const Node* node) {
    return (node->references.load(std::memory_order_relaxed) & kImmortal) != 0;
}
void retain(const Node* node) {
    if (!isImmortal(node)) node->references.fetch_add(1, std::memory_order_relaxed);
}
void drop(const Node* node) {
    if (isImmortal(node)) return;
    if (node->references.fetch_sub(1, std::memory_order_acq_rel) == 1) destroyNode(node);
}

// Field names repeat in every object; sharing one node keeps a pod small. Bounded, so a stream of
// unique label keys cannot grow it.
constexpr std::size_t kInternLimit = 16'384;
constexpr std::size_t kInternLength = 64;

// An open hash table of strings, without memory of its own for them.
class InternTable {
public:
    const StringNode* find(const Key& key) const {
        for (std::size_t at = hash(key) & mask(); slots_[at] != nullptr; at = (at + 1) & mask())
            if (compare(keyOf(*slots_[at]), key) == 0) return slots_[at];
        return nullptr;
    }
    void add(const StringNode* node) {
        if (++size_ * 2 > slots_.size()) grow();
        place(node);
    }
    std::size_t size() const { return size_; }

private:
    static std::size_t hash(const Key& key) {
        // Keys of a family ("kubernetes.io/...") begin alike and end differently.
        const std::size_t tail = key.text.size() > kHead ? key.text.size() - kHead : 0;
        return base::combineHash(key.head ^ key.text.size(), headOf(key.text.substr(tail)));
    }
    std::size_t mask() const { return slots_.size() - 1; }
    void place(const StringNode* node) {
        std::size_t at = hash(keyOf(*node)) & mask();
        while (slots_[at] != nullptr) at = (at + 1) & mask();
        slots_[at] = node;
    }
    void grow() {
        std::vector<const StringNode*> old(slots_.size() * 2);
        old.swap(slots_);
        for (const StringNode* node : old)
            if (node != nullptr) place(node);
    }
    std::vector<const StringNode*> slots_ = std::vector<const StringNode*>(2048);
    std::size_t size_ = 0;
};

// The node that all threads share; null when the table is full and the text is not in it.
const StringNode* internShared(const Key& key) {
    static std::mutex mutex;
    static InternTable& table = *new InternTable(); // outlives every value of every thread
    const std::lock_guard lock(mutex);
    if (const StringNode* found = table.find(key)) return found;
    if (table.size() >= kInternLimit) return nullptr;
    const StringNode* node = StringNode::make(key.text);
    node->references.store(kImmortal, std::memory_order_relaxed);
    table.add(node);
    return node;
}

const StringNode* internOrMake(std::string_view text) {
    thread_local InternTable known; // saves the lock
    if (text.size() > kInternLength) return StringNode::make(text);
    const Key key = keyOf(text);
    if (const StringNode* found = known.find(key)) return found;
    const StringNode* node = internShared(key);
    if (node == nullptr) return StringNode::make(text);
    known.add(node);
    return node;
}
} // namespace
} // namespace detail

namespace {
const Value kNullValue;

const detail::ObjectNode& objectOf(const detail::Node* node) {
    return *static_cast<const detail::ObjectNode*>(node);
}
const detail::ArrayNode& arrayOf(const detail::Node* node) {
    return *static_cast<const detail::ArrayNode*>(node);
}
} // namespace

namespace {

// A shared string is at least as long as a head in memory.
detail::Key keyOf(const Member& member) {
    const std::string_view text = member.key.view();
    return {text, detail::headAt(text.data())};
}

struct Place {
    std::size_t at; // of the key among sorted members, or where it belongs
    bool found;
};
[[gnu::flatten]] Place find(std::span<const Member> members, std::string_view text) {
    if (members.empty()) return {0, false};
    const detail::Key key = detail::keyOf(text);
    std::size_t low = 0, high = members.size();
    while (low < high) {
        const std::size_t middle = (low + high) / 2;
        const int order = detail::compare(keyOf(members[middle]), key);
        if (order == 0) return {middle, true};
        if (order < 0) low = middle + 1;
        else high = middle;
    }
    return {low, false};
}

[[gnu::noinline]] const Value* findValue(std::span<const Member> members, std::string_view text) {
    const auto [at, found] = find(members, text);
    return found ? &members[at].value : nullptr;
}

// Halves the members while there are many and looks through the rest; heads nearly always tell them apart.
[[gnu::flatten, gnu::noinline]] const Value* search(std::span<const Member> members, std::uint64_t head, std::string_view text) {
    constexpr std::size_t kFew = 4;
    while (members.size() > kFew) {
        const std::size_t middle = members.size() / 2;
        const std::uint64_t there = keyOf(members[middle]).head;
        if (there == head) return findValue(members, text);
        members = there < head ? members.subspan(middle + 1) : members.first(middle);
    }
    for (const Member& member : members) {
        const std::string_view key = member.key.view();
        if (key.size() == text.size() && detail::headAt(key.data()) == head &&
            detail::sameAfterHead(key.data(), text.data(), text.size()))
            return &member.value;
    }
    return nullptr;
}

[[gnu::flatten]] const Value* lookup(const detail::ObjectNode& object, std::string_view text) {
    const std::uint64_t head = detail::headOf(text);
    if ((object.heads & detail::ObjectNode::bitOf(head)) == 0) return nullptr;
    return search(object.items(), head, text);
}

[[gnu::flatten]] int compareKeys(const Member& a, const Member& b) {
    if (a.key.view().data() == b.key.view().data()) return 0; // interned, as nearly all keys are
    return detail::compare(keyOf(a), keyOf(b));
}

} // namespace

SharedString::SharedString(std::string_view text) : node_(detail::internOrMake(text)) {}
SharedString::SharedString(const SharedString& other) : node_(other.node_) {
    if (node_ != nullptr) detail::retain(node_);
}
SharedString::~SharedString() {
    if (node_ != nullptr) detail::drop(node_);
}
std::string_view SharedString::view() const {
    return node_ == nullptr ? std::string_view{} : node_->view();
}

Value::Value(std::string_view text) : kind_(ValueKind::String) {
    payload_.node = detail::StringNode::make(text);
}
Value::Value(const SharedString& text) : kind_(ValueKind::String) {
    detail::retain(text.node_);
    payload_.node = text.node_;
}
Value::Value(const Value& other) : kind_(other.kind_), payload_(other.payload_) {
    if (onHeap()) detail::retain(payload_.node);
}
void Value::release() {
    if (onHeap()) detail::drop(payload_.node);
}

Value Value::object(std::initializer_list<std::pair<std::string_view, Value>> members) {
    ObjectBuilder builder;
    for (const auto& [key, value] : members) builder.set(key, value);
    return std::move(builder).build();
}
Value Value::array(std::initializer_list<Value> items) {
    detail::ArrayNode* node = detail::allocateArray(items.size());
    for (const Value& item : items) node->append(item);
    return Value(ValueKind::Array, node);
}
Value Value::array(std::vector<Value> items) {
    detail::ArrayNode* node = detail::allocateArray(items.size());
    for (Value& item : items) node->append(std::move(item));
    return Value(ValueKind::Array, node);
}
Value Value::strings(const std::vector<std::string>& items) {
    std::vector<Value> values(items.begin(), items.end());
    return array(std::move(values));
}

bool Value::isEmpty() const {
    switch (kind_) {
    case ValueKind::Null: return true;
    case ValueKind::Bool:
    case ValueKind::Int: return payload_.integer == 0;
    case ValueKind::Double: return payload_.real == 0;
    case ValueKind::String: return asString().empty();
    default: return size() == 0;
    }
}

std::int64_t Value::asInt(std::int64_t fallback) const {
    if (isInt()) return payload_.integer;
    if (isDouble() && std::abs(payload_.real) < 9.2e18)
        return static_cast<std::int64_t>(payload_.real);
    return fallback;
}
double Value::asDouble(double fallback) const {
    if (isDouble()) return payload_.real;
    return isInt() ? static_cast<double>(payload_.integer) : fallback;
}
std::string_view Value::asString(std::string_view fallback) const {
    return isString() ? static_cast<const detail::StringNode*>(payload_.node)->view() : fallback;
}

std::size_t Value::size() const {
    if (isArray()) return arrayOf(payload_.node).length;
    return isObject() ? objectOf(payload_.node).length : 0;
}
std::span<const Value> Value::items() const {
    if (!isArray()) return {};
    return arrayOf(payload_.node).items();
}
std::span<const Member> Value::members() const {
    if (!isObject()) return {};
    return objectOf(payload_.node).items();
}

const Value& Value::operator[](std::string_view key) const {
    const Value* member = isObject() ? lookup(objectOf(payload_.node), key) : nullptr;
    return member != nullptr ? *member : kNullValue;
}
const Value& Value::operator[](std::size_t index) const {
    const auto list = items();
    return index < list.size() ? list[index] : kNullValue;
}
bool Value::has(std::string_view key) const { return isObject() && lookup(objectOf(payload_.node), key) != nullptr; }

Value Value::with(std::string_view key, Value value) const {
    const auto old = members();
    const auto [at, replaces] = find(old, key);
    detail::ObjectNode* node = detail::allocateObject(old.size() + (replaces ? 0 : 1));
    node->heads = (isObject() ? objectOf(payload_.node).heads : 0) | detail::ObjectNode::bitOf(detail::headOf(key));
    for (const Member& member : old.first(at)) node->append(member);
    if (replaces) node->append(old[at].key, std::move(value));
    else node->append(SharedString(key), std::move(value));
    for (const Member& member : old.subspan(replaces ? at + 1 : at)) node->append(member);
    return Value(ValueKind::Object, node);
}

Value Value::without(std::string_view key) const {
    const auto old = members();
    const auto [at, found] = find(old, key);
    if (!found) return *this;
    detail::ObjectNode* node = detail::allocateObject(old.size() - 1);
    node->heads = objectOf(payload_.node).heads;
    for (const Member& member : old.first(at)) node->append(member);
    for (const Member& member : old.subspan(at + 1)) node->append(member);
    return Value(ValueKind::Object, node);
}

Value Value::withPath(std::span<const std::string_view> path, Value value) const {
    if (path.empty()) return value;
    return with(path.front(), (*this)[path.front()].withPath(path.subspan(1), std::move(value)));
}
Value Value::withPath(std::initializer_list<std::string_view> path, Value value) const {
    return withPath(std::span(path.begin(), path.size()), std::move(value));
}
Value Value::withoutPath(std::initializer_list<std::string_view> path) const {
    const std::span<const std::string_view> keys(path.begin(), path.size());
    if (keys.empty()) return *this;
    std::vector<Value> chain{*this};
    for (std::string_view key : keys.first(keys.size() - 1)) chain.push_back(chain.back()[key]);
    if (!chain.back().has(keys.back())) return *this;
    Value changed = chain.back().without(keys.back());
    for (std::size_t i = keys.size() - 1; i-- > 0;) changed = chain[i].with(keys[i], changed);
    return changed;
}
Value Value::withItem(std::size_t index, Value value) const {
    std::vector<Value> list(items().begin(), items().end());
    BASE_ASSERT(index < list.size());
    list[index] = std::move(value);
    return array(std::move(list));
}
Value Value::appended(Value item) const {
    std::vector<Value> list;
    list.reserve(size() + 1);
    list.insert(list.end(), items().begin(), items().end());
    list.push_back(std::move(item));
    return array(std::move(list));
}

bool Value::sameAs(const Value& other) const {
    if (kind_ != other.kind_) return false;
    if (onHeap()) return payload_.node == other.payload_.node;
    return kind_ == ValueKind::Null || payload_.integer == other.payload_.integer;
}

bool Value::operator==(const Value& other) const {
    if (sameAs(other)) return true;
    if (isNumber() && other.isNumber()) return asDouble() == other.asDouble();
    if (kind_ != other.kind_) return false;
    switch (kind_) {
    case ValueKind::String: return asString() == other.asString();
    case ValueKind::Array: {
        const auto a = items(), b = other.items();
        return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
    }
    case ValueKind::Object: {
        const auto a = members(), b = other.members();
        return a.size() == b.size() &&
               std::equal(a.begin(), a.end(), b.begin(), [](const Member& x, const Member& y) {
                   return compareKeys(x, y) == 0 && x.value == y.value;
               });
    }
    default: return false;
    }
}

std::uint64_t Value::hash() const {
    auto seed = static_cast<std::uint64_t>(isDouble() ? ValueKind::Int : kind_);
    switch (kind_) {
    case ValueKind::Null: return base::mixHash(seed);
    case ValueKind::Bool:
    case ValueKind::Int:
    case ValueKind::Double:
        return base::combineHash(seed, std::bit_cast<std::uint64_t>(asDouble()));
    case ValueKind::String: return base::combineHash(seed, base::hashBytes(asString()));
    case ValueKind::Array:
        for (const Value& item : items()) seed = base::combineHash(seed, item.hash());
        return seed;
    case ValueKind::Object:
        for (const Member& member : members())
            seed = base::combineHash(base::combineHash(seed, base::hashBytes(member.key.view())),
                                     member.value.hash());
        return seed;
    }
    return seed;
}

namespace {
constexpr std::size_t kUsualMembers = 8;
}
ObjectBuilder::ObjectBuilder(const Value& base) {
    members_.reserve(base.size() + kUsualMembers / 2);
    members_.assign(base.members().begin(), base.members().end());
}
ObjectBuilder& ObjectBuilder::set(const SharedString& key, Value value) {
    if (members_.capacity() == 0) members_.reserve(kUsualMembers);
    members_.push_back({key, std::move(value)});
    return *this;
}
ObjectBuilder& ObjectBuilder::setUnlessEmpty(const SharedString& key, Value value) {
    if (!value.isEmpty()) set(key, std::move(value));
    return *this;
}
ObjectBuilder& ObjectBuilder::erase(std::string_view key) {
    std::erase_if(members_, [&](const Member& member) { return member.key.view() == key; });
    return *this;
}
namespace {
// Orders the places of members by key, equal keys as they came: pointers move more cheaply than members.
void sortByKey(std::span<Member*> places) {
    constexpr std::size_t kShort = 24;
    const auto before = [](const Member* a, const Member* b) { return compareKeys(*a, *b) < 0; };
    if (places.size() > kShort) {
        std::stable_sort(places.begin(), places.end(), before);
        return;
    }
    for (std::size_t i = 1; i < places.size(); ++i) {
        Member* const moved = places[i];
        std::size_t j = i;
        for (; j > 0 && before(moved, places[j - 1]); --j) places[j] = places[j - 1];
        places[j] = moved;
    }
}
} // namespace

Value ObjectBuilder::build() && {
    constexpr std::size_t kOnStack = 64;
    Member* fixed[kOnStack];
    std::vector<Member*> longer;
    if (members_.size() > kOnStack) longer.resize(members_.size());
    const std::span<Member*> places(longer.empty() ? fixed : longer.data(), members_.size());
    for (std::size_t i = 0; i < places.size(); ++i) places[i] = &members_[i];
    sortByKey(places);
    const auto repeated = [&](std::size_t i) {
        return i + 1 < places.size() && compareKeys(*places[i], *places[i + 1]) == 0;
    };
    std::size_t distinct = 0;
    for (std::size_t i = 0; i < places.size(); ++i) distinct += repeated(i) ? 0 : 1;
    detail::ObjectNode* node = detail::allocateObject(distinct);
    for (std::size_t i = 0; i < places.size(); ++i)
        if (!repeated(i)) {
            node->heads |= detail::ObjectNode::bitOf(keyOf(*places[i]).head);
            node->append(std::move(places[i]->key), std::move(places[i]->value));
        }
    members_.clear();
    return Value(ValueKind::Object, node);
}

ArrayBuilder::ArrayBuilder(const Value& base) : items_(base.items().begin(), base.items().end()) {}
ArrayBuilder& ArrayBuilder::push(Value item) {
    items_.push_back(std::move(item));
    return *this;
}
Value ArrayBuilder::build() && { return Value::array(std::move(items_)); }

} // namespace document
